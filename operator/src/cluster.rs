//! Which cluster this is.

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

/// The cluster that owns parameters and rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// UID of namespace kube-system.
    pub id: String,
    /// For people.
    pub name: String,
}

/// Why the cluster could not be named.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// The API server didn't answer, or refused.
    #[error("namespace kube-system can't be read; its UID names this cluster: {0}")]
    Unreadable(#[from] kube::Error),
    /// It answered without a UID.
    #[error("namespace kube-system has no UID")]
    Nameless,
}

impl Cluster {
    /// Asks the API server.
    pub async fn identify(client: &Client, name: &str) -> Result<Self, ClusterError> {
        let namespace = Api::<Namespace>::all(client.clone()).get("kube-system").await?;
        let id = namespace.metadata.uid.ok_or(ClusterError::Nameless)?;
        Ok(Self { id, name: name.to_owned() })
    }
}
