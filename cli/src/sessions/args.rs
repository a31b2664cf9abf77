//! The arguments of `sessions`.

use clap::Args as Arguments;
use sentinel_api::Phase;

use crate::listing::ListArgs;

#[derive(Debug, Arguments)]
pub(crate) struct SessionsArgs {
    /// Of this service account: `<namespace>/<name>` or `system:serviceaccount:<namespace>:<name>`; repeatable, globs
    #[arg(long = "user", value_name = "USER")]
    pub(crate) users: Vec<String>,
    /// On this profile; repeatable, globs
    #[arg(long = "profile", value_name = "NAME")]
    pub(crate) profiles: Vec<String>,
    /// In this state; repeatable
    #[arg(long = "status", value_name = "STATUS", value_enum, ignore_case = true, value_delimiter = ',')]
    pub(crate) statuses: Vec<Status>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Status {
    /// Its pod is injected, and has had no credentials yet
    Pending,
    /// It has had credentials
    Active,
    /// Somebody has stopped it
    Revoked,
    /// Its pod is gone
    Expired,
}

impl Status {
    /// As the object says it.
    pub(super) fn phase(self) -> Phase {
        match self {
            Self::Pending => Phase::Pending,
            Self::Active => Phase::Active,
            Self::Revoked => Phase::Revoked,
            Self::Expired => Phase::Expired,
        }
    }
}
