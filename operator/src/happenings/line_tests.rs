//! The lines, as others read them.

use kube::core::DynamicObject;
use sentinel_api::audit_log::UNKNOWN;
use serde_json::{Value, json};

use super::line;
use crate::cluster::Cluster;
use crate::happenings::Left;
use crate::{emergencies, requests};

fn cluster() -> Cluster {
    Cluster { id: "c".to_owned(), name: "test".to_owned() }
}

fn object(kind: &str, spec: &Value, status: &Value) -> DynamicObject {
    serde_json::from_value(json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind,
        "metadata": {"name": "n", "namespace": "payments", "uid": "u", "creationTimestamp": "2026-11-25T21:00:00Z"},
        "spec": spec, "status": status}))
    .unwrap()
}

fn asked(spec: &Value) -> Value {
    let mut whole = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix",
        "requester": {"user": "role/eve", "person": "eve"}});
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    whole
}

fn broken(spec: &Value) -> Value {
    let mut whole = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "reasonCode": "incident",
        "justification": "the database is on fire", "invoker": {"user": "ann"}});
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    whole
}

fn request(spec: &Value, status: Value) -> Vec<Value> {
    let whole = asked(spec);
    let object = object("AccessRequest", &whole, &status);
    let (spec, status) = (serde_json::from_value(whole).unwrap(), serde_json::from_value(status).unwrap());
    let told = requests::untold(&object, &spec, &status);
    told.iter().map(|one| serde_json::to_value(line(one, &cluster())).unwrap()).collect()
}

fn emergency(spec: &Value, status: Value) -> Vec<Value> {
    let whole = broken(spec);
    let object = object("BreakGlassEvent", &whole, &status);
    let (spec, status) = (serde_json::from_value(whole).unwrap(), serde_json::from_value(status).unwrap());
    let told = emergencies::untold(&object, &spec, &status);
    told.iter().map(|one| serde_json::to_value(line(one, &cluster())).unwrap()).collect()
}

