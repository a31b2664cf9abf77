//! What a decision allows.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sentinel_api::Profile;
use sentinel_core::identity::GrantedBy;
use sentinel_core::policy::Decision;
use sentinel_core::session::SessionId;

use crate::entry::SessionEntry;
use crate::facts::{Caller, Facts};
use crate::opened::Opened;

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
    /// What opened the door, where the policy alone kept it shut.
    pub opened: Option<Opened>,
}

impl Permit {
    pub(super) fn new(
        facts: &Facts,
        profile: Arc<Profile>,
        session: Arc<SessionEntry>,
        decision: Decision,
        opened: Option<Opened>,
    ) -> Self {
        let (caller, session_id) = (facts.caller.clone(), facts.session_id.clone());
        Self { caller, profile, session_id, session, decision, opened }
    }

    /// By what right, as SourceIdentity has it.
    pub fn granted_by(&self) -> GrantedBy {
        self.opened.as_ref().map_or(GrantedBy::Direct, Opened::granted_by)
    }

    /// Until when it surely holds: the end of the grant, or the next change of a time window.
    pub fn holds_until(&self) -> Option<Timestamp> {
        self.opened.as_ref().map(|opened| opened.until).into_iter().chain(self.decision.holds_until).min()
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
