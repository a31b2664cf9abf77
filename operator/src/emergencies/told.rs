//! What is to be told of an event. Pure.

use jiff::Timestamp;
use kube::core::DynamicObject;
use sentinel_api::audit_log::UNKNOWN;
use sentinel_api::names::GRANTED_CONDITION;
use sentinel_api::{BreakGlassEventSpec, BreakGlassEventStatus, EventPhase, PersonStamp, condition, set_condition};

use crate::desk::created_at;
use crate::happenings::{Asked, Emergency, EmergencyChange, Happening, Subject, moment};
use crate::report::part;

/// What has happened to the event since `status.told`, the oldest first.
pub(crate) fn untold(
    object: &DynamicObject,
    spec: &BreakGlassEventSpec,
    status: &BreakGlassEventStatus,
) -> Vec<Happening> {
    use EmergencyChange::{Closed, Escalated, Expired, Invoked, Refused};
    let began = status.told.is_none().then(|| moment(status.activated_at.as_deref())).flatten();
    let escalated = began.filter(|_| status.escalated.is_some());
    let ended = match status.phase {
        phase if status.told == Some(phase) => None,
        EventPhase::Pending | EventPhase::Active => None,
        EventPhase::Closed => moment(status.closed_at.as_deref()).map(|at| (Closed, "closed", at)),
        EventPhase::Expired => moment(status.expires_at.as_deref()).map(|at| (Expired, "expired", at)),
        EventPhase::Refused => Some((Refused, "refused", refused_at(object, status))),
    };
    let began = began.map(|at| (Invoked, "active", at)).into_iter();
    let changes = began.chain(escalated.map(|at| (Escalated, "active", at))).chain(ended);
    changes.map(|change| happening(object, spec, status, change)).collect()
}

/// What is to be told of an event that was deleted at `now`: what was not told before, and the end of one that was going on. One that
/// had not begun gave nothing, and leaves nothing.
pub(crate) fn left(object: &DynamicObject, now: Timestamp) -> Vec<Happening> {
    let status = part::<Option<BreakGlassEventStatus>>(&object.data, "status").ok().flatten().unwrap_or_default();
    let Ok(spec) = part::<BreakGlassEventSpec>(&object.data, "spec") else { return vec![] };
    if status.phase == EventPhase::Pending {
        return vec![];
    }
    let (gone, ended) = deleted(&spec, &status, now);
    let last = if status.phase == EventPhase::Active { untold(object, &gone, &ended) } else { vec![] };
    untold(object, &spec, &status).into_iter().chain(last).collect()
}

/// As if somebody had closed it, whom the API server alone knows; unless somebody has, or its time was over.
fn deleted(
    spec: &BreakGlassEventSpec,
    status: &BreakGlassEventStatus,
    now: Timestamp,
) -> (BreakGlassEventSpec, BreakGlassEventStatus) {
    let mut ended = BreakGlassEventStatus { told: Some(status.phase), ..status.clone() };
    if moment(status.expires_at.as_deref()).is_some_and(|end| end <= now) {
        ended.phase = EventPhase::Expired;
        return (spec.clone(), ended);
    }
    (ended.phase, ended.closed_at) = (EventPhase::Closed, Some(now.to_string()));
    let message = "it was deleted, and ended with that; the API server's audit log knows by whom";
    let granted = condition(GRANTED_CONDITION, false, "Deleted", message, status.observed_generation, now);
    set_condition(&mut ended.conditions, granted);
    if spec.closed {
        return (spec.clone(), ended);
    }
    let by = Some(PersonStamp { user: UNKNOWN.to_owned(), ..PersonStamp::default() });
    (BreakGlassEventSpec { closed_by: by, closed_reason: Some("deleted".to_owned()), ..spec.clone() }, ended)
}

/// No field of its own says when; the condition does.
fn refused_at(object: &DynamicObject, status: &BreakGlassEventStatus) -> Timestamp {
    let since = status.conditions.first().and_then(|one| moment(Some(&one.last_transition_time)));
    since.unwrap_or_else(|| created_at(object))
}

fn happening(
    object: &DynamicObject,
    spec: &BreakGlassEventSpec,
    status: &BreakGlassEventStatus,
    (change, word, at): (EmergencyChange, &'static str, Timestamp),
) -> Happening {
    let asked = Asked {
        profile: &spec.profile,
        service_account: &spec.service_account,
        duration: &spec.duration,
        justification: &spec.justification,
    };
    let mut subject = Subject {
        status: word,
        at,
        expires_at: moment(status.expires_at.as_deref()),
        ..Subject::of(object, asked, status.request_id.as_deref(), &status.conditions)
    };
    // Of a beginning that is told late, the status says the end.
    if word == "active" && status.phase != EventPhase::Active {
        subject.message.clear();
    }
    let closed = change == EmergencyChange::Closed;
    let emergency = Emergency {
        subject,
        invoker: spec.invoker.as_ref().map(PersonStamp::identity),
        reason_code: spec.reason_code.clone(),
        closed_by: spec.closed_by.as_ref().filter(|_| closed).map(PersonStamp::identity),
        closed_reason: spec.closed_reason.clone().filter(|_| closed),
        escalated: status.escalated,
        rule: status.rule.clone().zip(status.policy.clone()),
        limit: status.refusal.as_ref().map(|refusal| refusal.limit.clone()),
    };
    Happening::Emergency(change, emergency)
}
