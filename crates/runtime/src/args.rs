//! The arguments that operator, webhook and broker share.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use crate::logs::Format;
use crate::serving::Policy;

/// To be flattened into a program's own arguments: `#[command(flatten)] process: ProcessArgs`.
#[derive(Clone, Debug, Args)]
pub struct ProcessArgs {
    /// Where /livez, /readyz and /metrics are served, over plain HTTP.
    #[arg(long, env = "SENTINEL_METRICS_ADDRESS", default_value = "0.0.0.0:8081")]
    pub metrics_address: SocketAddr,
    /// How log lines look.
    #[arg(long, env = "SENTINEL_LOG_FORMAT", value_enum, default_value_t = Format::Json)]
    pub log_format: Format,
    /// The namespace that Sentinel is installed in.
    #[arg(long, env = "POD_NAMESPACE", default_value = "sentinel-system")]
    pub namespace: String,
    /// The name of this pod; it tells the replicas apart in leases and Events.
    #[arg(long, env = "POD_NAME", default_value = "")]
    pub pod_name: String,
}

/// Lifetimes of the program's own certificates; to be flattened by those that serve TLS.
#[derive(Clone, Debug, Args)]
pub struct CertificateArgs {
    /// How long a CA lives.
    #[arg(long, env = "SENTINEL_CA_LIFETIME", default_value = "8760h", value_parser = duration)]
    pub ca_lifetime: Duration,
    /// How long a serving certificate lives; it is renewed when a third of that is left.
    #[arg(long, env = "SENTINEL_CERTIFICATE_LIFETIME", default_value = "720h", value_parser = duration)]
    pub certificate_lifetime: Duration,
    /// How long a new CA is published before it signs.
    #[arg(long, env = "SENTINEL_CA_OVERLAP", default_value = "24h", value_parser = duration)]
    pub ca_overlap: Duration,
}

impl CertificateArgs {
    /// The lifetimes.
    pub fn policy(&self) -> Policy {
        Policy { ca_lifetime: self.ca_lifetime, cert_lifetime: self.certificate_lifetime, overlap: self.ca_overlap }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: Option<SignedDuration> = text.parse().ok();
    duration
        .and_then(|duration| duration.try_into().ok())
        .ok_or_else(|| "a duration such as 24h or 90s is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        process: ProcessArgs,
        #[command(flatten)]
        certificates: CertificateArgs,
    }

    #[test]
    fn default_lifetimes_are_those_of_the_policy() {
        assert_eq!(Program::parse_from(["program"]).certificates.policy(), Policy::default());
        let short = Program::parse_from(["program", "--ca-lifetime", "90s"]).certificates.policy();
        assert_eq!(short.ca_lifetime, Duration::from_secs(90));
        for wrong in ["-1h", "1 year", "24"] {
            let argument = format!("--ca-overlap={wrong}");
            assert!(Program::try_parse_from(["program", &argument]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn arguments_win_over_defaults() {
        let arguments =
            ["program", "--metrics-address", "127.0.0.1:0", "--log-format", "text", "--namespace", "elsewhere"];
        let process = Program::parse_from(arguments).process;
        assert_eq!(process.metrics_address.to_string(), "127.0.0.1:0");
        assert_eq!(process.log_format, Format::Text);
        assert_eq!(process.namespace, "elsewhere");
    }
}
