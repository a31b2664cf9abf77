//! The seam to STS.

use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sentinel_aws::{AssumeRole, AwsError};
use sentinel_core::protocol::Credentials;

use crate::metrics::BrokerMetrics;

/// Who makes credentials.
pub trait Issuer: Send + Sync {
    /// One AssumeRole.
    fn assume_role<'a>(&'a self, request: &'a AssumeRole) -> BoxFuture<'a, Result<Credentials, AwsError>>;
}

/// STS, counted.
pub struct CountedIssuer {
    /// STS.
    pub issuer: sentinel_aws::Issuer,
    /// Where it is counted.
    pub metrics: BrokerMetrics,
}

impl Issuer for CountedIssuer {
    fn assume_role<'a>(&'a self, request: &'a AssumeRole) -> BoxFuture<'a, Result<Credentials, AwsError>> {
        async move {
            let start = Instant::now();
            let result = self.issuer.assume_role(request).await;
            self.metrics.aws_call("sts", "AssumeRole", start, &result);
            result
        }
        .boxed()
    }
}
