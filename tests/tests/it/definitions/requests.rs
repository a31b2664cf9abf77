//! AccessRequest and BreakGlassEvent: what the API server refuses without the webhook.

use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use rstest::rstest;
use serde_json::{Value, json};

use super::api;
use crate::world::{client, unique};

const NAMESPACE: &str = "default";

/// Asks for something, as somebody whom Sentinel has stamped.
pub fn request() -> Value {
    json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix",
        "requester": {"user": "eve", "groups": ["dev"]}})
}

/// Breaks the glass, likewise.
pub fn event() -> Value {
    json!({"profile": "prod", "serviceAccount": "api", "reasonCode": "incident", "duration": "1h",
        "justification": "the database is on fire", "invoker": {"user": "ann", "person": "a"}})
}

fn whole(kind: &str) -> Value {
    if kind == "AccessRequest" { request() } else { event() }
}

fn with(mut spec: Value, change: &Value) -> Value {
    json_patch::merge(&mut spec, change);
    spec
}

async fn objects(kind: &str) -> Api<DynamicObject> {
    api(&client().await, kind, Some(NAMESPACE))
}

async fn make(kind: &str, spec: &Value, parameters: &PostParams) -> Result<DynamicObject, String> {
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": unique("case")}, "spec": spec});
    let object = serde_json::from_value(object).unwrap();
    objects(kind).await.create(parameters, &object).await.map_err(|error| error.to_string())
}

const REQUEST: &str = "AccessRequest";
const EVENT: &str = "BreakGlassEvent";

