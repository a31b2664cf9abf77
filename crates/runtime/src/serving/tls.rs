//! The certificate that is served with, which may be another in a moment.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

/// What TLS is served with. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct TlsConfig(Arc<ArcSwap<ServerConfig>>);

impl TlsConfig {
    /// Begins with `config`.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self(Arc::new(ArcSwap::new(config)))
    }

    /// From now on with `config`; connections that there are keep what they have.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        self.0.store(config);
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.0.load_full()
    }
}
