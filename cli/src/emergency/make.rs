//! `break-glass`: says what it does, asks, and waits until it is active or refused.

use std::io::Write;

use sentinel_api::{BreakGlassEvent, BreakGlassEventSpec};

use super::args::BreakGlassArgs;
use super::told;
use crate::asking::{ask_for, stamped};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report};
use crate::terminal::{Ask, Question};

const QUESTION: Question = Question {
    asks: "Break the glass?",
    no: "the glass is whole",
    otherwise: "--yes breaks it, --dry-run only has it judged",
};

/// What is told while it waits goes to `out`.
pub(crate) fn run(args: &BreakGlassArgs, format: Format, ask: Ask, out: &mut dyn Write) -> Result<Report, Failure> {
    let mut spec = spec(args);
    spec.resolve().map_err(|problems| Failure::Usage(format!("{problems:#}")))?;
    let cluster = Cluster::connect(&args.connect)?;
    if !(args.yes || args.ask.dry_run) {
        QUESTION.consent(&told::about(&spec, &cluster.namespace), ask)?;
    }
    spec.invoker = stamped(&cluster);
    ask_for(&cluster, &args.ask, BreakGlassEvent::new("", spec), args.timeout, format, out)
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
