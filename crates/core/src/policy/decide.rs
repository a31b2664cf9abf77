//! From a policy and a request to a decision: the first rule that matches.

use jiff::Timestamp;

use super::effect::{Mode, Verdict};
use super::reason::Reason;
use crate::time::GoDuration;

/// Who asks for what, how and when.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The user; a pod's is `system:serviceaccount:<namespace>:<name>`.
    pub user: &'a str,
    /// The AWS profile.
    pub profile: &'a str,
    /// How credentials are asked for.
    pub mode: Mode,
    /// The session table that would be used if the matched rule names none.
    pub session_table: Option<&'a str>,
    /// The moment to judge.
    pub at: Timestamp,
}

/// What the policy says about one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What comes out.
    pub effect: Verdict,
    /// The name of the matched rule; empty if none matched.
    pub rule: String,
    /// Its place in the document, from 0; none if none matched. Printed by [`Decision::index`].
    pub rule_index: Option<usize>,
    /// Why.
    pub reason: Reason,
    /// This is a denial because the rule wants server mode. No approval or break-glass goes past it.
    pub requires_server_mode: bool,
    /// This is a denial because the rule wants session tracking. No approval or break-glass goes past it.
    pub requires_session_tracking: bool,
    /// The table that counts: the rule's, else the request's.
    pub session_table: Option<String>,
    /// The rule's cap on the lifetime of credentials, if it sets one.
    pub max_server_duration: Option<GoDuration>,
    /// Until when this decision surely holds, as far as time windows say; none if no window bears on it within a week.
    pub holds_until: Option<Timestamp>,
}

impl Decision {
    /// The matched rule's place as logs print it: -1 if none matched.
    pub fn index(&self) -> i64 {
        self.rule_index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1)
    }
}
