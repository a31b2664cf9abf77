//! Facts to begin a test with: nothing is wrong, until the test breaks it.

use std::sync::Arc;

use jiff::Timestamp;
use sentinel_core::grant::Door;
use sentinel_core::identity::RequestId;
use sentinel_core::policy::{AccessPolicy, CompiledPolicy, Spelling};
use sentinel_core::session::SessionId;
use serde_json::{Value, json};

use crate::entry::{
    Entry as _, GrantEntry, LockEntry, Open, PodEntry, PolicyEntry, ProfileEntry, SessionEntry, Standing,
};
use crate::facts::{Caller, Facts, Grants, PodSight};
use crate::sight::Sight;

/// UID of the caller's service account.
pub const SERVICE_ACCOUNT_UID: &str = "sa-uid";
/// UID of profile `prod`.
pub const PROFILE_UID: &str = "profile-uid";

/// Facts under which everything is allowed.
pub fn good() -> Facts {
    let [namespace, service_account, pod, pod_uid] = ["payments", "api", "api-0", "uid-0"].map(str::to_owned);
    let service_account_uid = SERVICE_ACCOUNT_UID.to_owned();
    let caller = Caller { namespace, service_account, service_account_uid, pod, pod_uid };
    let session_id = SessionId::derive("cluster", "uid-0", "prod");
    Facts {
        now: Timestamp::now(),
        profile_name: "prod".to_owned(),
        session_id,
        default_table: Some("sentinel-sessions".to_owned()),
        pod: PodSight::Seen(Arc::new(pod_of(&caller))),
        profile: seen(profile(&json!({}))),
        locks: vec![],
        locks_stale: None,
        session: seen(session_of(&caller)),
        revoked_before: None,
        policy: seen(policy(&json!([{"name": "all", "effect": "allow", "conditions": {}}]))),
        requests: Grants::none(Door::Approval),
        events: Grants::none(Door::BreakGlass),
        caller,
    }
}

/// The pod of `caller`, as the webhook leaves it.
pub fn pod_of(caller: &Caller) -> PodEntry {
    PodEntry {
        namespace: caller.namespace.clone(),
        name: caller.pod.clone(),
        uid: caller.pod_uid.clone(),
        service_account: caller.service_account.clone(),
        profile: Some("prod".to_owned()),
        injected: true,
        has_sidecar: true,
        finished: false,
        ends_at: None,
    }
}

/// The session of `caller` on profile `prod`.
pub fn session_of(caller: &Caller) -> SessionEntry {
    SessionEntry {
        profile: "prod".to_owned(),
        user: caller.user(),
        pod: caller.pod.clone(),
        pod_uid: caller.pod_uid.clone(),
        ..SessionEntry::default()
    }
}

/// Profile `prod`, with these keys of its spec beside the usual ones.
pub fn profile(change: &Value) -> ProfileEntry {
    let mut spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"});
    for (key, value) in change.as_object().into_iter().flatten() {
        spec.as_object_mut().and_then(|spec| spec.insert(key.clone(), value.clone()));
    }
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": "prod", "uid": PROFILE_UID}, "spec": spec});
    match serde_json::from_value(object) {
        Ok(object) => ProfileEntry::keep(&object),
        Err(error) => ProfileEntry { uid: PROFILE_UID.to_owned(), deleting: false, judged: Err(error.to_string()) },
    }
}

/// A lock of this name and spec.
pub fn lock(name: &str, spec: &Value) -> LockEntry {
    let object =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": name}, "spec": spec});
    serde_json::from_value(object).map(|object| LockEntry::keep(&object)).unwrap_or_default()
}

/// An approval or an emergency of the caller on profile `prod`, open until `until`, with these keys of its pins beside the right ones.
pub fn grant(door: Door, name: &str, until: Timestamp, pins: &Value) -> GrantEntry {
    let mut right = json!({"serviceAccountUID": SERVICE_ACCOUNT_UID, "profileUID": PROFILE_UID,
        "roleArn": "arn:aws:iam::111122223333:role/prod", "policies": {"access": "prod"}});
    for (key, value) in pins.as_object().into_iter().flatten() {
        right.as_object_mut().and_then(|right| right.insert(key.clone(), value.clone()));
    }
    let id = RequestId::derive("cluster", name);
    let standing = match serde_json::from_value(right) {
        Ok(pins) => Standing::Open(Open { id, until, pins }),
        Err(error) => Standing::Invalid(error.to_string()),
    };
    let [profile, service_account] = ["prod", "api"].map(str::to_owned);
    GrantEntry { door, name: name.to_owned(), since: None, profile, service_account, standing }
}

/// A policy of these rules, in camelCase.
pub fn policy(rules: &Value) -> PolicyEntry {
    let document = json!({"version": "1", "rules": rules});
    let judged = AccessPolicy::from_value(&document, Spelling::Manifest).map_err(|problems| problems.to_string());
    PolicyEntry { deleting: false, judged: judged.map(CompiledPolicy::new) }
}

/// An object of a watch that is up to date.
pub fn seen<T>(object: T) -> Sight<T> {
    Sight { object: Some(Arc::new(object)), stale: None }
}
