//! Sessions: the id that broker and operator derive alone, and the row that records one.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identity::digest;

/// 16 lowercase hex characters that name one pod × profile in one cluster.
///
/// Derived from (cluster id, pod UID, profile), so that broker and operator agree on it without talking.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

impl SessionId {
    /// The id of the session of pod `pod_uid` on `profile` in the cluster `cluster_id` (UID of namespace kube-system).
    pub fn derive(cluster_id: &str, pod_uid: &str, profile: &str) -> Self {
        Self(digest(&[cluster_id, pod_uid, profile], 16))
    }

    /// The 16 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no session id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a session id: 16 lowercase hex characters are expected")]
pub struct InvalidSessionId(String);

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if legal { Ok(Self(text.to_owned())) } else { Err(InvalidSessionId(text.to_owned())) }
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

/// The state of a row, in the words of the session table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowStatus {
    /// Credentials may be issued.
    Active,
    /// Stopped by a person; for good.
    Revoked,
    /// The pod is gone.
    Expired,
}

impl RowStatus {
    /// As written in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl FromStr for RowStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "revoked" => Ok(Self::Revoked),
            "expired" => Ok(Self::Expired),
            other => Err(format!("unknown session status `{other}`: active, revoked or expired is expected")),
        }
    }
}

/// How long a new or extended row is promised to live. The operator extends the rows of live pods at half of it, so this
/// is the longest that a row may say `active` with both the operator and the pod gone.
pub const ROW_LIFETIME: std::time::Duration = std::time::Duration::from_hours(12);

/// How long an ended row is kept before DynamoDB's TTL may remove it.
pub const ENDED_ROW_KEPT: std::time::Duration = std::time::Duration::from_hours(30 * 24);

/// One row of the session table: the attributes of the existing Sentinel tools, and the Kubernetes facts beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Key.
    pub id: SessionId,
    /// `system:serviceaccount:<namespace>:<name>`.
    pub user: String,
    /// The profile.
    pub profile: String,
    /// `<namespace>/<pod>`.
    pub server_instance_id: String,
    /// Active, revoked or expired.
    pub status: RowStatus,
    /// When the first credentials were asked for.
    pub started_at: Timestamp,
    /// The last touch.
    pub last_access_at: Timestamp,
    /// Until when the row is promised to be active.
    pub expires_at: Timestamp,
    /// When the row was written first.
    pub created_at: Timestamp,
    /// The last write; also the version of optimistic writers.
    pub updated_at: Timestamp,
    /// Credential requests of the application, as reported by its sidecar.
    pub request_count: u64,
    /// The STS SourceIdentity of the last credentials.
    pub source_identity: String,
    /// Unix seconds after which DynamoDB may remove the row; only on ended rows.
    pub ttl: Option<i64>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
    /// Why.
    pub revoked_reason: Option<String>,
    /// Facts that Sentinel's other tools ignore.
    pub kubernetes: KubernetesFacts,
    /// The role of the last credentials, recorded before AssumeRole.
    pub role_arn: Option<String>,
    /// Every role that was recorded so; a hard revocation means them all.
    pub roles: BTreeSet<String>,
    /// Until when credentials may be about, recorded before AssumeRole.
    pub credentials_until: Option<Timestamp>,
}

/// Where the session lives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct KubernetesFacts {
    /// Cluster id: UID of namespace kube-system.
    pub cluster: String,
    /// Namespace of the pod.
    pub namespace: String,
    /// Its service account.
    pub service_account: String,
    /// Its name.
    pub pod: String,
    /// Its UID.
    pub pod_uid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_stable_and_length_prefixed() {
        let id = SessionId::derive("cluster", "uid", "prod");
        assert_eq!(id, SessionId::derive("cluster", "uid", "prod"));
        assert_eq!(id.as_str().len(), 16);
        assert_ne!(SessionId::derive("ab", "c", "p"), SessionId::derive("a", "bc", "p"));
        assert_eq!(id.as_str().parse::<SessionId>().unwrap(), id);
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in ["", "0123", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcdef0"] {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
    }
}
