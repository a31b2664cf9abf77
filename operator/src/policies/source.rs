//! A policy object as the plan sees it. An object that its type can't read is judged too: it is refused, not skipped.

use kube::ResourceExt as _;
use kube::core::DynamicObject;
use sentinel_api::names::{ADOPT_ANNOTATION, PARAMETER_FINALIZER};
use sentinel_api::{ConditionStatus, PolicyStatus, PublishedParameter};
use sentinel_core::policy::lint::Surroundings;
use serde::Deserialize as _;
use serde_json::Value;

use super::desired::{Desired, desired};
use super::kind::PolicyKind;
use super::plan::Verdict;
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
    /// What `Accepted` says.
    pub accepted: Verdict,
    /// What `Linted` says.
    pub linted: Verdict,
    /// What SSM should hold.
    pub desired: Desired,
}

/// What objects are judged by.
pub(crate) struct World<'a> {
    /// Every profile that can be used.
    pub profiles: &'a [&'a str],
    /// What lints may know.
    pub around: &'a Surroundings,
    /// How many bytes a parameter may have.
    pub limit: usize,
}

impl Source {
    /// Reads and judges `object`.
    pub fn read<K: PolicyKind>(object: &DynamicObject, world: &World<'_>) -> Self {
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
            accepted: accepted::<K>(policy.as_ref().err()),
            linted: linted::<K>(policy.as_ref().ok(), world.around),
            desired: desired::<K>(spec, policy.as_ref().map_err(Clone::clone), world.profiles, world.limit),
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

fn accepted<K: PolicyKind>(problems: Option<&String>) -> Verdict {
    match problems {
        None => Verdict::new(true, "Valid", "the policy is in force"),
        Some(problems) => Verdict::new(false, "Invalid", format!("{}: {problems}", K::REFUSED)),
    }
}

fn linted<K: PolicyKind>(policy: Option<&K::Policy>, around: &Surroundings) -> Verdict {
    let Some(policy) = policy else {
        return Verdict::new(ConditionStatus::Unknown, "Invalid", "what is invalid is not looked through");
    };
    let lints: Vec<String> = K::lint(policy, around).iter().map(ToString::to_string).collect();
    if lints.is_empty() {
        return Verdict::new(true, "NoLints", "nothing found");
    }
    Verdict::new(false, "Lints", shortened(&lints.join("; "), MESSAGE_LIMIT))
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
        read_as::<AccessPolicies>(object)
    }

    fn read_as<K: PolicyKind>(object: Value) -> Source {
        Source::read::<K>(&serde_json::from_value(object).unwrap(), &world(4096))
    }

    fn world(limit: usize) -> World<'static> {
        static NOTHING: Surroundings = Surroundings { profiles: None, default_table: None };
        World { profiles: &["prod"], around: &NOTHING, limit }
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
        assert_eq!((source.name.as_str(), source.generation, source.accepted.reason), ("prod", Some(3), "Valid"));
        assert!(matches!(source.desired, Desired::Document(_)));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_not_skipped() {
        for spec in [json!({"rules": "none"}), json!("text"), Value::Null, json!({"version": 1, "rules": []})] {
            let source = read(json!({"metadata": {"name": "prod"}, "spec": spec, "status": "nonsense"}));
            assert_eq!((source.accepted.reason, source.linted.reason), ("Invalid", "Invalid"), "{spec}");
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
        assert_eq!(source.accepted.reason, "Invalid");
    }

    #[test]
    fn sizes_count_what_is_published() {
        let object = json!({"metadata": {"name": "prod"}, "spec": spec()});
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let Desired::Document(text) = Source::read::<AccessPolicies>(&object, &world(4096)).desired else { panic!() };
        let fits = |limit| Source::read::<AccessPolicies>(&object, &world(limit)).desired;
        assert_eq!(fits(text.len()), Desired::Document(text.clone()));
        assert!(matches!(fits(text.len() - 1), Desired::Refusal { reason: "TooLarge", .. }));
    }
}
