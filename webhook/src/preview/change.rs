//! From a request to what would change: which profiles, and what decides about them before and after.

use std::sync::Arc;

use kube::core::object::HasSpec as _;
use kube::{Resource, ResourceExt};
use sentinel_api::{AccessPolicy, Profile, SentinelProfile};
use sentinel_core::policy;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::decide::{Change, Held, Law};
use crate::admission::{AdmissionRequest, Operation};
use crate::view::View;

/// What has to be decided.
#[derive(Clone, Debug)]
pub enum Asked {
    /// What lives now or what governs it isn't known. Holds what would do it.
    Unknown(String),
    /// This.
    Change {
        /// What would do it: AccessPolicy `prod`.
        what: String,
        /// The profiles concerned.
        changes: Vec<Change>,
        /// Who holds sessions on them.
        held: Vec<Held>,
    },
}

/// What `request` would change for the sessions that `view` knows; none: nothing that bears on them. `default_table` is the installation's, empty: none.
pub fn asked(request: &AdmissionRequest, view: &View, default_table: &str) -> Option<Asked> {
    let resource = request.resource.resource.as_str();
    let tables = Tables { default: Some(default_table).filter(|table| !table.is_empty()) };
    if resource == AccessPolicy::plural(&()) {
        let what = what::<AccessPolicy>(request);
        finish(what, of_policy(&sides(request), view, &tables), view)
    } else if resource == SentinelProfile::plural(&()) {
        let what = what::<SentinelProfile>(request);
        finish(what, of_profile(&sides(request), view, &tables), view)
    } else {
        None
    }
}

/// An object before and after, as far as it is in force.
struct Sides<K> {
    before: Option<K>,
    after: Option<K>,
}

impl<K: Resource> Sides<K> {
    /// None: neither side is in force.
    fn name(&self) -> Option<String> {
        self.before.as_ref().or(self.after.as_ref()).map(ResourceExt::name_any)
    }
}

/// The installation's session table.
struct Tables<'a> {
    default: Option<&'a str>,
}

impl Tables<'_> {
    fn of(&self, profile: &Profile) -> Option<String> {
        profile.session_table.clone().or_else(|| self.default.map(str::to_owned))
    }
}

fn sides<K: Resource + DeserializeOwned>(request: &AdmissionRequest) -> Sides<K> {
    let deletes = request.operation == Operation::Delete;
    Sides {
        before: in_force(&request.old_object),
        after: Some(&request.object).filter(|_| !deletes).and_then(in_force),
    }
}

/// What is being deleted grants nothing any more.
fn in_force<K: Resource + DeserializeOwned>(object: &Value) -> Option<K> {
    K::deserialize(object).ok().filter(|object| object.meta().deletion_timestamp.is_none())
}

/// None: nobody can tell.
fn of_policy(sides: &Sides<AccessPolicy>, view: &View, tables: &Tables<'_>) -> Option<Vec<Change>> {
    let judged = |policy: &AccessPolicy| policy.spec().resolve().ok().map(Arc::new);
    let (before, after) = (sides.before.as_ref().and_then(judged), sides.after.as_ref().and_then(judged));
    let Some(name) = sides.name() else {
        return Some(vec![]);
    };
    if before == after {
        return Some(vec![]);
    }
    let change = |profile: Profile| {
        let law =
            |policy: &Option<Arc<policy::AccessPolicy>>| Law { policy: policy.clone(), table: tables.of(&profile) };
        Change { before: law(&before), after: law(&after), profile: profile.name.clone() }
    };
    Some(view.governed_by(&name)?.into_iter().map(change).collect())
}

/// None: nobody can tell.
fn of_profile(sides: &Sides<SentinelProfile>, view: &View, tables: &Tables<'_>) -> Option<Vec<Change>> {
    let law = |profile: &Option<SentinelProfile>| {
        let Some(profile) = profile.as_ref().and_then(|profile| profile.resolve().ok()) else {
            return Some(Law::default());
        };
        Some(Law { policy: view.access_policy(&profile.access_policy)?, table: tables.of(&profile) })
    };
    let Some(profile) = sides.name() else {
        return Some(vec![]);
    };
    let change = Change { profile, before: law(&sides.before)?, after: law(&sides.after)? };
    Some(vec![change])
}

fn finish(what: String, changes: Option<Vec<Change>>, view: &View) -> Option<Asked> {
    let Some(mut changes) = changes else { return Some(Asked::Unknown(what)) };
    changes.retain(|change| change.before != change.after);
    if changes.is_empty() {
        return None;
    }
    let profiles: Vec<&str> = changes.iter().map(|change| change.profile.as_str()).collect();
    Some(match view.live_sessions(&profiles) {
        Some(held) => Asked::Change { what, changes, held },
        None => Asked::Unknown(what),
    })
}

fn what<K: Resource<DynamicType = ()>>(request: &AdmissionRequest) -> String {
    let deleting = if request.operation == Operation::Delete { "deleting " } else { "" };
    format!("{deleting}{} `{}`", K::kind(&()), crate::judge::display_name(request))
}
