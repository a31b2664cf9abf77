//! The seam to STS.

use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sentinel_aws::{AssumeRole, AwsError};
use sentinel_core::protocol::Credentials;

use crate::metrics::BrokerMetrics;
use crate::turns::Turns;

/// Who makes credentials.
pub trait Issuer: Send + Sync {
    /// One AssumeRole.
    fn assume_role<'a>(&'a self, request: &'a AssumeRole) -> BoxFuture<'a, Result<Credentials, AwsError>>;
}

/// STS, counted.
pub struct CountedIssuer {
    issuer: sentinel_aws::Issuer,
    metrics: BrokerMetrics,
    turns: Turns,
}

impl CountedIssuer {
    /// `issuer`, counted in `metrics`.
    pub fn new(issuer: sentinel_aws::Issuer, metrics: BrokerMetrics) -> Self {
        Self { issuer, metrics, turns: Turns::new("STS") }
    }
}

impl Issuer for CountedIssuer {
    fn assume_role<'a>(&'a self, request: &'a AssumeRole) -> BoxFuture<'a, Result<Credentials, AwsError>> {
        let call = async move || {
            let start = Instant::now();
            let result = self.issuer.assume_role(request).await;
            self.metrics.aws_call("sts", "AssumeRole", start, &result);
            result
        };
        self.turns.call("AssumeRole", || format!("role `{}`", request.role_arn), call).boxed()
    }
}
