//! The break-glass policy: who may open a door in an emergency.

use jiff::Timestamp;

use super::by_profile::{self, any_matches, any_or};
use super::condition::{Condition, within_cap, within_window};
use super::kind::policy;
use super::pattern::Pattern;
use super::words::words;
use crate::time::{GoDuration, TimeWindow};

mod schema;

policy! {
    /// A break-glass policy, valid by construction: each of its rules has a name of its own, and users.
    pub struct BreakGlassPolicy of BreakGlassRule;
}

/// One rule: the first whose profiles match says who may, why and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakGlassRule {
    /// Unique within its document.
    pub name: String,
    /// Empty is any profile.
    pub profiles: Vec<Pattern>,
    /// People or groups; never empty.
    pub users: Vec<Pattern>,
    /// Empty is any reason.
    pub allowed_reason_codes: Vec<ReasonCode>,
    /// None is any time.
    pub time: Option<TimeWindow>,
    /// None and 0 are no limit of its own.
    pub max_duration: Option<GoDuration>,
}

words! {
    /// What kind of emergency it is.
    pub enum ReasonCode {
        /// Production incident response.
        Incident = "incident",
        /// Emergency maintenance.
        Maintenance = "maintenance",
        /// Security incident response.
        Security = "security",
        /// Disaster recovery.
        Recovery = "recovery",
        /// Any other, which its justification describes in detail.
        Other = "other",
    }
}

impl BreakGlassPolicy {
    /// The longest that an emergency may last: 4 hours.
    pub const MAX_DURATION: GoDuration = GoDuration::from_secs(4 * 3600);

    /// The first rule for the profile, with its place in the document. Without one nobody may break the glass.
    pub fn rule_for(&self, profile: &str) -> Option<(usize, &BreakGlassRule)> {
        by_profile::first(&self.rules, profile)
    }
}

impl BreakGlassRule {
    /// Whether a person who goes by these names (user name, configured extra value, groups) may break the glass for this
    /// reason and so long, or the first condition that fails.
    pub fn check(
        &self,
        names: &[&str],
        code: ReasonCode,
        duration: GoDuration,
        at: Timestamp,
    ) -> Result<(), Condition> {
        Condition::Users.unless(any_matches(&self.users, names))?;
        Condition::AllowedReasonCodes.unless(any_or(&self.allowed_reason_codes, |allowed| *allowed == code))?;
        Condition::Time.unless(within_window(self.time.as_ref(), at))?;
        let most = BreakGlassPolicy::MAX_DURATION;
        Condition::MaxDuration.unless(within_cap(self.max_duration, most, duration))
    }
}
