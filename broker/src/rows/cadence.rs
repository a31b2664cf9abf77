//! How long a row may rest after a write. Pure.
//!
//! Soon at first, so that a new session tells its story; then less and less often: 5 s, 25 s, 2 min, 10 min and 52 min after
//! the session began, and from then on once in an interval. Each write is paid for, and most sessions are old.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(5);
/// So many times as long as the session has lived.
const GROWTH: u32 = 4;

/// How long the row of a session that has lived for `age` rests, at most `slowest`.
pub fn pause(age: Duration, slowest: Duration) -> Duration {
    age.saturating_mul(GROWTH).max(FIRST).min(slowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_rests_longer_and_longer() {
        let (mut age, mut written) = (Duration::ZERO, Vec::new());
        while age < Duration::from_hours(24) {
            age += pause(age, Duration::from_hours(2));
            written.push(age.as_secs());
        }
        assert_eq!(written[..7], [5, 25, 125, 625, 3125, 3125 + 7200, 3125 + 2 * 7200]);
        assert_eq!(written.len(), 17, "writes on the first day");
    }
}
