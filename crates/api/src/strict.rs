//! Refusing unknown keys. The API server prunes them before any webhook and only warns, and a pruned key can mean the
//! opposite of what its author wrote; so specs keep them (`x-kubernetes-preserve-unknown-fields`) and this refuses them.

use std::collections::BTreeMap;

use sentinel_core::policy::{Problem, Problems, unknown_key};
use serde_json::Value;

/// The keys of an object that its type does not know.
pub(crate) type Unknown = BTreeMap<String, Value>;

/// A problem for each unknown key, with a suggestion where one is near. `at` is the object's path, `known` its keys.
pub(crate) fn refuse_unknown(unknown: &Unknown, at: &str, known: &[&str]) -> Vec<Problem> {
    unknown.keys().map(|key| Problem::new(join(at, key), unknown_key(key, known)).at_key(key)).collect()
}

/// What `read` made of the spec, if there are no problems; or `problems` and those that it found, whose paths begin in the spec.
pub(crate) fn with_those_of_spec<T>(problems: Vec<Problem>, read: Result<T, Problems>) -> Result<T, Problems> {
    match read {
        Ok(value) => Problems::refuse(problems, value),
        Err(found) => Err(found.at("spec").after(problems)),
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}
