//! Which profiles require sessions, and what doesn't comply. Pure: whoever has gathered the evidence, operator or command, hears
//! the same.
//!
//! ```text
//!   profiles, policies, pods, sessions ─▶ Evidence ─ audit() ─▶ AuditReport { profiles, findings }
//! ```

mod find;
#[cfg(test)]
mod tests;
mod version;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use sentinel_core::policy::AccessPolicy;
use serde::Serialize;

use crate::{Profile, StrayRow};

/// So long a session may be ahead of what is known of its pod.
pub const SESSION_GRACE: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);
/// So many minor versions a sidecar may be behind, as a kubelet may be behind its API server.
pub const MINORS_BEHIND: u64 = 2;

/// What is known of the cluster.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Every profile by name, or what is wrong with it.
    pub profiles: BTreeMap<String, Result<Profile, String>>,
    /// The access policies that are in force.
    pub access: BTreeMap<String, Arc<AccessPolicy>>,
    /// Policies of any kind that are not: kind, name and what is wrong.
    pub refused: Vec<RefusedPolicy>,
    /// The installation's session table; `Unknown` finds no missing table.
    pub default_table: DefaultTable,
    /// Every pod that asks for a profile or is marked as injected, and has not finished.
    pub pods: Vec<PodEvidence>,
    /// Every session.
    pub sessions: Vec<SessionEvidence>,
    /// What the operator says of rows without a pod, by profile.
    pub stray: BTreeMap<String, Vec<StrayRow>>,
    /// The version that is installed.
    pub version: String,
    /// How many minor versions a sidecar may be behind it.
    pub minors_behind: u64,
}

/// A policy that is not in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedPolicy {
    /// `AccessPolicy`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

/// The session table of profiles that name none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DefaultTable {
    /// It could not be read.
    #[default]
    Unknown,
    /// There is none.
    None,
    /// This one.
    Named(String),
}

/// A pod that lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodEvidence {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// The profile that its annotation asks for.
    pub profile: Option<String>,
    /// Whether it is marked as injected.
    pub injected: bool,
    /// The version that injected it, if it says so.
    pub version: Option<String>,
}

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionEvidence {
    /// Its namespace.
    pub namespace: String,
    /// Its id.
    pub name: String,
    /// Its profile.
    pub profile: String,
    /// The name of its pod.
    pub pod: String,
    /// The UID of its pod.
    pub pod_uid: String,
    /// Pending or Active.
    pub live: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// What an audit says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// Every profile, by name.
    pub profiles: Vec<ProfileLine>,
    /// What doesn't comply.
    pub findings: Vec<Finding>,
}

/// What is said of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileLine {
    /// Its name.
    pub name: String,
    /// The rules that require a session of it.
    pub required_by: Vec<String>,
    /// The tables that its sessions may be in.
    pub tables: Vec<String>,
    /// Live pods that ask for it.
    pub pods: usize,
    /// Findings about it.
    pub findings: usize,
}

/// One thing that doesn't comply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which.
    pub kind: FindingKind,
    /// The profile that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The object: `pod payments/api-0`.
    pub object: String,
    /// What is wrong, and what helps.
    pub message: String,
}

/// What may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum FindingKind {
    /// A pod asks for a profile and has no sidecar.
    NotInjected,
    /// A session is live and its pod is not.
    SessionWithoutPod,
    /// A row is active, its pod is gone and it could not be ended; or a table could not be searched for such rows.
    RowWithoutPod,
    /// A rule requires a session, and no table is named.
    NoTable,
    /// A sidecar is too old.
    OldSidecar,
    /// A profile can't be used, or nothing governs it.
    ProfileUnusable,
    /// A policy is not in force.
    PolicyRefused,
}

impl FindingKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NotInjected,
        Self::SessionWithoutPod,
        Self::RowWithoutPod,
        Self::NoTable,
        Self::OldSidecar,
        Self::ProfileUnusable,
        Self::PolicyRefused,
    ];
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What `evidence` says at `now`.
pub fn audit(evidence: &Evidence, now: Timestamp) -> AuditReport {
    let mut findings: Vec<Finding> = [
        find::not_injected(evidence),
        find::sessions_without_pods(evidence, now),
        find::rows_without_pods(evidence),
        find::no_table(evidence),
        find::old_sidecars(evidence),
        find::unusable_profiles(evidence),
        find::refused_policies(evidence),
    ]
    .concat();
    findings.sort_by(|one, other| (one.kind, &one.object).cmp(&(other.kind, &other.object)));
    AuditReport { profiles: find::lines(evidence, &findings), findings }
}
