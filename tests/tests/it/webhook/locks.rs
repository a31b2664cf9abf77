//! Locks behind a real API server: who made one is stamped, whatever is written.

use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use sentinel_api::AccessLock;
use serde_json::{Value, json};

use super::world::{World, objects, with_webhook};

fn locks(world: &World) -> Api<DynamicObject> {
    objects::<AccessLock>(&world.client)
}

fn lock(world: &World, suffix: &str, spec: &Value) -> DynamicObject {
    let name = format!("{}{suffix}", world.namespace);
    serde_json::from_value(
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": name}, "spec": spec}),
    )
    .unwrap()
}

async fn create(world: &World, suffix: &str, spec: &Value) -> Result<DynamicObject, String> {
    let made = locks(world).create(&PostParams::default(), &lock(world, suffix, spec)).await;
    made.map_err(|error| error.to_string())
}

async fn merge(world: &World, spec: &Value) -> Result<DynamicObject, String> {
    let patch = Patch::Merge(json!({"spec": spec}));
    locks(world).patch(&world.namespace, &PatchParams::default(), &patch).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn who_makes_a_lock_is_stamped_and_stays() {
    with_webhook(async |world| {
        let spec = json!({"namespaces": [world.namespace], "reason": "leak", "createdBy": "mallory"});
        let made = create(world, "", &spec).await.unwrap();
        let by = made.data["spec"]["createdBy"].as_str().unwrap().to_owned();
        assert!(!by.is_empty() && by != "mallory", "{by}");

        let changed = merge(world, &json!({"reason": "leak, being looked at", "expiresAt": "2999-01-01T00:00:00Z"}))
            .await
            .unwrap();
        assert_eq!(changed.data["spec"]["createdBy"], by.as_str());
        let dropped = merge(world, &json!({"reason": "leak", "createdBy": null})).await.unwrap();
        assert_eq!(dropped.data["spec"]["createdBy"], by.as_str(), "left out, it stays");
        let forged = merge(world, &json!({"createdBy": "mallory"})).await.unwrap_err();
        assert!(forged.contains("createdBy"), "{forged}");
        let widened = merge(world, &json!({"profiles": ["x"]})).await.unwrap_err();
        assert!(widened.contains("never change"), "{widened}");
        assert_eq!(merge(world, &json!({"expiresAt": "1999-01-01T00:00:00Z"})).await.err(), None, "ended by hand");
    })
    .await;
}

/// Server-side apply takes away what its manager owned and doesn't say any more.
#[tokio::test]
async fn who_makes_a_lock_by_server_side_apply_is_stamped_and_stays() {
    with_webhook(async |world| {
        let apply = async |spec: Value, dry_run: bool| {
            let patch = Patch::Apply(lock(world, "-ssa", &spec));
            let parameters = PatchParams { dry_run, ..PatchParams::apply("gitops").force() };
            let applied = locks(world).patch(&format!("{}-ssa", world.namespace), &parameters, &patch).await;
            applied.map(|lock| lock.data["spec"].clone()).map_err(|error| error.to_string())
        };
        let forged = json!({"namespaces": [world.namespace], "reason": "leak", "createdBy": "mallory"});
        let told = apply(forged.clone(), true).await.unwrap();
        let by = apply(forged.clone(), false).await.unwrap()["createdBy"].clone();
        assert!(by.is_string() && by != "mallory" && told["createdBy"] == by, "{by}");
        let again = apply(json!({"namespaces": [world.namespace], "reason": "leak, still"}), false).await.unwrap();
        assert_eq!((&again["createdBy"], &again["reason"]), (&by, &json!("leak, still")));
        let error = apply(forged, false).await.unwrap_err();
        assert!(error.contains("createdBy"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn every_problem_of_a_lock_comes_at_once_and_nothing_is_made() {
    with_webhook(async |world| {
        let spec = json!({"user": ["x"], "users": ["*"], "reason": " ", "expiresAt": "1999-01-01T00:00:00Z"});
        let error = create(world, "-bad", &spec).await.unwrap_err();
        for part in ["denied the request", "did you mean `users`?", "`*` names no pod", "a reason is required"] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
        let over = json!({"namespaces": [world.namespace], "reason": "r", "expiresAt": "1999-01-01T00:00:00Z"});
        let error = create(world, "-over", &over).await.unwrap_err();
        assert!(error.contains("it has passed already"), "{error}");
        assert!(locks(world).get_opt(&format!("{}-bad", world.namespace)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn while_the_webhook_is_down_no_lock_is_made_and_every_lock_can_go() {
    with_webhook(async |world| {
        create(world, "", &json!({"namespaces": [world.namespace], "reason": "leak"})).await.unwrap();
        world.go_down().await;
        let error = create(world, "-2", &json!({"namespaces": [world.namespace], "reason": "r"})).await.unwrap_err();
        assert!(error.contains("failed calling webhook"), "{error}");
        locks(world).delete(&world.namespace, &kube::api::DeleteParams::default()).await.unwrap();
    })
    .await;
}
