//! What was told already.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sentinel_core::session::SessionId;
use tokio::time::Instant;

use super::Note;
use crate::moment::Moment;

/// The same pod and reason at most once in this time.
const ONCE_IN: Duration = Duration::from_mins(5);
/// All Events together.
const BURST: f64 = 50.0;
const PER_SECOND: f64 = 5.0;

/// Remembers what was told, and since when what can't be decided.
#[derive(Debug, Default)]
pub struct Limiter {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    told: HashMap<(String, String), Instant>,
    issued: HashSet<SessionId>,
    troubles: HashMap<SessionId, Instant>,
    spent: f64,
    refilled: Option<Instant>,
}

impl Limiter {
    /// Whether this may be told now.
    pub fn may_tell(&self, note: &Note, now: Moment) -> bool {
        let mut memory = self.memory();
        let key = (note.pod.pod_uid.clone(), format!("{} {}", note.reason, note.action));
        if memory.told.get(&key).is_some_and(|at| now.since(*at) < ONCE_IN) || !memory.spend(now) {
            return false;
        }
        memory.told.insert(key, now.steady);
        true
    }

    /// Notes whether a session is in trouble; says for how long it has been.
    pub fn trouble(&self, session: &SessionId, is_in: bool, now: Moment) -> Duration {
        let mut memory = self.memory();
        if is_in {
            return now.since(*memory.troubles.entry(session.clone()).or_insert(now.steady));
        }
        memory.troubles.remove(session);
        Duration::ZERO
    }

    /// Whether these are the first credentials of a session.
    pub fn is_first(&self, session: &SessionId, now: Moment) -> bool {
        let mut memory = self.memory();
        memory.troubles.remove(session);
        _ = now;
        memory.issued.insert(session.clone())
    }

    /// Forgets what is old.
    pub fn forget(&self, now: Moment, is_live: impl Fn(&SessionId) -> bool) {
        let mut memory = self.memory();
        memory.told.retain(|_, at| now.since(*at) < ONCE_IN);
        memory.issued.retain(&is_live);
        memory.troubles.retain(|session, _| is_live(session));
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn spend(&mut self, now: Moment) -> bool {
        let passed = self.refilled.replace(now.steady).map_or(Duration::ZERO, |at| now.since(at));
        self.spent = (self.spent - passed.as_secs_f64() * PER_SECOND).max(0.0);
        let may = self.spent + 1.0 <= BURST;
        if may {
            self.spent += 1.0;
        }
        may
    }
}
