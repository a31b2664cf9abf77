//! What is to be told of a request. Pure.

use jiff::Timestamp;
use kube::core::DynamicObject;
use sentinel_api::audit_log::UNKNOWN;
use sentinel_api::names::GRANTED_CONDITION;
use sentinel_api::{AccessRequestSpec, AccessRequestStatus, PersonStamp, RequestPhase, condition, set_condition};
use sentinel_core::access_request::{LIFETIME, Ruling};
use sentinel_core::person::Identity;

use crate::happenings::{Asked, Happening, Request, RequestChange, Subject, moment};
use crate::report::part;

/// What has happened to the request since `status.told`, the oldest first.
pub(crate) fn untold(object: &DynamicObject, spec: &AccessRequestSpec, status: &AccessRequestStatus) -> Vec<Happening> {
    if status.told == Some(status.phase) {
        return vec![];
    }
    let made = || Happening::Request(RequestChange::Created, created(object, spec, status));
    let change = match status.phase {
        RequestPhase::Pending => None,
        RequestPhase::Approved => Some((RequestChange::Approved, "approved")),
        RequestPhase::Denied => Some((RequestChange::Denied, "denied")),
        RequestPhase::Expired => Some((RequestChange::Expired, "expired")),
        RequestPhase::Cancelled => Some((RequestChange::Cancelled, "cancelled")),
    };
    let became = change.map(|(change, word)| Happening::Request(change, decided(object, spec, status, word)));
    status.told.is_none().then(made).into_iter().chain(became).collect()
}

/// What is to be told of a request that was deleted at `now`: what was not told before, and that a grant which ran has ended. One that
/// waited gave nothing, and leaves nothing.
pub(crate) fn left(object: &DynamicObject, now: Timestamp) -> Vec<Happening> {
    let status = part::<Option<AccessRequestStatus>>(&object.data, "status").ok().flatten().unwrap_or_default();
    let Ok(spec) = part::<AccessRequestSpec>(&object.data, "spec") else { return vec![] };
    if status.phase == RequestPhase::Pending {
        return vec![];
    }
    let is_running =
        status.phase == RequestPhase::Approved && moment(status.expires_at.as_deref()).is_some_and(|end| end > now);
    let (gone, ended) = deleted(&spec, &status, now);
    let last = if is_running { untold(object, &gone, &ended) } else { vec![] };
    untold(object, &spec, &status).into_iter().chain(last).collect()
}

/// As if somebody had cancelled it, whom the API server alone knows.
fn deleted(
    spec: &AccessRequestSpec,
    status: &AccessRequestStatus,
    now: Timestamp,
) -> (AccessRequestSpec, AccessRequestStatus) {
    let by = Some(PersonStamp { user: UNKNOWN.to_owned(), ..PersonStamp::default() });
    let gone = AccessRequestSpec { decided_by: by, comment: None, ..spec.clone() };
    let (phase, told) = (RequestPhase::Cancelled, Some(status.phase));
    let mut ended = AccessRequestStatus { phase, told, decided_at: Some(now.to_string()), ..status.clone() };
    let message = "it was deleted, and its grant ended with it; the API server's audit log knows by whom";
    let granted = condition(GRANTED_CONDITION, false, "Deleted", message, status.observed_generation, now);
    set_condition(&mut ended.conditions, granted);
    (gone, ended)
}

/// As it was when it was made, whatever has become of it since.
fn created(object: &DynamicObject, spec: &AccessRequestSpec, status: &AccessRequestStatus) -> Request {
    let mut subject = subject(object, spec, status);
    subject.status = "pending";
    if status.phase != RequestPhase::Pending {
        subject.message.clear();
    }
    subject.expires_at = Some(LIFETIME.after(subject.created_at));
    let requester = spec.requester.as_ref().map(PersonStamp::identity);
    Request { subject, requester, decided_by: None, comment: None, auto_approved: false, rule: None }
}

fn decided(
    object: &DynamicObject,
    spec: &AccessRequestSpec,
    status: &AccessRequestStatus,
    word: &'static str,
) -> Request {
    let mut subject = subject(object, spec, status);
    subject.status = word;
    subject.at = moment(status.decided_at.as_deref()).unwrap_or(subject.created_at);
    // Of what never was granted the status says no end.
    subject.expires_at = moment(status.expires_at.as_deref()).or(Some(LIFETIME.after(subject.created_at)));
    let decided_by = decided_by(spec, status);
    let is_theirs = decided_by.is_some() || status.phase == RequestPhase::Cancelled;
    Request {
        subject,
        requester: spec.requester.as_ref().map(PersonStamp::identity),
        decided_by,
        comment: spec.comment.clone().filter(|_| is_theirs),
        auto_approved: status.auto_approved,
        rule: status.rule.clone().zip(status.policy.clone()),
    }
}

fn subject(object: &DynamicObject, spec: &AccessRequestSpec, status: &AccessRequestStatus) -> Subject {
    let asked = Asked {
        profile: &spec.profile,
        service_account: &spec.service_account,
        duration: &spec.duration,
        justification: &spec.justification,
    };
    Subject::of(object, asked, status.request_id.as_deref(), &status.conditions)
}

/// Who wrote the decision, where it is theirs that counted.
fn decided_by(spec: &AccessRequestSpec, status: &AccessRequestStatus) -> Option<Identity> {
    let counted = match status.phase {
        RequestPhase::Approved => !status.auto_approved,
        RequestPhase::Denied => spec.decision == Some(Ruling::Denied),
        RequestPhase::Cancelled => true,
        RequestPhase::Pending | RequestPhase::Expired => false,
    };
    spec.decided_by.as_ref().filter(|_| counted).map(PersonStamp::identity)
}
