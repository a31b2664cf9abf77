//! What became of each rule for one request: the long answer to "why", next to the decision.

use super::access::AccessPolicy;
use super::decide::Request;
use super::rule::Rule;
use super::words::words;

words! {
    /// A condition that a request doesn't meet, by its key in a document.
    pub enum Unmet {
        /// No listed profile is the request's.
        Profiles = "profiles",
        /// No listed user is the request's.
        Users = "users",
        /// The mode isn't listed.
        Mode = "mode",
        /// A device is asked for, and no posture is known here.
        Device = "device",
        /// Outside the time window.
        Time = "time",
    }
}

/// One rule, and whether the request meets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleOutcome<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The first condition that fails; none if all hold. The first rule without one decides.
    pub unmet: Option<Unmet>,
}

impl AccessPolicy {
    /// Every rule in the order of the document, by the same matching as [`AccessPolicy::decide`].
    pub fn walk<'a>(&'a self, request: &Request<'_>) -> impl Iterator<Item = RuleOutcome<'a>> {
        self.rules().iter().map(|rule| RuleOutcome { rule, unmet: rule.conditions.unmet(request) })
    }
}
