//! How many unknown tokens one source may have looked up.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::moment::Moment;

/// A node behind one address may start its pods at once.
const BURST: f64 = 100.0;
/// A sidecar needs one look-up a minute.
const PER_SECOND: f64 = 10.0;

/// A bucket of tokens for each source address.
#[derive(Debug, Default)]
pub struct Throttle {
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: f64,
    at: Instant,
}

impl Throttle {
    /// Takes one from the bucket of `source`, or says how long to wait for the next.
    pub fn take(&self, source: IpAddr, now: Moment) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(source).or_insert(Bucket { level: BURST, at: now.steady });
        bucket.refill(now);
        if bucket.level < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.level) / PER_SECOND));
        }
        bucket.level -= 1.0;
        Ok(())
    }

    /// Forgets the sources whose buckets are full.
    pub fn forget(&self, now: Moment) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, bucket| {
            bucket.refill(now);
            bucket.level < BURST
        });
    }
}

impl Bucket {
    fn refill(&mut self, now: Moment) {
        self.level = (self.level + now.since(self.at).as_secs_f64() * PER_SECOND).min(BURST);
        self.at = now.steady;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_source_that_asks_too_much_waits_and_others_do_not() {
        let throttle = Throttle::default();
        let (loud, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let taken = (0..150).filter(|_| throttle.take(loud, Moment::now()).is_ok()).count();
        assert_eq!(taken, 100);
        assert!(throttle.take(loud, Moment::now()).unwrap_err() <= Duration::from_millis(100));
        throttle.take(other, Moment::now()).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        let taken = (0..150).filter(|_| throttle.take(loud, Moment::now()).is_ok()).count();
        assert_eq!(taken, 10);
        tokio::time::advance(Duration::from_secs(20)).await;
        throttle.forget(Moment::now());
        assert!(throttle.buckets.lock().unwrap().is_empty());
    }
}
