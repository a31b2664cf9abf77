//! The state machine of a session: from facts to writes. Pure.

use jiff::Timestamp;
use sentinel_api::{Phase, SessionStatus};
use sentinel_core::session::{ROW_LIFETIME, RowStatus, SessionRow};

use super::facts::{Facts, Reading};
use super::pod::PodState;
use super::row::{extended, restored, ttl};
use super::status::{Revocation, rows, status, text};
use crate::events::Note;

/// What is written, and said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Row writes, each with its table.
    pub rows: Vec<(String, RowStep)>,
    /// The status afterwards.
    pub status: SessionStatus,
    /// It has ended, and every table is known to say so once the rows are written.
    pub settled: bool,
    /// What to tell the owner of the pod.
    pub pod_note: Option<Note>,
    /// What to tell whoever looks after sessions.
    pub session_note: Option<Note>,
}

/// A write to one row. Each is done on a condition, so doing it twice is doing it once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowStep {
    /// It was lost: it is made again.
    Restore(Box<SessionRow>),
    /// Active → revoked.
    Revoke {
        /// Who, why and when.
        revocation: Revocation,
        /// When DynamoDB may remove it.
        ttl: i64,
    },
    /// Active → expired.
    Expire {
        /// When DynamoDB may remove it.
        ttl: i64,
    },
    /// It is promised to live on.
    Extend(Timestamp),
}

/// What to do about a session.
pub(crate) fn plan(facts: &Facts<'_>) -> Plan {
    let (phase, revocation) = next_phase(facts);
    let rows: Vec<(String, RowStep)> = facts
        .readings
        .iter()
        .filter_map(|(table, reading)| {
            Some((table.clone(), row_step(facts, phase, revocation.as_ref(), table, reading)?))
        })
        .collect();
    let mut status = status(facts, phase, revocation.as_ref());
    let speaks = |table: &String| status.table.as_ref() == Some(table);
    if rows.iter().any(|(table, step)| matches!(step, RowStep::Extend(_)) && speaks(table)) {
        status.expires_at = Some(text(extended(facts.now)));
    }
    Plan {
        settled: is_settled(facts, phase),
        pod_note: revocation
            .filter(|_| facts.status.phase != Phase::Revoked)
            .map(|revocation| revoked_note(facts, &revocation)),
        session_note: lost_note(facts, phase, &rows),
        rows,
        status,
    }
}

/// Revoked and Expired are for good. A revocation counts wherever it is said.
fn next_phase(facts: &Facts<'_>) -> (Phase, Option<Revocation>) {
    match facts.status.phase {
        Phase::Revoked => return (Phase::Revoked, Some(told_before(facts))),
        Phase::Expired => return (Phase::Expired, None),
        Phase::Pending | Phase::Active => {}
    }
    if let Some(revocation) = revoked_row(facts).or_else(|| revoked_here(facts)) {
        return (Phase::Revoked, Some(revocation));
    }
    if facts.pod == PodState::Ended || was_expired(facts) {
        return (Phase::Expired, None);
    }
    let began = facts.status.phase == Phase::Active || rows(facts.readings).next().is_some() || began_untracked(facts);
    (if began { Phase::Active } else { Phase::Pending }, None)
}

fn told_before(facts: &Facts<'_>) -> Revocation {
    let status = facts.status;
    Revocation {
        by: status.revoked_by.clone().unwrap_or_else(|| "unknown".to_owned()),
        reason: status.revoked_reason.clone().unwrap_or_default(),
        at: status.revoked_at.clone().unwrap_or_else(|| text(facts.now)),
    }
}

fn revoked_row(facts: &Facts<'_>) -> Option<Revocation> {
    let (_, row) = rows(facts.readings).find(|(_, row)| row.status == RowStatus::Revoked)?;
    Some(Revocation {
        by: row.revoked_by.clone().unwrap_or_else(|| "unknown".to_owned()),
        reason: row.revoked_reason.clone().unwrap_or_default(),
        at: text(row.updated_at),
    })
}

