//! How soon a broken watch is tried again: soon, because what a program has not heard it can't decide.

use std::time::Duration;

use kube::runtime::utils::{Backoff, ResetTimerBackoff};

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// A watch that has worked for so long begins anew with [`FIRST_RETRY`].
const WORKED: Duration = Duration::from_secs(30);

/// Pauses between the tries of a watch: doubling from 250 ms to 5 s. kube's own default goes up to 30 s.
pub fn backoff() -> impl Backoff {
    ResetTimerBackoff::new(Doubling::default(), WORKED)
}

#[derive(Debug, Default)]
struct Doubling {
    failures: u32,
}

impl Iterator for Doubling {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        Some(pause.min(LAST_RETRY))
    }
}

impl Backoff for Doubling {
    fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_seconds() {
        let pauses: Vec<_> = backoff().take(7).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
    }
}
