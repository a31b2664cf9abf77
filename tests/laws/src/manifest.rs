//! Any bytes as the spec of each kind of object.

use std::fmt::Debug;

use sentinel_api::{
    AccessLockSpec, AccessPolicySpec, AccessRequestSpec, ApprovalPolicySpec, BreakGlassEventSpec, BreakGlassPolicySpec,
    ConnectedPod, Profile, RateLimitPolicySpec, SentinelProfile, SentinelProfileSpec,
};
use sentinel_core::policy::Problems;
use serde_json::{Value, json};

use crate::document::{answer_is_bounded, policy_is_lawful};
use crate::law::{Broken, Law, accepted, holds, same};

/// A key that no kind has.
const STRANGE: &str = "strangeKey";

/// Free keys, which an author chooses.
const FREE: &str = "sessionTags";

/// What of an object is judged.
trait Spec: Debug + PartialEq + serde::de::DeserializeOwned + serde::Serialize {
    /// What it means.
    type Meaning: Debug + PartialEq;

    fn judge(&self) -> Result<Self::Meaning, Problems>;
}

macro_rules! spec {
    ($spec:ident means $meaning:ty, $judge:expr) => {
        impl Spec for $spec {
            type Meaning = $meaning;

            fn judge(&self) -> Result<$meaning, Problems> {
                $judge(self)
            }
        }
    };
}

spec!(AccessPolicySpec means sentinel_core::policy::AccessPolicy, Self::resolve);
spec!(ApprovalPolicySpec means sentinel_core::policy::ApprovalPolicy, Self::resolve);
spec!(BreakGlassPolicySpec means sentinel_core::policy::BreakGlassPolicy, Self::resolve);
spec!(RateLimitPolicySpec means sentinel_core::policy::RateLimitPolicy, Self::resolve);
spec!(AccessLockSpec means sentinel_core::lock::AccessLock, Self::resolve);
spec!(AccessRequestSpec means sentinel_core::ask::Ask, Self::resolve);
spec!(BreakGlassEventSpec means sentinel_core::break_glass::Emergency, Self::resolve);
spec!(SentinelProfileSpec means Profile, |spec: &Self| SentinelProfile::new("prod", spec.clone()).resolve());

/// The bytes are JSON: a spec, or a whole object with one.
pub fn manifest(bytes: &[u8]) -> Law {
    let Ok(mut object) = serde_json::from_slice::<Value>(bytes) else { return Ok(()) };
    let value = object.get_mut("spec").map(Value::take).unwrap_or(object);
    if let Some(policy) = is_judged_lawfully::<AccessPolicySpec>(&value)? {
        policy_is_lawful(&policy)?;
    }
    if let Some(policy) = is_judged_lawfully::<ApprovalPolicySpec>(&value)? {
        policy_is_lawful(&policy)?;
    }
    if let Some(policy) = is_judged_lawfully::<BreakGlassPolicySpec>(&value)? {
        policy_is_lawful(&policy)?;
    }
    if let Some(policy) = is_judged_lawfully::<RateLimitPolicySpec>(&value)? {
        policy_is_lawful(&policy)?;
    }
    is_judged_lawfully::<AccessLockSpec>(&value)?;
    is_judged_lawfully::<AccessRequestSpec>(&value)?;
    is_judged_lawfully::<BreakGlassEventSpec>(&value)?;
    match is_judged_lawfully::<SentinelProfileSpec>(&value)? {
        Some(profile) => tags_are_filled(&profile),
        None => Ok(()),
    }
}

/// What the spec means, if it is one.
fn is_judged_lawfully<S: Spec>(value: &Value) -> Result<Option<S::Meaning>, Broken> {
    let Ok(spec) = serde_json::from_value::<S>(value.clone()) else { return Ok(None) };
    is_read_back(&spec)?;
    match spec.judge() {
        Ok(meaning) => strange_keys_are_refused::<S>(value).map(|()| Some(meaning)),
        Err(problems) => answer_is_bounded(&problems).map(|()| None),
    }
}

/// Written and read it is the same, or the API server would hold something else than was judged.
fn is_read_back<S: Spec>(spec: &S) -> Law {
    let value = accepted("the spec can't be written", serde_json::to_value(spec))?;
    let again: S = accepted("what is written can't be read", serde_json::from_value(value))?;
    same("read back", &again, spec)
}

/// Wherever an unknown key stands.
fn strange_keys_are_refused<S: Spec>(value: &Value) -> Law {
    let mut places = vec![];
    objects("", value, &mut places);
    for place in places {
        let judged = serde_json::from_value::<S>(strange(value, &place)).ok().map(|spec| spec.judge());
        let accepted = matches!(judged, Some(Ok(_)));
        holds(!accepted, || format!("an unknown key at `{place}` is accepted"))?;
    }
    Ok(())
}

fn strange(value: &Value, place: &str) -> Value {
    let mut changed = value.clone();
    if let Some(object) = changed.pointer_mut(place).and_then(Value::as_object_mut) {
        object.insert(STRANGE.to_owned(), json!("x"));
    }
    changed
}

/// Pointers to the mappings, but for those whose keys are free.
fn objects(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(at.to_owned());
            for (key, field) in fields.iter().filter(|(key, _)| *key != FREE) {
                objects(&format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), field, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(&format!("{at}/{index}"), item, found);
            }
        }
        _ => {}
    }
}

/// Whatever the pod is called, each tag has a value.
fn tags_are_filled(profile: &Profile) -> Law {
    let pod = ConnectedPod { namespace: "${pod}", service_account: "api", pod: "${", cluster: "}" };
    let tags = profile.tags_for(pod);
    same("tags", &tags.len(), &profile.session_tags.len())
}
