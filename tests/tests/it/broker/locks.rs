//! A lock stops who is named, and nobody else, until it ends.

use jiff::Timestamp;
use kube::api::{Api, DeleteParams, DynamicObject, PostParams};
use kube::core::ApiResource;
use sentinel_api::AccessLock;
use serde_json::{Value, json};

use super::stage::{AT_ONCE, SOON, Stage, with_broker};
use crate::world::eventually;

fn locks(stage: &Stage) -> Api<DynamicObject> {
    Api::all_with(stage.client.clone(), &ApiResource::erase::<AccessLock>(&()))
}

/// The API server lets in what the webhook would refuse.
async fn lock(stage: &Stage, suffix: &str, spec: Value) -> String {
    let name = format!("{}-{suffix}", stage.namespace);
    let object =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": name}, "spec": spec});
    let object = serde_json::from_value(object).unwrap();
    locks(stage).create(&PostParams::default(), &object).await.unwrap();
    name
}

async fn unlock(stage: &Stage, name: &str) {
    locks(stage).delete(name, &DeleteParams::default()).await.unwrap();
}

#[tokio::test]
async fn a_locked_namespace_gets_nothing_its_pods_say_why_and_unlocking_goes_on() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let first = stage.ask(&token).await.key().to_owned();
        let name =
            lock(stage, "leak", json!({"namespaces": [stage.namespace], "reason": "key leaked", "createdBy": "dana"}))
                .await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        let message = answer.is(403, "AccessLocked");
        for part in [" of dana: key leaked", &format!("kubectl get accesslock {name}")] {
            assert!(message.contains(part), "`{part}` is not in {message}");
        }
        assert_eq!(answer.body["leaseMs"], 7000);
        let newcomer = stage.pod("api-1", "api").await;
        stage.is_refused(&newcomer, 403, "AccessLocked").await;
        for pod in ["api-0", "api-1"] {
            eventually("an Event on the pod", SOON, async || {
                let events = stage.events(pod).await;
                events.iter().any(|(reason, note)| reason == "CredentialsRefused" && note.contains(&name))
            })
            .await;
        }
        unlock(stage, &name).await;
        for token in [&token, &newcomer] {
            eventually("credentials again", AT_ONCE, async || stage.ask(token).await.status == 200).await;
        }
        assert_ne!(stage.ask(&token).await.key(), first, "what was issued before the lock is not given out again");
    })
    .await;
}

#[tokio::test]
async fn a_lock_stops_nobody_else() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let elsewhere = format!("{}-x", stage.namespace);
        let user = format!("system:serviceaccount:{}:api", stage.namespace);
        lock(stage, "another-namespace", json!({"namespaces": [elsewhere], "reason": "r"})).await;
        lock(
            stage,
            "another-profile",
            json!({"namespaces": [stage.namespace], "profiles": [elsewhere], "reason": "r"}),
        )
        .await;
        lock(stage, "another-user", json!({"users": [format!("{user}-x")], "reason": "r"})).await;
        // Watches tell in order, so that the others have been heard of when this one has.
        let mine = lock(stage, "mine", json!({"users": [user], "profiles": [stage.namespace], "reason": "r"})).await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        assert!(answer.is(403, "AccessLocked").contains(&mine), "{answer:?}");
        unlock(stage, &mine).await;
        eventually("credentials again", AT_ONCE, async || stage.ask(&token).await.status == 200).await;
    })
    .await;
}

#[tokio::test]
async fn a_lock_ends_by_itself_and_so_does_the_lease_of_its_refusals() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let end = Timestamp::now() + std::time::Duration::from_secs(4);
        lock(stage, "short", json!({"namespaces": [stage.namespace], "reason": "r", "expiresAt": end.to_string()}))
            .await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        assert!(answer.body["leaseMs"].as_u64().unwrap() <= 4000, "{answer:?}");
        eventually("credentials again", SOON, async || stage.ask(&token).await.status == 200).await;
        assert!(Timestamp::now() >= end, "not before the end");
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_can_not_be_read_locks_everything_that_it_might_mean() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        // By the profile alone, since nobody knows what `namespace` means: other tests have other profiles.
        let spec = json!({"namespace": ["elsewhere"], "profiles": [stage.namespace], "reason": "typo"});
        let name = lock(stage, "typo", spec).await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        let message = answer.is(403, "AccessLocked");
        assert!(message.contains("can't be read") && message.contains("did you mean `namespaces`?"), "{message}");
        unlock(stage, &name).await;
        eventually("credentials again", AT_ONCE, async || stage.ask(&token).await.status == 200).await;
    })
    .await;
}