fn events(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

#[test]
fn an_approval_has_the_fields_of_the_other_tools() {
    let lines = request(
        &json!({"decision": "Approved", "comment": "go", "decidedBy": {"user": "ann"}}),
        json!({"phase": "Approved", "told": "Pending", "requestId": "1f0c22aa", "decidedAt": "2026-11-25T21:04:05.5Z",
            "expiresAt": "2026-11-25T22:04:05.5Z", "policy": "prod", "rule": "leads", "approvedAs": "ann"}),
    );
    assert_eq!(
        lines,
        [json!({"timestamp": "2026-11-25T21:04:05.5Z", "event": "request.approved", "request_id": "1f0c22aa",
            "requester": "role/eve", "requester_person": "eve", "approver": "ann", "approver_comment": "go", "profile": "prod",
            "status": "approved", "actor": "ann", "justification": "deploy the hot fix", "duration_seconds": 3600,
            "expires_at": "2026-11-25T22:04:05.5Z", "policy": "prod", "rule": "leads", "message": "",
            "namespace": "payments", "service_account": "api", "name": "n", "uid": "u", "cluster": "c", "cluster_name": "test"})]
    );
}

#[test]
fn each_phase_is_told_once_and_what_was_skipped_before_it() {
    let at = "2026-11-25T21:04:05Z";
    for (status, told) in [
        (json!({"phase": "Pending"}), vec!["request.created"]),
        (json!({"phase": "Pending", "told": "Pending"}), vec![]),
        (
            json!({"phase": "Approved", "decidedAt": at, "autoApproved": true}),
            vec!["request.created", "request.approved"],
        ),
        (json!({"phase": "Approved", "told": "Approved"}), vec![]),
        (json!({"phase": "Denied", "told": "Pending"}), vec!["request.denied"]),
        (json!({"phase": "Cancelled", "told": "Pending"}), vec!["request.cancelled"]),
        (json!({"phase": "Expired", "told": "Pending"}), vec!["request.expired"]),
    ] {
        assert_eq!(events(&request(&json!({}), status)), told);
    }
    let both = json!({"phase": "Closed", "activatedAt": at, "closedAt": at, "escalated": 2});
    for (status, told) in [
        (json!({"phase": "Pending"}), vec![]),
        (json!({"phase": "Active", "activatedAt": at}), vec!["breakglass.invoked"]),
        (both, vec!["breakglass.invoked", "breakglass.escalated", "breakglass.closed"]),
        (json!({"phase": "Expired", "told": "Active", "activatedAt": at, "expiresAt": at}), vec!["breakglass.expired"]),
        (json!({"phase": "Closed", "closedAt": at}), vec!["breakglass.closed"]),
        (json!({"phase": "Refused"}), vec!["breakglass.refused"]),
        (json!({"phase": "Refused", "told": "Refused"}), vec![]),
    ] {
        assert_eq!(events(&emergency(&json!({}), status)), told);
    }
}

#[test]
fn a_closing_says_who_and_why() {
    let spec = json!({"closed": true, "closedReason": "it is out", "closedBy": {"user": "ben", "person": "b"}});
    let status = json!({"phase": "Closed", "told": "Active", "requestId": "1f0c22aa", "activatedAt": "2026-11-25T21:00:01Z",
        "closedAt": "2026-11-25T21:04:05Z", "expiresAt": "2026-11-25T22:00:01Z"});
    let line = &emergency(&spec, status)[0];
    for (field, value) in [
        ("timestamp", "2026-11-25T21:04:05Z"),
        ("event_id", "1f0c22aa"),
        ("invoker", "ann"),
        ("reason_code", "incident"),
        ("actor", "ben"),
        ("actor_person", "b"),
        ("closed_by", "ben"),
        ("closed_reason", "it is out"),
    ] {
        assert_eq!(line[field], value, "{line}");
    }
}

#[test]
fn a_cancellation_is_of_whoever_cancelled() {
    let spec =
        json!({"decision": "Cancelled", "comment": "not today", "decidedBy": {"user": "role/oncall", "person": "eve"}});
    let status = json!({"phase": "Cancelled", "told": "Pending", "decidedAt": "2026-11-25T21:04:05Z"});
    let line = &request(&spec, status)[0];
    let said =
        ["actor", "actor_person", "requester", "approver_comment", "expires_at"].map(|field| line[field].clone());
    assert_eq!(said, ["role/oncall", "eve", "role/eve", "not today", "2026-11-26T21:00:00Z"], "{line}");
    assert_eq!(line.get("approver"), None, "nobody approved or denied it");
}

/// What is told of an object that is deleted at 21:30, and by whom it was as far as anybody knows.
#[test]
fn what_is_deleted_leaves_what_was_not_told_and_the_end_of_what_went_on() {
    let (was, end, over) = ("2026-11-25T21:04:05Z", "2026-11-25T22:04:05Z", "2026-11-25T21:20:00Z");
    let none = json!({});
    for (spec, status, told) in [
        (&none, json!({"phase": "Pending"}), vec![]),
        (&none, Value::Null, vec![]),
        (
            &none,
            json!({"phase": "Approved", "told": "Approved", "expiresAt": end}),
            vec![("request.cancelled", UNKNOWN)],
        ),
        (&none, json!({"phase": "Approved", "told": "Approved", "expiresAt": over}), vec![]),
        (
            &none,
            json!({"phase": "Approved", "told": "Pending", "expiresAt": end, "autoApproved": true}),
            vec![("request.approved", "sentinel"), ("request.cancelled", UNKNOWN)],
        ),
        (&none, json!({"phase": "Expired", "told": "Pending"}), vec![("request.expired", "sentinel")]),
        (&none, json!({"phase": "Expired", "told": "Expired"}), vec![]),
    ] {
        assert_eq!(left(requests::left, &asked(spec), &status), told, "{status}");
    }
    let closed = json!({"closed": true, "closedBy": {"user": "ben"}});
    for (spec, status, told) in [
        (&none, json!({"phase": "Pending"}), vec![]),
        (&none, json!({"phase": "Active", "told": "Active", "expiresAt": end}), vec![("breakglass.closed", UNKNOWN)]),
        (
            &none,
            json!({"phase": "Active", "told": "Active", "expiresAt": over}),
            vec![("breakglass.expired", "sentinel")],
        ),
        (
            &none,
            json!({"phase": "Active", "activatedAt": was, "expiresAt": end}),
            vec![("breakglass.invoked", "ann"), ("breakglass.closed", UNKNOWN)],
        ),
        (&closed, json!({"phase": "Active", "told": "Active", "expiresAt": end}), vec![("breakglass.closed", "ben")]),
        (&closed, json!({"phase": "Closed", "told": "Active", "closedAt": was}), vec![("breakglass.closed", "ben")]),
        (&closed, json!({"phase": "Closed", "told": "Closed", "closedAt": was}), vec![]),
    ] {
        assert_eq!(left(emergencies::left, &broken(spec), &status), told, "{spec} {status}");
    }
}

fn left(left: Left, spec: &Value, status: &Value) -> Vec<(&'static str, &'static str)> {
    let told = left(&object("any", spec, status), "2026-11-25T21:30:00Z".parse().unwrap());
    let known = ["ann", "ben", UNKNOWN, "sentinel"];
    let line = |one| serde_json::to_value(line(one, &cluster())).unwrap();
    told.iter().map(|one| (one.name(), *known.iter().find(|name| line(one)["actor"] == **name).unwrap())).collect()
}

#[test]
fn nobody_is_said_to_have_decided_what_time_did() {
    let undecided = json!({"decision": "Approved", "comment": "go", "decidedBy": {"user": "tom"}});
    let status = json!({"phase": "Expired", "told": "Pending", "decidedAt": "2026-11-26T21:00:00Z"});
    let line = &request(&undecided, status)[0];
    let said = ["approver", "approver_comment"].map(|field| line[field].clone());
    assert_eq!((&line["actor"], said), (&json!("sentinel"), [Value::Null, Value::Null]), "{line}");
}
