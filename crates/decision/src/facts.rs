//! Everything that a decision rests on, gathered once.

use std::sync::Arc;

use jiff::Timestamp;

use sentinel_core::grant::Door;
use sentinel_core::identity::service_account_user;
use sentinel_core::session::SessionId;

use crate::entry::{GrantEntry, LockEntry, PodEntry, PolicyEntry, ProfileEntry, Revoked, SessionEntry};
use crate::sight::{Sight, Stale};

/// Who calls, as the API server says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Namespace of the service account and of the pod.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
    /// Its UID: a grant is for this very one. Empty where it isn't known.
    pub service_account_uid: String,
    /// The pod that the token is bound to.
    pub pod: String,
    /// Its UID.
    pub pod_uid: String,
}

impl Caller {
    /// `system:serviceaccount:<namespace>:<name>`.
    pub fn user(&self) -> String {
        service_account_user(&self.namespace, &self.service_account)
    }
}

/// What is known of the caller's pod.
#[derive(Clone, Debug)]
pub enum PodSight {
    /// It was seen.
    Seen(Arc<PodEntry>),
    /// It is gone, or without our label.
    Gone,
    /// The watch can't be believed.
    Stale(Stale),
    /// The API server could not be asked.
    Unknown(String),
}

/// The AccessRequests or the BreakGlassEvents of the caller's namespace.
#[derive(Clone, Debug)]
pub struct Grants {
    /// Which of the two.
    pub door: Door,
    /// All of them, or those for the caller.
    pub entries: Vec<Arc<GrantEntry>>,
    /// Why there may be others by now.
    pub stale: Option<Stale>,
}

impl Grants {
    /// There are none.
    pub fn none(door: Door) -> Self {
        Self { door, entries: vec![], stale: None }
    }
}

/// The facts of one request.
#[derive(Clone, Debug)]
pub struct Facts {
    /// When it came.
    pub now: Timestamp,
    /// Who asks.
    pub caller: Caller,
    /// For which profile.
    pub profile_name: String,
    /// The session of this pod on this profile.
    pub session_id: SessionId,
    /// The installation's session table.
    pub default_table: Option<String>,
    /// The pod.
    pub pod: PodSight,
    /// The profile.
    pub profile: Sight<ProfileEntry>,
    /// Every AccessLock.
    pub locks: Vec<Arc<LockEntry>>,
    /// Why there may be others by now.
    pub locks_stale: Option<Stale>,
    /// The SentinelSession.
    pub session: Sight<SessionEntry>,
    /// It was revoked when its object was last seen.
    pub revoked_before: Option<Revoked>,
    /// The access policy that governs the profile; nothing where the profile can't be used.
    pub policy: Sight<PolicyEntry>,
    /// Who asked for an approval.
    pub requests: Grants,
    /// Who broke the glass.
    pub events: Grants,
}
