//! The bodies, as their receivers read them.

use kube::core::DynamicObject;
use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use super::*;
use crate::notifications::letter::EVENTS;
use crate::{emergencies, locks, requests};

fn cluster() -> Cluster {
    Cluster { id: "c".to_owned(), name: "eu-1".to_owned() }
}

fn object(kind: &str, spec: &Value, status: &Value) -> DynamicObject {
    serde_json::from_value(json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind,
        "metadata": {"name": "n", "namespace": "payments", "uid": "u", "creationTimestamp": "2026-11-25T21:00:00Z"},
        "spec": spec, "status": status}))
    .unwrap()
}

fn body(letter: &Letter) -> Value {
    serde_json::from_str(&letter.body).unwrap()
}

#[test]
fn an_approval() {
    let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix",
        "requester": {"user": "role/eve", "person": "eve"}, "decision": "Approved", "comment": "go", "decidedBy": {"user": "ann"}});
    let status = json!({"phase": "Approved", "told": "Pending", "requestId": "1f0c22aa", "decidedAt": "2026-11-25T21:04:05.5Z",
        "expiresAt": "2026-11-25T22:04:05.5Z", "policy": "prod", "rule": "leads"});
    let object = object("AccessRequest", &spec, &status);
    let (spec, status) = (serde_json::from_value(spec).unwrap(), serde_json::from_value(status).unwrap());
    let letter = about(&requests::untold(&object, &spec, &status)[0], &cluster());
    assert_eq!((letter.id.as_str(), letter.subject.as_str()), ("u-request-approved", "u"));
    let expected = json!({
        "Type": "request.approved",
        "Request": {"id": "1f0c22aa", "requester": "role/eve", "profile": "prod", "justification": "deploy the hot fix",
            "duration": 3_600_000_000_000_i64, "status": "approved", "created_at": "2026-11-25T21:00:00Z",
            "updated_at": "2026-11-25T21:04:05.5Z", "expires_at": "2026-11-25T22:04:05.5Z", "approver": "ann",
            "approver_comment": "go", "namespace": "payments", "service_account": "api", "name": "n"},
        "Timestamp": "2026-11-25T21:04:05.5Z", "Actor": "ann", "Details": "requester: eve (role/eve)", "Cluster": {"id": "c", "name": "eu-1"}});
    assert_eq!(body(&letter), expected);
}

#[test]
fn what_never_was_granted_ends_when_the_request_would_have() {
    let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix",
        "requester": {"user": "role/eve", "person": "eve"}, "decision": "Cancelled", "comment": "not today",
        "decidedBy": {"user": "role/oncall", "person": "eve"}});
    for (phase, actor) in [("Cancelled", "role/oncall"), ("Expired", "sentinel")] {
        let status =
            json!({"phase": phase, "told": "Pending", "requestId": "1f0c22aa", "decidedAt": "2026-11-25T21:04:05Z"});
        let object = object("AccessRequest", &spec, &status);
        let (spec, status) = (serde_json::from_value(spec.clone()).unwrap(), serde_json::from_value(status).unwrap());
        let body = body(&about(&requests::untold(&object, &spec, &status)[0], &cluster()));
        assert_eq!(body["Request"]["expires_at"], "2026-11-26T21:00:00Z", "{phase}");
        assert_eq!((body["Actor"].as_str(), body["Request"].get("approver")), (Some(actor), None), "{phase}");
        let named = body["Details"].as_str().unwrap();
        assert_eq!(named.contains("cancelled by: eve (role/oncall)"), phase == "Cancelled", "{named}");
    }
}

#[test]
fn a_closing_and_what_came_before_it() {
    let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "reasonCode": "incident",
        "justification": "the database is on fire", "invoker": {"user": "ann"}, "closed": true, "closedReason": "it is out", "closedBy": {"user": "ben"}});
    let status = json!({"phase": "Closed", "requestId": "1f0c22aa", "activatedAt": "2026-11-25T21:00:01Z", "escalated": 4,
        "closedAt": "2026-11-25T21:04:05Z", "expiresAt": "2026-11-25T22:00:01Z"});
    let object = object("BreakGlassEvent", &spec, &status);
    let (spec, status) = (serde_json::from_value(spec).unwrap(), serde_json::from_value(status).unwrap());
    let letters: Vec<Letter> =
        emergencies::untold(&object, &spec, &status).iter().map(|one| about(one, &cluster())).collect();
    let types: Vec<&str> = letters.iter().map(|letter| letter.event.as_str()).collect();
    assert_eq!(types, ["breakglass.invoked", "breakglass.escalated", "breakglass.closed"]);
    assert_eq!((&body(&letters[0])["Actor"], &body(&letters[1])["Actor"]), (&json!("ann"), &json!("sentinel")));
    assert_eq!(body(&letters[1])["BreakGlass"]["events_counted"], 4);
    let expected = json!({"id": "1f0c22aa", "invoker": "ann", "profile": "prod", "reason_code": "incident",
        "justification": "the database is on fire", "duration": 3_600_000_000_000_i64, "status": "closed",
        "created_at": "2026-11-25T21:00:00Z", "updated_at": "2026-11-25T21:04:05Z", "expires_at": "2026-11-25T22:00:01Z",
        "closed_by": "ben", "closed_reason": "it is out", "events_counted": 4, "namespace": "payments", "service_account": "api", "name": "n"});
    assert_eq!(body(&letters[2])["BreakGlass"], expected);
}

#[test]
fn a_lock_and_its_end() {
    let spec = json!({"namespaces": ["payments"], "reason": "key in a paste", "createdBy": "dana", "expiresAt": "2026-11-25T22:00:00Z"});
    let lock = object("AccessLock", &spec, &json!({}));
    let told = locks::Book::default().hear(Event::Apply(lock), "2026-11-25T23:00:00Z".parse().unwrap());
    let letters: Vec<Letter> = told.iter().map(|one| about_lock(one, &cluster())).collect();
    assert_ne!(letters[0].id, letters[1].id);
    assert!(letters.iter().all(|letter| !letter.id.contains('.') && letter.subject == "u"));
    let expected = json!({"Type": "lock.created",
        "Lock": {"name": "n", "reason": "key in a paste", "namespaces": ["payments"], "expires_at": "2026-11-25T22:00:00Z"},
        "Timestamp": "2026-11-25T21:00:00Z", "Actor": "dana", "Cluster": {"id": "c", "name": "eu-1"}});
    assert_eq!(body(&letters[0]), expected);
    let end = body(&letters[1]);
    assert_eq!(
        (&end["Type"], &end["Lock"]["ended"], &end["Actor"]),
        (&json!("lock.ended"), &json!("expired"), &json!("sentinel"))
    );
}

/// What a target can ask for is what the audit log can say, and nothing else.
#[test]
fn every_event_of_the_audit_log_but_revocations_can_be_asked_for() {
    let schema = sentinel_api::audit_log::schema::whole();
    let mut named = Vec::new();
    for kind in ["request", "break-glass", "lock"] {
        let events = schema["$defs"][kind]["properties"]["event"]["enum"].as_array().unwrap();
        named.extend(events.iter().map(|event| event.as_str().unwrap().to_owned()));
    }
    named.sort();
    let mut known = EVENTS.map(str::to_owned).to_vec();
    known.sort();
    assert_eq!(known, named);
}
