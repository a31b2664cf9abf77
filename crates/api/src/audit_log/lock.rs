//! Locks that hold, and hold no more.

use jiff::Timestamp;
use schemars::JsonSchema;
use sentinel_core::lock::{AccessLock, LockDraft};
use serde::{Deserialize, Serialize};

use super::Text;
use super::schema::{end, lock_event, moment};

/// Written by the operator: an AccessLock was made, or has ended. Of lists that are missing all is locked; a lock that can't be read
/// locks everything that it might mean.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LockLine<'a> {
    /// When it happened.
    #[schemars(schema_with = "moment")]
    pub timestamp: Timestamp,
    /// What happened.
    #[schemars(schema_with = "lock_event")]
    pub event: Text<'a>,
    /// Who made it, as it was stamped; `sentinel`: its time was over; `unknown (kubernetes)`: the API server's audit log knows, as it
    /// does of whoever deletes one.
    pub actor: Text<'a>,
    /// Why it is locked.
    pub reason: Text<'a>,
    /// expired or deleted; only at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Text<'a>>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "end")]
    pub expires_at: Option<Timestamp>,
    /// Which users it names, with globs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
    /// Which namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
    /// Which profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Vec<String>>,
    /// Name of the object.
    pub name: Text<'a>,
    /// Its UID.
    pub uid: Text<'a>,
    /// The cluster: UID of namespace kube-system.
    pub cluster: Text<'a>,
    /// The cluster's name for people.
    pub cluster_name: Text<'a>,
}

impl LockLine<'_> {
    /// Whom it hits.
    pub fn lock(&self) -> AccessLock {
        AccessLock::widest(&LockDraft {
            users: self.users.clone(),
            namespaces: self.namespaces.clone(),
            profiles: self.profiles.clone(),
            reason: self.reason.clone().into_owned(),
            expires_at: None,
        })
    }
}
