//! A cluster whose profiles are governed, and people who ask, decide and break the glass in it.

use futures::FutureExt as _;
use jiff::{Timestamp, ToSpan as _};
use sentinel_api::PersonStamp;
use serde_json::{Value, json};

use super::{Around, judge, named_profile};
use crate::View;
use crate::admission::{AdmissionRequest, Answer};
use crate::view_samples::{governing, policy, profile};

const MADE: &str = "2026-11-25T10:00:00Z";

pub fn stamp(user: &str) -> Value {
    match user {
        "ann" => json!({"user": "role-a", "person": "ann", "groups": ["dev"]}),
        "ann again" => json!({"user": "role-b", "person": "ann", "groups": ["ops"]}),
        "olga" => json!({"user": "olga", "groups": ["dev", "ops"]}),
        other => json!({"user": other}),
    }
}

/// Profile `prod`: `ben` and the group `ops` approve and break the glass; `free` approves itself. The others lack something.
pub fn cluster() -> View {
    let approvers = json!(["ben", "ops", "role-b", "system:serviceaccount:a:bot"]);
    let rules = json!([
        {"name": "one", "profiles": ["prod", "bots"], "approvers": approvers},
        {"name": "free", "profiles": ["free"], "approvers": ["ben"], "autoApprove": {"maxDuration": "1h"}},
    ]);
    let glass = json!([{"name": "fire", "profiles": ["prod"], "users": ["ben", "ops", "system:serviceaccount:a:bot"],
        "allowedReasonCodes": ["incident", "security"], "maxDuration": "1h"}]);
    let named = |name: &str| json!({"policies": {"approval": name, "breakGlass": name}});
    let going = json!({"metadata": {"deletionTimestamp": MADE}});
    let mut gone = policy("gone", &json!([{"name": "r", "approvers": ["ben"], "users": ["ben"]}]));
    json_patch::merge(&mut gone, &going);
    let bots = json!({"policies": {"approval": "all"}, "serviceAccountRequests": "Approvers"});
    let profiles = vec![
        profile("prod", &named("all")),
        profile("free", &named("all")),
        profile("bots", &bots),
        profile("uncovered", &named("all")),
        profile("unnamed", &json!({})),
        profile("missing", &named("nowhere")),
        profile("gone", &named("gone")),
        profile("broken", &json!({"leese": "1s"})),
    ];
    governing(profiles, Some(vec![policy("all", &rules), gone.clone()]), Some(vec![policy("all", &glass), gone]))
}

pub fn with(mut object: Value, changes: &Value) -> Value {
    json_patch::merge(&mut object, changes);
    object
}

fn object(kind: &str, spec: &Value) -> Value {
    let meta = json!({"name": "x", "namespace": "a", "creationTimestamp": MADE});
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": meta, "spec": spec})
}

pub fn request(changes: &Value) -> Value {
    let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix", "requester": stamp("ann")});
    object("AccessRequest", &with(spec, changes))
}

pub fn event(changes: &Value) -> Value {
    let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "reasonCode": "incident",
        "justification": "the database is on fire", "invoker": stamp("olga")});
    object("BreakGlassEvent", &with(spec, changes))
}

/// The answer to `user` who puts `new` in the place of `old`, an hour after that was made.
pub fn ask_in(view: &View, user: &str, new: &Value, old: &Value) -> Answer {
    let resource = if new["kind"] == "AccessRequest" { "accessrequests" } else { "breakglassevents" };
    let operation = if old.is_null() { "CREATE" } else { "UPDATE" };
    let request: AdmissionRequest = serde_json::from_value(json!({
        "uid": "u", "operation": operation, "object": new, "oldObject": old,
        "resource": {"group": "sentinel.dev", "version": "v1alpha1", "resource": resource},
    }))
    .unwrap();
    let by: PersonStamp = serde_json::from_value(stamp(user)).unwrap();
    let profile = named_profile(&request).map(|name| view.profile(name).now_or_never().unwrap());
    let at = MADE.parse::<Timestamp>().unwrap() + 1.hour();
    judge(&request, Around { view, default_table: "", by: &by, at, profile: profile.as_ref() })
}

pub fn ask(user: &str, new: &Value, old: &Value) -> Answer {
    ask_in(&cluster(), user, new, old)
}

pub fn refused(answer: Answer, code: u16, part: &str) {
    let refused = answer.refused.expect(part);
    assert!(refused.code == code && refused.message.contains(part), "`{part}` is not in {refused:?}");
}
