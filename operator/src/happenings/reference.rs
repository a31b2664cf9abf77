//! The lines of docs/reference/audit-log.md: what the operator writes of a night on profile prod, from its objects.

use jiff::Timestamp;
use kube::core::DynamicObject;
use kube::runtime::watcher::Event;
use sentinel_api::audit_log::{Line, schema};
use sentinel_api::{AccessRequestSpec, AccessRequestStatus, BreakGlassEventSpec, BreakGlassEventStatus};
use sentinel_core::identity::RequestId;
use sentinel_core::session::SessionId;
use sentinel_runtime::reference::{fields, keep};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::line::line;
use super::{Happening, Subject};
use crate::cluster::Cluster;
use crate::{emergencies, locks, requests, sessions};

const CLUSTER: &str = "cluster-uid";

fn cluster() -> Cluster {
    Cluster { id: CLUSTER.to_owned(), name: "eu-1".to_owned() }
}

fn object(uid: &str, made: &str, content: &Value) -> DynamicObject {
    let mut object = content.clone();
    object["metadata"] =
        json!({"name": uid.replace("-uid", "-1"), "namespace": "payments", "uid": uid, "creationTimestamp": made});
    serde_json::from_value(object).unwrap()
}

fn part<T: DeserializeOwned>(object: &DynamicObject, key: &str) -> T {
    serde_json::from_value(object.data[key].clone()).unwrap()
}

fn text(line: &impl Serialize) -> String {
    serde_json::to_string(line).unwrap()
}

fn lines(happenings: &[Happening]) -> Vec<String> {
    happenings.iter().map(|happening| text(&line(happening, &cluster()))).collect()
}

fn of_a_request() -> Vec<String> {
    let object = object(
        "request-uid",
        "2026-03-02T01:00:40Z",
        &json!({
            "spec": {"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "new schema, ticket 7",
                "requester": {"user": "bob"}, "decision": "Approved", "decidedBy": {"user": "ann"}, "comment": "until the release is out"},
            "status": {"phase": "Approved", "requestId": RequestId::derive(CLUSTER, "request-uid"), "rule": "prod", "policy": "prod",
                "decidedAt": "2026-03-02T01:04:00Z", "expiresAt": "2026-03-02T02:04:00Z"},
        }),
    );
    let (spec, status) = (part::<AccessRequestSpec>(&object, "spec"), part::<AccessRequestStatus>(&object, "status"));
    lines(&requests::untold(&object, &spec, &status))
}

fn of_an_emergency() -> Vec<String> {
    let object = object(
        "event-uid",
        "2026-03-02T02:30:00Z",
        &json!({
            "spec": {"profile": "prod", "serviceAccount": "api", "duration": "30m", "reasonCode": "incident",
                "justification": "invoices fail since 10:02", "invoker": {"user": "carol"},
                "closed": true, "closedBy": {"user": "carol"}, "closedReason": "the queue is empty"},
            "status": {"phase": "Closed", "requestId": RequestId::derive(CLUSTER, "event-uid"), "rule": "prod", "policy": "prod",
                "activatedAt": "2026-03-02T02:30:00Z", "closedAt": "2026-03-02T02:50:00Z", "expiresAt": "2026-03-02T03:00:00Z"},
        }),
    );
    let (spec, status) =
        (part::<BreakGlassEventSpec>(&object, "spec"), part::<BreakGlassEventStatus>(&object, "status"));
    lines(&emergencies::untold(&object, &spec, &status))
}

fn of_a_revocation() -> String {
    let session = serde_json::from_value(json!({
        "apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession",
        "metadata": {"name": SessionId::derive(CLUSTER, "uid-1", "prod").as_str(), "namespace": "payments"},
        "spec": {"profile": "prod", "user": "system:serviceaccount:payments:api", "pod": "api-1", "podUID": "uid-1", "revoked": true},
        "status": {"phase": "Revoked", "revokedAt": "2026-03-02T02:40:00Z", "revokedBy": "dana", "revokedReason": "key in a paste",
            "credentialsUntil": "2026-03-02T02:45:10Z"},
    }));
    text(&sessions::untold(&session.unwrap(), &cluster()).unwrap())
}

fn of_a_lock() -> Vec<String> {
    let lock = object(
        "lock-uid",
        "2026-03-02T02:41:00Z",
        &json!({
            "spec": {"namespaces": ["payments"], "profiles": ["prod"], "reason": "key in a paste", "createdBy": "dana"},
        }),
    );
    let deleted: Timestamp = "2026-03-02T07:00:00Z".parse().unwrap();
    let untold = locks::Book::default().hear(Event::Delete(lock), deleted);
    untold.iter().map(|one| text(&one.line(&cluster()))).collect()
}

#[test]
fn the_reference_shows_lines_of_the_operator() {
    let told = [of_a_request(), of_an_emergency(), vec![of_a_revocation()], of_a_lock()].concat();
    assert_eq!(told.len(), 7, "{told:?}");
    let [_, kinds @ ..] = schema::kinds();
    for line in &told {
        let (name, schema) = match Line::read(line).unwrap() {
            Line::Request(_) => &kinds[0],
            Line::BreakGlass(_) => &kinds[1],
            Line::Revocation(_) => &kinds[2],
            Line::Lock(_) => &kinds[3],
            Line::Decision(_) => panic!("{line}"),
        };
        assert_eq!(schema::misfits(schema, &serde_json::from_str(line).unwrap()), [""; 0], "{name}: {line}");
    }
    for (name, schema) in &kinds {
        keep("audit-log.md", name, &fields(schema)).unwrap();
    }
    keep("audit-log.md", "lines of sentinel-operator", &format!("```json\n{}\n```", told.join("\n"))).unwrap();
}

/// Every field that may be left out, written.
#[test]
fn a_full_line_fits_its_schema() {
    let subject = Subject { id: "1a2b3c4d".to_owned(), ..empty() };
    let who = || Some(sentinel_core::person::Identity::new("ann".to_owned(), Some("person".to_owned())));
    let rule = Some(("rule".to_owned(), "policy".to_owned()));
    let about = super::Emergency {
        subject,
        invoker: who(),
        reason_code: "other".to_owned(),
        closed_by: who(),
        closed_reason: Some("done".to_owned()),
        escalated: Some(4),
        rule,
        limit: Some("cooldown".to_owned()),
    };
    let happening = Happening::Emergency(super::EmergencyChange::Closed, about);
    let line = serde_json::to_value(line(&happening, &cluster())).unwrap();
    let [_, _, (_, schema), ..] = schema::kinds();
    assert_eq!(schema::misfits(&schema, &line), [""; 0], "{line}");
    assert_eq!(line.as_object().unwrap().len(), schema["properties"].as_object().unwrap().len(), "{line}");
    let mut odd = line.clone();
    odd["event"] = "breakglass.opened".into();
    odd["more"] = 1.into();
    odd.as_object_mut().unwrap().remove("cluster");
    let found = schema::misfits(&schema, &odd).join("; ");
    for part in ["cluster is missing", "event is \"breakglass.opened\"", "nobody knows more"] {
        assert!(found.contains(part), "{found}");
    }
}

fn empty() -> Subject {
    let text = String::new;
    let at = Timestamp::UNIX_EPOCH;
    Subject {
        id: text(),
        uid: text(),
        namespace: text(),
        name: text(),
        service_account: text(),
        profile: text(),
        justification: text(),
        duration: sentinel_core::time::GoDuration::default(),
        status: "closed",
        created_at: at,
        at,
        expires_at: Some(at),
        message: text(),
    }
}
