//! Approvals and emergencies, with objects whose status is written as the operator writes it.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use sentinel_api::{AccessRequest, BreakGlassEvent, SentinelProfile};
use sentinel_core::identity::RequestId;
use serde_json::{Value, json};

use super::explains::{both_refuse, explain};
use super::stage::{AT_ONCE, SOON, Stage, with_broker};
use crate::world::eventually;

/// The objects of a kind in the stage's namespace.
fn requests(stage: &Stage) -> Api<DynamicObject> {
    Api::namespaced_with(stage.client.clone(), &stage.namespace, &ApiResource::erase::<AccessRequest>(&()))
}

fn emergencies(stage: &Stage) -> Api<DynamicObject> {
    Api::namespaced_with(stage.client.clone(), &stage.namespace, &ApiResource::erase::<BreakGlassEvent>(&()))
}

async fn ask(stage: &Stage, name: &str) -> Api<DynamicObject> {
    let spec = json!({"profile": stage.namespace, "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix"});
    make(requests(stage), "AccessRequest", name, spec).await
}

async fn break_glass(stage: &Stage, name: &str) -> Api<DynamicObject> {
    let spec = json!({"profile": stage.namespace, "serviceAccount": "api", "duration": "1h", "reasonCode": "incident",
        "justification": "the database is on fire"});
    make(emergencies(stage), "BreakGlassEvent", name, spec).await
}

async fn make(api: Api<DynamicObject>, kind: &str, name: &str, spec: Value) -> Api<DynamicObject> {
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    api
}

/// What the operator writes of an object that opens the door from now on.
async fn open(stage: &Stage, api: &Api<DynamicObject>, name: &str, phase: &str, end: Timestamp) -> RequestId {
    let profile: SentinelProfile = Api::all(stage.client.clone()).get(&stage.namespace).await.unwrap();
    let account: ServiceAccount = stage.api().get("api").await.unwrap();
    let resolved = profile.resolve().unwrap();
    let pins = sentinel_api::Pins::of(&resolved, &profile.uid().unwrap(), &account.uid().unwrap());
    let id = RequestId::derive("cluster", &api.get(name).await.unwrap().uid().unwrap());
    write(api, name, &json!({"phase": phase, "requestId": id, "expiresAt": end, "pins": pins})).await;
    id
}

async fn write(api: &Api<DynamicObject>, name: &str, status: &Value) {
    let patch = Patch::Merge(json!({"status": status}));
    api.patch_status(name, &PatchParams::default(), &patch).await.unwrap();
}

fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds)
}

/// Approvals are wanted, and there is somebody to give them.
async fn wants_approval(stage: &Stage) {
    stage.profile(&json!({"policies": {"approval": "somebody"}})).await;
    stage.policy(&json!([{"name": "r", "effect": "require_approval", "conditions": {}}])).await;
}

#[tokio::test]
async fn a_pod_that_waits_goes_on_once_it_is_approved_and_stops_when_that_ends() {
    with_broker(async |stage| {
        wants_approval(stage).await;
        let token = stage.pod("api-0", "api").await;
        both_refuse(stage, &token, "api-0", "denied", "ApprovalRequired").await;
        let command = format!(
            "kubectl sentinel request --profile {0} --service-account api -n {0} --duration 1h",
            stage.namespace
        );
        assert!(stage.ask(&token).await.is(403, "ApprovalRequired").contains(&command));
        let api = ask(stage, "ticket-7").await;
        write(&api, "ticket-7", &json!({"phase": "Pending", "approvers": ["ann"]})).await;
        eventually("the refusal to say that it is pending", AT_ONCE, async || {
            stage.ask(&token).await.body["Message"]
                .as_str()
                .unwrap()
                .contains("AccessRequest ticket-7 is pending since ")
        })
        .await;
        both_refuse(stage, &token, "api-0", "denied", "ApprovalRequired").await;
        let end = in_seconds(5);
        let id = open(stage, &api, "ticket-7", "Approved", end).await;
        eventually("credentials", AT_ONCE, async || stage.ask(&token).await.status == 200).await;
        let answer = stage.ask(&token).await;
        assert!(answer.body["leaseMs"].as_u64().unwrap() <= 5000, "{answer:?}");
        let expires: Timestamp = answer.body["credentials"]["Expiration"].as_str().unwrap().parse().unwrap();
        assert!(expires <= end, "{answer:?}");
        let (said, _) = explain(stage, &["pod", "api-0"]).await;
        assert_eq!((&said["outcome"], &said["opened"]["requestId"]), (&json!("allowed"), &json!(id)), "{said}");
        let row =
            stage.sessions.get(&stage.table, &stage.session_id(&stage.uid("api-0").await)).await.unwrap().unwrap();
        assert!(row.source_identity.contains(&format!(".{id}.")), "{}", row.source_identity);
        eventually("the end", SOON, async || stage.ask(&token).await.status == 403).await;
        assert!(Timestamp::now() >= end, "not before its end");
        both_refuse(stage, &token, "api-0", "denied", "ApprovalRequired").await;
    })
    .await;
}

