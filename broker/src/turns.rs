//! How many calls to one AWS service are under way at once.

use sentinel_aws::{AwsError, ErrorKind};
use sentinel_core::protocol::BROKER_DEADLINE;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// When a service is slow, thousands of calls would wait in memory, and a service that can't keep up gets more than it answers in time:
/// each call is given up, and its work is done for nothing.
const CALLS: usize = 32;

/// Turns to call one service.
#[derive(Debug)]
pub struct Turns {
    service: &'static str,
    free: Semaphore,
}

impl Turns {
    /// Of `service`, as errors name it.
    pub fn new(service: &'static str) -> Self {
        Self { service, free: Semaphore::new(CALLS) }
    }

    /// Waits for a turn, and no longer than anybody waits for the answer: what is asked after that was decided too long ago.
    pub async fn take(&self, operation: &'static str, subject: &str) -> Result<SemaphorePermit<'_>, AwsError> {
        let turn = timeout(BROKER_DEADLINE, self.free.acquire()).await;
        // The other error is "closed", and nobody closes it.
        turn.ok().and_then(Result::ok).ok_or_else(|| AwsError {
            service: self.service,
            operation,
            subject: subject.to_owned(),
            kind: ErrorKind::Unavailable,
            message: format!("{CALLS} calls are under way, and none of them ended within {BROKER_DEADLINE:?}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_call_too_many_waits_as_long_as_anybody_does_and_then_says_why() {
        let turns = Turns::new("STS");
        let mut taken = Vec::new();
        for _ in 0..CALLS {
            taken.push(turns.take("AssumeRole", "role `r`").await.unwrap());
        }
        let start = tokio::time::Instant::now();
        let error = turns.take("AssumeRole", "role `r`").await.unwrap_err();
        assert_eq!((start.elapsed(), error.kind), (BROKER_DEADLINE, ErrorKind::Unavailable));
        assert!(error.to_string().starts_with("STS AssumeRole on role `r`: 32 calls are under way"), "{error}");
        taken.pop();
        assert!(turns.take("AssumeRole", "role `r`").await.is_ok());
    }
}
