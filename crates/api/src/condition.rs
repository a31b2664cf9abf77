//! Conditions: what is true of an object, why, and since when.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// True, False or Unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody could tell.
    Unknown,
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// One condition, as everywhere in Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What is said, e.g. `Accepted`.
    #[serde(rename = "type")]
    pub type_: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// The generation of the object that this was said of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Since when the status is what it is, RFC 3339.
    pub last_transition_time: String,
    /// One word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

/// A condition of now; [`set_condition`] keeps the older time where only words changed.
pub fn condition(
    type_: &str,
    status: impl Into<ConditionStatus>,
    reason: &str,
    message: impl Into<String>,
    generation: Option<i64>,
    now: Timestamp,
) -> Condition {
    Condition {
        type_: type_.to_owned(),
        status: status.into(),
        observed_generation: generation,
        last_transition_time: whole_seconds(now),
        reason: reason.to_owned(),
        message: message.into(),
    }
}

/// Puts `new` into `conditions`: replaces the one of its type, whose time stays if its status did.
pub fn set_condition(conditions: &mut Vec<Condition>, mut new: Condition) {
    match conditions.iter_mut().find(|old| old.type_ == new.type_) {
        Some(old) => {
            if old.status == new.status {
                new.last_transition_time.clone_from(&old.last_transition_time);
            }
            *old = new;
        }
        None => conditions.push(new),
    }
}

/// The spelling of metav1.Time.
pub(crate) fn whole_seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_only_with_the_status() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut conditions = vec![];
        set_condition(&mut conditions, condition("Accepted", true, "Valid", "a", Some(1), at(10)));
        set_condition(&mut conditions, condition("Accepted", true, "Valid", "b", Some(2), at(20)));
        assert_eq!(conditions.len(), 1);
        assert_eq!(conditions[0].last_transition_time, "1970-01-01T00:00:10Z");
        assert_eq!(conditions[0].message, "b");
        set_condition(&mut conditions, condition("Accepted", false, "Invalid", "c", Some(3), at(30)));
        assert_eq!(conditions[0].last_transition_time, "1970-01-01T00:00:30Z");
    }
}
