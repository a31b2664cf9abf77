//! Waiting longer after each failure.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const LONGEST: Duration = Duration::from_mins(1);

/// 1 s, 2 s, 4 s … 60 s after the first, second, third … failure.
pub(crate) fn backoff(failures: u32) -> Duration {
    let seconds = 1_u64 << failures.saturating_sub(1).min(6);
    Duration::from_secs(seconds).min(LONGEST)
}

/// `duration` by up to a fifth shorter or longer.
pub(crate) fn jittered(duration: Duration) -> Duration {
    // Each RandomState has keys of its own: enough chance for this.
    let chance = RandomState::new().build_hasher().finish() % 401;
    duration * u32::try_from(800 + chance).unwrap_or(1000) / 1000
}

/// Stops everybody for a while when a shared service says "too fast".
#[derive(Debug, Default)]
pub(crate) struct Brake {
    state: Mutex<(u32, Option<Instant>)>,
}

impl Brake {
    /// Waits until the brake is off.
    pub async fn wait(&self) {
        let until = self.with(|state| state.1);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    /// The service said "too fast".
    pub fn throttled(&self) {
        self.with(|state| {
            state.0 = state.0.saturating_add(1);
            state.1 = Some(Instant::now() + jittered(backoff(state.0)));
        });
    }

    /// The service answered.
    pub fn answered(&self) {
        self.with(|state| *state = (0, None));
    }

    fn with<T>(&self, look: impl FnOnce(&mut (u32, Option<Instant>)) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How often each object failed in a row.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    failures: Mutex<HashMap<String, u32>>,
}

impl Retries {
    /// Notes a failure of `key`, and says how long to wait.
    pub fn failed(&self, key: &str) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(key.to_owned()).or_default();
        *count = count.saturating_add(1);
        jittered(backoff(*count))
    }

    /// Notes that `key` did well, or is no more.
    pub fn forget(&self, key: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_a_minute() {
        let waits: Vec<u64> = (0..10).map(|failures| backoff(failures).as_secs()).collect();
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        for _ in 0..1000 {
            let wait = jittered(Duration::from_secs(10)).as_millis();
            assert!((8000..=12_000).contains(&wait), "{wait}");
        }
    }

    #[test]
    fn each_object_counts_for_itself() {
        let retries = Retries::default();
        for _ in 0..4 {
            retries.failed("a");
        }
        assert!(retries.failed("a") >= Duration::from_secs(12));
        assert!(retries.failed("b") <= Duration::from_secs(2));
        retries.forget("a");
        assert!(retries.failed("a") <= Duration::from_secs(2));
    }
}
