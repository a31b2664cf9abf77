//! The rate limit policy: how often the glass may be broken.

use super::by_profile;
use super::kind::policy;
use super::pattern::Pattern;
use crate::time::GoDuration;

mod schema;

policy! {
    /// A rate limit policy, valid by construction: each of its rules has a name of its own, and a limit.
    pub struct RateLimitPolicy of RateLimitRule;
}

/// One rule: the first whose profiles match limits. It has a cooldown or a quota at least, and a window for its quotas.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimitRule {
    /// Unique within its document.
    pub name: String,
    /// Empty is any profile.
    pub profiles: Vec<Pattern>,
    /// Between two events of one user on one profile; none and 0 are no wait.
    pub cooldown: Option<GoDuration>,
    /// Events of one user, on all profiles, within the window; at least 1.
    pub max_per_user: Option<u32>,
    /// Events of everybody on one profile within the window; at least 1.
    pub max_per_profile: Option<u32>,
    /// What quotas count over; positive where there is a quota.
    pub quota_window: Option<GoDuration>,
    /// More events than this are told to more people. It never blocks.
    pub escalation_threshold: Option<u32>,
}

impl RateLimitPolicy {
    /// The first rule for the profile, with its place in the document. Without one nothing is limited.
    pub fn rule_for(&self, profile: &str) -> Option<(usize, &RateLimitRule)> {
        by_profile::first(&self.rules, profile)
    }
}
