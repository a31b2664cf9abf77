//! The webhook's CA bundle gets where the API server looks for it, and stays there.

use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use sentinel_api::names::{CA_KEY, WEBHOOK_CA_CONFIG_MAP, WEBHOOK_CONFIGURATION};
use serde_json::{Value, json};

use super::world::{HOME, SOON, operator};
use crate::world::{client, eventually};

/// Two webhooks that nobody ever asks.
fn configuration(kind: &str) -> Value {
    let webhook = |name: &str| {
        json!({
            "name": name, "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
            "clientConfig": {"service": {"name": "nobody", "namespace": HOME}},
            "rules": [{"apiGroups": ["nothing.example.test"], "apiVersions": ["v1"], "resources": ["nothings"], "operations": ["CREATE"]}],
        })
    };
    let webhooks = [webhook("a.sentinel.dev"), webhook("b.sentinel.dev")];
    json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": WEBHOOK_CONFIGURATION}, "webhooks": webhooks})
}

/// A real one: the API server parses it.
fn certificate() -> String {
    let authority = sentinel_runtime::pki::Authority::generate("test", jiff::Timestamp::now(), Duration::from_hours(1));
    authority.unwrap().certificate().to_owned()
}

#[tokio::test]
async fn the_bundle_is_written_into_every_webhook_and_repaired() {
    let client = client().await;
    operator();
    let mutating: Api<MutatingWebhookConfiguration> = Api::all(client.clone());
    let validating: Api<ValidatingWebhookConfiguration> = Api::all(client.clone());
    let bundles: Api<ConfigMap> = Api::namespaced(client.clone(), HOME);
    mutating
        .create(&PostParams::default(), &serde_json::from_value(configuration("MutatingWebhookConfiguration")).unwrap())
        .await
        .unwrap();
    validating
        .create(
            &PostParams::default(),
            &serde_json::from_value(configuration("ValidatingWebhookConfiguration")).unwrap(),
        )
        .await
        .unwrap();
    let (first, second) = (certificate(), certificate());
    let map = json!({"metadata": {"name": WEBHOOK_CA_CONFIG_MAP}, "data": {CA_KEY: first}});
    bundles.create(&PostParams::default(), &serde_json::from_value(map).unwrap()).await.unwrap();
    let all_have = async |bundle: &str| {
        let mutating = mutating.get(WEBHOOK_CONFIGURATION).await.unwrap().webhooks.unwrap_or_default();
        let validating = validating.get(WEBHOOK_CONFIGURATION).await.unwrap().webhooks.unwrap_or_default();
        let found: Vec<Option<ByteString>> = mutating
            .into_iter()
            .map(|w| w.client_config.ca_bundle)
            .chain(validating.into_iter().map(|w| w.client_config.ca_bundle))
            .collect();
        found.len() == 4 && found.iter().all(|found| found.as_ref().is_some_and(|found| found.0 == bundle.as_bytes()))
    };
    eventually("the bundle to arrive", SOON, async || all_have(&first).await).await;

    let emptied = json!({"webhooks": [{"name": "a.sentinel.dev", "clientConfig": {"caBundle": null}}]});
    mutating.patch(WEBHOOK_CONFIGURATION, &PatchParams::default(), &Patch::Strategic(emptied)).await.unwrap();
    eventually("the bundle to be repaired", SOON, async || all_have(&first).await).await;

    let rotated = |text: &str| json!({"data": {CA_KEY: text}});
    bundles.patch(WEBHOOK_CA_CONFIG_MAP, &PatchParams::default(), &Patch::Merge(rotated(&second))).await.unwrap();
    eventually("the new bundle to arrive", SOON, async || all_have(&second).await).await;
    bundles.delete(WEBHOOK_CA_CONFIG_MAP, &DeleteParams::default()).await.unwrap();
    mutating.delete(WEBHOOK_CONFIGURATION, &DeleteParams::default()).await.unwrap();
    validating.delete(WEBHOOK_CONFIGURATION, &DeleteParams::default()).await.unwrap();
}
