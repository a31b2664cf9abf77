//! What doesn't comply, in a cluster that others use at the same time.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, DeleteParams, PostParams};
use sentinel_api::{AccessPolicy, SentinelProfile};
use serde_json::{Value, json};

use super::sentinel;
use crate::world::with_namespace;

async fn pod(client: &Client, namespace: &str, name: &str, labels: Value, annotations: Value) {
    let pod = json!({"metadata": {"name": name, "labels": labels, "annotations": annotations}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}});
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
}

async fn install(client: &Client, namespace: &str) {
    for program in ["sentinel-broker", "sentinel-webhook"] {
        let labels = json!({"app": program});
        let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "program", "image": "program:1"}]}});
        let deployment = json!({"metadata": {"name": program, "labels": {"app.kubernetes.io/version": "1.5.0"}}, "spec": {"selector": {"matchLabels": labels}, "template": template}});
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
        deployments.create(&PostParams::default(), &serde_json::from_value(deployment).unwrap()).await.unwrap();
    }
}

async fn findings(namespace: &str) -> (Vec<(String, String)>, Value, u8) {
    let output = sentinel(&["audit", "-o", "json", "--install-namespace", namespace]).await;
    assert!(!output.stderr.contains("note:"), "{}", output.stderr);
    let audited: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let of_this_test = |finding: &&Value| text(finding, "object").contains(namespace);
    let found = audited["findings"].as_array().unwrap().iter().filter(of_this_test);
    let found = found.map(|finding| (text(finding, "kind"), text(finding, "object"))).collect();
    let profile = audited["profiles"].as_array().unwrap().iter().find(|one| one["name"] == namespace).cloned();
    (found, profile.unwrap_or_default(), output.code)
}

#[tokio::test]
async fn what_does_not_comply_is_found_once_each() {
    with_namespace(async |client, namespace| {
        let name = namespace.as_str();
        install(&client, name).await;
        let profile = json!({"metadata": {"name": name}, "spec": {"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"}});
        let profiles: Api<SentinelProfile> = Api::all(client.clone());
        profiles.create(&PostParams::default(), &serde_json::from_value(profile).unwrap()).await.unwrap();
        let unusable = ("ProfileUnusable".to_owned(), format!("profile {name}"));
        assert_eq!(findings(name).await.0, [unusable], "nothing governs it");

        let policy = json!({"metadata": {"name": name}, "spec": {"version": "1", "rules": [{"name": "api", "effect": "require_server_session"}]}});
        let policies: Api<AccessPolicy> = Api::all(client.clone());
        policies.create(&PostParams::default(), &serde_json::from_value(policy).unwrap()).await.unwrap();
        let asks = |version: &str| json!({"sentinel.dev/profile": name, "sentinel.dev/version": version});
        pod(&client, name, "bare", json!({}), json!({"sentinel.dev/profile": name})).await;
        pod(&client, name, "old", json!({"sentinel.dev/injected": "true"}), asks("1.2.9")).await;
        pod(&client, name, "good", json!({"sentinel.dev/injected": "true"}), asks("1.3.0")).await;
        pod(&client, name, "elsewhere", json!({}), json!({})).await;
        let (found, line, code) = findings(name).await;
        let expected = [
            ("NotInjected", format!("pod {name}/bare")),
            ("NoTable", format!("profile {name}")),
            ("OldSidecar", format!("pod {name}/old")),
        ];
        assert_eq!(found, expected.map(|(kind, object)| (kind.to_owned(), object)));
        assert_eq!((&line["requiredBy"], &line["pods"], &line["findings"]), (&json!(["api"]), &json!(3), &json!(3)));
        assert_eq!(code, 1);
        let text = sentinel(&["audit", "--install-namespace", name]).await.stdout;
        assert!(text.contains(&format!("{name}: requires a session by rule api; no table; live pods: 3; findings: 3")), "{text}");
        profiles.delete(name, &DeleteParams::default()).await.unwrap();
        policies.delete(name, &DeleteParams::default()).await.unwrap();
    })
    .await;
}
