//! The access policy: who may have which profile, when and how.

use serde_json::Value;

use super::decide::{self, Decision, Request};
use super::document;
use super::node::Node;
use super::problem::Problems;
use super::rule::Rule;
use super::spelling::Spelling;

/// An access policy, valid by construction: it has rules, each with a name of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessPolicy {
    rules: Vec<Rule>,
}

impl AccessPolicy {
    /// Reads a YAML or JSON document in the spelling of the policy reference.
    pub fn from_yaml(text: &str) -> Result<Self, Problems> {
        document::from_text(text).map(|rules| Self { rules })
    }

    /// Reads an object of `version` and `rules`; everything that is wrong with it comes back at once.
    pub fn from_value(value: &Value, spelling: Spelling) -> Result<Self, Problems> {
        document::from_value(value, spelling).map(|rules| Self { rules })
    }

    /// The canonical document: the same to the byte for an equal policy, and read back as an equal one.
    pub fn to_yaml(&self) -> String {
        self.node().to_yaml()
    }

    /// The policy as an object of `version` and `rules`.
    pub fn to_value(&self, spelling: Spelling) -> Value {
        self.node().to_value(spelling)
    }

    /// The rules in the order of the document.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What this policy says about `request`. Total: there is an answer for every request, and it is a denial unless a rule
    /// says otherwise.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        decide::decide(&self.rules, request)
    }

    /// The session tables that rules name.
    pub fn session_tables(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|rule| rule.session_table.as_deref())
    }

    /// Rules that are known to be valid, and not none.
    pub(super) fn of(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    fn node(&self) -> Node {
        document::node(&self.rules)
    }
}
