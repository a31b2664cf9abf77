//! The session table: every write says on what condition, and what it found otherwise.

mod table;

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use sentinel_core::session::{RowStatus, SessionId, SessionRow};

use crate::error::{AwsError, Call, ErrorKind};
pub use table::{IndexFacts, TableFacts};

/// The outcome of [`Sessions::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// Written.
    New,
    /// There is one already, as it stands; nothing was written.
    Existed(Box<SessionRow>),
}

/// The outcome of a write to an active row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Written.
    Done,
    /// There is no such row; nothing was written.
    Missing,
    /// The row has ended, as it stands; nothing was written.
    NotActive(Box<SessionRow>),
}

/// The outcome of ending a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Written.
    Done,
    /// It had ended before, like this; nothing was written.
    Already(RowStatus),
    /// There is no such row; nothing was written.
    Missing,
}

/// The session tables of one AWS account and region.
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Client,
}

impl Sessions {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Writes `row` unless its id is taken.
    pub async fn create(&self, table: &str, row: &SessionRow) -> Result<Created, AwsError> {
        let _ = row;
        Err(unwritten(&self.client, table))
    }

    /// The row, read consistently.
    pub async fn get(&self, table: &str, id: &SessionId) -> Result<Option<SessionRow>, AwsError> {
        let _ = id;
        Err(unwritten(&self.client, table))
    }

    /// Those of the rows that exist, in no order, read consistently.
    pub async fn get_many(&self, table: &str, ids: &[SessionId]) -> Result<Vec<SessionRow>, AwsError> {
        let _ = ids;
        Err(unwritten(&self.client, table))
    }

    /// Notes that an active session was used at `at`, for `served` requests since the last note.
    pub async fn touch(&self, table: &str, id: &SessionId, at: Timestamp, served: u64) -> Result<Touched, AwsError> {
        let _ = (id, at, served);
        Err(unwritten(&self.client, table))
    }

    /// Notes, before AssumeRole, for which role and until when credentials may be about; `credentials_until` only grows.
    /// Counts as a touch.
    #[expect(clippy::too_many_arguments, reason = "the facts of one write; a struct would only rename them")]
    pub async fn record_issue(
        &self,
        table: &str,
        id: &SessionId,
        at: Timestamp,
        role_arn: &str,
        credentials_until: Timestamp,
        source_identity: &str,
        served: u64,
    ) -> Result<Touched, AwsError> {
        let _ = (id, at, role_arn, credentials_until, source_identity, served);
        Err(unwritten(&self.client, table))
    }

    /// Active → revoked. `ttl`: Unix seconds after which DynamoDB may remove the row.
    pub async fn revoke(
        &self,
        table: &str,
        id: &SessionId,
        by: &str,
        reason: &str,
        at: Timestamp,
        ttl: i64,
    ) -> Result<Ended, AwsError> {
        let _ = (id, by, reason, at, ttl);
        Err(unwritten(&self.client, table))
    }

    /// Active → expired.
    pub async fn expire(&self, table: &str, id: &SessionId, at: Timestamp, ttl: i64) -> Result<Ended, AwsError> {
        let _ = (id, at, ttl);
        Err(unwritten(&self.client, table))
    }

    /// Promises an active row to live until `expires_at`.
    pub async fn extend(
        &self,
        table: &str,
        id: &SessionId,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<Touched, AwsError> {
        let _ = (id, expires_at, at);
        Err(unwritten(&self.client, table))
    }

    /// All revoked rows, by way of gsi-status (so up to seconds old).
    pub async fn revoked(&self, table: &str) -> Result<Vec<SessionRow>, AwsError> {
        Err(unwritten(&self.client, table))
    }

    /// All active rows, by way of gsi-status (so up to seconds old).
    pub async fn active(&self, table: &str) -> Result<Vec<SessionRow>, AwsError> {
        Err(unwritten(&self.client, table))
    }

    /// What there is by the name of `table`.
    pub async fn describe(&self, table: &str) -> Result<TableFacts, AwsError> {
        Err(unwritten(&self.client, table))
    }

    /// Creates `table` as Sentinel expects it and waits until it can be used. For tests and demos: in production
    /// whoever owns the account does this.
    pub async fn create_table(&self, table: &str) -> Result<(), AwsError> {
        Err(unwritten(&self.client, table))
    }
}

fn unwritten(_: &Client, table: &str) -> AwsError {
    Call { service: "DynamoDB", operation: "?", subject: format!("table `{table}`") }
        .fails(ErrorKind::Invalid, "not written yet")
}
