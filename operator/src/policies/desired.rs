//! What SSM should hold for an object.

use sentinel_core::policy::publish;
use serde_json::Value;

use super::kind::PolicyKind;
use crate::report::shortened;

/// What the parameter should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Desired {
    /// No parameter of ours: `spec.publish` is false.
    Nothing,
    /// This document.
    Document(String),
    /// What can't be published must not leave an older, wider document: this one, which allows nothing, replaces it.
    Refusal {
        /// One word for the condition: Invalid, NotPortable or TooLarge.
        reason: &'static str,
        /// A sentence for the condition.
        message: String,
        /// The document.
        text: String,
        /// What the document does.
        stand_in: &'static str,
    },
}

impl Desired {
    /// The text that the parameter should hold, if any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Document(text) | Self::Refusal { text, .. } => Some(text),
        }
    }
}

/// Judges `spec`, whose policy is `policy`, for publication within `limit` bytes.
pub(crate) fn desired<K: PolicyKind>(
    spec: &Value,
    policy: Result<&K::Policy, String>,
    profiles: &[&str],
    limit: usize,
) -> Desired {
    if spec.get("publish").and_then(Value::as_bool) == Some(false) {
        return Desired::Nothing;
    }
    let checked =
        policy.map_err(|problems| ("Invalid", problems)).and_then(|policy| check::<K>(policy, profiles, limit));
    match checked {
        Ok(text) => Desired::Document(text),
        Err((reason, message)) => {
            let text = K::refusal(&shortened(&message, 400));
            Desired::Refusal { reason, message, text, stand_in: K::STAND_IN }
        }
    }
}

fn check<K: PolicyKind>(policy: &K::Policy, profiles: &[&str], limit: usize) -> Result<String, (&'static str, String)> {
    let text = K::document(policy, profiles).map_err(|problems| ("NotPortable", problems.to_string()))?;
    publish::check_size(&text, limit).map_err(|problem| ("TooLarge", problem.to_string()))?;
    Ok(text)
}
