//! What opens a door: requests and emergencies.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;
use super::schema::{break_glass_event, end, moment, request_event};

/// Written by the operator: an access request was made, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestLine<'a> {
    /// When it happened.
    #[schemars(schema_with = "moment")]
    pub timestamp: Timestamp,
    /// What happened.
    #[schemars(schema_with = "request_event")]
    pub event: Text<'a>,
    /// 8 hex characters that name the request; in SourceIdentity and in decisions, too.
    pub request_id: Text<'a>,
    /// Who asked, as the API server knew them; empty: nobody has stamped it.
    pub requester: Text<'a>,
    /// The value that tells the requester's person apart, where the installation has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_person: Option<Text<'a>>,
    /// Who approved or denied it, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<Text<'a>>,
    /// What they said to it; of a cancellation, what whoever cancelled said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver_comment: Option<Text<'a>>,
    /// Approved by the rule's autoApprove, by nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_approved: bool,
    /// What requests and emergencies have in common.
    #[serde(flatten)]
    pub asked: OpeningFields<'a>,
}

/// Written by the operator: the glass was broken, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BreakGlassLine<'a> {
    /// When it happened.
    #[schemars(schema_with = "moment")]
    pub timestamp: Timestamp,
    /// What happened.
    #[schemars(schema_with = "break_glass_event")]
    pub event: Text<'a>,
    /// 8 hex characters that name the emergency; in SourceIdentity and in decisions, too.
    pub event_id: Text<'a>,
    /// Who broke the glass, as the API server knew them; empty: nobody has stamped it.
    pub invoker: Text<'a>,
    /// The value that tells the invoker's person apart, where the installation has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoker_person: Option<Text<'a>>,
    /// incident, maintenance, security, recovery or other.
    pub reason_code: Text<'a>,
    /// Who ended it before its time; `unknown (kubernetes)`: it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<Text<'a>>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_reason: Option<Text<'a>>,
    /// How many of the invoker's count, where that is more than the RateLimitPolicy's escalationThreshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_counted: Option<i64>,
    /// Why it never began, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Text<'a>>,
    /// What requests and emergencies have in common.
    #[serde(flatten)]
    pub asked: OpeningFields<'a>,
}

/// What requests and emergencies have in common.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpeningFields<'a> {
    /// The profile that is asked for.
    pub profile: Text<'a>,
    /// Where it stands since then, in lower case.
    pub status: Text<'a>,
    /// Who did it, as the API server knew them; `sentinel` where time or a rule did; `unknown (kubernetes)`: it was deleted, and the API
    /// server's audit log knows by whom.
    pub actor: Text<'a>,
    /// The value that tells the actor's person apart, where the installation has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_person: Option<Text<'a>>,
    /// Why it is asked for.
    pub justification: Text<'a>,
    /// For how long it is asked for; 0 where that can't be read.
    pub duration_seconds: i64,
    /// The end: of the grant where there is one, or was; else of the request. Absent of an emergency that never began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "end")]
    pub expires_at: Option<Timestamp>,
    /// Name of the ApprovalPolicy or BreakGlassPolicy that governed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Text<'a>>,
    /// Its rule that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Text<'a>>,
    /// What the object's status says about it, in a sentence; empty where it was told so late that the status says something newer.
    pub message: Text<'a>,
    /// Namespace of the object and of the service account.
    pub namespace: Text<'a>,
    /// The service account that it is for.
    pub service_account: Text<'a>,
    /// Name of the object.
    pub name: Text<'a>,
    /// Its UID.
    pub uid: Text<'a>,
    /// The cluster: UID of namespace kube-system.
    pub cluster: Text<'a>,
    /// The cluster's name for people.
    pub cluster_name: Text<'a>,
}
