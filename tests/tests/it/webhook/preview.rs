//! What a change would do to the live sessions, as its author reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use http::Request;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::client::Body;
use sentinel_api::{AccessPolicy, SentinelProfile, SentinelSession};
use serde_json::{Value, json};

use super::world::{SOON, World, objects, with_webhook};
use crate::world::eventually;

/// The warnings of a dry run, as the API server passes them on.
async fn warnings(world: &World, method: &str, plural: &str, body: &Value) -> Vec<String> {
    let path = format!("/apis/sentinel.dev/v1alpha1/{plural}/{}?dryRun=All", world.namespace);
    let request = Request::builder().method(method).uri(path).header("content-type", "application/merge-patch+json");
    let body = if body.is_null() { vec![] } else { body.to_string().into_bytes() };
    let response = world.client.send(request.body(Body::from(body)).unwrap()).await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    let headers = response.headers().get_all("warning").into_iter();
    headers.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

fn allows(world: &World, accounts: &[&str]) -> Value {
    let users: Vec<_> =
        accounts.iter().map(|account| format!("system:serviceaccount:{}:{account}", world.namespace)).collect();
    json!({"spec": {"version": "1", "rules": [{"name": "r", "effect": "allow", "conditions": {"profiles": [world.namespace], "users": users}}]}})
}

fn policy(world: &World, accounts: &[&str]) -> Value {
    let mut policy =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": world.namespace}});
    policy["spec"] = allows(world, accounts)["spec"].take();
    policy
}

async fn session(world: &World, id: usize, account: &str, revoked: bool, phase: &str) {
    let api: Api<SentinelSession> = Api::namespaced(world.client.clone(), &world.namespace);
    let name = format!("{}-{id}", world.namespace);
    let user = format!("system:serviceaccount:{}:{account}", world.namespace);
    let session = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession", "metadata": {"name": name},
        "spec": {"profile": world.namespace, "user": user, "pod": "p", "podUID": id.to_string(), "revoked": revoked}});
    api.create(&PostParams::default(), &serde_json::from_value(session).unwrap()).await.unwrap();
    let status = json!({"status": {"phase": phase}});
    api.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
}

/// A policy that allows api and migrate, with two live sessions of api, one of migrate, one that is revoked and one that
/// is over.
async fn with_sessions(test: impl AsyncFnOnce(&World)) {
    with_webhook(async |world| {
        let made = serde_json::from_value(policy(world, &["api", "migrate"])).unwrap();
        objects::<AccessPolicy>(&world.client).create(&PostParams::default(), &made).await.unwrap();
        session(world, 1, "api", false, "Active").await;
        session(world, 2, "api", false, "Pending").await;
        session(world, 3, "migrate", false, "Active").await;
        session(world, 4, "api", true, "Active").await;
        session(world, 5, "migrate", false, "Expired").await;
        eventually("the webhook to know the sessions", SOON, async || {
            let told = warnings(world, "DELETE", "accesspolicies", &Value::Null).await;
            told.iter().any(|warning| warning.contains("would refuse 3 of 3 live sessions"))
        })
        .await;
        test(world).await;
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_tells_whom_a_policy_would_refuse_and_stores_nothing() {
    with_sessions(async |world| {
        let api = objects::<AccessPolicy>(&world.client);
        // The operator of other stories may give it a finalizer meanwhile.
        let spec = async || api.get(&world.namespace).await.unwrap().data["spec"].take();
        let before = spec().await;
        let told = warnings(world, "PATCH", "accesspolicies", &allows(world, &["migrate"])).await;
        let ns = &world.namespace;
        let expected =
            format!("299 - \"as of now, AccessPolicy `{ns}` would refuse 2 of 3 live sessions: {ns}/api (2)\"");
        assert_eq!(told, [expected]);
        assert!(warnings(world, "PATCH", "accesspolicies", &allows(world, &["migrate", "api"])).await.is_empty());
        assert_eq!(spec().await, before);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_tells_whom_a_profile_would_refuse() {
    with_sessions(async |world| {
        let ns = &world.namespace;
        let named = json!({"spec": {"policies": {"access": format!("{ns}-nowhere")}}});
        let told = warnings(world, "PATCH", "sentinelprofiles", &named).await;
        let refused =
            format!("SentinelProfile `{ns}` would refuse 3 of 3 live sessions: {ns}/api (2), {ns}/migrate (1)");
        assert!(told.len() == 2 && told[0].contains(&refused), "{told:?}");
        assert!(told[1].contains(&format!("there is no AccessPolicy `{ns}-nowhere` yet")), "{told:?}");
        let deleted = warnings(world, "DELETE", "sentinelprofiles", &Value::Null).await;
        assert!(deleted[0].contains("deleting SentinelProfile") && deleted[0].contains("3 of 3"), "{deleted:?}");
        objects::<SentinelProfile>(&world.client).get(ns).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn kubectl_shows_the_preview_and_the_lints() {
    with_sessions(async |world| {
        let mut wide = policy(world, &["migrate"]);
        let unknown = json!({"name": "s", "effect": "deny", "conditions": {"profiles": [format!("{}-nowhere", world.namespace)]}});
        wide["spec"]["rules"].as_array_mut().unwrap().push(unknown);
        // The webhook runs on this thread.
        let text = tokio::task::spawn_blocking(move || apply_dry_run(&wide)).await.unwrap();
        let shown = format!("would refuse 2 of 3 live sessions: {}/api (2)", world.namespace);
        for part in ["Warning: as of now", &shown, "(unknown-profile)", "(server dry run)"] {
            assert!(text.contains(part), "`{part}` is not in {text}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_policy_goes_while_the_webhook_is_down() {
    with_sessions(async |world| {
        world.go_down().await;
        objects::<AccessPolicy>(&world.client).delete(&world.namespace, &DeleteParams::default()).await.unwrap();
        objects::<SentinelProfile>(&world.client).delete(&world.namespace, &DeleteParams::default()).await.unwrap();
    })
    .await;
}

/// `kubectl apply --dry-run=server -f -`: all that it prints.
fn apply_dry_run(object: &Value) -> String {
    let mut kubectl = Command::new("kubectl")
        .args(["apply", "--dry-run=server", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl, which `e2e/install` installs");
    kubectl.stdin.take().unwrap().write_all(object.to_string().as_bytes()).unwrap();
    let output = kubectl.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{text}");
    text
}
