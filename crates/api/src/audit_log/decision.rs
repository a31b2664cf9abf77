//! What the broker decides.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;
use super::schema::{effect, moment};

/// Written by the broker: each issue of credentials, and each decision that differs from the last one on the session. A denial that
/// goes on is said again after five minutes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecisionLine<'a> {
    /// When it was decided.
    #[schemars(schema_with = "moment")]
    pub timestamp: Timestamp,
    /// The pod's user: system:serviceaccount:NAMESPACE:NAME.
    pub user: Text<'a>,
    /// The profile that the pod asks for.
    pub profile: Text<'a>,
    /// What was done.
    #[schemars(schema_with = "effect")]
    pub effect: Text<'a>,
    /// What the policy alone says, where an approval or an emergency went past it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_effect: Option<Text<'a>>,
    /// The access request that opened the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_request_id: Option<Text<'a>>,
    /// The emergency that opened the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass_event_id: Option<Text<'a>>,
    /// Name of the rule that matched; empty: none did, or no rule was asked.
    pub rule: Text<'a>,
    /// Its place in the policy, from 0; -1 where no rule matched.
    pub rule_index: i64,
    /// Why, in the policy's or the broker's words.
    pub reason: Text<'a>,
    /// The policy that was asked: accesspolicies/NAME; empty: none.
    pub policy_path: Text<'a>,
    /// SourceIdentity of the credentials, as CloudTrail shows it. Only where credentials were issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<Text<'a>>,
    /// The role of the credentials. Only where credentials were issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<Text<'a>>,
    /// How long the credentials live. Only where credentials were issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_duration_seconds: Option<i64>,
    /// What the pod is told. Only of a denial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text<'a>>,
    /// The pod's namespace.
    pub namespace: Text<'a>,
    /// The pod's service account.
    pub service_account: Text<'a>,
    /// The pod.
    pub pod: Text<'a>,
    /// Its UID.
    pub pod_uid: Text<'a>,
    /// The session: this pod on this profile.
    pub session_id: Text<'a>,
    /// The cluster: UID of namespace kube-system.
    pub cluster: Text<'a>,
    /// The cluster's name for people.
    pub cluster_name: Text<'a>,
    /// 16 hex characters that name this decision.
    pub decision_id: Text<'a>,
}
