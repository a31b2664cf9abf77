//! One JSON line of the audit log. Field names are those of Sentinel's other tools, and Kubernetes' facts beside them.

use jiff::Timestamp;
use serde::Serialize;

use super::happening::{Emergency, Happening, Request, Subject};
use crate::cluster::Cluster;

/// Who acts where no person does.
const SENTINEL: &str = "sentinel";

#[derive(Serialize)]
struct Line<'a> {
    timestamp: Timestamp,
    event: &'static str,
    #[serde(flatten)]
    what: What<'a>,
    profile: &'a str,
    status: &'static str,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_person: Option<&'a str>,
    justification: &'a str,
    duration_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    message: &'a str,
    namespace: &'a str,
    service_account: &'a str,
    name: &'a str,
    uid: &'a str,
    cluster: &'a str,
    cluster_name: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Request {
        request_id: &'a str,
        requester: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        requester_person: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        approver: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        approver_comment: Option<&'a str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        auto_approved: bool,
    },
    Emergency {
        event_id: &'a str,
        invoker: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        invoker_person: Option<&'a str>,
        reason_code: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        closed_by: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        closed_reason: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        events_counted: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<&'a str>,
    },
}

/// The line about `happening` in `cluster`.
pub(super) fn line(happening: &Happening, cluster: &Cluster) -> serde_json::Result<String> {
    let (what, rule) = match happening {
        Happening::Request(_, request) => (request_fields(request), request.rule.as_ref()),
        Happening::Emergency(_, emergency) => (emergency_fields(emergency), emergency.rule.as_ref()),
    };
    let Subject { uid, namespace, name, service_account, profile, justification, message, .. } = happening.subject();
    let subject = happening.subject();
    serde_json::to_string(&Line {
        timestamp: subject.at,
        event: happening.name(),
        what,
        profile,
        status: subject.status,
        actor: happening.actor().map_or(SENTINEL, |actor| &actor.user),
        actor_person: happening.actor().and_then(|actor| actor.person.as_deref()),
        justification,
        duration_seconds: subject.duration.as_secs(),
        expires_at: subject.expires_at,
        policy: rule.map(|(_, policy)| policy.as_str()),
        rule: rule.map(|(rule, _)| rule.as_str()),
        message,
        namespace,
        service_account,
        name,
        uid,
        cluster: &cluster.id,
        cluster_name: &cluster.name,
    })
}

fn request_fields(request: &Request) -> What<'_> {
    What::Request {
        request_id: &request.subject.id,
        requester: request.requester.as_ref().map_or("", |who| &who.user),
        requester_person: request.requester.as_ref().and_then(|who| who.person.as_deref()),
        approver: request.decided_by.as_ref().map(|who| who.user.as_str()),
        approver_comment: request.comment.as_deref(),
        auto_approved: request.auto_approved,
    }
}

fn emergency_fields(emergency: &Emergency) -> What<'_> {
    What::Emergency {
        event_id: &emergency.subject.id,
        invoker: emergency.invoker.as_ref().map_or("", |who| &who.user),
        invoker_person: emergency.invoker.as_ref().and_then(|who| who.person.as_deref()),
        reason_code: &emergency.reason_code,
        closed_by: emergency.closed_by.as_ref().map(|who| who.user.as_str()),
        closed_reason: emergency.closed_reason.as_deref(),
        events_counted: emergency.escalated,
        limit: emergency.limit.as_deref(),
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
