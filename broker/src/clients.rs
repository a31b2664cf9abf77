//! Clients of the API server: each counts its calls, and those of the watches hear every byte.

use kube::client::ClientBuilder;
use kube::{Client, Config};
use prometheus::IntCounterVec;
use sentinel_runtime::kube_calls::counting;
use tower::util::MapResponseLayer;

use crate::watch::Heard;

/// Makes clients of one API server.
#[derive(Clone)]
pub struct Clients {
    config: Config,
    calls: IntCounterVec,
}

impl Clients {
    /// For the API server of `config`; calls are counted in `calls{verb,resource}`.
    pub fn new(config: Config, calls: IntCounterVec) -> Self {
        Self { config, calls }
    }

    /// A client for single questions.
    pub fn plain(&self) -> kube::Result<Client> {
        Ok(ClientBuilder::try_from(self.config.clone())?.with_layer(&counting(self.calls.clone())).build())
    }

    /// A client for one watch, which stamps `heard`.
    pub fn hearing(&self, heard: &Heard) -> kube::Result<Client> {
        let heard = heard.clone();
        let listening = MapResponseLayer::new(move |response| heard.listen(response));
        let builder = ClientBuilder::try_from(self.config.clone())?;
        Ok(builder.with_layer(&listening).with_layer(&counting(self.calls.clone())).build())
    }
}
