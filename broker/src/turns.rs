//! How many calls to one AWS service are under way at once.

use sentinel_aws::{AwsError, ErrorKind};
use sentinel_core::protocol::BROKER_DEADLINE;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// When a service is slow, thousands of calls would wait in memory, and a service that can't keep up gets more than it answers in time:
/// each call is given up, and its work is done for nothing.
const CALLS: usize = 32;
/// As many may wait, or what waits is most of the memory of a broker that thousands ask at once, as they do when a lock is lifted.
const WAITING: usize = 32;

/// Turns to call one service.
#[derive(Debug)]
pub struct Turns {
    service: &'static str,
    /// For those who call and those who wait.
    room: Semaphore,
    free: Semaphore,
}

impl Turns {
    /// Of `service`, as errors name it.
    pub fn new(service: &'static str) -> Self {
        Self { service, room: Semaphore::new(CALLS + WAITING), free: Semaphore::new(CALLS) }
    }

    /// Makes the call of `make` when its turn comes. It waits no longer than anybody waits for the answer: what is asked after that was decided
    /// too long ago. With too many before it it doesn't begin to.
    pub async fn call<T, F>(
        &self,
        operation: &'static str,
        subject: impl Fn() -> String,
        make: impl FnOnce() -> F,
    ) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, AwsError>>,
    {
        let busy = |how: &str| AwsError {
            service: self.service,
            operation,
            subject: subject(),
            kind: ErrorKind::Unavailable,
            message: format!("{CALLS} calls are under way, and {how}"),
        };
        let _room = self.room.try_acquire().map_err(|_| busy(&format!("{WAITING} wait")))?;
        let turn = timeout(BROKER_DEADLINE, self.free.acquire()).await;
        // The other error is "closed", and nobody closes it.
        let _turn = turn
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| busy(&format!("none of them ended within {BROKER_DEADLINE:?}")))?;
        // On the heap, so that who waits doesn't hold the room for it: an SDK's call has kilobytes.
        Box::pin(make()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Arc;
    use tokio::sync::oneshot;
    use tokio::task::yield_now;
    use tokio::time::Instant;

    async fn one(turns: &Turns, call: impl Future<Output = Result<(), AwsError>>) -> Result<(), AwsError> {
        turns.call("AssumeRole", || "role `r`".to_owned(), || call).await
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_too_many_waits_as_long_as_anybody_does_and_says_why_and_with_too_many_before_it_it_says_so_at_once()
     {
        let turns = Arc::new(Turns::new("STS"));
        let (end, ended) = oneshot::channel::<()>();
        let first = turns.clone();
        tokio::spawn(async move {
            let call = async {
                ended.await.ok();
                Ok(())
            };
            one(&first, call).await
        });
        for _ in 1..CALLS {
            let turns = turns.clone();
            tokio::spawn(async move { one(&turns, pending()).await });
        }
        yield_now().await;
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { one(&turns, pending()).await })
            })
            .collect();
        yield_now().await;

        let start = Instant::now();
        let error = one(&turns, async { Ok(()) }).await.unwrap_err();
        assert_eq!((start.elapsed(), error.kind), (std::time::Duration::ZERO, ErrorKind::Unavailable));
        assert_eq!(error.to_string(), "STS AssumeRole on role `r`: 32 calls are under way, and 32 wait");
        for late in waiting {
            let error = late.await.unwrap().unwrap_err();
            assert_eq!((start.elapsed(), error.kind), (BROKER_DEADLINE, ErrorKind::Unavailable));
            let words = "STS AssumeRole on role `r`: 32 calls are under way, and none of them ended within 700ms";
            assert_eq!(error.to_string(), words);
        }
        end.send(()).unwrap();
        yield_now().await;
        one(&turns, async { Ok(()) }).await.unwrap();
    }
}
