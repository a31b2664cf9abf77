//! Watches the bundle and both configurations, and writes where they differ.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::runtime::reflector::Store;
use kube::runtime::watcher;
use kube::{Api, Client, Resource};
use sentinel_api::names::{CA_KEY, WEBHOOK_CA_CONFIG_MAP, WEBHOOK_CONFIGURATION};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::plan::{is_bundle, plan};
use crate::metrics::Metrics;
use crate::pace::Retries;
use crate::watches::{forget_managers, spawn};

/// Keeps the bundle in place until `shutdown`.
pub(crate) async fn run(client: Client, namespace: String, metrics: Metrics, shutdown: impl Future<Output = ()>) {
    let bundles =
        spawn(Api::<ConfigMap>::namespaced(client.clone(), &namespace), named(WEBHOOK_CA_CONFIG_MAP), forget_managers);
    let mutating =
        spawn(Api::<MutatingWebhookConfiguration>::all(client.clone()), named(WEBHOOK_CONFIGURATION), forget_managers);
    let validating = spawn(
        Api::<ValidatingWebhookConfiguration>::all(client.clone()),
        named(WEBHOOK_CONFIGURATION),
        forget_managers,
    );
    let changes = stream::select(bundles.changes(), stream::select(mutating.changes(), validating.changes()));
    let mut changes = std::pin::pin!(changes.take_until(shutdown));
    let desk = Desk { client, bundles: bundles.store, mutating: mutating.store, validating: validating.store };
    let retries = Retries::default();
    loop {
        let wait = desk.pass(&retries, &metrics).await;
        tokio::select! {
            change = changes.next() => if change.is_none() { return },
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn named(name: &str) -> watcher::Config {
    watcher::Config::default().fields(&format!("metadata.name={name}"))
}

struct Desk {
    client: Client,
    bundles: Store<ConfigMap>,
    mutating: Store<MutatingWebhookConfiguration>,
    validating: Store<ValidatingWebhookConfiguration>,
}

impl Desk {
    /// Writes what differs; how long to wait when nothing happens.
    async fn pass(&self, retries: &Retries, metrics: &Metrics) -> Duration {
        let result = self.write().await;
        metrics.reconciled("WebhookConfiguration", result.is_ok());
        match result {
            Ok(()) => {
                retries.forget(WEBHOOK_CONFIGURATION);
                Duration::from_mins(10)
            }
            Err(error) => {
                let wait = retries.failed(WEBHOOK_CONFIGURATION);
                tracing::warn!(%error, again_in = ?wait, "the webhook's CA bundle could not be written");
                wait
            }
        }
    }

    async fn write(&self) -> kube::Result<()> {
        let Some(bundle) = self.bundle() else { return Ok(()) };
        for configuration in self.mutating.state() {
            let webhooks = configuration.webhooks.iter().flatten();
            let patch = plan(
                webhooks.map(|w| (w.name.as_str(), w.client_config.ca_bundle.as_ref().map(|b| b.0.as_slice()))),
                &bundle,
            );
            apply::<MutatingWebhookConfiguration>(&self.client, patch).await?;
        }
        for configuration in self.validating.state() {
            let webhooks = configuration.webhooks.iter().flatten();
            let patch = plan(
                webhooks.map(|w| (w.name.as_str(), w.client_config.ca_bundle.as_ref().map(|b| b.0.as_slice()))),
                &bundle,
            );
            apply::<ValidatingWebhookConfiguration>(&self.client, patch).await?;
        }
        Ok(())
    }

    fn bundle(&self) -> Option<String> {
        let bundle = self.bundles.state().first()?.data.as_ref()?.get(CA_KEY)?.clone();
        if !is_bundle(&bundle) {
            tracing::warn!(
                "ConfigMap {WEBHOOK_CA_CONFIG_MAP} holds no certificate under {CA_KEY}; the webhook configurations stay as they are"
            );
            return None;
        }
        Some(bundle)
    }
}

async fn apply<K>(client: &Client, patch: Option<Value>) -> kube::Result<()>
where
    K: Resource<DynamicType = (), Scope = kube::core::ClusterResourceScope> + Clone + DeserializeOwned + Debug,
{
    let Some(patch) = patch else { return Ok(()) };
    let api = Api::<K>::all(client.clone());
    api.patch(WEBHOOK_CONFIGURATION, &PatchParams::default(), &Patch::Strategic(patch)).await?;
    tracing::info!(kind = %K::kind(&()), "the webhook's CA bundle was written");
    Ok(())
}
