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
