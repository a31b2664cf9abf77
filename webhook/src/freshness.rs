//! Whether the watches work. A watch that is connected may be silent for hours; one that is not says so at every retry.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::runtime::watcher;

/// Failing for longer than this is stale.
const PATIENCE: Duration = Duration::from_mins(1);
/// A retry comes within 30 s, give or take; no failure for longer means that the last one succeeded.
const QUIET: Duration = Duration::from_secs(75);

/// The failures of the watches, each on its own: that one works says nothing of another.
#[derive(Debug, Default)]
pub struct Freshness {
    failing: Mutex<HashMap<&'static str, Failing>>,
}

#[derive(Clone, Copy, Debug)]
struct Failing {
    since: Instant,
    last: Instant,
}

impl Freshness {
    /// Takes note of what the watch of `what` gave.
    pub fn note(&self, what: &'static str, event: Result<(), watcher::Error>) {
        match event {
            Ok(()) => self.succeeded(what),
            Err(error) => {
                tracing::warn!(
                    watch = what,
                    error = format!("{:#}", anyhow::Error::new(error)),
                    "a watch failed; it is tried again"
                );
                self.failed(what, Instant::now());
            }
        }
    }

    /// Whether one of these watches has failed for too long.
    pub fn is_stale(&self, watches: &[&str]) -> bool {
        self.is_stale_at(watches, Instant::now())
    }

    fn succeeded(&self, what: &'static str) {
        self.lock().remove(what);
    }

    fn failed(&self, what: &'static str, now: Instant) {
        let mut failing = self.lock();
        let before = failing.get(what).filter(|before| now.duration_since(before.last) < QUIET);
        let since = before.map_or(now, |before| before.since);
        failing.insert(what, Failing { since, last: now });
    }

    fn is_stale_at(&self, watches: &[&str], now: Instant) -> bool {
        let failing = self.lock();
        watches
            .iter()
            .filter_map(|what| failing.get(what))
            .any(|failing| now.duration_since(failing.since) > PATIENCE && now.duration_since(failing.last) < QUIET)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Failing>> {
        // Every change is one step: a panic elsewhere leaves it whole.
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
        assert!(!freshness.is_stale_at(&["profiles"], at(0)));
        for second in [0, 20, 40] {
            freshness.failed("profiles", at(second));
        }
        assert!(!freshness.is_stale_at(&["profiles"], at(50)));
        assert!(freshness.is_stale_at(&["profiles"], at(70)));
        assert!(!freshness.is_stale_at(&["profiles"], at(40 + 76)), "no failure for long: connected, and silent");
        freshness.failed("profiles", at(200));
        assert!(!freshness.is_stale_at(&["profiles"], at(230)), "a new failure counts from its own beginning");
        freshness.failed("profiles", at(250));
        freshness.failed("profiles", at(262));
        assert!(freshness.is_stale_at(&["profiles"], at(263)));
        freshness.succeeded("profiles");
        assert!(!freshness.is_stale_at(&["profiles"], at(263)));
    }

    #[test]
    fn a_watch_that_works_does_not_hide_one_that_fails() {
        let (freshness, start) = (Freshness::default(), Instant::now());
        for second in [0, 30, 60] {
            freshness.failed("profiles", start + Duration::from_secs(second));
            freshness.succeeded("policies");
        }
        let later = start + Duration::from_secs(61);
        assert!(freshness.is_stale_at(&["policies", "profiles"], later));
        assert!(!freshness.is_stale_at(&["policies"], later), "one that fails stops only what needs it");
    }
}
