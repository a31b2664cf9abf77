//! The arguments of `revoke`.

use clap::{ArgGroup, Args as Arguments};
use sentinel_core::time::GoDuration;

use crate::args::ConnectArgs;

#[derive(Debug, Arguments)]
#[command(group = ArgGroup::new("which").required(true))]
pub(crate) struct RevokeArgs {
    /// The sessions, as `kubectl sentinel sessions` names them
    #[arg(value_name = "SESSION", group = "which")]
    pub(crate) sessions: Vec<String>,
    /// The sessions of this pod
    #[arg(long, value_name = "NAME", group = "which")]
    pub(crate) pod: Option<String>,
    /// Why, in one line: whoever is refused reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// How long to wait until status and row say so; 0s doesn't wait
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub(crate) timeout: GoDuration,
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}
