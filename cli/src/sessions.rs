//! `sessions`: who has AWS credentials now, from the SentinelSessions of the cluster.

mod args;
mod columns;
mod filter;
mod seen;

use std::io::Write;

pub(crate) use args::SessionsArgs;
pub(crate) use seen::Seen;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::listing;
use crate::report::{Format, Report};
use filter::Filter;

/// What is told at once is in the report; changes go to `out` as they come.
pub(crate) fn run(args: &SessionsArgs, format: Format, out: &mut dyn Write) -> Result<Report, Failure> {
    let filter = Filter::of(args)?;
    let cluster = Cluster::connect(&args.list.connect)?;
    listing::run(&filter, &cluster, &args.list, format, out)
}
