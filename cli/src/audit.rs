//! `audit`: which profiles require sessions, and what doesn't comply. The operator audits by the same law
//! (`sentinel_api::audit`).

mod args;
mod gather;
mod told;

use jiff::Timestamp;
use sentinel_api::audit::audit;

pub(crate) use args::AuditArgs;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};

/// Exit 1 where something doesn't comply.
pub(crate) fn run(args: &AuditArgs, format: Format) -> Result<Report, Failure> {
    let cluster = Cluster::connect(&args.context.connect())?;
    let (evidence, notes) = gather::evidence(&cluster, args)?;
    let audited = audit(&evidence, Timestamp::now());
    let found = !audited.findings.is_empty();
    Ok(Report { notes, found, ..Report::fine(format.render(told::text(&audited), &audited)?) })
}
