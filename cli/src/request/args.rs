//! The arguments of the five.

use clap::Args as Arguments;
use sentinel_api::RequestPhase;
use sentinel_core::time::GoDuration;

use crate::args::ConnectArgs;
use crate::asking::AskArgs;
use crate::listing::ListArgs;

#[derive(Debug, Arguments)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    /// How long to wait for a decision; 0s doesn't wait. The request stands, however long anybody waits
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    pub(crate) timeout: GoDuration,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    pub(crate) decide: DecideArgs,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct DecideArgs {
    /// Their names
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// What there is to say about it: who asked reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// How long to wait until the operator confirms it; 0s doesn't wait
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub(crate) timeout: GoDuration,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct RequestsArgs {
    /// For this profile; repeatable, globs
    #[arg(long = "profile", value_name = "NAME")]
    pub(crate) profiles: Vec<String>,
    /// In this state; repeatable
    #[arg(long = "status", value_name = "STATUS", value_enum, ignore_case = true, value_delimiter = ',')]
    pub(crate) statuses: Vec<Status>,
    /// Those that you made
    #[arg(long)]
    pub(crate) mine: bool,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Status {
    /// Nobody has decided
    Pending,
    /// Somebody has approved it, or the policy's autoApprove; its grant may be over
    Approved,
    /// Somebody has denied it
    Denied,
    /// Nobody decided in time
    Expired,
    /// Who made it took it back
    Cancelled,
}

impl Status {
    /// As the object says it.
    pub(super) fn phase(self) -> RequestPhase {
        match self {
            Self::Pending => RequestPhase::Pending,
            Self::Approved => RequestPhase::Approved,
            Self::Denied => RequestPhase::Denied,
            Self::Expired => RequestPhase::Expired,
            Self::Cancelled => RequestPhase::Cancelled,
        }
    }
}
