//! The Secret and the ConfigMap, in the API server.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, Error};

use super::material::SecretData;
use super::{CaBundle, ServingError};

/// Key of the bundle in the ConfigMap.
const BUNDLE: &str = "ca.crt";

/// Where one program keeps its certificates.
#[derive(Clone)]
pub(super) struct Store {
    pub secrets: Api<Secret>,
    pub secret_name: String,
    pub config_maps: Api<ConfigMap>,
    pub config_map_name: String,
}

/// How a write that others may race for ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Done,
    /// Somebody else wrote in between: read again.
    Raced,
}

impl Store {
    pub fn new(client: Client, namespace: &str, secret_name: &str, config_map_name: &str) -> Self {
        Self {
            secrets: Api::namespaced(client.clone(), namespace),
            secret_name: secret_name.to_owned(),
            config_maps: Api::namespaced(client, namespace),
            config_map_name: config_map_name.to_owned(),
        }
    }

    pub async fn secret(&self) -> Result<Option<Secret>, ServingError> {
        self.secrets
            .get_opt(&self.secret_name)
            .await
            .map_err(|error| failed("reading Secret", &self.secret_name, error))
    }

    /// Writes `data` if the Secret is still `read` (or still absent). Its labels and owners stay.
    pub async fn put_secret(&self, read: Option<Secret>, data: SecretData) -> Result<Written, ServingError> {
        let mut secret = read.unwrap_or_else(|| Secret { metadata: named(&self.secret_name), ..Secret::default() });
        secret.data = Some(data);
        let result = if secret.metadata.resource_version.is_some() {
            self.secrets.replace(&self.secret_name, &PostParams::default(), &secret).await
        } else {
            self.secrets.create(&PostParams::default(), &secret).await
        };
        raced(result).map_err(|error| failed("writing Secret", &self.secret_name, error))
    }

    /// Makes the ConfigMap say `bundle`.
    pub async fn publish(&self, bundle: &CaBundle) -> Result<Written, ServingError> {
        let name = &self.config_map_name;
        let read = self.config_maps.get_opt(name).await.map_err(|error| failed("reading ConfigMap", name, error))?;
        if read.as_ref().and_then(published) == Some(bundle.pem()) {
            return Ok(Written::Done);
        }
        let mut map = read.unwrap_or_else(|| ConfigMap { metadata: named(name), ..ConfigMap::default() });
        map.data.get_or_insert_with(BTreeMap::new).insert(BUNDLE.to_owned(), bundle.pem().to_owned());
        let result = if map.metadata.resource_version.is_some() {
            self.config_maps.replace(name, &PostParams::default(), &map).await
        } else {
            self.config_maps.create(&PostParams::default(), &map).await
        };
        raced(result).map_err(|error| failed("writing ConfigMap", name, error))
    }
}

fn failed(verb: &str, name: &str, error: Error) -> ServingError {
    ServingError::Api { what: format!("{verb} {name}"), source: Box::new(error) }
}

fn published(map: &ConfigMap) -> Option<&str> {
    map.data.as_ref()?.get(BUNDLE).map(String::as_str)
}

fn named(name: &str) -> ObjectMeta {
    let labels = BTreeMap::from([("app.kubernetes.io/part-of".to_owned(), "sentinel".to_owned())]);
    ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), ..ObjectMeta::default() }
}

/// Conflict, "exists already" and "is gone" mean that another writer was quicker.
fn raced<T>(result: Result<T, Error>) -> Result<Written, Error> {
    match result {
        Ok(_) => Ok(Written::Done),
        Err(Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(Written::Raced),
        Err(error) => Err(error),
    }
}
