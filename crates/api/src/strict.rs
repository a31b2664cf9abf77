//! Refusing unknown keys. The API server prunes them before any webhook and only warns, and a pruned key can mean the
//! opposite of what its author wrote; so specs keep them (`x-kubernetes-preserve-unknown-fields`) and this refuses them.

use std::collections::BTreeMap;

use sentinel_core::policy::{Problem, unknown_key};
use serde_json::Value;

/// The keys of an object that its type does not know.
pub(crate) type Unknown = BTreeMap<String, Value>;

/// A problem for each unknown key, with a suggestion where one is near. `at` is the object's path, `known` its keys.
pub(crate) fn refuse_unknown(unknown: &Unknown, at: &str, known: &[&str]) -> Vec<Problem> {
    unknown.keys().map(|key| Problem::new(join(at, key), unknown_key(key, known)).at_key(key)).collect()
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}
