//! Policies, profiles, sessions, locks, requests and emergencies: what the schema can't refuse.

mod ask;
mod event;
mod lock;
mod no;
mod policy;
mod profile;
mod request;
mod session;

#[cfg(test)]
mod ask_samples;
#[cfg(test)]
mod event_tests;
#[cfg(test)]
mod request_tests;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use kube::Resource;
use kube::ResourceExt as _;
use sentinel_api::{
    AccessLock, AccessPolicy, AccessRequest, ApprovalPolicy, BreakGlassEvent, BreakGlassPolicy, PersonStamp,
    RateLimitPolicy, SentinelProfile, SentinelSession,
};
use sentinel_core::policy::lint::Surroundings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::admission::{AdmissionRequest, Answer, Operation};
use crate::view::{ProfileLookup, View};

pub use ask::named_profile;
use no::No;

/// A kind that is judged here.
trait Judged: Resource<DynamicType = ()> + DeserializeOwned {
    /// Everything that is wrong with `self`, which replaces `old`.
    fn judge(&self, old: Option<&Self>, around: Around<'_>) -> Result<(), No>;

    /// What its author should know.
    fn warnings(&self, _: Around<'_>) -> Vec<String> {
        vec![]
    }
}

/// What is known beside the object.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Of the cluster.
    pub view: &'a View,
    /// Session table of profiles that name none; empty: none.
    pub default_table: &'a str,
    /// Who asks, as their stamp names them.
    pub by: &'a PersonStamp,
    /// When.
    pub at: Timestamp,
    /// The profile that [`named_profile`] names, as it was found.
    pub profile: Option<&'a ProfileLookup>,
}

impl Around<'_> {
    fn surroundings(&self) -> Surroundings {
        self.view.surroundings(self.default_table)
    }
}

/// How an object of one kind is judged.
type Bench = fn(&AdmissionRequest, Around<'_>) -> Answer;

/// Judges whatever kind `request` is about.
pub fn judge(request: &AdmissionRequest, around: Around<'_>) -> Answer {
    let resource = request.resource.resource.as_str();
    match benches().into_iter().find(|(plural, _)| plural == resource) {
        Some((_, judge)) => judge(request, around),
        None => Answer::invalid(format!("Sentinel's webhook does not judge {resource}.{}", request.resource.group)),
    }
}

fn benches() -> [(std::borrow::Cow<'static, str>, Bench); 9] {
    [
        bench::<AccessPolicy>(),
        bench::<ApprovalPolicy>(),
        bench::<BreakGlassPolicy>(),
        bench::<RateLimitPolicy>(),
        bench::<SentinelProfile>(),
        bench::<SentinelSession>(),
        bench::<AccessLock>(),
        bench::<AccessRequest>(),
        bench::<BreakGlassEvent>(),
    ]
}

fn bench<K: Judged>() -> (std::borrow::Cow<'static, str>, Bench) {
    (K::plural(&()), judge_as::<K>)
}

fn judge_as<K: Judged>(request: &AdmissionRequest, around: Around<'_>) -> Answer {
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
    match new.judge(old.as_ref(), around) {
        Ok(()) => Answer::allowed().warning(new.warnings(around)),
        Err(no) => no.into_answer(&format!("{} `{}`", K::kind(&()), new.name_any())),
    }
}

fn spec(object: &Value) -> &Value {
    object.get("spec").unwrap_or(&Value::Null)
}