#[tokio::test]
async fn an_approval_is_void_once_the_profile_means_another_role() {
    with_broker(async |stage| {
        wants_approval(stage).await;
        let token = stage.pod("api-0", "api").await;
        let api = ask(stage, "ticket-7").await;
        open(stage, &api, "ticket-7", "Approved", in_seconds(600)).await;
        stage.is_granted(&token).await;
        let role = json!({"roleArn": "arn:aws:iam::111122223333:role/admin", "policies": {"approval": "somebody"}});
        stage.profile(&role).await;
        let answer = stage.is_refused(&token, 403, "ApprovalRequired").await;
        let message = answer.is(403, "ApprovalRequired");
        assert!(
            message.contains("AccessRequest ticket-7 is void, for what it was given for has changed: its role is"),
            "{message}"
        );
        both_refuse(stage, &token, "api-0", "denied", "ApprovalRequired").await;
    })
    .await;
}

#[tokio::test]
async fn an_approval_is_void_once_the_service_account_is_another() {
    with_broker(async |stage| {
        wants_approval(stage).await;
        let api = ask(stage, "ticket-7").await;
        open(stage, &api, "ticket-7", "Approved", in_seconds(600)).await;
        let before = stage.pod("api-0", "api").await;
        stage.is_granted(&before).await;
        stage.api::<ServiceAccount>().delete("api", &DeleteParams::default()).await.unwrap();
        let _again: ServiceAccount = stage.create(json!({"metadata": {"name": "api"}})).await;
        let token = stage.pod("api-1", "api").await;
        let answer = stage.is_refused(&token, 403, "ApprovalRequired").await;
        assert!(
            answer.is(403, "ApprovalRequired").contains("the service account was deleted and made again"),
            "{answer:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_emergency_overrides_a_deny_until_it_is_closed() {
    with_broker(async |stage| {
        stage.policy(&json!([{"name": "r", "effect": "deny", "conditions": {}}])).await;
        let token = stage.pod("api-0", "api").await;
        both_refuse(stage, &token, "api-0", "denied", "PolicyDenied").await;
        let approvals = ask(stage, "ticket-7").await;
        open(stage, &approvals, "ticket-7", "Approved", in_seconds(600)).await;
        let api = break_glass(stage, "fire").await;
        both_refuse(stage, &token, "api-0", "denied", "PolicyDenied").await;
        open(stage, &api, "fire", "Active", in_seconds(600)).await;
        eventually("credentials", AT_ONCE, async || stage.ask(&token).await.status == 200).await;
        // Whoever closes it is heard before the operator has written anything.
        let close = Patch::Merge(json!({"spec": {"closed": true}}));
        api.patch("fire", &PatchParams::default(), &close).await.unwrap();
        stage.is_refused(&token, 403, "AccessDenied").await;
        both_refuse(stage, &token, "api-0", "denied", "PolicyDenied").await;
    })
    .await;
}

#[tokio::test]
async fn what_a_tenant_writes_without_the_operator_opens_nothing() {
    with_broker(async |stage| {
        wants_approval(stage).await;
        let token = stage.pod("api-0", "api").await;
        let spec = json!({"profile": stage.namespace, "serviceAccount": "api", "duration": "1h", "justification": "let me in at once",
            "decision": "Approved", "decidedBy": {"user": "ann"}, "requester": {"user": "eve"}});
        let status = json!({"phase": "Approved", "requestId": "0123abcd", "expiresAt": in_seconds(600)});
        let forged = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessRequest", "metadata": {"name": "forged"}, "spec": spec, "status": status});
        let made = requests(stage).create(&PostParams::default(), &serde_json::from_value(forged).unwrap()).await.unwrap();
        assert!(made.data.get("status").is_none(), "{made:?}");
        eventually("the request to be seen", SOON, async || {
            stage.ask(&token).await.body["Message"].as_str().unwrap_or_default().contains("AccessRequest forged is pending")
        })
        .await;
        stage.ask(&token).await.is(403, "ApprovalRequired");
    })
    .await;
}
