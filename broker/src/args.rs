//! What an installation may set.

use std::net::SocketAddr;

use clap::Parser;
use sentinel_core::tags::cluster_name;
use sentinel_runtime::args::ProcessArgs;

/// The broker: decides every credential request, and is the only one that may assume roles.
#[derive(Clone, Debug, Parser)]
#[command(name = "sentinel-broker", version)]
pub struct Args {
    /// Logs, metrics, namespace.
    #[command(flatten)]
    pub process: ProcessArgs,
    /// Where sidecars are answered, over HTTPS.
    #[arg(long, env = "SENTINEL_LISTEN", default_value = "0.0.0.0:8443")]
    pub listen: SocketAddr,
    /// The DynamoDB table of sessions where neither the rule nor the profile names one. Empty: none.
    #[arg(long, env = "SENTINEL_SESSION_TABLE", default_value = "")]
    pub session_table: String,
    /// The cluster's name for people: `${cluster}` in session tags, `cluster` in the decision log.
    #[arg(long, env = "SENTINEL_CLUSTER_NAME", default_value = "", value_parser = cluster_name)]
    pub cluster_name: String,
    /// The AWS region of the session tables; otherwise the environment's. Roles are assumed in their profile's region.
    #[arg(long, env = "AWS_REGION")]
    pub region: Option<String>,
}

impl Args {
    /// The default session table, if there is one.
    pub fn session_table(&self) -> Option<String> {
        Some(self.session_table.clone()).filter(|table| !table.is_empty())
    }
}
