//! The arguments of the four.

use clap::Args as Arguments;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use sentinel_api::EventPhase;
use sentinel_core::policy::ReasonCode;
use sentinel_core::time::GoDuration;

use crate::args::ConnectArgs;
use crate::asking::AskArgs;
use crate::listing::ListArgs;

#[derive(Debug, Arguments)]
pub(crate) struct BreakGlassArgs {
    /// What kind of emergency it is
    #[arg(long, value_name = "CODE", value_parser = codes())]
    pub(crate) reason_code: ReasonCode,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    /// Don't ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How long to wait until it is active or refused; 0s doesn't wait
    #[arg(long, value_name = "DURATION", default_value = "1m")]
    pub(crate) timeout: GoDuration,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct CloseArgs {
    /// Their names
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// How long to wait until the operator confirms it; 0s doesn't wait
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub(crate) timeout: GoDuration,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct ReviewArgs {
    /// The event
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What it was for, and what was done; it may have several lines
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    /// How long to wait until the operator confirms it; 0s doesn't wait
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub(crate) timeout: GoDuration,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

#[derive(Debug, Arguments)]
pub(crate) struct EventsArgs {
    /// On this profile; repeatable, globs
    #[arg(long = "profile", value_name = "NAME")]
    pub(crate) profiles: Vec<String>,
    /// In this state; repeatable
    #[arg(long = "status", value_name = "STATUS", value_enum, ignore_case = true, value_delimiter = ',')]
    pub(crate) statuses: Vec<Status>,
    /// Those that you made
    #[arg(long)]
    pub(crate) mine: bool,
    /// Those that are over, and that nobody has reviewed
    #[arg(long)]
    pub(crate) unreviewed: bool,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Status {
    /// The operator has not judged it yet
    Pending,
    /// It opens the door
    Active,
    /// Somebody ended it
    Closed,
    /// Its time is over
    Expired,
    /// It never became active
    Refused,
}

impl Status {
    /// As the object says it.
    pub(super) fn phase(self) -> EventPhase {
        match self {
            Self::Pending => EventPhase::Pending,
            Self::Active => EventPhase::Active,
            Self::Closed => EventPhase::Closed,
            Self::Expired => EventPhase::Expired,
            Self::Refused => EventPhase::Refused,
        }
    }
}

fn codes() -> impl TypedValueParser<Value = ReasonCode> {
    PossibleValuesParser::new(ReasonCode::ALL.iter().map(|code| code.as_str()))
        .try_map(|text| text.parse::<ReasonCode>())
}
