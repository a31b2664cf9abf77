//! The bodies: those of the existing Sentinel tools, with what Kubernetes adds.

use jiff::Timestamp;
use kube::ResourceExt as _;
use sentinel_api::audit_log::SENTINEL;
use serde::Serialize;

use super::letter::Letter;
use crate::cluster::Cluster;
use crate::happenings::{self, Happening, Subject};
use crate::locks::Untold;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Request<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    break_glass: Option<BreakGlass<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<Lock<'a>>,
    timestamp: Timestamp,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    cluster: Origin<'a>,
}

/// What only a cluster has.
#[derive(Serialize)]
struct Origin<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Request<'a> {
    id: &'a str,
    requester: &'a str,
    #[serde(flatten)]
    asked: Asked<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approver: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approver_comment: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    auto_approved: bool,
}

#[derive(Serialize)]
struct BreakGlass<'a> {
    id: &'a str,
    invoker: &'a str,
    #[serde(flatten)]
    asked: Asked<'a>,
    reason_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_counted: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a str>,
}

#[derive(Serialize)]
struct Asked<'a> {
    profile: &'a str,
    justification: &'a str,
    /// In nanoseconds, as the other tools have it.
    duration: i64,
    status: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    namespace: &'a str,
    service_account: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Lock<'a> {
    name: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespaces: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profiles: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// The letter about `happening` in `cluster`.
pub(crate) fn about(happening: &Happening, cluster: &Cluster) -> Letter {
    let (event, subject) = (happening.name(), happening.subject());
    let (request, break_glass) = match happening {
        Happening::Request(_, about) => (Some(request(happening, about)), None),
        Happening::Emergency(_, about) => (None, Some(break_glass(about))),
    };
    let body = Body {
        r#type: event,
        request,
        break_glass,
        lock: None,
        timestamp: subject.at,
        actor: happening.actor().map_or(SENTINEL, |actor| &actor.user),
        details: details(happening),
        cluster: origin(cluster),
    };
    Letter::new(&happening.key(), event, &subject.uid, subject.at, json(&body))
}

/// The letter about a lock in `cluster`.
pub(crate) fn about_lock(untold: &Untold, cluster: &Cluster) -> Letter {
    let (event, uid) = (untold.event(), untold.lock.uid().unwrap_or_default());
    let line = untold.line(cluster);
    let lock = Lock {
        name: &line.name,
        reason: &line.reason,
        users: line.users.as_deref(),
        namespaces: line.namespaces.as_deref(),
        profiles: line.profiles.as_deref(),
        ended: line.ended.as_deref(),
        expires_at: line.expires_at,
    };
    let body = Body {
        r#type: event,
        request: None,
        break_glass: None,
        lock: Some(lock),
        timestamp: untold.at,
        actor: &line.actor,
        details: None,
        cluster: origin(cluster),
    };
    Letter::new(&untold.key(), event, &uid, untold.at, json(&body))
}

/// What the status says, and who the people are whose user names don't say that: the other tools have no key for it.
fn details(happening: &Happening) -> Option<String> {
    let message = &happening.subject().message;
    let people = happening.people().into_iter().map(|(role, who)| (role, who, who.shown()));
    let unsaid = people.filter(|(_, who, shown)| *shown != who.user && !message.contains(shown.as_str()));
    let said = Some(message.clone()).filter(|message| !message.is_empty());
    let parts: Vec<String> =
        said.into_iter().chain(unsaid.map(|(role, _, shown)| format!("{role}: {shown}"))).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn request<'a>(happening: &'a Happening, about: &'a happenings::Request) -> Request<'a> {
    Request {
        id: &about.subject.id,
        requester: about.requester.as_ref().map_or("", |who| &who.user),
        asked: asked(&about.subject),
        approver: happening.approver().map(|who| who.user.as_str()),
        approver_comment: about.comment.as_deref(),
        auto_approved: about.auto_approved,
    }
}

fn break_glass(about: &happenings::Emergency) -> BreakGlass<'_> {
    BreakGlass {
        id: &about.subject.id,
        invoker: about.invoker.as_ref().map_or("", |who| &who.user),
        asked: asked(&about.subject),
        reason_code: &about.reason_code,
        closed_by: about.closed_by.as_ref().map(|who| who.user.as_str()),
        closed_reason: about.closed_reason.as_deref(),
        events_counted: about.escalated,
        limit: about.limit.as_deref(),
    }
}

fn asked(subject: &Subject) -> Asked<'_> {
    Asked {
        profile: &subject.profile,
        justification: &subject.justification,
        duration: subject.duration.as_nanos(),
        status: subject.status,
        created_at: subject.created_at,
        updated_at: subject.at,
        expires_at: subject.expires_at,
        namespace: &subject.namespace,
        service_account: &subject.service_account,
        name: &subject.name,
    }
}

fn origin(cluster: &Cluster) -> Origin<'_> {
    Origin { id: &cluster.id, name: &cluster.name }
}

/// Strings, numbers and moments: nothing here can fail to be JSON.
fn json(body: &Body<'_>) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
