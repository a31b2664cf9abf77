//! Policies, profiles and sessions: what the schema can't refuse.

mod access_policy;
mod profile;
mod session;

#[cfg(test)]
mod tests;

use kube::Resource;
use kube::ResourceExt as _;
use sentinel_api::{AccessPolicy, SentinelProfile, SentinelSession};
use sentinel_core::policy::Problems;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::admission::{AdmissionRequest, Answer, Operation};
use crate::view::View;

/// A kind that is judged here.
trait Judged: Resource<DynamicType = ()> + DeserializeOwned {
    /// Every problem of `self`, which replaces `old`.
    fn problems(&self, old: Option<&Self>) -> Result<(), Problems>;
    /// What its author should know.
    fn warnings(&self, view: &View) -> Vec<String>;
}

/// Judges whatever kind `request` is about.
pub fn judge(request: &AdmissionRequest, view: &View) -> Answer {
    let resource = request.resource.resource.as_str();
    let judge = if resource == AccessPolicy::plural(&()) {
        judge_as::<AccessPolicy>
    } else if resource == SentinelProfile::plural(&()) {
        judge_as::<SentinelProfile>
    } else if resource == SentinelSession::plural(&()) {
        judge_as::<SentinelSession>
    } else {
        return Answer::invalid(format!("Sentinel's webhook does not judge {resource}.{}", request.resource.group));
    };
    judge(request, view)
}

fn judge_as<K: Judged>(request: &AdmissionRequest, view: &View) -> Answer {
    let writes = matches!(request.operation, Operation::Create | Operation::Update);
    // An object that an older version let in can still lose its finalizer, or get a label.
    let same_spec = request.operation == Operation::Update && spec(&request.object) == spec(&request.old_object);
    if !writes || same_spec {
        return Answer::allowed();
    }
    let new: K = match serde_json::from_value(request.object.clone()) {
        Ok(new) => new,
        Err(error) => return Answer::invalid(format!("{} can't be read: {error}", K::kind(&()))),
    };
    let old: Option<K> = serde_json::from_value(request.old_object.clone()).ok();
    match new.problems(old.as_ref()) {
        Ok(()) => Answer::allowed().warning(new.warnings(view)),
        Err(problems) => Answer::invalid(format!("{} `{}`: {problems}", K::kind(&()), new.name_any())),
    }
}

fn spec(object: &Value) -> &Value {
    object.get("spec").unwrap_or(&Value::Null)
}
