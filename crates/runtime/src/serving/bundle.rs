//! The CA bundle that clients trust.

use sha2::{Digest, Sha256};

/// PEM of all certificates that may sign our leafs, now or soon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaBundle(String);

impl CaBundle {
    /// A bundle of this PEM text.
    pub fn new(pem: impl Into<String>) -> Self {
        Self(pem.into())
    }

    /// The text.
    pub fn pem(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text, hex: what a sidecar names so that the broker sends a bundle only when it has a newer one.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}