#[rstest]
#[case::no_profile(json!({"profile": null}), "spec.profile: Required value")]
#[case::a_glob(json!({"profile": "prod*"}), "spec.profile")]
#[case::a_user(json!({"serviceAccount": "system:serviceaccount:a:b"}), "spec.serviceAccount")]
#[case::no_time(json!({"duration": "0s"}), "more than 0s and at most")]
#[case::negative(json!({"duration": "-1h"}), "a Go duration such as")]
#[case::no_unit(json!({"duration": "60"}), "a Go duration such as")]
#[case::a_number(json!({"duration": 60}), "spec.duration")]
#[case::too_long(json!({"duration": "8h1ns"}), "more than 0s and at most")]
#[case::endless(json!({"duration": "9999999999h"}), "spec.duration")]
#[tokio::test]
async fn both_are_refused_by_their_definition(
    #[values(REQUEST, EVENT)] kind: &str,
    #[case] change: Value,
    #[case] message: &str,
) {
    let error = make(kind, &with(whole(kind), &change), &PostParams::default()).await.expect_err("accepted");
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[case::short(REQUEST, json!({"justification": "too short"}), "spec.justification")]
#[case::long(REQUEST, json!({"justification": "j".repeat(501)}), "spec.justification")]
#[case::a_short_event(EVENT, json!({"justification": "j".repeat(19)}), "spec.justification")]
#[case::a_long_event(EVENT, json!({"justification": "j".repeat(1001)}), "spec.justification")]
#[case::a_long_emergency(EVENT, json!({"duration": "4h1ns"}), "at most 4h")]
#[case::no_code(EVENT, json!({"reasonCode": null}), "spec.reasonCode: Required value")]
#[case::another_code(EVENT, json!({"reasonCode": "fire"}), "Unsupported value: \"fire\"")]
#[case::another_decision(REQUEST, json!({"decision": "approved"}), "Unsupported value: \"approved\"")]
#[case::a_comment_alone(REQUEST, json!({"comment": "fine"}), "comment and decidedBy come with decision")]
#[case::a_decider_alone(REQUEST, json!({"decidedBy": {"user": "ann"}}), "comment and decidedBy come with decision")]
#[case::a_nameless_stamp(REQUEST, json!({"requester": {"user": ""}}), "spec.requester.user")]
#[case::many_groups(REQUEST, json!({"requester": {"groups": vec!["g"; 513]}}), "spec.requester.groups")]
#[case::a_reason_alone(EVENT, json!({"closedReason": "over"}), "closedReason and closedBy come with closed: true")]
#[case::reviewed_at_once(EVENT, json!({"review": "it went well"}), "review comes when the emergency is over")]
#[case::a_reviewer_alone(EVENT, json!({"reviewedBy": {"user": "ann"}}), "reviewedBy comes with review")]
#[tokio::test]
async fn each_is_refused_by_its_definition(#[case] kind: &str, #[case] change: Value, #[case] message: &str) {
    let error = make(kind, &with(whole(kind), &change), &PostParams::default()).await.expect_err("accepted");
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[tokio::test]
async fn unknown_keys_are_kept_for_the_webhook(#[values(REQUEST, EVENT)] kind: &str) {
    let spec = with(whole(kind), &json!({"profiles": ["prod"], "duration": "1.5h"}));
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    assert_eq!(make(kind, &spec, &dry).await.unwrap().data["spec"], spec);
}

const NEVER: &str = "never change";

#[rstest]
#[case::another_profile(REQUEST, json!({}), "Pending", json!({"profile": "dev"}), NEVER)]
#[case::longer(REQUEST, json!({}), "Pending", json!({"duration": "2h"}), NEVER)]
#[case::another_account(REQUEST, json!({}), "Pending", json!({"serviceAccount": "web"}), NEVER)]
#[case::other_words(REQUEST, json!({}), "Pending", json!({"justification": "something else"}), NEVER)]
#[case::somebody_else(REQUEST, json!({}), "Pending", json!({"requester": {"user": "ben"}}), NEVER)]
#[case::more_groups(REQUEST, json!({}), "Pending", json!({"requester": {"groups": ["dev", "ops"]}}), NEVER)]
#[case::nobody(REQUEST, json!({}), "Pending", json!({"requester": null}), NEVER)]
#[case::decided_otherwise(REQUEST, json!({"decision": "Denied"}), "Pending", json!({"decision": "Approved"}), NEVER)]
#[case::taken_back(REQUEST, json!({"decision": "Denied"}), "Pending", json!({"decision": null}), NEVER)]
#[case::another_comment(REQUEST, json!({"decision": "Denied", "comment": "no"}), "Denied", json!({"comment": "yes"}), NEVER)]
#[case::another_decider(REQUEST, json!({"decision": "Denied", "decidedBy": {"user": "ann"}}), "Denied", json!({"decidedBy": {"user": "ben"}}), NEVER)]
#[case::too_late(REQUEST, json!({}), "Expired", json!({"decision": "Approved"}), "the request is decided or has expired")]
#[case::approved_by_itself(REQUEST, json!({}), "Approved", json!({"decision": "Cancelled"}), "the request is decided or has expired")]
#[case::another_code(EVENT, json!({}), "Active", json!({"reasonCode": "other"}), NEVER)]
#[case::another_invoker(EVENT, json!({}), "Active", json!({"invoker": {"person": "b"}}), NEVER)]
#[case::a_longer_emergency(EVENT, json!({}), "Active", json!({"duration": "4h"}), NEVER)]
#[case::opened_again(EVENT, json!({"closed": true}), "Closed", json!({"closed": false}), "what is closed stays closed")]
#[case::not_closed(EVENT, json!({"closed": true}), "Closed", json!({"closed": null}), "what is closed stays closed")]
#[case::another_closer(EVENT, json!({"closed": true, "closedBy": {"user": "ann"}}), "Closed", json!({"closedBy": {"user": "ben"}}), NEVER)]
#[case::another_reason(EVENT, json!({"closed": true}), "Closed", json!({"closedReason": "x"}), NEVER)]
#[case::a_review_too_soon(EVENT, json!({}), "Active", json!({"review": "it went well"}), "review comes when")]
#[case::another_review(EVENT, json!({"closed": true, "review": "good"}), "Closed", json!({"review": "bad"}), NEVER)]
#[case::another_reviewer(EVENT, json!({"closed": true, "review": "good", "reviewedBy": {"user": "ann"}}), "Closed", json!({"reviewedBy": {"user": "ben"}}), NEVER)]
#[tokio::test]
async fn what_was_asked_and_decided_never_changes(
    #[case] kind: &str,
    #[case] made: Value,
    #[case] phase: &str,
    #[case] change: Value,
    #[case] message: &str,
) {
    let name = standing(kind, &made, phase).await;
    let error = patch(kind, &name, &json!({"spec": change})).await.expect_err("accepted");
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[case::decided(REQUEST, json!({}), "Pending", json!({"decision": "Approved", "comment": "fine", "decidedBy": {"user": "ann"}}))]
#[case::decided_again_alike(REQUEST, json!({"decision": "Approved"}), "Approved", json!({"decision": "Approved"}))]
#[case::closed(EVENT, json!({}), "Active", json!({"closed": true, "closedReason": "it is out", "closedBy": {"user": "ben"}}))]
#[case::reviewed(EVENT, json!({"closed": true}), "Closed", json!({"review": "it went\nwell", "reviewedBy": {"user": "ben"}}))]
#[case::reviewed_when_expired(EVENT, json!({}), "Expired", json!({"review": "it went well"}))]
#[tokio::test]
async fn the_rest_is_for_people_to_set(
    #[case] kind: &str,
    #[case] made: Value,
    #[case] phase: &str,
    #[case] change: Value,
) {
    let name = standing(kind, &made, phase).await;
    patch(kind, &name, &json!({"spec": change})).await.unwrap();
}

#[rstest]
#[case::approved(REQUEST, "Denied", "Approved", "what is decided stays decided")]
#[case::pending_again(REQUEST, "Approved", "Pending", "what is decided stays decided")]
#[case::forgotten(REQUEST, "Approved", "", "what is decided stays decided")]
#[case::active_again(EVENT, "Expired", "Active", "what has ended begins no more")]
#[case::active_after_all(EVENT, "Refused", "Active", "what has ended begins no more")]
#[case::refused_while_active(EVENT, "Active", "Refused", "what has ended begins no more")]
#[tokio::test]
async fn a_state_that_is_final_stays(
    #[case] kind: &str,
    #[case] phase: &str,
    #[case] next: &str,
    #[case] message: &str,
) {
    let name = standing(kind, &json!({}), phase).await;
    let next = if next.is_empty() { Value::Null } else { json!(next) };
    let error = patch_status(kind, &name, &json!({"status": {"phase": next}})).await.expect_err("accepted");
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[tokio::test]
async fn the_end_of_a_grant_never_changes(
    #[values((REQUEST, "Approved"), (EVENT, "Active"))] (kind, phase): (&str, &str),
) {
    let name = standing(kind, &json!({}), phase).await;
    for change in
        [json!({"expiresAt": "2099-11-22T12:00:00Z"}), json!({"expiresAt": null}), json!({"pins": {"profileUID": "q"}})]
    {
        let error = patch_status(kind, &name, &json!({"status": change})).await.expect_err("accepted");
        assert!(error.contains("the end of a grant and what it was given for never change"), "{error}");
    }
    patch_status(kind, &name, &json!({"status": {"observedGeneration": 2}})).await.unwrap();
}

/// An object in this phase, with an end that the operator, which runs beside these tests, doesn't see come.
async fn standing(kind: &str, change: &Value, phase: &str) -> String {
    let made = make(kind, &with(whole(kind), change), &PostParams::default()).await.unwrap();
    let name = made.metadata.name.unwrap();
    let pins = json!({"serviceAccountUID": "s", "profileUID": "p", "roleArn": "arn:aws:iam::111122223333:role/prod", "policies": {"access": "prod"}});
    let status = json!({"phase": phase, "requestId": "0123abcd", "expiresAt": "2099-11-22T10:00:00Z", "pins": pins});
    patch_status(kind, &name, &json!({"status": status})).await.unwrap();
    name
}

async fn patch(kind: &str, name: &str, change: &Value) -> Result<(), String> {
    let patch = objects(kind).await.patch(name, &PatchParams::default(), &Patch::Merge(change)).await;
    patch.map(drop).map_err(|error| error.to_string())
}

async fn patch_status(kind: &str, name: &str, change: &Value) -> Result<(), String> {
    let patch = objects(kind).await.patch_status(name, &PatchParams::default(), &Patch::Merge(change)).await;
    patch.map(drop).map_err(|error| error.to_string())
}
