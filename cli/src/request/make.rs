//! `request`: asks, says who may decide, and waits until somebody does.

use std::io::Write;

use sentinel_api::{AccessRequest, AccessRequestSpec};

use super::args::RequestArgs;
use crate::asking::{ask_for, stamped};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};

/// What is told while it waits goes to `out`.
pub(crate) fn run(args: &RequestArgs, format: Format, out: &mut dyn Write) -> Result<Report, Failure> {
    let mut spec = spec(args);
    spec.resolve().map_err(|problems| Failure::Usage(format!("{problems:#}")))?;
    let cluster = Cluster::connect(&args.connect)?;
    spec.requester = stamped(&cluster);
    ask_for(&cluster, &args.ask, AccessRequest::new("", spec), args.timeout, format, out)
}

fn spec(args: &RequestArgs) -> AccessRequestSpec {
    let ask = &args.ask;
    AccessRequestSpec {
        profile: ask.profile.clone(),
        service_account: ask.service_account.clone(),
        duration: ask.duration.clone(),
        justification: ask.justification.clone(),
        ..AccessRequestSpec::default()
    }
}
