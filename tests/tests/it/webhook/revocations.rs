//! Who revoked a session, behind a real API server: stamped, never forged, and never in the way of revoking.

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use sentinel_api::SentinelSession;
use serde_json::{Value, json};

use super::world::{World, as_person, with_webhook};
use crate::world::unique;

/// The API server as `user`, who may do everything that RBAC can say.
async fn as_user(user: &str) -> Client {
    as_person(user, "", &[]).await
}

fn sessions(client: &Client, world: &World) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), &world.namespace, &ApiResource::erase::<SentinelSession>(&()))
}

/// A session as the operator makes it; its name begins as those that this webhook is asked about.
async fn session(world: &World, suffix: &str) -> String {
    let name = format!("{}{suffix}", world.namespace);
    let object = json!({
        "apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession", "metadata": {"name": name},
        "spec": {"profile": "prod", "user": "system:serviceaccount:a:b", "pod": "p", "podUID": "u"},
    });
    let object = serde_json::from_value(object).unwrap();
    sessions(&world.client, world).create(&PostParams::default(), &object).await.unwrap();
    name
}

async fn merge(client: &Client, world: &World, name: &str, spec: &Value) -> Result<Value, String> {
    let patch = Patch::Merge(json!({"spec": spec}));
    let patched = sessions(client, world).patch(name, &PatchParams::default(), &patch).await;
    patched.map(|session| session.data["spec"].clone()).map_err(|error| error.to_string())
}

/// The chart's policy over changes of sessions, for this test's namespace only.
async fn guard(world: &World) {
    let probe = session(world, "-probe").await;
    world
        .guard("sentinel-session-update", async || {
            let relabel = Patch::Merge(json!({"metadata": {"labels": {"x": unique("x")}}}));
            sessions(&world.client, world).patch(&probe, &PatchParams::default(), &relabel).await.is_ok()
        })
        .await;
}

#[tokio::test]
async fn who_revokes_a_session_is_stamped_and_stays() {
    with_webhook(async |world| {
        let dana = as_user("dana").await;
        let name = session(world, "").await;
        let untouched = merge(&dana, world, &name, &json!({"revokedReason": "soon"})).await.unwrap();
        assert_eq!(untouched.get("revokedBy"), None, "nothing is revoked yet");
        let forged = json!({"revoked": true, "revokedReason": "leak", "revokedBy": "mallory"});
        let revoked = merge(&dana, world, &name, &forged).await.unwrap();
        assert_eq!(revoked["revokedBy"], "dana", "what an author writes is overwritten");

        let olga = as_user("olga").await;
        let again = merge(&olga, world, &name, &json!({"revoked": true, "revokedBy": null})).await.unwrap();
        assert_eq!(again["revokedBy"], "dana", "left out, it stays");
        let error = merge(&olga, world, &name, &json!({"revokedBy": "olga"})).await.unwrap_err();
        assert!(error.contains("who revoked it and why never change"), "{error}");
        let error = merge(&olga, world, &name, &json!({"revoked": false})).await.unwrap_err();
        assert!(error.contains("for good"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn while_the_webhook_is_down_a_session_can_be_revoked_and_nobody_forges_a_name() {
    with_webhook(async |world| {
        guard(world).await;
        let (first, second) = (session(world, "-1").await, session(world, "-2").await);
        world.go_down().await;
        let dana = as_user("dana").await;
        let forged = json!({"revoked": true, "revokedBy": "mallory"});
        let error = merge(&dana, world, &first, &forged).await.unwrap_err();
        assert!(error.contains("spec.revokedBy is who revokes the session"), "{error}");

        let unstamped = merge(&dana, world, &first, &json!({"revoked": true, "revokedReason": "leak"})).await.unwrap();
        assert_eq!(unstamped.get("revokedBy"), None, "nobody knows, but it is stopped");
        let error = merge(&dana, world, &first, &json!({"revokedBy": "dana"})).await.unwrap_err();
        assert!(error.contains("who revoked it and why never change"), "{error}");

        let own = merge(&dana, world, &second, &json!({"revoked": true, "revokedBy": "dana"})).await.unwrap();
        assert_eq!(own["revokedBy"], "dana", "one's own name may be written");
    })
    .await;
}
