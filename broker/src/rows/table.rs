//! The seam to DynamoDB.

use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use sentinel_aws::{AwsError, Created, Sessions, Touched};
use sentinel_core::session::{SessionId, SessionRow};

use super::bound::Bound;
use crate::metrics::BrokerMetrics;
use crate::turns::Turns;

/// What the broker may do with rows; ending one is not among it.
pub trait SessionTable: Send + Sync {
    /// Writes `row` unless its id is taken.
    fn create<'a>(&'a self, table: &'a str, row: &'a SessionRow) -> BoxFuture<'a, Result<Created, AwsError>>;
    /// Reads a row, as it is at this moment.
    fn get<'a>(&'a self, table: &'a str, id: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRow>, AwsError>>;
    /// Notes that an active session was used.
    fn touch<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>>;
    /// As [`Self::touch`], and what credentials may be about from then on.
    fn record_issue<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        bound: &'a Bound,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>>;
}

/// DynamoDB, counted.
pub struct CountedTable {
    sessions: Sessions,
    metrics: BrokerMetrics,
    turns: Turns,
}

impl SessionTable for CountedTable {
    fn create<'a>(&'a self, table: &'a str, row: &'a SessionRow) -> BoxFuture<'a, Result<Created, AwsError>> {
        self.counted("PutItem", table, || self.sessions.create(table, row)).boxed()
    }

    fn get<'a>(&'a self, table: &'a str, id: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRow>, AwsError>> {
        self.counted("GetItem", table, || self.sessions.get(table, id)).boxed()
    }

    fn touch<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        self.counted("UpdateItem", table, move || self.sessions.touch(table, id, at, served)).boxed()
    }

    fn record_issue<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        bound: &'a Bound,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        let Bound { role_arn, source_identity, until } = bound;
        let call = move || self.sessions.record_issue(table, id, at, role_arn, *until, source_identity, served);
        self.counted("UpdateItem", table, call).boxed()
    }
}

impl CountedTable {
    /// `sessions`, counted in `metrics`.
    pub fn new(sessions: Sessions, metrics: BrokerMetrics) -> Self {
        Self { sessions, metrics, turns: Turns::new("DynamoDB") }
    }

    async fn counted<T, F>(&self, operation: &'static str, table: &str, call: impl FnOnce() -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, AwsError>>,
    {
        let counted = async || {
            let start = Instant::now();
            let result = call().await;
            self.metrics.aws_call("dynamodb", operation, start, &result);
            result
        };
        self.turns.call(operation, || format!("table `{table}`"), counted).await
    }
}
