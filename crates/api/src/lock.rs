//! AccessLock: stops users, namespaces or profiles at once.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use sentinel_core::lock::{self, LockDraft};
use sentinel_core::policy::Problems;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::strict::{Unknown, refuse_unknown, with_those_of_spec};

/// Whoever is named gets no credentials from now on, whatever policies, approvals and break-glass say: running pods within
/// one lease, new pods at once. Deleting the lock unlocks. Of several lists all must name a pod (AND); within a list one entry
/// is enough (OR). Only the reason and the end of a lock can be changed.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "sentinel.dev",
    version = "v1alpha1",
    kind = "AccessLock",
    shortname = "alock",
    category = "sentinel",
    status = "AccessLockStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "Stops users, namespaces or profiles at once: who is named gets no credentials. Deleting it unlocks.",
    printcolumn(name = "Users", type_ = "string", json_path = ".spec.users", description = "system:serviceaccount:<namespace>:<name>; globs"),
    printcolumn(name = "Namespaces", type_ = "string", json_path = ".spec.namespaces"),
    printcolumn(name = "Profiles", type_ = "string", json_path = ".spec.profiles"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".spec.reason"),
    printcolumn(name = "By", type_ = "string", json_path = ".spec.createdBy"),
    printcolumn(name = "Expires", type_ = "string", json_path = ".spec.expiresAt"),
    printcolumn(name = "Active", type_ = "string", json_path = ".status.conditions[?(@.type=='Active')].status", description = "It holds"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Sessions", type_ = "integer", json_path = ".status.sessions", priority = 1),
    validation = Rule::new("size(self.metadata.name) <= 63").message("a lock's name is at most 63 characters: people read it in messages")
)]
#[x_kube(
    validation = Rule::new("has(self.users) || has(self.namespaces) || has(self.profiles)").message("users, namespaces or profiles is required: to lock everybody, say namespaces: [\"*\"]"),
    validation = Rule::new("has(self.users) == has(oldSelf.users) && (!has(self.users) || self.users == oldSelf.users) && has(self.namespaces) == has(oldSelf.namespaces) && (!has(self.namespaces) || self.namespaces == oldSelf.namespaces) && has(self.profiles) == has(oldSelf.profiles) && (!has(self.profiles) || self.profiles == oldSelf.profiles)").message("users, namespaces and profiles of a lock never change: make another lock, then delete this one"),
    validation = Rule::new("has(self.createdBy) == has(oldSelf.createdBy) && (!has(self.createdBy) || self.createdBy == oldSelf.createdBy)").message("createdBy is who made the lock, and never changes")
)]
#[serde(rename_all = "camelCase")]
pub struct AccessLockSpec {
    /// Pods by their user, system:serviceaccount:<namespace>:<name>. A `*` matches any run of characters but `:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "entries")]
    pub users: Option<Vec<String>>,
    /// Pods by their namespace. A `*` matches any run of characters. Together with users or profiles: all given lists must
    /// name the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "entries")]
    pub namespaces: Option<Vec<String>>,
    /// Pods by the profile that they ask for. A `*` matches any run of characters. Together with users or namespaces: all
    /// given lists must name the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "entries")]
    pub profiles: Option<Vec<String>>,
    /// Why, in one line: whoever is refused reads it.
    #[schemars(length(min = 1, max = 1000))]
    pub reason: String,
    /// When the lock ends by itself, RFC 3339: 2026-11-22T18:00:00Z. Absent: when it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 64),
        regex(
            pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
        )
    )]
    pub expires_at: Option<String>,
    /// Who made it. Stamped by Sentinel from the request; what an author writes here is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub created_by: Option<String>,
    /// Keys that nobody knows; kept so that they can be refused.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// Status of a lock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessLockStatus {
    /// The generation that the operator has seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`: the spec can be read. `Active`: it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,
    /// How many sessions of live pods it names; counted when the lock changes and every five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<i64>,
    /// What of it is in the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<LockTold>,
}

/// What of a lock is in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum LockTold {
    /// That it was made.
    Created,
    /// That it has ended, too.
    Ended,
}

impl AccessLockSpec {
    const KNOWN: &'static [&'static str] = &["users", "namespaces", "profiles", "reason", "expiresAt", "createdBy"];

    /// The lock, or every problem of the spec at once.
    pub fn resolve(&self) -> Result<lock::AccessLock, Problems> {
        let problems = refuse_unknown(&self.unknown, "spec", Self::KNOWN);
        with_those_of_spec(problems, lock::AccessLock::read(&self.draft()))
    }

    /// A lock of everything that the spec might mean: for those that [`AccessLockSpec::resolve`] refuses.
    pub fn widest(&self) -> lock::AccessLock {
        lock::AccessLock::widest(&self.draft())
    }

    fn draft(&self) -> LockDraft {
        LockDraft {
            users: self.users.clone(),
            namespaces: self.namespaces.clone(),
            profiles: self.profiles.clone(),
            reason: self.reason.clone(),
            expires_at: self.expires_at.clone(),
        }
    }
}

/// A list of names or globs that may be left out.
fn entries(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "array", "minItems": 1, "maxItems": lock::MAX_ENTRIES,
        "items": {"type": "string", "minLength": 1, "maxLength": 2048},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_core::lock::Target;

    #[test]
    fn a_spec_is_judged_whole() {
        let spec: AccessLockSpec = serde_json::from_value(serde_json::json!({
            "namespace": ["payments"], "users": ["*"], "reason": " ", "expiresAt": "soon", "createdBy": "dana",
        }))
        .unwrap();
        let problems = spec.resolve().unwrap_err().to_string();
        for part in [
            "spec.namespace: unknown key `namespace`: did you mean `namespaces`?",
            "spec.users[0]: `*` names no pod",
            "spec.reason: a reason is required",
            "spec.expiresAt: a moment",
        ] {
            assert!(problems.contains(part), "{part} is not in {problems}");
        }
    }

    #[test]
    fn what_can_not_be_read_narrows_nothing() {
        let spec: AccessLockSpec = serde_json::from_value(
            serde_json::json!({"namespace": ["payments"], "profiles": ["prod"], "reason": "leak"}),
        )
        .unwrap();
        let everywhere = |profile| Target { user: "system:serviceaccount:any:any", namespace: "any", profile };
        assert!(spec.resolve().is_err());
        assert!(spec.widest().hits(everywhere("prod")) && !spec.widest().hits(everywhere("dev")));
    }
}
