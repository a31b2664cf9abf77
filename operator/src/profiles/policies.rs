//! The policies that profiles name.

use std::fmt::Debug;
use std::hash::Hash;

use futures::{Stream, StreamExt as _, stream};
use kube::Resource;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{ObjectRef, Store};
use sentinel_api::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};

use super::plan::{Found, Role};
use crate::watches::Watches;

/// Every policy of every kind.
pub(crate) struct Policies {
    access: Store<DeserializeGuard<AccessPolicy>>,
    approval: Store<DeserializeGuard<ApprovalPolicy>>,
    break_glass: Store<DeserializeGuard<BreakGlassPolicy>>,
    rate_limit: Store<DeserializeGuard<RateLimitPolicy>>,
}

impl Policies {
    /// Those that `watches` know.
    pub fn of(watches: &Watches) -> Self {
        Self {
            access: watches.policies.store.clone(),
            approval: watches.approval_policies.store.clone(),
            break_glass: watches.break_glass_policies.store.clone(),
            rate_limit: watches.rate_limit_policies.store.clone(),
        }
    }

    /// What there is by the name of a policy in this role.
    pub fn find(&self, role: Role, name: &str) -> Found {
        match role {
            Role::Access => found(&self.access, name, |policy| policy.spec.resolve().is_ok()),
            Role::Approval => found(&self.approval, name, |policy| policy.spec.resolve().is_ok()),
            Role::BreakGlass => found(&self.break_glass, name, |policy| policy.spec.resolve().is_ok()),
            Role::RateLimit => found(&self.rate_limit, name, |policy| policy.spec.resolve().is_ok()),
        }
    }
}

/// One item for each change of a policy of any kind.
pub(crate) fn policy_changes(watches: &Watches) -> impl Stream<Item = ()> + Send + use<> {
    stream::select_all([
        watches.policies.changes().boxed(),
        watches.approval_policies.changes().boxed(),
        watches.break_glass_policies.changes().boxed(),
        watches.rate_limit_policies.changes().boxed(),
    ])
}

fn found<K>(store: &Store<DeserializeGuard<K>>, name: &str, is_valid: impl Fn(&K) -> bool) -> Found
where
    K: Resource<DynamicType: Default + Eq + Hash + Clone> + Clone + Debug + 'static,
{
    let Some(policy) = store.get(&ObjectRef::new(name)) else { return Found::Missing };
    match &policy.0 {
        _ if policy.meta().deletion_timestamp.is_some() => Found::Leaving,
        Ok(policy) if is_valid(policy) => Found::Accepted,
        _ => Found::Refused,
    }
}
