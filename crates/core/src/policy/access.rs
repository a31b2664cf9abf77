//! The access policy: who may have which profile, when and how.

use super::decide::{self, Decision, Request};
use super::kind::policy;
use super::rule::Rule;

policy! {
    /// An access policy, valid by construction: it has rules, each with a name of its own.
    pub struct AccessPolicy of Rule;
}

impl AccessPolicy {
    /// What this policy says about `request`. Total: there is an answer for every request, and it is a denial unless a rule
    /// says otherwise.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        decide::decide(&self.rules, request)
    }

    /// The session tables that rules name.
    pub fn session_tables(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|rule| rule.session_table.as_deref())
    }
}
