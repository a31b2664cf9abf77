//! An AccessRequest or a BreakGlassEvent, as far as its object can be read.

use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{DynamicObject, ObjectMeta};
use kube::{Resource, ResourceExt as _};
use sentinel_api::names::GRANTED_CONDITION;
use sentinel_api::{AccessRequest, BreakGlassEvent, Condition, ConditionStatus, PersonStamp};
use sentinel_core::time::GoDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cluster::Object;
use crate::listing::age;
use crate::words::{in_one_line, printable};

/// Both kinds.
pub(crate) trait Case: Object + Resource<Scope = NamespaceResourceScope> + Serialize {
    /// What can't be read is empty.
    fn seen(object: &DynamicObject) -> Self;

    /// What is true of it.
    fn conditions(&self) -> &[Condition];
}

/// In words.
pub(crate) trait Told: Case {
    /// What is said of one that is made.
    const MADE: &'static str;
    /// What is said of one that was only judged.
    const WOULD: &'static str;
    /// The command that lists them.
    const LIST: &'static str;

    /// Whether nobody has judged it.
    fn is_pending(&self) -> bool;

    /// Whether it got what it asked for.
    fn is_given(&self) -> bool;

    /// The object, and what it asks for, in one line.
    fn head(&self) -> String;

    /// While it is pending, a line each.
    fn waits(&self, now: Timestamp) -> Vec<String>;

    /// What is to be said to whoever has waited so long for nothing.
    fn still_pending(&self, waited: GoDuration) -> String;

    /// Where it stands and what comes next, a line each; the first says it.
    fn stands(&self, now: Timestamp) -> Vec<String>;
}

impl Case for AccessRequest {
    fn seen(object: &DynamicObject) -> Self {
        Self { metadata: object.metadata.clone(), spec: part(object, "spec"), status: part(object, "status") }
    }

    fn conditions(&self) -> &[Condition] {
        self.status.as_ref().map_or(&[], |status| &status.conditions)
    }
}

impl Case for BreakGlassEvent {
    fn seen(object: &DynamicObject) -> Self {
        Self { metadata: object.metadata.clone(), spec: part(object, "spec"), status: part(object, "status") }
    }

    fn conditions(&self) -> &[Condition] {
        self.status.as_ref().map_or(&[], |status| &status.conditions)
    }
}

fn part<T: DeserializeOwned + Default>(object: &DynamicObject, key: &str) -> T {
    object.data.get(key).and_then(|part| T::deserialize(part).ok()).unwrap_or_default()
}

/// What the operator says of whether it opens the door.
pub(crate) fn granted(case: &impl Case) -> Option<&Condition> {
    case.conditions().iter().find(|condition| condition.type_ == GRANTED_CONDITION)
}

/// Why what was granted opens nothing all the same.
pub(crate) fn opens_nothing(case: &impl Case) -> Option<String> {
    let denied = granted(case).filter(|condition| condition.status != ConditionStatus::True)?;
    Some(format!("it opens nothing now: {}", in_one_line(&denied.message)))
}

/// `AccessRequest migrate-prod-x7k2p -n payments`
pub(crate) fn names<K: Case>(case: &K) -> String {
    format!("{} {}", K::kind(&()), place(case))
}

/// `migrate-prod-x7k2p -n payments`: what a command is told.
pub(crate) fn place(case: &impl Case) -> String {
    printable(&format!("{} -n {}", case.name_any(), case.namespace().unwrap_or_default()))
}

/// As people call them.
pub(crate) fn person(stamp: Option<&PersonStamp>) -> String {
    stamp.map_or("somebody unknown".to_owned(), |stamp| stamp.identity().shown())
}

/// All but the first beneath it, and nothing of them moves the cursor.
pub(crate) fn beneath_the_first(said: &[String]) -> Vec<String> {
    said.iter().enumerate().map(|(n, line)| format!("{}{}", if n == 0 { "" } else { "  " }, printable(line))).collect()
}

/// As kubectl says it.
pub(crate) fn age_of(meta: &ObjectMeta, now: Timestamp) -> String {
    meta.creation_timestamp.as_ref().map_or("<none>".to_owned(), |time| age(time.0, now))
}

/// For the next program.
pub(crate) fn value<K: Case>(case: &K) -> Value {
    let mut case = case.clone();
    case.meta_mut().managed_fields = None;
    serde_json::to_value(case).unwrap_or_default()
}
