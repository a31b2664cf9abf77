//! The seam to STS.

use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sentinel_aws::{AssumeRole, AwsError};
use sentinel_core::protocol::Credentials;
use tokio::sync::Semaphore;

use crate::metrics::BrokerMetrics;

/// Who makes credentials.
pub trait Issuer: Send + Sync {
    /// One AssumeRole.
    fn assume_role<'a>(&'a self, request: &'a AssumeRole) -> BoxFuture<'a, Result<Credentials, AwsError>>;
}

/// Calls at once: as of a table.
const CALLS: usize = 32;

/// STS, counted.
pub struct CountedIssuer {
    issuer: sentinel_aws::Issuer,
    metrics: BrokerMetrics,
    turns: Semaphore,
}

impl CountedIssuer {
    /// `issuer`, counted in `metrics`.
    pub fn new(issuer: sentinel_aws::Issuer, metrics: BrokerMetrics) -> Self {
        Self { issuer, metrics, turns: Semaphore::new(CALLS) }
    }
}

impl Issuer for CountedIssuer {
    fn assume_role<'a>(&'a self, request: &'a AssumeRole) -> BoxFuture<'a, Result<Credentials, AwsError>> {
        async move {
            let _turn = self.turns.acquire().await;
            let start = Instant::now();
            let result = self.issuer.assume_role(request).await;
            self.metrics.aws_call("sts", "AssumeRole", start, &result);
            result
        }
        .boxed()
    }
}