fn revoked_here(facts: &Facts<'_>) -> Option<Revocation> {
    let reason = facts.spec.revoked_reason.clone().unwrap_or_else(|| "no reason was given".to_owned());
    // Unstamped: the webhook was down, and the API server's audit log alone knows.
    let by = facts.spec.revoked_by.clone().unwrap_or_else(|| "unknown (kubernetes)".to_owned());
    facts.spec.revoked.then(|| Revocation { by, reason, at: text(facts.now) })
}

/// Others have expired every row of it. A table that doesn't say may have one that lives on, and this would be for good.
fn was_expired(facts: &Facts<'_>) -> bool {
    let said = |table| matches!(facts.readings.get(table), Some(Reading::Row(_) | Reading::Missing));
    let mut found = rows(facts.readings).peekable();
    found.peek().is_some()
        && found.all(|(_, row)| row.status == RowStatus::Expired)
        && facts.status.tables.iter().all(said)
}

/// Without a table nobody counts: the sidecar has started under a policy that allows it, so it has credentials.
fn began_untracked(facts: &Facts<'_>) -> bool {
    facts.ruling.table.is_none() && facts.ruling.allowed && facts.pod == PodState::Live { started: true }
}

fn row_step(
    facts: &Facts<'_>,
    phase: Phase,
    revocation: Option<&Revocation>,
    table: &str,
    reading: &Reading,
) -> Option<RowStep> {
    let now = facts.now;
    match (reading, phase) {
        (Reading::Row(row), _) if row.status != RowStatus::Active => None,
        (Reading::Row(_), Phase::Revoked) => {
            revocation.map(|revocation| RowStep::Revoke { revocation: revocation.clone(), ttl: ttl(now) })
        }
        (Reading::Row(_), Phase::Expired) => Some(RowStep::Expire { ttl: ttl(now) }),
        (Reading::Row(row), Phase::Active) => needs_extension(row, now).then(|| RowStep::Extend(extended(now))),
        (Reading::Missing, Phase::Active | Phase::Revoked)
            if should_be_there(facts, table) && facts.pod != PodState::Ended =>
        {
            Some(RowStep::Restore(Box::new(restored(facts, table, revocation))))
        }
        _ => None,
    }
}

/// A table that was used; or, of a session that began without one, the table that counts by now: the broker makes rows only
/// for sessions that were never active.
fn should_be_there(facts: &Facts<'_>, table: &str) -> bool {
    let used = &facts.status.tables;
    used.iter().any(|used| used == table) || (begins_tracking(facts) && facts.ruling.table.as_deref() == Some(table))
}

fn begins_tracking(facts: &Facts<'_>) -> bool {
    facts.status.phase == Phase::Active && facts.status.tables.is_empty()
}

fn needs_extension(row: &SessionRow, now: Timestamp) -> bool {
    row.expires_at.duration_since(now).as_secs() <= i64::try_from(ROW_LIFETIME.as_secs() / 2).unwrap_or_default()
}

fn is_settled(facts: &Facts<'_>, phase: Phase) -> bool {
    let ended = matches!(phase, Phase::Revoked | Phase::Expired) && facts.pod == PodState::Ended;
    ended && facts.readings.values().all(|reading| matches!(reading, Reading::Row(_) | Reading::Missing))
}

fn revoked_note(facts: &Facts<'_>, revocation: &Revocation) -> Note {
    let Revocation { by, reason, .. } = revocation;
    let text = format!(
        "session {} on profile {} was revoked by {by}: {reason}. It gets no more AWS credentials; a new pod gets a new session",
        facts.id, facts.spec.profile
    );
    Note::warning("SessionRevoked", "Revoke", text)
}

fn lost_note(facts: &Facts<'_>, phase: Phase, rows: &[(String, RowStep)]) -> Option<Note> {
    let (table, _) = rows.iter().find(|(_, step)| matches!(step, RowStep::Restore(_)))?;
    if begins_tracking(facts) {
        return None;
    }
    let kept = if phase == Phase::Revoked { ", still revoked" } else { "" };
    let text =
        format!("the row of session {} was deleted from table {table} by others; it is restored{kept}", facts.id);
    Some(Note::warning("RowRestored", "Restore", text))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "plan_world.rs"]
mod world;
