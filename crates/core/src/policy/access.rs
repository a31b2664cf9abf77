//! The access policy: who may have which profile, when and how.

use serde_json::Value;

use super::decide::{Decision, Request};
use super::effect::Verdict;
use super::problem::{Problem, Problems};
use super::reason::Reason;
use super::rule::Rule;
use super::spelling::Spelling;

/// An access policy, valid by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessPolicy {
    rules: Vec<Rule>,
}

impl AccessPolicy {
    /// Reads a YAML or JSON document in the spelling of the policy reference.
    pub fn from_yaml(_text: &str) -> Result<Self, Problems> {
        Err(Problem::new("", "not yet").into())
    }

    /// Reads an object of `version` and `rules`.
    pub fn from_value(_value: &Value, _spelling: Spelling) -> Result<Self, Problems> {
        Err(Problem::new("", "not yet").into())
    }

    /// The canonical document.
    pub fn to_yaml(&self) -> String {
        String::new()
    }

    /// The document as an object.
    pub fn to_value(&self, _spelling: Spelling) -> Value {
        Value::Null
    }

    /// The rules in the order of the document.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What this policy says about `request`.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        Decision {
            effect: Verdict::Deny,
            rule: String::new(),
            rule_index: None,
            reason: Reason::NoMatchingRule,
            requires_server_mode: false,
            requires_session_tracking: false,
            session_table: request.session_table.map(ToOwned::to_owned),
            max_server_duration: None,
            holds_until: None,
        }
    }

    /// The session tables that rules name.
    pub fn session_tables(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|rule| rule.session_table.as_deref())
    }
}
