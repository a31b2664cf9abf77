//! Whether the watches work. A watch that is connected may be silent for hours; one that is not says so at every retry.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::runtime::watcher;

/// Failing for longer than this is stale.
const PATIENCE: Duration = Duration::from_mins(1);
/// A retry comes within 30 s, give or take; no failure for longer means that the last one succeeded.
const QUIET: Duration = Duration::from_secs(75);

/// The failures of the watches.
#[derive(Debug, Default)]
pub struct Freshness {
    failing: Mutex<Option<Failing>>,
}

#[derive(Clone, Copy, Debug)]
struct Failing {
    since: Instant,
    last: Instant,
}

impl Freshness {
    /// Takes note of what a watch gave.
    pub fn note(&self, event: Result<(), watcher::Error>) {
        match event {
            Ok(()) => self.succeeded(),
            Err(error) => {
                tracing::warn!(error = format!("{:#}", anyhow::Error::new(error)), "a watch failed; it is tried again");
                self.failed(Instant::now());
            }
        }
    }

    /// Whether a watch has failed for too long.
    pub fn is_stale(&self) -> bool {
        self.is_stale_at(Instant::now())
    }

    fn succeeded(&self) {
        *self.lock() = None;
    }

    fn failed(&self, now: Instant) {
        let mut failing = self.lock();
        let since = failing.filter(|before| now.duration_since(before.last) < QUIET).map_or(now, |before| before.since);
        *failing = Some(Failing { since, last: now });
    }

    fn is_stale_at(&self, now: Instant) -> bool {
        self.lock().is_some_and(|failing| {
            now.duration_since(failing.since) > PATIENCE && now.duration_since(failing.last) < QUIET
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Failing>> {
        // Every change is one assignment: a panic elsewhere leaves it whole.
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_is_failing_for_a_minute_and_still() {
        let (freshness, start) = (Freshness::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!freshness.is_stale_at(at(0)));
        for second in [0, 20, 40] {
            freshness.failed(at(second));
        }
        assert!(!freshness.is_stale_at(at(50)));
        assert!(freshness.is_stale_at(at(70)));
        assert!(!freshness.is_stale_at(at(40 + 76)), "no failure for long: connected, and silent");
        freshness.failed(at(200));
        assert!(!freshness.is_stale_at(at(230)), "a new failure counts from its own beginning");
        freshness.failed(at(250));
        freshness.failed(at(262));
        assert!(freshness.is_stale_at(at(263)));
        freshness.succeeded();
        assert!(!freshness.is_stale_at(at(263)));
    }
}
