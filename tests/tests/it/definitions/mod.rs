//! The definitions: what the API server refuses by itself, and what it must leave to the webhook.

pub mod cases;
mod explain;
mod guards;
pub mod kubectl;
mod locks;
mod requests;

use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use crate::world::{client, unique, with_namespace};

fn api(client: &Client, kind: &str, namespace: Option<&str>) -> Api<DynamicObject> {
    let mut resource = ApiResource::from_gvk(&GroupVersionKind::gvk("sentinel.dev", "v1alpha1", kind));
    if let Some(policy) = cases::KINDS.into_iter().find(|policy| policy.name == kind) {
        resource.plural = policy.plural.into();
    }
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

async fn create(kind: &str, namespace: Option<&str>, spec: Value) -> Result<DynamicObject, String> {
    let client = client().await;
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": unique("case")}, "spec": spec});
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    // The API server only warns of unknown fields under `Ignore`; that is when they must not be pruned.
    let parameters = PostParams::default();
    api(&client, kind, namespace).create(&parameters, &object).await.map_err(|error| error.to_string())
}

async fn rejects(kind: &str, spec: Value, message: &str) {
    let error = create(kind, None, spec.clone()).await.expect_err(&format!("accepted: {spec}"));
    assert!(error.contains(message), "`{message}` is not in: {error}");
}

/// As created, but nothing is stored.
async fn would_store(kind: &str, spec: &Value) -> Result<Value, String> {
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": unique("case")}, "spec": spec});
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    let made = api(&client().await, kind, None).create(&parameters, &object).await;
    made.map(|made| made.data["spec"].clone()).map_err(|error| error.to_string())
}

fn policy(rule: &Value) -> Value {
    json!({"version": "1", "rules": [rule]})
}

fn profile(extra: &Value) -> Value {
    let mut spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"});
    json_patch::merge(&mut spec, extra);
    spec
}

/// Alone: no webhook is installed for these names.
#[tokio::test]
async fn definitions_refuse_what_they_can_say_and_keep_what_they_cannot() {
    let mut wrong = vec![];
    for case in cases::cases() {
        let (kind, spec) = (case.kind.name, &case.spec);
        match (would_store(kind, spec).await, case.schema) {
            (Err(error), Some(message)) if error.contains(message) => {}
            (Ok(stored), None) if stored == *spec => {}
            (answer, expected) => wrong.push(format!("{kind} {spec}: expected {expected:?}, got {answer:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn definitions_take_what_the_reference_shows() {
    for (kind, spec) in cases::good() {
        assert_eq!(would_store(kind.name, &spec).await.as_ref(), Ok(&spec));
    }
}

#[tokio::test]
async fn profiles_of_the_wrong_shape_are_refused_by_the_api_server() {
    rejects(
        "SentinelProfile",
        profile(&json!({"roleArn": "arn:aws:iam::111122223333:user/x"})),
        "an IAM role's ARN is expected",
    )
    .await;
    rejects("SentinelProfile", profile(&json!({"sessionTags": {"Sentinel-pod": "x"}})), "Sentinel's own").await;
    rejects("SentinelProfile", profile(&json!({"sessionTable": "a b c"})), "sessionTable").await;
}

#[tokio::test]
async fn unknown_keys_are_kept_for_the_webhook() {
    let rule = json!({"name": "a", "effect": "allow", "conditions": {"user": ["alice"], "time": {"day": ["monday"], "hours": {"start": "08:00", "end": "09:00", "stop": "10:00"}}}, "sesionTable": "t"});
    let stored = create("AccessPolicy", None, policy(&rule)).await.unwrap();
    assert_eq!(stored.data["spec"]["rules"][0], rule, "nothing may be pruned: it would widen the rule");
    let stored = create("SentinelProfile", None, profile(&json!({"sesionTable": "t", "policies": {"acess": "x"}})))
        .await
        .unwrap();
    assert_eq!(stored.data["spec"]["sesionTable"], "t");
    assert_eq!(stored.data["spec"]["policies"]["acess"], "x");
}

#[tokio::test]
async fn a_revocation_is_for_good_and_facts_never_change() {
    with_namespace(|client, namespace| async move {
        let sessions = api(&client, "SentinelSession", Some(&namespace));
        let spec = json!({"profile": "prod", "user": "system:serviceaccount:a:b", "pod": "p", "podUID": "u"});
        let name = kube::ResourceExt::name_any(&create("SentinelSession", Some(&namespace), spec).await.unwrap());
        let patch = |spec: Value| {
            let (sessions, name) = (sessions.clone(), name.clone());
            async move { sessions.patch(&name, &PatchParams::default(), &Patch::Merge(json!({"spec": spec}))).await }
        };
        patch(json!({"revoked": true, "revokedReason": "lost laptop"})).await.unwrap();
        for undo in [json!({"revoked": false}), json!({"revoked": null})] {
            let error = patch(undo).await.unwrap_err().to_string();
            assert!(error.contains("a revocation is for good"), "{error}");
        }
        for change in
            [json!({"revokedBy": "mallory"}), json!({"revokedReason": "another"}), json!({"revokedReason": null})]
        {
            let error = patch(change).await.unwrap_err().to_string();
            assert!(error.contains("who revoked it and why never change"), "{error}");
        }
        let error = patch(json!({"profile": "dev"})).await.unwrap_err().to_string();
        assert!(error.contains("never change"), "{error}");
    })
    .await;
}
