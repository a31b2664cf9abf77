//! The arguments that operator, webhook and broker share.

use std::net::SocketAddr;

use clap::Args;

use crate::logs::Format;

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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        process: ProcessArgs,
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
