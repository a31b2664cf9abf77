//! Objects of our group, judged as the webhook judges them.

use sentinel_api::SentinelProfile;
use sentinel_core::policy::{Problem, Problems};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::finding::joined;
use crate::kind::{Kind, Policy};

/// The version of every object.
pub(crate) const API_VERSION: &str = "sentinel.dev/v1alpha1";

/// Every kind of our group.
pub(crate) const KINDS: [&str; 6] =
    ["AccessPolicy", "SentinelProfile", "SentinelSession", "ApprovalPolicy", "BreakGlassPolicy", "RateLimitPolicy"];

/// What came of an object in which nothing is wrong.
pub(crate) enum Judged {
    /// A policy.
    Policy(Policy),
    /// A profile.
    Profile,
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
        "SentinelProfile" => typed::<SentinelProfile>(object)?.resolve().map(|_| Judged::Profile),
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
    kind.resolve(object).map_err(of_object)
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
    T::deserialize(object).map_err(|error| Problem::new("", format!("not a valid {kind}: {error}")).into())
}

fn check_head(object: &Value) -> Result<(), Problems> {
    let mut found = Vec::new();
    if text(object, "/apiVersion") != API_VERSION {
        found.push(Problem::new("apiVersion", format!("write {API_VERSION}")));
    }
    if text(object, "/metadata/name").is_empty() {
        found.push(Problem::new("metadata.name", "missing: give the object a name"));
    }
    Problems::refuse(found, ())
}

/// Problems of a spec, as those of its object.
fn of_object(problems: Problems) -> Problems {
    let found = problems.iter().cloned().map(below_spec).collect();
    Problems::refuse(found, ()).err().unwrap_or(problems)
}

fn below_spec(problem: Problem) -> Problem {
    // What isn't of the type at all is wrong as a whole.
    if problem.path.is_empty() && problem.spot.is_none() {
        return problem;
    }
    Problem { path: joined("spec", &problem.path), ..problem }
}
