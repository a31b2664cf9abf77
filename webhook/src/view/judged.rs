//! From objects as they were written to what can be used of them.

use std::sync::Arc;

use kube::{Resource as _, ResourceExt as _};
use sentinel_api::Profile;
use sentinel_core::policy::lint::KnownProfile;

use super::{AnyPolicy, AnyProfile, LivePolicy, NoProfile};

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
pub fn judged_policy(found: &AnyPolicy) -> LivePolicy {
    let policy = found.0.as_ref().ok().filter(|_| found.meta().deletion_timestamp.is_none())?;
    policy.spec.resolve().ok().map(Arc::new)
}
