//! What this replica remembers of rows that it wrote or read.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sentinel_core::session::SessionId;
use sentinel_decision::Cause;
use tokio::time::Instant;

use crate::moment::Moment;

/// Of one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// When it was written last; none: not by this replica.
    pub written: Option<Instant>,
    /// Whether it was made just now, and nothing was counted in it yet.
    pub new: bool,
    /// When it was found ended, and how.
    pub ended: Option<(Instant, Cause)>,
    /// Requests that were acknowledged to a sidecar but not written yet. Negative: written, but not acknowledged (the
    /// answer was a failure in the end), so that the sidecar will report them again.
    pub owed: i64,
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

    /// The row was made, with `count` requests.
    pub fn created(&self, session: &SessionId, table: &str, count: u64, now: Moment) {
        self.written(session, table, count, now);
        self.change(session, table, |memory| memory.new = true);
    }

    /// `count` requests were written.
    pub fn written(&self, session: &SessionId, table: &str, count: u64, now: Moment) {
        self.change(session, table, |memory| {
            memory.written = Some(now.steady);
            memory.new = false;
            memory.ended = None;
            memory.owed = memory.owed.saturating_sub_unsigned(count);
        });
    }

    /// `count` requests were acknowledged.
    pub fn add(&self, session: &SessionId, table: &str, count: u64) {
        self.change(session, table, |memory| memory.owed = memory.owed.saturating_add_unsigned(count));
    }

    /// The row has ended.
    pub fn ended(&self, session: &SessionId, table: &str, cause: Cause, now: Moment) {
        self.change(session, table, |memory| memory.ended = Some((now.steady, cause)));
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

    #[tokio::test]
    async fn no_request_is_counted_twice_or_lost() {
        let (memories, session, now) = (Memories::default(), SessionId::derive("c", "u", "p"), Moment::now());
        // 3 are written, but the answer fails; the sidecar reports them again with 2 more.
        assert_eq!(memories.due(&session, "t", 3), 3);
        memories.written(&session, "t", 3, now);
        assert_eq!(memories.due(&session, "t", 5), 2);
        memories.written(&session, "t", 2, now);
        memories.add(&session, "t", 5);
        // Acknowledged without a write: owed.
        memories.add(&session, "t", 4);
        assert_eq!(memories.due(&session, "t", 1), 5);
    }
}
