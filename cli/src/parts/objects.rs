//! Objects of our group, judged as the webhook judges them.

use sentinel_api::{AccessLock, AccessRequest, BreakGlassEvent, SentinelProfile};
use sentinel_core::policy::{Problem, Problems, unknown_key};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::finding::joined;
use crate::kind::{Kind, Policy};

/// The version of every object.
pub(crate) const API_VERSION: &str = "sentinel.dev/v1alpha1";

/// Every kind of our group.
pub(crate) const KINDS: [&str; 9] = [
    "AccessPolicy",
    "ApprovalPolicy",
    "BreakGlassPolicy",
    "RateLimitPolicy",
    "SentinelProfile",
    "SentinelSession",
    "AccessLock",
    "AccessRequest",
    "BreakGlassEvent",
];
/// What an object may hold.
const KEYS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// The rule of [`is_name`].
pub(crate) const NAME: &str =
    "lower-case letters, digits, - and ., at most 253, each part beginning and ending with a letter or digit";

/// What came of an object in which nothing is wrong.
pub(crate) enum Judged {
    /// A policy.
    Policy(Policy),
    /// A profile, a lock, a request or an event.
    Other,
    /// Nothing of it is judged, and why.
    Skipped(&'static str),
}

/// Everything that is wrong with an object.
pub(crate) fn judge(object: &Value) -> Result<Judged, Problems> {
    let kind = text(object, "/kind");
    if let Some(kind) = Kind::of_object(kind) {
        return policy(kind, object).map(Judged::Policy);
    }
    check_head(object)?;
    match kind {
        "SentinelProfile" => typed::<SentinelProfile>(object)?.resolve().map(|_| Judged::Other),
        "AccessLock" => typed::<AccessLock>(object)?.spec.resolve().map(|_| Judged::Other),
        "AccessRequest" => typed::<AccessRequest>(object)?.spec.resolve().map(|_| Judged::Other),
        "BreakGlassEvent" => typed::<BreakGlassEvent>(object)?.spec.resolve().map(|_| Judged::Other),
        "SentinelSession" => Ok(Judged::Skipped("skipped: the operator makes and keeps sessions")),
        _ => {
            let message = format!("no kind of ours: the kinds are {}", KINDS.join(", "));
            Err(Problem::new("kind", message).into())
        }
    }
}

/// The policy of an object; paths are those of the object.
pub(crate) fn policy(kind: Kind, object: &Value) -> Result<Policy, Problems> {
    check_head(object)?;
    kind.resolve(object)
}

/// `AccessPolicy prod`: what messages call an object.
pub(crate) fn label(object: &Value) -> String {
    format!("{} {}", text(object, "/kind"), text(object, "/metadata/name")).trim().to_owned()
}

/// The text at a place in an object; empty if there is none.
pub(crate) fn text<'a>(object: &'a Value, place: &str) -> &'a str {
    object.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

/// An object of a type.
pub(crate) fn typed<T: DeserializeOwned>(object: &Value) -> Result<T, Problems> {
    let kind = text(object, "/kind");
    serde_path_to_error::deserialize(object).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "" } else { &path };
        Problem::new(path, format!("not a valid {kind}: {}", error.inner())).into()
    })
}

fn check_head(object: &Value) -> Result<(), Problems> {
    let mut found = Vec::new();
    if text(object, "/apiVersion") != API_VERSION {
        found.push(Problem::new("apiVersion", format!("write {API_VERSION}")));
    }
    if text(object, "/metadata/name").is_empty() {
        found.push(Problem::new("metadata.name", "missing: give the object a name"));
    } else if !is_name(text(object, "/metadata/name")) {
        found.push(Problem::new("metadata.name", format!("can't name an object: {NAME}")));
    }
    let keys = object.as_object().into_iter().flat_map(serde_json::Map::keys);
    let unknown = keys.filter(|key| !KEYS.contains(&key.as_str()));
    found.extend(unknown.map(|key| Problem::new("", unknown_key(key, &KEYS)).at_key(key)));
    Problems::refuse(found, ())
}

/// What the API server takes: a name is a DNS subdomain.
pub(crate) fn is_name(name: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        label.starts_with(alphanumeric)
            && label.ends_with(alphanumeric)
            && label.chars().all(|c| alphanumeric(c) || c == '-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Problems of a spec, as those of its object.
pub(crate) fn of_spec(problems: Problems) -> Problems {
    let found = problems.iter().cloned().map(below_spec).collect();
    Problems::refuse(found, ()).err().unwrap_or(problems)
}

fn below_spec(problem: Problem) -> Problem {
    // What has no place at all is wrong as a whole.
    if problem.path.is_empty() && problem.spot.is_none() {
        return problem;
    }
    Problem { path: joined("spec", &problem.path), ..problem }
}
