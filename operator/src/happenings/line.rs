//! One line of the audit log for each happening.

use sentinel_api::audit_log::{BreakGlassLine, OpeningFields, RequestLine, SENTINEL, Text};
use serde::Serialize;

use super::happening::{Emergency, Happening, Request, Subject};
use crate::cluster::Cluster;

/// A line.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Line<'a> {
    /// About a request.
    Request(RequestLine<'a>),
    /// About an emergency.
    BreakGlass(BreakGlassLine<'a>),
}

/// The line about `happening` in `cluster`.
pub(super) fn line<'a>(happening: &'a Happening, cluster: &'a Cluster) -> Line<'a> {
    match happening {
        Happening::Request(_, about) => Line::Request(request(happening, about, cluster)),
        Happening::Emergency(_, about) => Line::BreakGlass(break_glass(happening, about, cluster)),
    }
}

fn request<'a>(happening: &'a Happening, about: &'a Request, cluster: &'a Cluster) -> RequestLine<'a> {
    RequestLine {
        timestamp: about.subject.at,
        event: happening.name().into(),
        request_id: about.subject.id.as_str().into(),
        requester: about.requester.as_ref().map_or("", |who| &who.user).into(),
        requester_person: about.requester.as_ref().and_then(|who| text(who.person.as_deref())),
        approver: happening.approver().map(|who| who.user.as_str().into()),
        approver_comment: text(about.comment.as_deref()),
        auto_approved: about.auto_approved,
        asked: asked(happening, about.rule.as_ref(), cluster),
    }
}

fn break_glass<'a>(happening: &'a Happening, about: &'a Emergency, cluster: &'a Cluster) -> BreakGlassLine<'a> {
    BreakGlassLine {
        timestamp: about.subject.at,
        event: happening.name().into(),
        event_id: about.subject.id.as_str().into(),
        invoker: about.invoker.as_ref().map_or("", |who| &who.user).into(),
        invoker_person: about.invoker.as_ref().and_then(|who| text(who.person.as_deref())),
        reason_code: about.reason_code.as_str().into(),
        closed_by: about.closed_by.as_ref().map(|who| who.user.as_str().into()),
        closed_reason: text(about.closed_reason.as_deref()),
        events_counted: about.escalated,
        limit: text(about.limit.as_deref()),
        asked: asked(happening, about.rule.as_ref(), cluster),
    }
}

fn asked<'a>(happening: &'a Happening, rule: Option<&'a (String, String)>, cluster: &'a Cluster) -> OpeningFields<'a> {
    let subject = happening.subject();
    let Subject { uid, namespace, name, service_account, profile, justification, message, .. } = subject;
    OpeningFields {
        profile: profile.into(),
        status: subject.status.into(),
        actor: happening.actor().map_or(SENTINEL, |actor| &actor.user).into(),
        actor_person: happening.actor().and_then(|actor| text(actor.person.as_deref())),
        justification: justification.into(),
        duration_seconds: subject.duration.as_secs(),
        expires_at: subject.expires_at,
        policy: rule.map(|(_, policy)| policy.into()),
        rule: rule.map(|(rule, _)| rule.into()),
        message: message.into(),
        namespace: namespace.into(),
        service_account: service_account.into(),
        name: name.into(),
        uid: uid.into(),
        cluster: cluster.id.as_str().into(),
        cluster_name: cluster.name.as_str().into(),
    }
}

fn text(text: Option<&str>) -> Option<Text<'_>> {
    text.map(Text::from)
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
