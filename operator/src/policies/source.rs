//! A policy object as the plan sees it. An object that its type can't read is judged too: it is refused, not skipped.

use kube::ResourceExt as _;
use kube::core::DynamicObject;
use sentinel_api::names::{ADOPT_ANNOTATION, PARAMETER_FINALIZER};
use sentinel_api::{PolicyStatus, PublishedParameter};
use serde::Deserialize as _;
use serde_json::Value;

use super::desired::{Desired, desired};
use super::kind::PolicyKind;
use crate::report::shortened;

/// A message for a person: the first 2000 bytes of it.
const MESSAGE_LIMIT: usize = 2000;

/// What the plan needs to know of an object.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts of an object")]
pub(crate) struct Source {
    /// Its kind, as kubectl takes it.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its generation.
    pub generation: Option<i64>,
    /// It is being deleted.
    pub deleting: bool,
    /// It carries our finalizer.
    pub finalized: bool,
    /// It asks to take over a parameter of another owner.
    pub adopts: bool,
    /// Its parameter outlives it.
    pub retains: bool,
    /// What it says of itself so far.
    pub status: PolicyStatus,
    /// Nothing, or why the broker can't enforce it.
    pub refused: Option<String>,
    /// What SSM should hold.
    pub desired: Desired,
}

impl Source {
    /// Reads and judges `object`.
    pub fn read<K: PolicyKind>(object: &DynamicObject, profiles: &[&str], limit: usize) -> Self {
        let spec = object.data.get("spec").unwrap_or(&Value::Null);
        let policy = judge::<K>(object);
        Self {
            kind: K::name().to_lowercase(),
            name: object.name_any(),
            generation: object.metadata.generation,
            deleting: object.metadata.deletion_timestamp.is_some(),
            finalized: object.finalizers().iter().any(|name| name == PARAMETER_FINALIZER),
            adopts: object.annotations().get(ADOPT_ANNOTATION).is_some_and(|value| value == "true"),
            retains: spec.get("deletionPolicy").and_then(Value::as_str) == Some("Retain"),
            status: status(object),
            refused: policy.as_ref().err().cloned(),
            desired: desired::<K>(spec, policy, profiles, limit),
        }
    }

    /// What it says was published last.
    pub fn published(&self) -> Option<&PublishedParameter> {
        self.status.parameter.as_ref()
    }
}

fn judge<K: PolicyKind>(object: &DynamicObject) -> Result<K::Policy, String> {
    let typed: K::Object = object.clone().try_parse().map_err(|error| format!("the object can't be read: {error}"))?;
    K::policy(&typed).map_err(|problems| shortened(&problems.to_string(), MESSAGE_LIMIT))
}

/// A status that can't be read counts as none: it is written anew.
fn status(object: &DynamicObject) -> PolicyStatus {
    object.data.get("status").and_then(|status| PolicyStatus::deserialize(status).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::AccessPolicies;
    use serde_json::json;

    fn read(object: Value) -> Source {
        Source::read::<AccessPolicies>(&serde_json::from_value(object).unwrap(), &["prod"], 4096)
    }

    fn spec() -> Value {
        json!({"version": "1", "rules": [{"name": "a", "effect": "deny", "conditions": {"profiles": ["prod"]}}]})
    }

    #[test]
    fn an_object_is_read_whole() {
        let metadata = json!({
            "name": "prod", "generation": 3, "deletionTimestamp": "2026-11-22T20:00:00Z",
            "finalizers": [PARAMETER_FINALIZER], "annotations": {ADOPT_ANNOTATION: "true"},
        });
        let mut spec = spec();
        spec["deletionPolicy"] = json!("Retain");
        let source = read(json!({"metadata": metadata, "spec": spec}));
        assert!(source.deleting && source.finalized && source.adopts && source.retains);
        assert_eq!((source.name.as_str(), source.generation, source.refused), ("prod", Some(3), None));
        assert!(matches!(source.desired, Desired::Document(_)));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_not_skipped() {
        for spec in [json!({"rules": "none"}), json!("text"), Value::Null, json!({"version": 1, "rules": []})] {
            let source = read(json!({"metadata": {"name": "prod"}, "spec": spec, "status": "nonsense"}));
            assert!(source.refused.is_some(), "{spec}");
            let Desired::Refusal { reason, text, .. } = source.desired else { panic!("{spec}") };
            assert_eq!(reason, "Invalid");
            assert!(sentinel_core::policy::AccessPolicy::from_yaml(&text).is_ok(), "{text}");
            assert!(text.contains("effect: deny") && text.len() <= 4096, "{text}");
        }
    }

    #[test]
    fn what_is_not_to_be_published_is_still_judged() {
        let source =
            read(json!({"metadata": {"name": "prod"}, "spec": {"publish": false, "version": "1", "rules": []}}));
        assert_eq!(source.desired, Desired::Nothing);
        assert!(source.refused.is_some());
    }

    #[test]
    fn sizes_count_what_is_published() {
        let object = json!({"metadata": {"name": "prod"}, "spec": spec()});
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let Desired::Document(text) = Source::read::<AccessPolicies>(&object, &[], 4096).desired else { panic!() };
        let fits = |limit| Source::read::<AccessPolicies>(&object, &[], limit).desired;
        assert_eq!(fits(text.len()), Desired::Document(text.clone()));
        assert!(matches!(fits(text.len() - 1), Desired::Refusal { reason: "TooLarge", .. }));
    }
}
