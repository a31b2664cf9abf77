//! A history, for people and for programs.

use jiff::Timestamp;
use serde::Serialize;

use super::Counts;
use super::book::Access;
use super::check::{Checker, Problem};
use super::door::LockTold;
use crate::failure::Failure;
use crate::listing::aligned;
use crate::report::{Format, Report};
use crate::words::in_one_line;

const COLUMNS: [&str; 7] = ["FROM", "UNTIL", "WHO", "POD", "PROFILE", "BY", "STOPPED"];
/// What `-o wide` adds.
const MORE: [&str; 6] = ["WHY", "ISSUES", "ROLE", "SOURCE-IDENTITY", "SESSION", "CLUSTER"];

/// For programs.
#[derive(Serialize)]
struct History<'a> {
    accesses: &'a [Access],
    lines: Counts,
    problems: &'a [Problem],
    problems_found: u64,
}

pub(super) fn report(
    accesses: &[Access],
    counts: Counts,
    checker: &Checker,
    format: Format,
) -> Result<Report, Failure> {
    let value = History { accesses, lines: counts, problems: &checker.problems, problems_found: checker.found };
    let text = if accesses.is_empty() || !format.is_for_people() { String::new() } else { table(accesses, format) };
    let notes = notes(accesses.len(), counts, checker);
    Ok(Report { stdout: format.render(text, &value)?, notes, found: checker.found > 0 })
}

fn notes(accesses: usize, counts: Counts, checker: &Checker) -> Vec<String> {
    let problems =
        checker.problems.iter().map(|problem| format!("{}:{}: {}", problem.file, problem.line, problem.message));
    let shown = checker.problems.len() as u64;
    let more = (checker.found > shown).then(|| format!("and {} problems more", checker.found - shown));
    let begun = checker.notes.iter().map(|note| format!("note: {note}"));
    let nobody = (accesses == 0).then(|| "nobody was given credentials, as far as these lines say".to_owned());
    let signed = match (checker.verifies(), counts.signed) {
        (true, count) => format!(", {count} with a signature that is right"),
        (false, 0) => String::new(),
        (false, count) => format!(", {count} signed: --key-file verifies them"),
    };
    let Counts { read, skipped, .. } = counts;
    let read = format!("note: {read} lines read, {skipped} skipped{signed}");
    problems.chain(more).chain(begun).chain(nobody).chain([read]).collect()
}

fn table(accesses: &[Access], format: Format) -> String {
    let width = if format == Format::Wide { COLUMNS.len() + MORE.len() } else { COLUMNS.len() };
    let head = COLUMNS.iter().chain(&MORE).map(ToString::to_string).collect::<Vec<_>>();
    let rows = std::iter::once(head).chain(accesses.iter().map(cells));
    let rows: Vec<Vec<String>> = rows.map(|row| row.into_iter().take(width).collect()).collect();
    aligned(&rows)
}

fn cells(access: &Access) -> Vec<String> {
    let Access { who, .. } = access;
    let cells = [
        second(access.from),
        if access.issues == 0 { String::new() } else { second(access.until) },
        format!("{}/{}", who.namespace, who.service_account),
        who.pod.clone(),
        who.profile.clone(),
        by(access),
        stopped(access),
        why(access),
        access.issues.to_string(),
        access.role_arn.clone().unwrap_or_default(),
        access.source_identity.clone().unwrap_or_default(),
        who.session_id.clone(),
        who.cluster_name.clone(),
    ];
    cells.iter().map(|cell| in_one_line(cell)).collect()
}

/// By whose leave.
fn by(access: &Access) -> String {
    if let Some(id) = &access.break_glass_event_id {
        return access.emergency.as_ref().map_or_else(
            || format!("break-glass event {id}, whose lines are not here"),
            |emergency| format!("break-glass by {}, {} (event {id})", emergency.breaker(), emergency.reason_code),
        );
    }
    let Some(id) = &access.approved_request_id else { return format!("rule `{}`", access.rule) };
    match &access.approval {
        Some(approval) => {
            let nobody = if approval.auto_approved { "autoApprove" } else { "an approver whose line is not here" };
            let approver = approval.decider().unwrap_or_else(|| nobody.to_owned());
            format!("approved by {approver}, asked by {} (request {id})", approval.asker())
        }
        None => format!("request {id}, whose lines are not here"),
    }
}

fn why(access: &Access) -> String {
    let approval = access.approval.as_ref().map(|approval| &approval.justification);
    approval.or(access.emergency.as_ref().map(|emergency| &emergency.justification)).cloned().unwrap_or_default()
}

fn stopped(access: &Access) -> String {
    let revoked = access.revoked.iter().map(|it| format!("revoked {} by {}: {}", second(it.at), it.by, it.reason));
    let ended = access.approval.as_ref().and_then(|approval| {
        let (at, by) = (approval.ended_at?, approval.ended_by.as_deref()?);
        Some(format!("grant ended {} by {by}", second(at)))
    });
    let closed = access.emergency.as_ref().and_then(|emergency| {
        let why = emergency.closed_reason.as_deref().unwrap_or("no reason was given");
        Some(format!("closed by {}: {why}", emergency.closer()?))
    });
    revoked.chain(access.locked.iter().map(locked)).chain(ended).chain(closed).collect::<Vec<_>>().join("; ")
}

fn locked(lock: &LockTold) -> String {
    let LockTold { name, from, by, reason, .. } = lock;
    let from = from.map(|from| format!(" {}", second(from))).unwrap_or_default();
    let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    format!("locked{from}{by} ({name}): {reason}")
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
