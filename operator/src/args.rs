//! The arguments.

use std::time::Duration;

use clap::Parser;
use sentinel_core::tags::cluster_name;
use sentinel_core::time::GoDuration;
use sentinel_runtime::args::ProcessArgs;
use sentinel_runtime::signing::SigningArgs;

/// Publishes Sentinel's policies to SSM Parameter Store and keeps the sessions of injected pods.
#[derive(Clone, Debug, Parser)]
#[command(name = "sentinel-operator", version)]
pub struct Args {
    /// What every program takes.
    #[command(flatten)]
    pub process: ProcessArgs,
    /// The key of the audit log.
    #[command(flatten)]
    pub signing: SigningArgs,
    /// Under which path policies are published: an AccessPolicy goes to <root>/policies/<name>.
    #[arg(long, env = "SENTINEL_PARAMETER_ROOT", default_value = "/sentinel", value_parser = root)]
    pub parameter_root: String,
    /// How often each parameter is compared with its object, a Go duration.
    #[arg(long, env = "SENTINEL_RESYNC", default_value = "10m", value_parser = duration)]
    pub resync: Duration,
    /// The session table of profiles and rules that name none. Empty: such sessions are not tracked in a table.
    #[arg(long, env = "SENTINEL_SESSION_TABLE", default_value = "")]
    pub session_table: String,
    /// The name of this cluster for people, in tags and descriptions. Ownership goes by the UID of namespace kube-system.
    #[arg(long, env = "SENTINEL_CLUSTER_NAME", default_value = "kubernetes", value_parser = cluster_name)]
    pub cluster_name: String,
    /// Allow parameters of SSM's advanced tier: 8 KiB instead of 4, at a price.
    #[arg(long, env = "SENTINEL_ADVANCED_PARAMETERS")]
    pub advanced_parameters: bool,
    /// Write denials of revoked sessions into the roles of profiles that ask for it (spec.hardRevocation). The operator's role
    /// needs rights on those roles' inline policies.
    #[arg(long, env = "SENTINEL_HARD_REVOCATION")]
    pub hard_revocation: bool,
    /// The file of the targets of notifications, in JSON. Empty: nobody is notified.
    #[arg(long, env = "SENTINEL_NOTIFICATIONS_FILE", default_value = "")]
    pub notifications_file: String,
}

impl Args {
    /// The installation's session table, if it has one.
    pub fn default_table(&self) -> Option<String> {
        Some(self.session_table.clone()).filter(|table| !table.is_empty())
    }
}

/// A Go duration of at least a second.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed: GoDuration = text.parse().map_err(|error| format!("{error}"))?;
    let nanos = u64::try_from(parsed.as_nanos()).unwrap_or_default();
    Some(Duration::from_nanos(nanos)).filter(|d| d.as_secs() >= 1).ok_or_else(|| "at least 1s is expected".to_owned())
}

/// A path like `/sentinel`, without a slash at its end.
fn root(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    let legal = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if trimmed.len() > 1 && trimmed.starts_with('/') && trimmed.chars().all(legal) && !trimmed.contains("//") {
        Ok(trimmed.to_owned())
    } else {
        Err("a path of A-Z a-z 0-9 _ . - is expected, e.g. /sentinel".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_paths() {
        assert_eq!(root("/sentinel/").unwrap(), "/sentinel");
        assert_eq!(root("/a/b.c").unwrap(), "/a/b.c");
        for bad in ["", "/", "sentinel", "/a b", "//a"] {
            assert!(root(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_resync_is_a_go_duration() {
        assert_eq!(duration("1m30s").unwrap(), Duration::from_secs(90));
        for bad in ["90", "0s", "-1m", "10ms"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn defaults_are_the_designs() {
        let args = Args::parse_from(["sentinel-operator"]);
        assert_eq!(args.parameter_root, "/sentinel");
        assert_eq!(args.resync, Duration::from_mins(10));
        assert_eq!(args.default_table(), None);
    }
}
