//! AccessRequests and BreakGlassEvents: whom they may let in, until when, and for what.

use std::sync::Arc;

use jiff::Timestamp;
use kube::Resource as _;
use sentinel_api::names::GRANTED_CONDITION;
use sentinel_api::{
    AccessRequest, AccessRequestSpec, AccessRequestStatus, BreakGlassEvent, BreakGlassEventSpec, BreakGlassEventStatus,
    Condition, EventPhase, Pins, RequestPhase,
};
use sentinel_core::grant::Door;
use sentinel_core::identity::RequestId;

use super::Entry;
use crate::slim::Loose;

/// What is kept of an AccessRequest or a BreakGlassEvent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantEntry {
    /// Which of the two.
    pub door: Door,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub since: Option<Timestamp>,
    /// The profile that it is about; empty where it can't be read.
    pub profile: String,
    /// The service account, of its own namespace.
    pub service_account: String,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a request or an event stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has decided yet.
    Pending {
        /// Who may decide, as far as the operator has said.
        approvers: Vec<String>,
        /// What the operator says of it.
        said: String,
    },
    /// Decided: yes.
    Open(Open),
    /// Decided: no, or over; and what the operator says of it.
    Shut {
        /// Its phase.
        phase: &'static str,
        /// In a sentence.
        said: String,
    },
    /// It can't be read.
    Invalid(String),
}

/// What opens a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The id that AWS and the log show.
    pub id: RequestId,
    /// Its end, exclusive.
    pub until: Timestamp,
    /// What it was given for.
    pub pins: Pins,
}

/// An AccessRequest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestEntry(pub Arc<GrantEntry>);

/// A BreakGlassEvent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventEntry(pub Arc<GrantEntry>);

impl Entry for RequestEntry {
    type Object = Loose<AccessRequest>;
    const WATCH: &'static str = "AccessRequests";

    fn keep(object: &Self::Object) -> Self {
        let read = || -> Result<GrantEntry, String> {
            let (spec, status): (AccessRequestSpec, AccessRequestStatus) = (object.spec()?, object.status()?);
            spec.resolve().map_err(|problems| problems.to_string())?;
            Ok(GrantEntry {
                door: Door::Approval,
                name: object.name().to_owned(),
                since: object.created_at(),
                profile: spec.profile,
                service_account: spec.service_account,
                standing: unless_deleting(object, of_request(status)),
            })
        };
        Self(Arc::new(read().unwrap_or_else(|problem| invalid(Door::Approval, object, problem))))
    }
}

impl Entry for EventEntry {
    type Object = Loose<BreakGlassEvent>;
    const WATCH: &'static str = "BreakGlassEvents";

    fn keep(object: &Self::Object) -> Self {
        let read = || -> Result<GrantEntry, String> {
            let (spec, status): (BreakGlassEventSpec, BreakGlassEventStatus) = (object.spec()?, object.status()?);
            spec.resolve().map_err(|problems| problems.to_string())?;
            Ok(GrantEntry {
                door: Door::BreakGlass,
                name: object.name().to_owned(),
                since: object.created_at(),
                standing: unless_deleting(object, of_event(&spec, status)),
                profile: spec.profile,
                service_account: spec.service_account,
            })
        };
        Self(Arc::new(read().unwrap_or_else(|problem| invalid(Door::BreakGlass, object, problem))))
    }
}

impl GrantEntry {
    /// `AccessRequest name`, for people.
    pub fn label(&self) -> String {
        let kind = match self.door {
            Door::Approval => AccessRequest::kind(&()),
            Door::BreakGlass => BreakGlassEvent::kind(&()),
        };
        format!("{kind} {}", self.name)
    }

    /// What it opens at `now`, if it is open at all.
    pub fn open_at(&self, now: Timestamp) -> Option<&Open> {
        match &self.standing {
            Standing::Open(open) if now < open.until => Some(open),
            _ => None,
        }
    }
}

fn invalid<K>(door: Door, object: &Loose<K>, problem: String) -> GrantEntry {
    GrantEntry {
        door,
        name: object.name().to_owned(),
        since: object.created_at(),
        profile: String::new(),
        service_account: String::new(),
        standing: Standing::Invalid(problem),
    }
}

/// Whoever deletes it takes it back, though something may keep the object for a while.
fn unless_deleting<K>(object: &Loose<K>, standing: Standing) -> Standing {
    if object.is_deleting() { Standing::Shut { phase: "being deleted", said: String::new() } } else { standing }
}

fn of_request(status: AccessRequestStatus) -> Standing {
    let said = said(&status.conditions);
    let shut = |phase| Standing::Shut { phase, said: said.clone() };
    match status.phase {
        RequestPhase::Pending => Standing::Pending { approvers: status.approvers, said },
        RequestPhase::Approved => open(status.request_id, status.expires_at, status.pins),
        RequestPhase::Denied => shut("denied"),
        RequestPhase::Expired => shut("expired"),
        RequestPhase::Cancelled => shut("cancelled"),
    }
}

/// Somebody who closes an emergency is heard at once, before the operator has written that it is closed.
fn of_event(spec: &BreakGlassEventSpec, status: BreakGlassEventStatus) -> Standing {
    let said = said(&status.conditions);
    let shut = |phase| Standing::Shut { phase, said: said.clone() };
    match status.phase {
        EventPhase::Active if spec.closed => shut("closed"),
        EventPhase::Active => open(status.request_id, status.expires_at, status.pins),
        EventPhase::Pending => Standing::Pending { approvers: vec![], said },
        EventPhase::Closed => shut("closed"),
        EventPhase::Expired => shut("expired"),
        EventPhase::Refused => {
            let said = status.refusal.map_or(said, |refusal| refusal.message);
            Standing::Shut { phase: "refused", said }
        }
    }
}

