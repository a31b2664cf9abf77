//! What a row says of credentials. Pure.

use std::time::Duration;

use jiff::Timestamp;
use sentinel_core::session::SessionRow;

use crate::credentials::Issue;

/// For which role, in whose name, and until when at the latest credentials may be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The role.
    pub role_arn: String,
    /// The SourceIdentity.
    pub source_identity: String,
    /// The end.
    pub until: Timestamp,
}

impl Bound {
    /// Of `issue`, and of every further one like it for as long as `ahead`: those need no write of their own.
    pub fn of(issue: &Issue, ahead: Duration) -> Self {
        Self {
            role_arn: issue.request.role_arn.clone(),
            source_identity: issue.request.source_identity.clone(),
            until: issue.recorded_until.checked_add(ahead).unwrap_or(Timestamp::MAX),
        }
    }

    /// What `row` says, if it says anything.
    pub fn in_row(row: &SessionRow) -> Option<Self> {
        let (role_arn, source_identity) = (row.role_arn.clone()?, row.source_identity.clone());
        Some(Self { role_arn, source_identity, until: row.credentials_until? })
    }

    /// Whether `issue` may happen with nothing else said.
    pub fn covers(&self, issue: &Issue) -> bool {
        let request = &issue.request;
        self.role_arn == request.role_arn
            && self.source_identity == request.source_identity
            && self.until >= issue.recorded_until
    }
}
