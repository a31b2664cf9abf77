//! When a session's rows are read next. Pure.

use std::time::Duration;

use sentinel_api::Phase;

const SLOWEST: Duration = Duration::from_mins(5);

/// How long after a read the next one comes. `age`: since the session was seen first; `reads`: since its phase changed.
///
/// Pending: soon, so that the first credentials show at once. Active: soon at first, so that the first counters tell the
/// story. Revoked: for a row that the broker made in the same moment.
pub(crate) fn next_read(phase: Phase, age: Duration, reads: u32) -> Duration {
    match (phase, reads) {
        (Phase::Pending, _) => (age / 5).clamp(Duration::from_secs(1), Duration::from_secs(30)),
        (Phase::Active, 0..=1) => Duration::from_secs(10),
        (Phase::Active, 2) => Duration::from_secs(40),
        (Phase::Revoked, 0..=1) => Duration::from_secs(2),
        (Phase::Revoked, 2) => Duration::from_secs(30),
        (Phase::Expired, 0..=2) => Duration::from_secs(5),
        _ => SLOWEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_slows_down_with_age() {
        let wait = |age| next_read(Phase::Pending, Duration::from_secs(age), 0).as_secs();
        assert_eq!([0, 4, 10, 60, 150, 3600].map(wait), [1, 1, 2, 12, 30, 30]);
    }

    #[test]
    fn first_counters_come_soon_and_then_every_five_minutes() {
        let waits: Vec<u64> = (1..=5).map(|reads| next_read(Phase::Active, SLOWEST, reads).as_secs()).collect();
        assert_eq!(waits, [10, 40, 300, 300, 300]);
    }
}
