//! From objects as they were written to what can be used of them.

use std::sync::Arc;

use kube::core::DeserializeGuard;
use kube::{Resource, ResourceExt as _};
use sentinel_api::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, Profile};
use sentinel_core::policy::lint::KnownProfile;
use sentinel_core::policy::{self, Problems};

use super::{AnyProfile, LivePolicy, NoProfile, ReadPolicy};

/// A kind of policy that is read whole.
pub trait Document: Resource {
    /// What it says.
    type Policy;

    /// The policy, or every problem of it.
    fn document(&self) -> Result<Self::Policy, Problems>;
}

macro_rules! documents {
    ($($kind:ident),+) => {$(
        impl Document for $kind {
            type Policy = policy::$kind;

            fn document(&self) -> Result<policy::$kind, Problems> {
                self.spec.resolve()
            }
        }
    )+};
}
documents!(AccessPolicy, ApprovalPolicy, BreakGlassPolicy);

/// The profile, or why a pod can't have it.
pub fn judged(name: &str, found: &AnyProfile) -> Result<Profile, NoProfile> {
    if found.meta().deletion_timestamp.is_some() {
        return Err(NoProfile::Deleted(name.to_owned()));
    }
    let broken = |why: String| NoProfile::Broken(name.to_owned(), why);
    let profile = found.0.as_ref().map_err(|error| broken(error.to_string()))?;
    profile.resolve().map_err(|problems| broken(problems.to_string()))
}

/// The profile, if it can be used.
pub fn usable(found: &AnyProfile) -> Option<Profile> {
    judged("", found).ok()
}

/// What lints may know of it. One that can't be read may have a table.
pub fn known(found: &AnyProfile) -> (String, KnownProfile) {
    let has_table = found.0.as_ref().map_or(true, |profile| profile.spec.session_table.is_some());
    (found.name_any(), KnownProfile { has_table })
}

/// The policy as far as it is in force: the broker denies by one that is being deleted or can't be read.
pub fn judged_policy(found: &DeserializeGuard<AccessPolicy>) -> LivePolicy {
    read_policy(found).ok()
}

/// The policy, or why it is not in force.
pub fn read_policy<K: Document>(found: &DeserializeGuard<K>) -> ReadPolicy<K::Policy> {
    if found.meta().deletion_timestamp.is_some() {
        return Err("it is being deleted".into());
    }
    let object = found.0.as_ref().map_err(ToString::to_string)?;
    object.document().map(Arc::new).map_err(|problems| problems.to_string().into())
}
