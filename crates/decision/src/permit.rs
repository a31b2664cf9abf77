//! What a decision allows.

use std::sync::Arc;
use std::time::Duration;

use sentinel_api::Profile;
use sentinel_core::policy::Decision;
use sentinel_core::session::SessionId;

use crate::entry::SessionEntry;
use crate::facts::{Caller, Facts};

/// Leave to issue credentials. Made by [`super::decide`] only.
#[derive(Clone, Debug)]
pub struct Permit {
    /// For whom.
    pub caller: Caller,
    /// The profile.
    pub profile: Arc<Profile>,
    /// The session.
    pub session_id: SessionId,
    /// What the operator says of the session.
    pub session: Arc<SessionEntry>,
    /// The policy's answer, as it was made.
    pub decision: Decision,
}

impl Permit {
    pub(super) fn new(facts: &Facts, profile: Arc<Profile>, session: Arc<SessionEntry>, decision: Decision) -> Self {
        Self { caller: facts.caller.clone(), profile, session_id: facts.session_id.clone(), session, decision }
    }

    /// The session table that counts, if one does: the matched rule's, the profile's, the installation's.
    pub fn table(&self) -> Option<&str> {
        self.decision.session_table.as_deref().filter(|table| !table.is_empty())
    }

    /// How long credentials may live: the profile's duration, or the rule's where that is shorter.
    pub fn longest_life(&self) -> Duration {
        let rule = self.decision.max_server_duration.filter(|cap| !cap.is_zero());
        let rule = rule.map_or(Duration::MAX, |cap| Duration::from_nanos(u64::try_from(cap.as_nanos()).unwrap_or(0)));
        self.profile.session_duration.min(rule)
    }
}
