//! Arguments.

use std::net::SocketAddr;

use clap::Parser;
use sentinel_api::names::{BROKER_SERVICE, WEBHOOK_SERVICE};
use sentinel_runtime::args::ProcessArgs;

use crate::pods::{BrokerUrl, InvalidBrokerUrl, Resources, SidecarTemplate};

/// Injects Sentinel's sidecar into pods that ask for a profile, and judges policies, profiles and sessions.
#[derive(Clone, Debug, Parser)]
#[command(name = "sentinel-webhook", version)]
pub struct Args {
    /// What all programs share.
    #[command(flatten)]
    pub process: ProcessArgs,
    /// Where admission requests are answered, over HTTPS.
    #[arg(long, env = "SENTINEL_LISTEN", default_value = "0.0.0.0:9443")]
    pub listen: SocketAddr,
    /// Image of the sidecar, as it shall stand in pods.
    #[arg(long, env = "SENTINEL_SIDECAR_IMAGE")]
    pub sidecar_image: String,
    /// Its pull policy.
    #[arg(long, env = "SENTINEL_SIDECAR_IMAGE_PULL_POLICY", default_value = "IfNotPresent", value_parser = ["Always", "IfNotPresent", "Never"])]
    pub sidecar_image_pull_policy: String,
    /// Processor that a sidecar requests; empty: none.
    #[arg(long, env = "SENTINEL_SIDECAR_CPU_REQUEST", default_value = "5m")]
    pub sidecar_cpu_request: String,
    /// Processor that a sidecar may use; empty: no limit, which a ResourceQuota on limits.cpu refuses.
    #[arg(long, env = "SENTINEL_SIDECAR_CPU_LIMIT", default_value = "200m")]
    pub sidecar_cpu_limit: String,
    /// Memory that a sidecar requests; empty: none.
    #[arg(long, env = "SENTINEL_SIDECAR_MEMORY_REQUEST", default_value = "16Mi")]
    pub sidecar_memory_request: String,
    /// Memory that a sidecar may use; empty: no limit.
    #[arg(long, env = "SENTINEL_SIDECAR_MEMORY_LIMIT", default_value = "32Mi")]
    pub sidecar_memory_limit: String,
    /// The broker's address; default: its Service in the install namespace, port 443.
    #[arg(long, env = "SENTINEL_BROKER_URL")]
    pub broker_url: Option<BrokerUrl>,
    /// DynamoDB table of the sessions of profiles that name none. Empty: none.
    #[arg(long, env = "SENTINEL_SESSION_TABLE", default_value = "")]
    pub session_table: String,
    /// Key of the extra value (userInfo.extra) by which whoever has several user names is one person; on EKS: sessionName. Empty: none.
    #[arg(long, env = "SENTINEL_PERSON_EXTRA_KEY", default_value = "")]
    pub person_extra_key: String,
}

impl Args {
    /// What is the same for every pod.
    pub fn sidecar(&self) -> Result<SidecarTemplate, InvalidBrokerUrl> {
        let service = || format!("https://{BROKER_SERVICE}.{}.svc:443", self.process.namespace).parse();
        Ok(SidecarTemplate {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            image: self.sidecar_image.clone(),
            image_pull_policy: self.sidecar_image_pull_policy.clone(),
            resources: Resources {
                cpu_request: self.sidecar_cpu_request.clone(),
                cpu_limit: self.sidecar_cpu_limit.clone(),
                memory_request: self.sidecar_memory_request.clone(),
                memory_limit: self.sidecar_memory_limit.clone(),
            },
            broker_url: self.broker_url.clone().map_or_else(service, Ok)?,
        })
    }

    /// The names by which the API server calls the webhook.
    pub fn dns_names(&self) -> Vec<String> {
        let service = format!("{WEBHOOK_SERVICE}.{}.svc", self.process.namespace);
        vec![format!("{service}.cluster.local"), service]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_lead_to_the_install_namespace() {
        let args = Args::parse_from(["sentinel-webhook", "--sidecar-image", "sidecar:1", "--namespace", "elsewhere"]);
        assert_eq!(args.sidecar().unwrap().broker_url.to_string(), "https://sentinel-broker.elsewhere.svc:443");
        assert_eq!(args.dns_names()[1], "sentinel-webhook.elsewhere.svc");
    }

    #[test]
    fn the_image_is_required() {
        assert!(Args::try_parse_from(["sentinel-webhook"]).is_err());
    }
}
