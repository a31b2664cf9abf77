//! What a decision allows.

use std::sync::Arc;

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
}