/// A grant without an id, an end, or what it was given for is none.
fn open(id: Option<String>, until: Option<String>, pins: Option<Pins>) -> Standing {
    let id = id.and_then(|id| id.parse().ok());
    let until = until.and_then(|until| until.parse().ok());
    match (id, until, pins) {
        (Some(id), Some(until), Some(pins)) => Standing::Open(Open { id, until, pins }),
        _ => Standing::Invalid("its status lacks requestId, expiresAt or pins".to_owned()),
    }
}

fn said(conditions: &[Condition]) -> String {
    let granted = conditions.iter().find(|condition| condition.type_ == GRANTED_CONDITION);
    granted.map(|condition| condition.message.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn pins() -> Value {
        json!({"serviceAccountUID": "s", "profileUID": "p", "roleArn": "arn:a", "policies": {"access": "prod"}})
    }

    fn merged(mut base: Value, change: &Value) -> Value {
        for (key, value) in change.as_object().unwrap() {
            base[key] = value.clone();
        }
        base
    }

    fn request(spec: &Value, status: &Value) -> Arc<GrantEntry> {
        let base = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix"});
        let object = json!({"metadata": {"name": "r", "creationTimestamp": "2026-11-22T09:00:00Z"}, "spec": merged(base, spec), "status": status});
        RequestEntry::keep(&serde_json::from_value(object).unwrap()).0
    }

    fn event(spec: &Value, status: &Value) -> Arc<GrantEntry> {
        let base = json!({"profile": "prod", "serviceAccount": "api", "reasonCode": "incident", "duration": "1h",
            "justification": "the database is on fire"});
        let object = json!({"metadata": {"name": "e"}, "spec": merged(base, spec), "status": status});
        EventEntry::keep(&serde_json::from_value(object).unwrap()).0
    }

    fn granted(phase: &str, change: &Value) -> Value {
        let status =
            json!({"phase": phase, "requestId": "0123abcd", "expiresAt": "2026-11-22T10:00:00Z", "pins": pins()});
        merged(status, change)
    }

    fn at(hour: &str) -> Timestamp {
        format!("2026-11-22T{hour}Z").parse().unwrap()
    }

    #[test]
    fn only_what_the_operator_approved_is_open_and_only_until_its_end() {
        for entry in
            [request(&json!({}), &granted("Approved", &json!({}))), event(&json!({}), &granted("Active", &json!({})))]
        {
            assert_eq!((entry.profile.as_str(), entry.service_account.as_str()), ("prod", "api"));
            assert_eq!(entry.open_at(at("09:59:59.9")).unwrap().id.as_str(), "0123abcd");
            assert!(entry.open_at(at("10:00:00")).is_none());
        }
    }

    #[rstest]
    #[case::no_status(json!(null))]
    #[case::pending(granted("Pending", &json!({})))]
    #[case::denied(granted("Denied", &json!({})))]
    #[case::expired(granted("Expired", &json!({})))]
    #[case::cancelled(granted("Cancelled", &json!({})))]
    #[case::unknown(granted("Active", &json!({})))]
    #[case::no_id(granted("Approved", &json!({"requestId": null})))]
    #[case::another_id(granted("Approved", &json!({"requestId": "direct"})))]
    #[case::no_end(granted("Approved", &json!({"expiresAt": null})))]
    #[case::another_end(granted("Approved", &json!({"expiresAt": "soon"})))]
    #[case::no_pins(granted("Approved", &json!({"pins": null})))]
    fn other_requests_are_not(#[case] status: Value) {
        let approved = json!({"decision": "Approved", "decidedBy": {"user": "ann"}});
        assert!(request(&approved, &status).open_at(at("09:30:00")).is_none());
    }

    #[rstest]
    #[case::pending(json!({}), granted("Pending", &json!({})))]
    #[case::closed(json!({}), granted("Closed", &json!({})))]
    #[case::closed_a_moment_ago(json!({"closed": true}), granted("Active", &json!({})))]
    #[case::expired(json!({}), granted("Expired", &json!({})))]
    #[case::refused(json!({}), granted("Refused", &json!({})))]
    #[case::unknown_key(json!({"close": true}), granted("Active", &json!({})))]
    #[case::too_long(json!({"duration": "5h"}), granted("Active", &json!({})))]
    fn other_events_are_not(#[case] spec: Value, #[case] status: Value) {
        assert!(event(&spec, &status).open_at(at("09:30:00")).is_none());
    }

    #[test]
    fn what_is_being_deleted_opens_nothing() {
        let metadata = json!({"name": "r", "deletionTimestamp": "2026-11-22T09:10:00Z", "finalizers": ["x/y"]});
        let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix"});
        let object = json!({"metadata": metadata, "spec": spec, "status": granted("Approved", &json!({}))});
        let entry = RequestEntry::keep(&serde_json::from_value(object).unwrap()).0;
        assert!(entry.open_at(at("09:30:00")).is_none());
    }

    #[test]
    fn what_waits_says_since_when_and_for_whom() {
        let entry = request(&json!({}), &json!({"phase": "Pending", "approvers": ["ann"]}));
        let expected = Standing::Pending { approvers: vec!["ann".into()], said: String::new() };
        assert_eq!((entry.since, &entry.standing), (Some(at("09:00:00")), &expected));
    }
}
