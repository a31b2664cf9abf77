//! Policies, profiles and sessions, also where the API server is told to ignore unknown fields.

use http::Request;
use sentinel_api::{AccessPolicy, SentinelProfile};
use serde_json::{Value, json};

use super::world::{World, objects, with_webhook};
use kube::api::{DeleteParams, Patch, PatchParams};

/// Creates with `fieldValidation=Ignore`: the message of a refusal, or none.
async fn create(world: &World, plural: &str, kind: &str, suffix: &str, spec: Value) -> Result<(), String> {
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": format!("{}{suffix}", world.namespace)}, "spec": spec});
    let request = Request::post(format!("/apis/sentinel.dev/v1alpha1/{plural}?fieldValidation=Ignore"))
        .header("content-type", "application/json")
        .body(object.to_string().into_bytes())
        .unwrap();
    world.client.request::<Value>(request).await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn unknown_keys_are_refused_whatever_field_validation_says() {
    with_webhook(async |world| {
        let rule = json!({"name": "r", "effect": "allow", "session_table": "t", "conditions": {"profiles": ["prod"], "user": ["alice"]}});
        let error = create(world, "accesspolicies", "AccessPolicy", "", json!({"version": "1", "rules": [rule]})).await.unwrap_err();
        for part in ["denied the request", "did you mean `sessionTable`?", "did you mean `users`?"] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
        let spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1", "policies": {"acess": "x"}, "leese": "1s"});
        let error = create(world, "sentinelprofiles", "SentinelProfile", "-x", spec).await.unwrap_err();
        for part in ["did you mean `access`?", "did you mean `lease`?"] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_object_that_became_invalid_can_still_lose_its_finalizer() {
    with_webhook(async |world| {
        let name = format!("{}-old", world.namespace);
        let api = objects::<AccessPolicy>(&world.client);
        let spec = json!({"spec": {"publish": false}});
        let error = api.patch(&name, &PatchParams::default(), &Patch::Merge(spec)).await.unwrap_err().to_string();
        assert!(error.contains("did you mean `users`?") || error.contains("unknown key `user`"), "{error}");
        api.patch(&name, &PatchParams::default(), &Patch::Merge(json!({"metadata": {"finalizers": null}})))
            .await
            .unwrap();
        api.delete(&name, &DeleteParams::default()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_right_passes() {
    with_webhook(async |world| {
        let rule = json!({"name": "r", "effect": "require_server_session", "sessionTable": "t", "conditions": {"profiles": [world.namespace]}});
        create(world, "accesspolicies", "AccessPolicy", "", json!({"version": "1", "rules": [rule]})).await.unwrap();
        let found = objects::<SentinelProfile>(&world.client).get(&world.namespace).await.unwrap();
        assert_eq!(found.data["spec"]["sessionTable"], "sentinel-sessions");
    })
    .await;
}
