//! The seam to DynamoDB.

use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use sentinel_aws::{AwsError, Created, Sessions, Touched};
use sentinel_core::session::{SessionId, SessionRow};

use crate::credentials::Issue;
use crate::metrics::BrokerMetrics;

/// What the broker may do with rows; ending one is not among it.
pub trait SessionTable: Send + Sync {
    /// Writes `row` unless its id is taken.
    fn create<'a>(&'a self, table: &'a str, row: &'a SessionRow) -> BoxFuture<'a, Result<Created, AwsError>>;
    /// Notes that an active session was used.
    fn touch<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>>;
    /// Notes an issue before it happens.
    fn record_issue<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        issue: &'a Issue,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>>;
}

/// DynamoDB, counted.
pub struct CountedTable {
    /// DynamoDB.
    pub sessions: Sessions,
    /// Where it is counted.
    pub metrics: BrokerMetrics,
}

impl SessionTable for CountedTable {
    fn create<'a>(&'a self, table: &'a str, row: &'a SessionRow) -> BoxFuture<'a, Result<Created, AwsError>> {
        self.counted("PutItem", self.sessions.create(table, row)).boxed()
    }

    fn touch<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        self.counted("UpdateItem", self.sessions.touch(table, id, at, served)).boxed()
    }

    fn record_issue<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        issue: &'a Issue,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        let Issue { request, at, recorded_until, .. } = issue;
        let (role, identity) = (&request.role_arn, &request.source_identity);
        let call = self.sessions.record_issue(table, id, *at, role, *recorded_until, identity, served);
        self.counted("UpdateItem", call).boxed()
    }
}

impl CountedTable {
    async fn counted<T>(
        &self,
        operation: &str,
        call: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        let start = Instant::now();
        let result = call.await;
        self.metrics.aws_call("dynamodb", operation, start, &result);
        result
    }
}
