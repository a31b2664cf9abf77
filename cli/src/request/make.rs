//! `request`: asks, says who may decide, and waits until somebody does.

use std::io::{self, Write};

use jiff::Timestamp;
use sentinel_api::{AccessRequest, AccessRequestSpec, RequestPhase};

use super::args::RequestArgs;
use super::{phase, told};
use crate::asking::{Made, make, stamped, wait};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report, lines};
use crate::until;

/// What is told while it waits goes to `out`.
pub(crate) fn run(args: &RequestArgs, format: Format, out: &mut dyn Write) -> Result<Report, Failure> {
    let patience = until::patience(args.timeout)?;
    let mut spec = spec(args);
    spec.resolve().map_err(|problems| Failure::Usage(format!("{problems:#}")))?;
    let cluster = Cluster::connect(&args.connect)?;
    spec.requester = stamped(&cluster);
    let request = match make(&cluster, &args.ask, AccessRequest::new("", spec))? {
        Ok(request) => request,
        Err(refused) => return Ok(refused),
    };
    if args.ask.dry_run {
        let text = lines([format!("would be requested: {}", told::head(&request))]);
        return Made { case: request, gone: false }.report(format, text, vec![], false);
    }
    let head = lines([format!("requested: {}", told::head(&request))]);
    if patience.is_zero() {
        let text = head + &lines([told::see(&request)]);
        return Made { case: request, gone: false }.report(format, text, vec![], false);
    }
    let out: &mut dyn Write = if format.is_for_people() { out } else { &mut io::sink() };
    let _ = out.write_all(head.as_bytes()).and_then(|()| out.flush());
    let now = Timestamp::now();
    let made = wait(&cluster, request, patience, is_decided, |request| told::waits(request, now), out)?;
    report(&made, args, format)
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

fn is_decided(request: &AccessRequest) -> bool {
    phase(request) != RequestPhase::Pending
}

/// Exit 1 unless it is approved.
fn report(made: &Made<AccessRequest>, args: &RequestArgs, format: Format) -> Result<Report, Failure> {
    let request = &made.case;
    let approved = phase(request) == RequestPhase::Approved;
    let note = match (made.gone, phase(request)) {
        (true, _) => Some("error: somebody has deleted the request".to_owned()),
        (_, RequestPhase::Pending) => Some(format!("note: {}", told::still_pending(request, args.timeout))),
        _ => None,
    };
    let text = if note.is_some() { String::new() } else { lines(told::stands(request, Timestamp::now())) };
    made.report(format, text, note.into_iter().collect(), !approved)
}
