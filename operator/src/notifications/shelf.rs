//! The outbox's ConfigMap.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use sentinel_api::names::{NOTIFICATIONS_CONFIG_MAP, NOTIFICATIONS_KEY};
use serde_json::json;
use tokio::time::timeout;

use super::outbox::Outbox;
use crate::report::{FIELD_MANAGER, is_outrun};

/// Whoever tells waits so long at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where letters are kept.
pub(super) struct Shelf {
    api: Api<ConfigMap>,
}

/// What a shelf holds.
pub(super) struct Held {
    /// The letters.
    pub outbox: Outbox,
    /// Which version of the shelf that is.
    pub version: String,
}

/// Why a shelf doesn't do as it is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShelfError {
    /// Another leader has been here: read it again.
    #[error("ConfigMap {NOTIFICATIONS_CONFIG_MAP} has changed since it was read")]
    Changed,
    /// The API server says no, or nothing.
    #[error("ConfigMap {NOTIFICATIONS_CONFIG_MAP} of the install namespace can't be used (the chart makes it): {0}")]
    Api(#[from] kube::Error),
    /// It takes too long.
    #[error("ConfigMap {NOTIFICATIONS_CONFIG_MAP}: no answer from the API server within {PATIENCE:?}")]
    Slow(#[from] tokio::time::error::Elapsed),
    /// It can't be JSON.
    #[error("the letters can't be written down: {0}")]
    Json(#[from] serde_json::Error),
}

impl Shelf {
    /// In the install namespace.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self { api: Api::namespaced(client, namespace) }
    }

    /// What it holds now. Letters that nobody can read are lost, and it is said: nobody else wrote them but a person.
    pub async fn read(&self) -> Result<Held, ShelfError> {
        let found = timeout(PATIENCE, self.api.get(NOTIFICATIONS_CONFIG_MAP)).await??;
        let text = found.data.as_ref().and_then(|data| data.get(NOTIFICATIONS_KEY));
        let outbox = Outbox::read(text.map(String::as_str)).unwrap_or_else(|error| {
            tracing::error!(%error, "{NOTIFICATIONS_KEY} of ConfigMap {NOTIFICATIONS_CONFIG_MAP} holds no letters; beginning anew");
            Outbox::default()
        });
        Ok(Held { outbox, version: found.metadata.resource_version.unwrap_or_default() })
    }

    /// Puts `outbox` where `version` was; the version that it is then.
    pub async fn write(&self, outbox: &Outbox, version: &str) -> Result<String, ShelfError> {
        let patch = json!({"metadata": {"resourceVersion": version}, "data": {NOTIFICATIONS_KEY: outbox.text()?}});
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(patch);
        match timeout(PATIENCE, self.api.patch(NOTIFICATIONS_CONFIG_MAP, &params, &patch)).await? {
            Ok(written) => Ok(written.metadata.resource_version.unwrap_or_default()),
            Err(error) if is_outrun(&error) => Err(ShelfError::Changed),
            Err(error) => Err(error.into()),
        }
    }
}
