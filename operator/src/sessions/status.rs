//! The status of a session. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sentinel_api::{Condition, ConditionStatus, HARD_REVOKED, Phase, SessionStatus, condition, set_condition};
use sentinel_aws::{AwsError, ErrorKind};
use sentinel_core::session::SessionRow;

use super::facts::{Facts, Reading};
use super::row::time;
use crate::denials::Verdict;

const TRACKED: &str = "Tracked";

/// Who stopped a session, why and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revocation {
    /// Who, as it was stamped; unknown where nobody stamped it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, as the status says it.
    pub at: String,
}

/// The status of a session in `phase`.
pub(crate) fn status(facts: &Facts<'_>, phase: Phase, revocation: Option<&Revocation>) -> SessionStatus {
    let mut status = SessionStatus { phase, observed_generation: facts.generation, ..facts.status.clone() };
    if let Some(revocation) = revocation {
        status.revoked_by = Some(revocation.by.clone());
        status.revoked_reason = Some(revocation.reason.clone());
        status.revoked_at = Some(revocation.at.clone());
    }
    mirror(&mut status, facts.readings);
    if phase == Phase::Active && status.started_at.is_none() {
        status.started_at = Some(text(facts.now));
    }
    if let Some(tracked) = tracked(facts, &status) {
        set_tracked(&mut status, tracked);
    }
    if phase == Phase::Revoked {
        set_denial(&mut status, facts);
    }
    status
}

/// `status` after a write to a table has failed; `before`: what it was until now, so that a table that can be read but not
/// written isn't told anew at every try.
pub(crate) fn with_failure(
    mut status: SessionStatus,
    before: Option<&SessionStatus>,
    error: &AwsError,
    now: Timestamp,
) -> SessionStatus {
    let generation = status.observed_generation;
    status.conditions = before.map(|before| before.conditions.clone()).unwrap_or_default();
    set_tracked(&mut status, failed(error, generation, now));
    status
}

/// The condition `HardRevoked`, and since when it holds: from the first time on, whatever is looked at again.
fn set_denial(status: &mut SessionStatus, facts: &Facts<'_>) {
    let is_told = status.conditions.iter().any(|condition| condition.type_ == HARD_REVOKED);
    // Said with the phase, so that whoever waits for the one knows to wait for the other.
    let pending = (facts.ruling.hard && !is_told).then_some(&Verdict::Pending);
    let Some(verdict) = facts.denial.or(pending) else { return };
    let (holds, reason, message) = verdict.says();
    status.hard_revoked_at = status.hard_revoked_at.take().or_else(|| verdict.since().map(text));
    set_condition(&mut status.conditions, condition(HARD_REVOKED, holds, reason, message, facts.generation, facts.now));
}

/// A time as a status says it.
pub(crate) fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What the rows say: the one used last speaks for all, but for the count, the beginning and the end. Those never go back:
/// a row that is lost or can't be read at this moment takes nothing with it.
fn mirror(status: &mut SessionStatus, readings: &BTreeMap<String, Reading>) {
    let rows: Vec<(&String, &SessionRow)> = rows(readings).collect();
    for (table, _) in &rows {
        if !status.tables.contains(table) {
            status.tables.push((*table).clone());
        }
    }
    let Some((table, newest)) = rows.iter().max_by_key(|(_, row)| row.last_access_at) else { return };
    status.table = Some((*table).clone());
    status.last_access = Some(newest.last_access_at).max(time(status.last_access.as_deref())).map(text);
    status.expires_at = Some(text(newest.expires_at));
    status.source_identity =
        Some(newest.source_identity.clone()).filter(|identity| !identity.is_empty()).or(status.source_identity.take());
    status.role_arn = newest.role_arn.clone().or(status.role_arn.take());
    for role in rows.iter().flat_map(|(_, row)| row.roles.iter().chain(&row.role_arn)) {
        if !status.roles.contains(role) {
            status.roles.push(role.clone());
        }
    }
    let known = time(status.started_at.as_deref());
    status.started_at = rows.iter().map(|(_, row)| row.started_at).chain(known).min().map(text);
    let until = rows.iter().filter_map(|(_, row)| row.credentials_until).max();
    status.credentials_until = until.max(time(status.credentials_until.as_deref())).map(text);
    let count = rows.iter().map(|(_, row)| row.request_count).fold(0, u64::saturating_add);
    status.requests = Some(i64::try_from(count).unwrap_or(i64::MAX)).max(status.requests);
}

/// The rows that were read.
pub(crate) fn rows(readings: &BTreeMap<String, Reading>) -> impl Iterator<Item = (&String, &SessionRow)> {
    readings.iter().filter_map(|(table, reading)| match reading {
        Reading::Row(row) => Some((table, &**row)),
        Reading::Unread | Reading::Missing | Reading::Failed(_) => None,
    })
}

/// The condition `Tracked`, where something is known about it.
fn tracked(facts: &Facts<'_>, status: &SessionStatus) -> Option<Condition> {
    let say = |holds: bool, reason, message: String| {
        Some(condition(TRACKED, holds, reason, message, facts.generation, facts.now))
    };
    let failure = facts.readings.values().find_map(|reading| match reading {
        Reading::Failed(error) => Some(error),
        _ => None,
    });
    if let Some(error) = failure {
        return Some(failed(error, facts.generation, facts.now));
    }
    if facts.readings.is_empty() {
        let message = "no session table is named: by the matched rule, the profile or the installation";
        return say(false, "NoTable", message.to_owned());
    }
    if facts.readings.values().any(|reading| *reading == Reading::Unread) {
        return None;
    }
    match &status.table {
        Some(table) => say(true, "RowFound", format!("the row is in table {table}")),
        None => say(
            false,
            "NoRow",
            "there is no row: the first credentials make it; where none were issued, `kubectl describe pod` says why"
                .to_owned(),
        ),
    }
}

fn failed(error: &AwsError, generation: Option<i64>, now: Timestamp) -> Condition {
    let reason = match error.kind {
        ErrorKind::Throttled => "Throttled",
        ErrorKind::NotFound => "TableNotFound",
        ErrorKind::Denied => "Denied",
        ErrorKind::Invalid => "Unreadable",
        ErrorKind::Unavailable | ErrorKind::Conflict | ErrorKind::Full => "Unavailable",
    };
    condition(TRACKED, ConditionStatus::False, reason, format!("{error}; trying again"), generation, now)
}

/// As long as it says the same in other words, the old words stay: an outage must not write every session at every try.
fn set_tracked(status: &mut SessionStatus, new: Condition) {
    let old = status.conditions.iter().find(|old| old.type_ == TRACKED);
    if old.is_none_or(|old| (old.status, &old.reason) != (new.status, &new.reason)) {
        set_condition(&mut status.conditions, new);
    }
}
