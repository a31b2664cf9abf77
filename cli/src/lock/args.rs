//! The arguments of the three.

use clap::{ArgGroup, Args as Arguments};
use jiff::Timestamp;
use sentinel_core::time::GoDuration;

use crate::args::ConnectArgs;

#[derive(Debug, Arguments)]
#[command(group = ArgGroup::new("whom").required(true).multiple(true))]
pub(crate) struct LockArgs {
    /// Pods of this service account: `<namespace>/<name>` or `system:serviceaccount:<namespace>:<name>`; repeatable, globs
    #[arg(long = "user", value_name = "USER", group = "whom")]
    pub(crate) users: Vec<String>,
    /// Pods of this namespace; repeatable, globs
    #[arg(short, long = "namespace", value_name = "NAME", group = "whom")]
    pub(crate) namespaces: Vec<String>,
    /// Pods that ask for this profile; repeatable, globs
    #[arg(long = "profile", value_name = "NAME", group = "whom")]
    pub(crate) profiles: Vec<String>,
    /// Why, in one line: whoever is refused reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The lock ends by itself after this time, as 30m or 2h
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    pub(crate) duration: Option<GoDuration>,
    /// The lock ends by itself then, as 2026-03-02T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Timestamp>,
    /// The name of the lock; made from the time, if it isn't given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Only say whom it would hit, and have the API server judge it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Don't ask, however many sessions it hits
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct UnlockArgs {
    /// The lock
    #[arg(value_name = "LOCK")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct LocksArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

/// Which cluster is asked, where no namespace counts.
#[derive(Debug, Default, Arguments)]
pub(crate) struct ContextArgs {
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The kubeconfig, instead of KUBECONFIG and ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<String>,
}

impl ContextArgs {
    /// As every command connects.
    pub(crate) fn connect(&self) -> ConnectArgs {
        ConnectArgs { context: self.context.clone(), kubeconfig: self.kubeconfig.clone(), namespace: None }
    }
}
