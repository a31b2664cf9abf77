//! From what is to be denied and what is denied already to the policy of one role. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use sentinel_core::session::SessionId;

use super::document::{Document, NEXT_SESSION, Older, first_session, length, mark};

/// A denial outlives the credentials by so much: clocks differ, and STS counts from its own.
pub(crate) const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// No credentials of a chained role live longer.
pub(crate) const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A session to deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// When it was revoked.
    pub revoked_at: Timestamp,
    /// Until when it is to be denied.
    pub until: Timestamp,
    /// Whether the whole role may be denied where there is no room for it.
    pub or_role: bool,
}

/// What a role's policy is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// What it says.
    pub before: &'a Document,
    /// The sessions of this role.
    pub wanted: &'a BTreeMap<SessionId, Wanted>,
    /// How many characters it may have.
    pub room: usize,
    /// Now.
    pub now: Timestamp,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What it is to say.
    pub document: Document,
    /// For whom there is no room.
    pub left_out: BTreeSet<SessionId>,
}

/// What the policy of a role is to say.
pub(crate) fn plan(facts: &Facts<'_>) -> Plan {
    let whole = everything(facts);
    if fits(&whole, facts.room) {
        return Plan { document: whole, left_out: BTreeSet::new() };
    }
    let (kept, left_out) = squeeze(facts, &whole);
    if left_out.iter().any(|id| facts.wanted.get(id).is_some_and(|wanted| wanted.or_role)) {
        let document = Document { sessions: BTreeMap::new(), older: Some(everything_until_now(facts, &whole)) };
        if fits(&document, facts.room) {
            return Plan { document, left_out: BTreeSet::new() };
        }
    }
    Plan { document: kept, left_out }
}

/// Until when a session is to be denied. `known`: the latest end of its credentials that was recorded, which may be far ahead of
/// the truth; nothing is issued after the revocation, so they end within the longest life from then.
pub(crate) fn until(known: Option<Timestamp>, revoked_at: Timestamp) -> Timestamp {
    let longest = later(revoked_at, LONGEST_LIFE);
    later(known.map_or(longest, |known| known.min(longest)), MARGIN)
}

/// What is denied already, for as long as it was to be, and what is to be denied, as if there were room for all. A session that
/// was denied once is so until its end, whatever becomes of its object, its profile or its row.
fn everything(facts: &Facts<'_>) -> Document {
    let older = facts.before.older.filter(|older| older.until > facts.now);
    let mut sessions = facts.before.sessions.clone();
    sessions.retain(|_, until| *until > facts.now);
    for (id, wanted) in facts.wanted {
        if wanted.until <= facts.now || older.is_some_and(|older| covers(&older, wanted)) {
            continue;
        }
        let until = sessions.entry(id.clone()).or_insert(Timestamp::MIN);
        *until = mark(wanted.until).max(*until);
    }
    Document { sessions, older }
}

/// Whether `older` denies all that the session was ever given.
pub(crate) fn covers(older: &Older, wanted: &Wanted) -> bool {
    wanted.revoked_at <= older.than && wanted.until <= older.until
}

fn fits(document: &Document, room: usize) -> bool {
    document.is_empty() || length(&document.text()) <= room
}

/// As much of `whole` as there is room for: first what is denied already, then what would live longest.
fn squeeze(facts: &Facts<'_>, whole: &Document) -> (Document, BTreeSet<SessionId>) {
    let mut order: Vec<(&SessionId, &Timestamp)> = whole.sessions.iter().collect();
    order.sort_by_key(|(id, until)| (!facts.before.sessions.contains_key(*id), std::cmp::Reverse(**until), *id));
    let mut kept = Document { sessions: BTreeMap::new(), older: whole.older };
    let (mut size, mut ends, mut left_out) = (length(&kept.text()), BTreeSet::new(), BTreeSet::new());
    for (id, until) in order {
        let more = if ends.contains(until) { NEXT_SESSION } else { first_session(id, *until) };
        if size + more > facts.room {
            left_out.insert(id.clone());
            continue;
        }
        size += more;
        ends.insert(*until);
        kept.sessions.insert(id.clone(), *until);
    }
    (kept, left_out)
}

/// All that was revoked was issued before now.
fn everything_until_now(facts: &Facts<'_>, whole: &Document) -> Older {
    let than = facts.now.round(TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil)).unwrap_or(facts.now);
    let ends = whole.sessions.values().copied().chain(whole.older.map(|older| older.until));
    let least = mark(until(None, than));
    Older { than, until: ends.chain([least]).max().unwrap_or(least) }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
