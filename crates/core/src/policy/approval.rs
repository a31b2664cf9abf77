//! The approval policy: who may approve a request for access, and which requests approve themselves.

use jiff::Timestamp;

use super::by_profile::{self, any_matches};
use super::condition::{Condition, within_cap, within_window};
use super::kind::policy;
use super::pattern::Pattern;
use crate::time::{GoDuration, TimeWindow};

mod schema;

policy! {
    /// An approval policy, valid by construction: each of its rules has a name of its own, and approvers.
    pub struct ApprovalPolicy of ApprovalRule;
}

/// One rule: the first whose profiles match says who approves.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalRule {
    /// Unique within its document.
    pub name: String,
    /// Empty is any profile.
    pub profiles: Vec<Pattern>,
    /// Exact names of people or groups; never empty.
    pub approvers: Vec<String>,
    /// When nobody needs to be asked; none is never.
    pub auto_approve: Option<AutoApprove>,
}

/// What a request must be to be approved without anybody. At least one of them narrows it, and all must match.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoApprove {
    /// Empty is any user.
    pub users: Vec<Pattern>,
    /// None is any time.
    pub time: Option<TimeWindow>,
    /// None and 0 are no limit of its own.
    pub max_duration: Option<GoDuration>,
}

impl ApprovalPolicy {
    /// The longest that access may be asked for: 8 hours.
    pub const MAX_DURATION: GoDuration = GoDuration::from_secs(8 * 3600);

    /// The first rule for the profile, with its place in the document. Without one nobody may approve.
    pub fn rule_for(&self, profile: &str) -> Option<(usize, &ApprovalRule)> {
        by_profile::first(&self.rules, profile)
    }
}

impl ApprovalRule {
    /// Whether a person who goes by these names (user name, configured extra value, groups) is an approver.
    pub fn has_approver(&self, names: &[&str]) -> bool {
        self.approvers.iter().any(|approver| names.contains(&approver.as_str()))
    }
}

impl AutoApprove {
    /// Whether a request of a person who goes by these names approves itself, or the first condition that fails.
    pub fn check(&self, names: &[&str], duration: GoDuration, at: Timestamp) -> Result<(), Condition> {
        Condition::Users.unless(self.users.is_empty() || any_matches(&self.users, names))?;
        Condition::Time.unless(within_window(self.time.as_ref(), at))?;
        let most = ApprovalPolicy::MAX_DURATION;
        Condition::MaxDuration.unless(within_cap(self.max_duration, most, duration))
    }
}
