//! `break-glass`: says what it does, asks, and waits until it is active or refused.

use std::io::{self, Write};

use jiff::Timestamp;
use sentinel_api::{BreakGlassEvent, BreakGlassEventSpec, EventPhase};

use super::args::BreakGlassArgs;
use super::{phase, told};
use crate::asking::{Made, make, stamped, wait};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report, lines};
use crate::terminal::{Ask, Question};
use crate::until;

const QUESTION: Question = Question {
    asks: "Break the glass?",
    no: "the glass is whole",
    otherwise: "--yes breaks it, --dry-run only has it judged",
};

/// What is told while it waits goes to `out`.
pub(crate) fn run(args: &BreakGlassArgs, format: Format, ask: Ask, out: &mut dyn Write) -> Result<Report, Failure> {
    let patience = until::patience(args.timeout)?;
    let mut spec = spec(args);
    spec.resolve().map_err(|problems| Failure::Usage(format!("{problems:#}")))?;
    let cluster = Cluster::connect(&args.connect)?;
    if !(args.yes || args.ask.dry_run) {
        QUESTION.consent(&told::about(&spec, &cluster.namespace), ask)?;
    }
    spec.invoker = stamped(&cluster);
    let event = match make(&cluster, &args.ask, BreakGlassEvent::new("", spec))? {
        Ok(event) => event,
        Err(refused) => return Ok(refused),
    };
    let done = if args.ask.dry_run { "would break the glass" } else { "asked to break the glass" };
    let head = lines([format!("{done}: {}", told::head(&event))]);
    if args.ask.dry_run {
        return Made { case: event, gone: false }.report(format, head, vec![], false);
    }
    if patience.is_zero() {
        let text = head + &lines([told::see(&event)]);
        return Made { case: event, gone: false }.report(format, text, vec![], false);
    }
    let out: &mut dyn Write = if format.is_for_people() { out } else { &mut io::sink() };
    let _ = out.write_all(head.as_bytes()).and_then(|()| out.flush());
    let made = wait(&cluster, event, patience, is_judged, told::waits, out)?;
    report(&made, args, format)
}

fn spec(args: &BreakGlassArgs) -> BreakGlassEventSpec {
    let ask = &args.ask;
    BreakGlassEventSpec {
        profile: ask.profile.clone(),
        service_account: ask.service_account.clone(),
        reason_code: args.reason_code.as_str().to_owned(),
        duration: ask.duration.clone(),
        justification: ask.justification.clone(),
        ..BreakGlassEventSpec::default()
    }
}

fn is_judged(event: &BreakGlassEvent) -> bool {
    phase(event) != EventPhase::Pending
}

/// Exit 1 unless it is active.
fn report(made: &Made<BreakGlassEvent>, args: &BreakGlassArgs, format: Format) -> Result<Report, Failure> {
    let event = &made.case;
    let note = match (made.gone, phase(event)) {
        (true, _) => Some("error: somebody has deleted the event".to_owned()),
        (_, EventPhase::Pending) => Some(format!("note: {}", told::still_pending(event, args.timeout))),
        _ => None,
    };
    let text = if note.is_some() { String::new() } else { lines(told::stands(event, Timestamp::now())) };
    made.report(format, text, note.into_iter().collect(), phase(event) != EventPhase::Active)
}
