//! Locks say whether they hold.

use std::time::Duration;

use jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use sentinel_api::AccessLock;
use serde_json::{Value, json};

use super::world::{SOON, fail_over, operator};
use crate::world::{client, eventually, unique};

/// A lock of a namespace that nobody has.
async fn lock(extra: &Value) -> (Api<DynamicObject>, String) {
    let (client, name) = (client().await, unique("lock"));
    operator();
    let locks = Api::all_with(client, &ApiResource::erase::<AccessLock>(&()));
    let mut spec = json!({"namespaces": [name], "reason": "r", "createdBy": "dana"});
    json_patch::merge(&mut spec, extra);
    let object =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": name}, "spec": spec});
    locks.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    (locks, name)
}

/// `<status> <reason>` of a condition.
async fn says(locks: &Api<DynamicObject>, name: &str, type_: &str) -> String {
    let found = locks.get(name).await.unwrap();
    let conditions = found.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let one = conditions.into_iter().find(|one| one["type"] == type_).unwrap_or_default();
    format!("{} {}", one["status"].as_str().unwrap_or_default(), one["reason"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_lock_says_that_it_holds_and_at_its_end_that_it_is_over() {
    let end = Timestamp::now() + Duration::from_secs(6);
    let (locks, name) = lock(&json!({"expiresAt": end.to_string()})).await;
    eventually("Active", SOON, async || says(&locks, &name, "Active").await == "True Holds").await;
    assert_eq!(says(&locks, &name, "Accepted").await, "True Valid");
    assert_eq!(locks.get(&name).await.unwrap().data["status"]["sessions"], 0);
    eventually("Expired", SOON, async || says(&locks, &name, "Active").await == "False Expired").await;
    assert!(Timestamp::now() >= end, "not before its end");

    let later = json!({"spec": {"expiresAt": "2999-01-01T00:00:00Z"}});
    locks.patch(&name, &PatchParams::default(), &Patch::Merge(later)).await.unwrap();
    eventually("Active again", SOON, async || says(&locks, &name, "Active").await == "True Holds").await;
}

/// What the audit log was told of a lock, as its status says.
async fn told(locks: &Api<DynamicObject>, name: &str) -> Value {
    locks.get(name).await.unwrap().data["status"]["told"].clone()
}

#[tokio::test]
async fn that_a_lock_was_made_ended_and_holds_again_is_told_whoever_leads() {
    let end = Timestamp::now() + Duration::from_secs(15);
    let (locks, name) = lock(&json!({"expiresAt": end.to_string()})).await;
    eventually("told that it was made", SOON, async || told(&locks, &name).await == "Created").await;
    fail_over().await;
    eventually("told that it has ended", SOON, async || told(&locks, &name).await == "Ended").await;
    let later = json!({"spec": {"expiresAt": "2999-01-01T00:00:00Z"}});
    locks.patch(&name, &PatchParams::default(), &Patch::Merge(later)).await.unwrap();
    eventually("told that it holds again", SOON, async || told(&locks, &name).await == "Created").await;
}

#[tokio::test]
async fn a_lock_that_can_not_be_read_says_so_and_holds() {
    let (locks, name) = lock(&json!({"profile": ["elsewhere"]})).await;
    eventually("a refusal", SOON, async || says(&locks, &name, "Accepted").await == "False Invalid").await;
    assert_eq!(says(&locks, &name, "Active").await, "True Holds");
    let found = locks.get(&name).await.unwrap();
    let message = found.data["status"]["conditions"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("did you mean `profiles`?"), "{message}");
}
