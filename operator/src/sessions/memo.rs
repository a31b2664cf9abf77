//! What the tracker remembers of a session. All of it can be found out again, but for the object of a session whose pod is
//! gone, and then the scan for orphans finds its rows.

use std::sync::Arc;
use std::time::Duration;

use sentinel_api::{Phase, SentinelSession};
use tokio::time::Instant;

use super::cadence::next_read;
use super::pod::PodState;
use super::tables::Read;
use crate::denials::Verdict;
use crate::pace::jittered;

/// What is read after more than this is routine.
const LONG: Duration = Duration::from_mins(1);

/// What is remembered.
#[derive(Clone, Debug)]
pub(crate) struct Memo {
    /// The object as it was seen or written last.
    pub last: Option<Arc<SentinelSession>>,
    /// When the object was written last: until the watch has caught up, its absence means nothing.
    pub written: Option<Instant>,
    /// What the last pass was made from.
    pub seen: Option<Seen>,
    /// When the rows are read next.
    pub due: Instant,
    /// How they are read then.
    pub how: Read,
    /// It has ended, and so have all its rows.
    pub settled: bool,
    /// Its revocation was told, whatever a watch that is late says.
    pub told: bool,
    first_seen: Instant,
    phase: Phase,
    reads: u32,
}

/// What a pass is made from, beside the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The pod.
    pub pod: PodState,
    /// The version of the object; `None`: there is none.
    pub version: Option<String>,
    /// The state of profiles and policies.
    pub epoch: u64,
    /// Where its denial in IAM stands.
    pub denial: Option<Verdict>,
}

impl Memo {
    /// Of a session that is seen for the first time: its rows are read at once.
    pub fn new(now: Instant) -> Self {
        Self {
            last: None,
            written: None,
            seen: None,
            due: now,
            how: Read::Exact,
            settled: false,
            told: false,
            first_seen: now,
            phase: Phase::Pending,
            reads: 0,
        }
    }

    /// Whether profiles or policies have changed since the last pass over it.
    pub fn knew_other_law(&self, epoch: u64) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.epoch != epoch)
    }

    /// The rows are to be read at once, and soon again, as those of a session that has just begun.
    pub fn start_over(&mut self, now: Instant) {
        (self.reads, self.due, self.how) = (0, now, Read::Exact);
    }

    /// Notes that the rows were read, and sets when they are read next.
    pub fn read(&mut self, phase: Phase, now: Instant) {
        self.reads = if phase == self.phase { self.reads.saturating_add(1) } else { 1 };
        self.phase = phase;
        let wait = next_read(phase, now.saturating_duration_since(self.first_seen), self.reads);
        // Short waits are promises to people; long ones are spread.
        let routine = wait > LONG;
        self.due = now + if routine { jittered(wait) } else { wait };
        self.how = if routine { Read::Relaxed } else { Read::Exact };
    }

    /// The rows are to be read at once.
    pub fn hurry(&mut self, now: Instant) {
        (self.due, self.how) = (now, Read::Exact);
    }
}
