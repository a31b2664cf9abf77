//! An object is made, and what becomes of it waited for.

use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use sentinel_core::time::GoDuration;

use super::args::AskArgs;
use super::case::{Told, place, value};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report, lines};
use crate::until::{patience, until};

/// Makes it, waits, and says what came of it; what is told meanwhile goes to `out`.
pub(crate) fn run<K: Told>(
    cluster: &Cluster,
    args: &AskArgs,
    mut case: K,
    timeout: GoDuration,
    format: Format,
    out: &mut dyn Write,
) -> Result<Report, Failure> {
    let patience = patience(timeout)?;
    *case.meta_mut() = args.metadata();
    let case = match cluster.create_in(&cluster.namespace, &case, args.dry_run) {
        Ok(made) => made,
        // A result: whoever judges for the API server says why.
        Err(Failure::Refused(why)) => return Ok(failed(format!("error: {why}"), String::new())),
        Err(failure) => return Err(failure),
    };
    let head = format!("{}: {}", if args.dry_run { K::WOULD } else { K::MADE }, case.head());
    if args.dry_run {
        return Ok(Report::fine(format.render(lines([head]), &value(&case))?));
    }
    if patience.is_zero() {
        let see = format!("  where it stands: kubectl sentinel {} -n {} --mine", K::LIST, cluster.namespace);
        return Ok(Report::fine(format.render(lines([head, see]), &value(&case))?));
    }
    let out: &mut dyn Write = if format.is_for_people() { out } else { &mut io::sink() };
    tell(out, &lines([head]));
    let (case, gone) = wait(cluster, case, patience, out)?;
    report(&case, gone, timeout, format)
}

/// As it was seen last, and whether somebody has deleted it.
fn wait<K: Told>(cluster: &Cluster, case: K, patience: Duration, out: &mut dyn Write) -> Result<(K, bool), Failure> {
    let (now, mut told) = (Timestamp::now(), String::new());
    let last = until::<K>(cluster, vec![case.name_any()], patience, |object| {
        let case = K::seen(object);
        let text = lines(case.waits(now));
        if case.is_pending() && text != told {
            tell(out, &text);
            told = text;
        }
        !case.is_pending()
    })?;
    // None: it was deleted before the watch began.
    Ok(last.into_iter().next().map_or((case, true), |last| (K::seen(&last.object), last.gone)))
}

/// A reader that has gone away has read all that it wants.
fn tell(out: &mut dyn Write, text: &str) {
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Exit 1 unless it got what it asked for.
fn report<K: Told>(case: &K, gone: bool, waited: GoDuration, format: Format) -> Result<Report, Failure> {
    let stands = if case.is_pending() { vec![] } else { case.stands(Timestamp::now()) };
    let stdout = format.render(lines(stands), &value(case))?;
    if gone {
        return Ok(failed(format!("error: somebody has deleted it: {}", place(case)), stdout));
    }
    if case.is_pending() {
        return Ok(failed(format!("note: {}", case.still_pending(waited)), stdout));
    }
    Ok(Report { stdout, notes: vec![], found: !case.is_given() })
}

fn failed(note: String, stdout: String) -> Report {
    Report { stdout, notes: vec![note], found: true }
}
