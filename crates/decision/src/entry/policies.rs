//! AccessPolicies, judged.

use sentinel_api::{AccessPolicy, AccessPolicySpec};
use sentinel_core::policy::CompiledPolicy;

use super::Entry;
use crate::slim::Loose;

/// What is kept of an AccessPolicy.
#[derive(Clone, Debug)]
pub struct PolicyEntry {
    /// Whether it is being deleted.
    pub deleting: bool,
    /// The policy, compiled once for all requests, or what is wrong with it.
    pub judged: Result<CompiledPolicy, String>,
}

impl Entry for PolicyEntry {
    type Object = Loose<AccessPolicy>;
    const WATCH: &'static str = "AccessPolicies";

    fn keep(object: &Self::Object) -> Self {
        let judge = |spec: AccessPolicySpec| match spec.resolve() {
            Ok(policy) => Ok(CompiledPolicy::new(policy)),
            Err(problems) => Err(problems.to_string()),
        };
        Self { deleting: object.is_deleting(), judged: object.spec().and_then(judge) }
    }
}
