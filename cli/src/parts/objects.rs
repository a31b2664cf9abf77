//! Objects of our group, judged as the webhook judges them.

use sentinel_api::SentinelProfile;
use sentinel_core::policy::{AccessPolicy, Problem, Problems};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Part, parts};
use crate::failure::Failure;
use crate::source::Source;

/// The version of every object.
pub(crate) const API_VERSION: &str = "sentinel.dev/v1alpha1";

/// Every kind of our group, those to come among them.
pub(crate) const KINDS: [&str; 6] =
    ["AccessPolicy", "SentinelProfile", "SentinelSession", "ApprovalPolicy", "BreakGlassPolicy", "RateLimitPolicy"];

/// An access policy, and the object that it was.
pub(crate) struct Access {
    pub(crate) policy: AccessPolicy,
    pub(crate) object: Option<Value>,
}

/// Everything that is wrong with an object; a note where nothing of it is judged.
pub(crate) fn judge(object: &Value) -> Result<Option<&'static str>, Problems> {
    check_head(object)?;
    match text(object, "/kind") {
        "AccessPolicy" => access(object).map(|_| None),
        "SentinelProfile" => typed::<SentinelProfile>(object)?.resolve().map(|_| None),
        "SentinelSession" => Ok(Some("skipped: the operator makes and keeps sessions")),
        kind => Err(unsupported(kind)),
    }
}

/// The policy of an AccessPolicy object.
pub(crate) fn access(object: &Value) -> Result<AccessPolicy, Problems> {
    check_head(object)?;
    typed::<sentinel_api::AccessPolicy>(object)?.spec.resolve().map_err(|problems| below_spec(&problems))
}

/// `AccessPolicy prod`: what messages call an object.
pub(crate) fn label(object: &Value) -> String {
    format!("{} {}", text(object, "/kind"), text(object, "/metadata/name")).trim().to_owned()
}

/// The text at a place in an object; empty if there is none.
pub(crate) fn text<'a>(object: &'a Value, place: &str) -> &'a str {
    object.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

/// The one access policy of a source; `name` chooses among objects.
pub(crate) fn the_policy(source: &Source, name: Option<&str>) -> Result<Access, Failure> {
    let mut found = Vec::new();
    for part in parts(&source.text) {
        found.extend(candidate(source, part, name)?);
    }
    let many = found.len();
    match (found.pop(), many) {
        (Some(one), 1) => Ok(one),
        (None, _) => Err(Failure::Usage(format!("{}: holds no such access policy", source.name))),
        _ => Err(Failure::Usage(format!("{}: holds {many} access policies: choose one with --name", source.name))),
    }
}

fn candidate(source: &Source, part: Part, name: Option<&str>) -> Result<Option<Access>, Failure> {
    let invalid = |problems| Failure::Invalid { name: source.name.clone(), problems };
    match part {
        Part::Document(text) => {
            let policy = AccessPolicy::from_yaml(&text).map_err(invalid)?;
            Ok(Some(Access { policy, object: None }))
        }
        Part::Object(object) if is_wanted(&object, name) => {
            let named = format!("{}: {}", source.name, label(&object));
            let policy = access(&object).map_err(|problems| Failure::Invalid { name: named, problems })?;
            Ok(Some(Access { policy, object: Some(object) }))
        }
        Part::Unreadable(problems) => Err(invalid(problems)),
        Part::Object(_) | Part::Foreign(_) => Ok(None),
    }
}

fn is_wanted(object: &Value, name: Option<&str>) -> bool {
    text(object, "/kind") == "AccessPolicy" && name.is_none_or(|name| name == text(object, "/metadata/name"))
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

fn typed<T: DeserializeOwned>(object: &Value) -> Result<T, Problems> {
    let kind = text(object, "/kind");
    T::deserialize(object).map_err(|error| Problem::new("", format!("not a valid {kind}: {error}")).into())
}

fn below_spec(problems: &Problems) -> Problems {
    let path = |path: &str| if path.is_empty() { "spec".to_owned() } else { format!("spec.{path}") };
    let found = problems.iter().map(|problem| Problem::new(path(&problem.path), problem.message.clone())).collect();
    Problems::refuse(found, ()).err().unwrap_or_else(|| problems.clone())
}

fn unsupported(kind: &str) -> Problems {
    let message = match kind {
        "ApprovalPolicy" | "BreakGlassPolicy" | "RateLimitPolicy" => {
            format!("{kind} objects aren't supported yet: validate its document with --kind")
        }
        _ => "no kind of ours: write AccessPolicy or SentinelProfile".to_owned(),
    };
    Problem::new("kind", message).into()
}
