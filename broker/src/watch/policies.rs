//! AccessPolicies, judged.

use kube::Resource as _;
use kube::core::DeserializeGuard;
use sentinel_core::policy;

use super::store::Entry;

/// What is kept of an AccessPolicy.
#[derive(Clone, Debug)]
pub struct PolicyEntry {
    /// Whether it is being deleted.
    pub deleting: bool,
    /// The policy, or what is wrong with it.
    pub judged: Result<policy::AccessPolicy, String>,
}

impl Entry for PolicyEntry {
    type Object = DeserializeGuard<sentinel_api::AccessPolicy>;
    const WATCH: &'static str = "AccessPolicies";

    fn keep(object: &Self::Object) -> Self {
        let judged = match &object.0 {
            Ok(policy) => policy.spec.resolve().map_err(|problems| problems.to_string()),
            Err(invalid) => Err(invalid.error.clone()),
        };
        Self { deleting: object.meta().deletion_timestamp.is_some(), judged }
    }
}
