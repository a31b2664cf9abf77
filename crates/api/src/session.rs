//! SentinelSession: one pod × profile, mirrored from its row in the session table.

#![expect(clippy::duplicated_attributes, reason = "every printer column names its type and path")]

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::strict::Unknown;

/// The condition that says what IAM denies of a revoked session.
pub const HARD_REVOKED: &str = "HardRevoked";

/// One pod on one profile. Made by the operator when an injected pod appears, named by the session id, owned by the pod.
/// `spec.revoked: true` stops it for good; that and its reason are all that a person sets. Who did it is stamped, and said once
/// for all.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "sentinel.dev",
    version = "v1alpha1",
    kind = "SentinelSession",
    namespaced,
    shortname = "ssess",
    category = "sentinel",
    status = "SessionStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "One pod on one profile: who has AWS credentials now. Set spec.revoked to stop it for good.",
    selectable = ".spec.profile",
    selectable = ".spec.user",
    selectable = ".spec.revoked",
    printcolumn(name = "User", type_ = "string", json_path = ".spec.user"),
    printcolumn(name = "Profile", type_ = "string", json_path = ".spec.profile"),
    printcolumn(name = "Pod", type_ = "string", json_path = ".spec.pod"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Requests", type_ = "integer", json_path = ".status.requests"),
    printcolumn(name = "Last-Access", type_ = "date", json_path = ".status.lastAccess"),
    printcolumn(name = "Expiry", type_ = "string", json_path = ".status.expiresAt"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Table", type_ = "string", json_path = ".status.table", priority = 1),
    printcolumn(name = "Revoked-By", type_ = "string", json_path = ".status.revokedBy", priority = 1),
    printcolumn(
        name = "Hard-Revoked",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='HardRevoked')].status",
        priority = 1
    ),
    printcolumn(name = "Revoked-Reason", type_ = "string", json_path = ".status.revokedReason", priority = 1)
)]
#[x_kube(
    validation = Rule::new("self.profile == oldSelf.profile && self.user == oldSelf.user && self.pod == oldSelf.pod && self.podUID == oldSelf.podUID").message("profile, user, pod and podUID never change"),
    validation = Rule::new("!(has(oldSelf.revoked) && oldSelf.revoked) || (has(self.revoked) && self.revoked)").message("a revocation is for good: start a new pod to get a new session"),
    validation = Rule::new("!has(self.revokedBy) || (has(self.revoked) && self.revoked)").message("revokedBy is who revoked it: it comes with revoked: true, and Sentinel stamps it"),
    validation = Rule::new("!(has(oldSelf.revoked) && oldSelf.revoked) || (has(self.revokedBy) == has(oldSelf.revokedBy) && (!has(self.revokedBy) || self.revokedBy == oldSelf.revokedBy) && has(self.revokedReason) == has(oldSelf.revokedReason) && (!has(self.revokedReason) || self.revokedReason == oldSelf.revokedReason))").message("who revoked it and why never change")
)]
#[serde(rename_all = "camelCase")]
pub struct SentinelSessionSpec {
    /// Profile.
    pub profile: String,
    /// The pod's user: system:serviceaccount:<namespace>:<name>.
    pub user: String,
    /// Name of the pod.
    pub pod: String,
    /// UID of the pod.
    #[serde(rename = "podUID")]
    pub pod_uid: String,
    /// true stops the session for good: every further request is refused within one lease.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
    /// Why it is revoked; for the table, the logs and whoever is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub revoked_reason: Option<String>,
    /// Who revoked it. Stamped by Sentinel from the request; nobody can write another's name here. Absent: Sentinel's webhook
    /// was down, and the API server's audit log knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub revoked_by: Option<String>,
    /// Keys that nobody knows; kept so that they can be refused.
    #[serde(flatten)]
    pub unknown: Unknown,
}

impl SentinelSessionSpec {
    /// The keys of a spec.
    pub const KNOWN: &'static [&'static str] =
        &["profile", "user", "pod", "podUID", "revoked", "revokedReason", "revokedBy"];

    /// A problem for each key that nobody knows.
    pub fn unknown_keys(&self) -> Vec<sentinel_core::policy::Problem> {
        crate::strict::refuse_unknown(&self.unknown, "spec", Self::KNOWN)
    }
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// The pod is injected; it has had no credentials yet.
    #[default]
    Pending,
    /// It has had credentials.
    Active,
    /// Stopped for good.
    Revoked,
    /// The pod is gone.
    Expired,
}

/// Status of a session: what its row says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionStatus {
    /// The generation that the operator has seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Pending, Active, Revoked or Expired.
    #[serde(default)]
    pub phase: Phase,
    /// The session table in use. Absent: the session is not tracked in a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Every table that holds a row of this session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// Credential requests of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<i64>,
    /// When the first credentials were asked for, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub started_at: Option<String>,
    /// The last touch of the row, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub last_access: Option<String>,
    /// Until when the row is promised to be active, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// STS SourceIdentity of the last credentials; CloudTrail shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Role of the last credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Every role of which it was given credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Until when issued credentials may be about, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_until: Option<String>,
    /// Who revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_reason: Option<String>,
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// When IAM had the denial of its credentials: written and read back, RFC 3339. Only with the profile's hardRevocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub hard_revoked_at: Option<String>,
    /// The revocation is in the audit log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revocation_told: bool,
    /// `Tracked`: the row in the table says what this status says. `HardRevoked`: IAM denies the credentials that are out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,
}
