//! What an installation may set.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use clap::Parser;
use sentinel_core::tags::cluster_name;
use sentinel_core::time::GoDuration;
use sentinel_runtime::args::ProcessArgs;
use sentinel_runtime::signing::SigningArgs;

/// A row that is extended by nobody else must not run out between two touches.
const TOUCH_INTERVALS: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(6);

/// The broker: decides every credential request, and is the only one that may assume roles.
#[derive(Clone, Debug, Parser)]
#[command(name = "sentinel-broker", version)]
pub struct Args {
    /// Logs, metrics, namespace.
    #[command(flatten)]
    pub process: ProcessArgs,
    /// The key of the audit log.
    #[command(flatten)]
    pub signing: SigningArgs,
    /// Where sidecars are answered, over HTTPS.
    #[arg(long, env = "SENTINEL_LISTEN", default_value = "0.0.0.0:8443")]
    pub listen: SocketAddr,
    /// The DynamoDB table of sessions where neither the rule nor the profile names one. Empty: none.
    #[arg(long, env = "SENTINEL_SESSION_TABLE", default_value = "")]
    pub session_table: String,
    /// How often the row of a session that is in use is written once the session is old, a Go duration from 1m to 6h. So
    /// old may be what listings say of it, and so far ahead is recorded until when credentials may be about.
    #[arg(long, env = "SENTINEL_TOUCH_INTERVAL", default_value = "2h", value_parser = touch_interval)]
    pub touch_interval: Duration,
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

fn touch_interval(text: &str) -> Result<Duration, String> {
    let parsed: GoDuration = text.parse().map_err(|error| format!("{error}"))?;
    let interval = Duration::from_nanos(u64::try_from(parsed.as_nanos()).unwrap_or_default());
    TOUCH_INTERVALS.contains(&interval).then_some(interval).ok_or_else(|| "1m to 6h is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touch_interval_is_a_go_duration_within_limits() {
        assert_eq!(Args::parse_from(["sentinel-broker"]).touch_interval, Duration::from_hours(2));
        assert_eq!(touch_interval("1h30m"), Ok(Duration::from_mins(90)));
        for bad in ["59s", "6h1s", "-1h", "120"] {
            assert!(touch_interval(bad).is_err(), "{bad}");
        }
    }
}
