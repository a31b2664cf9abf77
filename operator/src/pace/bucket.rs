//! A token bucket that many tasks wait at.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many a second, and not more at once than one second's worth.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_second: f64,
    level: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self { per_second, level: Mutex::new(Level { tokens: per_second, at: Instant::now() }) }
    }

    /// Takes a token, and waits for it if there is none. Whoever comes first goes first.
    pub async fn take(&self) {
        let wait = self.reserve(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes a token in advance: the answer is how long to wait before it may be used.
    fn reserve(&self, now: Instant) -> Duration {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let gained = now.saturating_duration_since(level.at).as_secs_f64() * self.per_second;
        level.tokens = (level.tokens + gained).min(self.per_second) - 1.0;
        level.at = now.max(level.at);
        if level.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-level.tokens / self.per_second) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_one_second_and_the_rest_waits_in_turn() {
        let bucket = Bucket::new(2);
        let now = Instant::now();
        let waits: Vec<u128> = (0..5).map(|_| bucket.reserve(now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 500, 1000, 1500]);
    }

    #[test]
    fn it_fills_with_time_but_never_overflows() {
        let bucket = Bucket::new(2);
        let now = Instant::now();
        for _ in 0..2 {
            bucket.reserve(now);
        }
        let later = now + Duration::from_mins(1);
        let waits: Vec<u128> = (0..3).map(|_| bucket.reserve(later).as_millis()).collect();
        assert_eq!(waits, [0, 0, 500]);
    }
}
