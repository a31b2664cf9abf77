//! The session tables, with patience: a table that fails is left alone for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use sentinel_aws::{AwsError, ErrorKind, Sessions};
use sentinel_core::session::{SessionId, SessionRow};
use tokio::time::Instant;

use super::facts::Reading;
use super::plan::RowStep;
use crate::metrics::Metrics;
use crate::pace::{backoff, jittered};

/// The session tables.
pub(crate) struct SessionTables {
    sessions: Sessions,
    metrics: Metrics,
    health: Mutex<HashMap<String, Health>>,
}

/// How a row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Read {
    /// As it is.
    Exact,
    /// As it is or was a moment ago, at half the price: where nothing is known to have changed.
    Relaxed,
}

/// A table that failed.
#[derive(Clone, Debug)]
struct Health {
    failures: u32,
    until: Instant,
    error: AwsError,
}

impl SessionTables {
    /// The tables behind `sessions`.
    pub fn new(sessions: Sessions, metrics: Metrics) -> Self {
        Self { sessions: sessions.metered(Arc::new(metrics.clone())), metrics, health: Mutex::default() }
    }

    /// The rows of `ids`, one reading for each.
    pub async fn read(&self, table: &str, ids: &[SessionId], how: Read) -> HashMap<SessionId, Reading> {
        if let Some(error) = self.resting(table) {
            return same(ids, &Reading::Failed(error));
        }
        let result = match how {
            Read::Exact => self.sessions.get_many(table, ids).await,
            Read::Relaxed => self.sessions.get_many_relaxed(table, ids).await,
        };
        match self.noted("BatchGetItem", table, result) {
            Ok(rows) => found(ids, rows),
            // One row that can't be read must not hide the others.
            Err(error) if error.kind == ErrorKind::Invalid && ids.len() > 1 => self.read_each(table, ids).await,
            Err(error) => same(ids, &Reading::Failed(error)),
        }
    }

    /// Writes one row.
    pub async fn write(&self, table: &str, id: &SessionId, step: &RowStep, at: Timestamp) -> Result<(), AwsError> {
        if let Some(error) = self.resting(table) {
            return Err(error);
        }
        let sessions = &self.sessions;
        let (operation, result) = match step {
            RowStep::Restore(row) => ("PutItem", sessions.create(table, row).await.map(drop)),
            RowStep::Revoke { revocation, ttl } => {
                ("UpdateItem", sessions.revoke(table, id, &revocation.by, &revocation.reason, at, *ttl).await.map(drop))
            }
            RowStep::Expire { ttl } => ("UpdateItem", sessions.expire(table, id, at, *ttl).await.map(drop)),
            RowStep::Extend(until) => ("UpdateItem", sessions.extend(table, id, *until, at).await.map(drop)),
        };
        self.noted(operation, table, result)
    }

    /// All revoked rows.
    pub async fn revoked(&self, table: &str) -> Result<Vec<SessionRow>, AwsError> {
        self.metrics.called("dynamodb", "Query", self.sessions.revoked(table).await)
    }

    /// All active rows.
    pub async fn active(&self, table: &str) -> Result<Vec<SessionRow>, AwsError> {
        self.metrics.called("dynamodb", "Query", self.sessions.active(table).await)
    }

    /// When `table` is tried again, if it rests.
    pub fn rests_until(&self, table: &str) -> Option<Instant> {
        self.with(|health| health.get(table).map(|health| health.until)).filter(|until| *until > Instant::now())
    }

    async fn read_each(&self, table: &str, ids: &[SessionId]) -> HashMap<SessionId, Reading> {
        let mut readings = HashMap::new();
        for id in ids {
            let result = self.metrics.called("dynamodb", "GetItem", self.sessions.get(table, id).await);
            let reading = match result {
                Ok(Some(row)) => Reading::Row(Box::new(row)),
                Ok(None) => Reading::Missing,
                Err(error) => Reading::Failed(error),
            };
            readings.insert(id.clone(), reading);
        }
        readings
    }

    fn resting(&self, table: &str) -> Option<AwsError> {
        let now = Instant::now();
        self.with(|all| all.get(table).filter(|health| health.until > now).map(|health| health.error.clone()))
    }

    /// Counts a call, logs where a table fails and where it answers again, and lets it rest.
    fn noted<T>(&self, operation: &'static str, table: &str, result: Result<T, AwsError>) -> Result<T, AwsError> {
        let result = self.metrics.called("dynamodb", operation, result);
        match &result {
            // Of one row, not of the table.
            Err(error) if matches!(error.kind, ErrorKind::Invalid | ErrorKind::Conflict) => {
                tracing::warn!(table, %error, "a row could not be read or written");
            }
            Err(error) => self.failed(table, error),
            Ok(_) => {
                if self.with(|all| all.remove(table)).is_some() {
                    tracing::info!(table, "the session table answers again");
                }
            }
        }
        result
    }

    fn failed(&self, table: &str, error: &AwsError) {
        let now = Instant::now();
        let failures = self.with(|all| all.get(table).map_or(0, |health| health.failures)).saturating_add(1);
        let wait = jittered(backoff(failures)).min(std::time::Duration::from_secs(30));
        tracing::warn!(table, %error, again_in = ?wait, "the session table fails");
        self.with(|all| all.insert(table.to_owned(), Health { failures, until: now + wait, error: error.clone() }));
    }

    fn with<T>(&self, look: impl FnOnce(&mut HashMap<String, Health>) -> T) -> T {
        look(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn same(ids: &[SessionId], reading: &Reading) -> HashMap<SessionId, Reading> {
    ids.iter().map(|id| (id.clone(), reading.clone())).collect()
}

fn found(ids: &[SessionId], rows: Vec<SessionRow>) -> HashMap<SessionId, Reading> {
    let mut readings = same(ids, &Reading::Missing);
    readings.extend(rows.into_iter().map(|row| (row.id.clone(), Reading::Row(Box::new(row)))));
    readings
}
