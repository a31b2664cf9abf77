//! What this replica remembers of rows that it wrote or read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sentinel_core::session::{SessionId, SessionRow};
use sentinel_decision::Cause;
use tokio::time::Instant;

use super::bound::Bound;
use super::cadence::pause;
use crate::moment::Moment;

/// Of one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// The row as it was written or read last; none: not by this replica.
    pub known: Option<Known>,
    /// When it was found ended, and how.
    pub ended: Option<(Instant, Cause)>,
    /// Requests that were acknowledged to a sidecar but not written yet. Negative: written, but not acknowledged (the
    /// answer was a failure in the end), so that the sidecar will report them again.
    pub owed: i64,
    /// When the last of them were acknowledged.
    pub used: Option<Timestamp>,
}

/// A row that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// When the session began.
    pub born: Timestamp,
    /// When somebody wrote that it is used.
    pub written: Instant,
    /// How long it rests after that.
    pub pause: Duration,
    /// What it says of credentials.
    pub bound: Option<Arc<Bound>>,
}

impl Known {
    /// Written `now`.
    pub fn written(born: Timestamp, pause: Duration, bound: Option<Arc<Bound>>, now: Moment) -> Self {
        Self { born, written: now.steady, pause, bound }
    }

    /// Read `now`: `row` may have been written by another replica.
    pub fn read(row: &SessionRow, slowest: Duration, now: Moment) -> Self {
        let since = |then: Timestamp, at: Timestamp| Duration::try_from(at.duration_since(then)).unwrap_or_default();
        let pause = pause(since(row.created_at, row.last_access_at), slowest);
        let written = now.steady.checked_sub(since(row.last_access_at, now.wall)).unwrap_or(now.steady);
        Self { born: row.created_at, written, pause, bound: Bound::in_row(row).map(Arc::new) }
    }

    /// Whether it has rested long enough.
    pub fn is_due(&self, now: Moment) -> bool {
        now.since(self.written) >= self.pause
    }
}

/// Requests that a row doesn't show yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    /// The session.
    pub session: SessionId,
    /// The table of the row.
    pub table: String,
    /// How many.
    pub count: u64,
    /// When the last of them was.
    pub used: Timestamp,
}

/// Of all rows, by session and table.
#[derive(Debug, Default)]
pub struct Memories {
    held: Mutex<HashMap<(SessionId, String), Memory>>,
}

impl Memories {
    /// What is remembered of a row.
    pub fn of(&self, session: &SessionId, table: &str) -> Option<Memory> {
        self.held().get(&(session.clone(), table.to_owned())).cloned()
    }

    /// How many requests the next write adds, `served` being reported with it.
    pub fn due(&self, session: &SessionId, table: &str, served: u64) -> u64 {
        let owed = self.of(session, table).map_or(0, |memory| memory.owed);
        u64::try_from(owed.saturating_add_unsigned(served)).unwrap_or(0)
    }

    /// The row is there and active.
    pub fn saw(&self, session: &SessionId, table: &str, known: Known) {
        self.change(session, table, |memory| (memory.known, memory.ended) = (Some(known), None));
    }

    /// `count` requests were written, which makes it `known`.
    pub fn wrote(&self, session: &SessionId, table: &str, count: u64, known: Known) {
        self.change(session, table, |memory| memory.owed = memory.owed.saturating_sub_unsigned(count));
        self.saw(session, table, known);
    }

    /// The row isn't there.
    pub fn lost(&self, session: &SessionId, table: &str) {
        self.change(session, table, |memory| memory.known = None);
    }

    /// `count` requests were acknowledged.
    pub fn add(&self, session: &SessionId, table: &str, count: u64, now: Moment) {
        self.change(session, table, |memory| {
            memory.owed = memory.owed.saturating_add_unsigned(count);
            memory.used = Some(now.wall);
        });
    }

    /// The row has ended.
    pub fn ended(&self, session: &SessionId, table: &str, cause: Cause, now: Moment) {
        self.change(session, table, |memory| memory.ended = Some((now.steady, cause)));
    }

    /// What is owed to rows of which `is_wanted` says so.
    pub fn owed(&self, is_wanted: impl Fn(&Known) -> bool) -> Vec<Owed> {
        let held = self.held();
        let owed = held.iter().filter_map(|((session, table), memory)| {
            let wanted = memory.ended.is_none() && memory.known.as_ref().is_some_and(&is_wanted);
            let count = u64::try_from(memory.owed).ok().filter(|count| wanted && *count > 0)?;
            Some(Owed { session: session.clone(), table: table.clone(), count, used: memory.used? })
        });
        owed.collect()
    }

    /// Forgets the sessions that `is_live` doesn't know.
    pub fn forget(&self, is_live: impl Fn(&SessionId) -> bool) {
        self.held().retain(|(session, _), _| is_live(session));
    }

    fn change(&self, session: &SessionId, table: &str, change: impl FnOnce(&mut Memory)) {
        change(self.held().entry((session.clone(), table.to_owned())).or_default());
    }

    fn held(&self) -> MutexGuard<'_, HashMap<(SessionId, String), Memory>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(now: Moment) -> Known {
        Known::written(now.wall, Duration::from_secs(5), None, now)
    }

    #[tokio::test]
    async fn no_request_is_counted_twice_or_lost() {
        let (memories, session, now) = (Memories::default(), SessionId::derive("c", "u", "p"), Moment::now());
        // 3 are written, but the answer fails; the sidecar reports them again with 2 more.
        assert_eq!(memories.due(&session, "t", 3), 3);
        memories.wrote(&session, "t", 3, known(now));
        assert_eq!(memories.due(&session, "t", 5), 2);
        memories.wrote(&session, "t", 2, known(now));
        memories.add(&session, "t", 5, now);
        assert_eq!(memories.owed(|_| true), []);
        // Acknowledged without a write: owed.
        memories.add(&session, "t", 4, now);
        assert_eq!(memories.due(&session, "t", 1), 5);
        let owed = Owed { session, table: "t".into(), count: 4, used: now.wall };
        assert_eq!(memories.owed(|_| true), [owed]);
        assert_eq!(memories.owed(|known| known.is_due(now)), []);
    }
}
