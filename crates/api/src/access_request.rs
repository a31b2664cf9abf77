//! AccessRequest: asks for what an access policy gives only with an approval.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use sentinel_core::access_request::Ruling;
use sentinel_core::ask::{Ask, AskDraft, Terms, note_problem};
use sentinel_core::policy::Problems;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::pins::Pins;
use crate::stamp::PersonStamp;
use crate::strict::{Unknown, refuse_unknown, with_those_of_spec};
use crate::words::words;

/// The longest comment, in characters.
pub const MAX_COMMENT: usize = 500;

/// Asks that one service account of this namespace may use one profile for a while, where the AccessPolicy says
/// require_approval. The approvers of the profile's ApprovalPolicy decide by `decision`; who asked can cancel by it. What was
/// asked never changes, and what is decided stays decided: make another request.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "sentinel.dev",
    version = "v1alpha1",
    kind = "AccessRequest",
    namespaced,
    shortname = "areq",
    category = "sentinel",
    status = "AccessRequestStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "Asks for one service account of this namespace on one profile, for a while. Set spec.decision to approve or deny it.",
    printcolumn(name = "Requester", type_ = "string", json_path = ".spec.requester.user"),
    printcolumn(name = "Service-Account", type_ = "string", json_path = ".spec.serviceAccount"),
    printcolumn(name = "Profile", type_ = "string", json_path = ".spec.profile"),
    printcolumn(name = "Duration", type_ = "string", json_path = ".spec.duration"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Granted", type_ = "string", json_path = ".status.conditions[?(@.type=='Granted')].status", description = "It opens the door now"),
    printcolumn(name = "By", type_ = "string", json_path = ".spec.decidedBy.user"),
    printcolumn(name = "Expires", type_ = "string", json_path = ".status.expiresAt", description = "Pending: the end of the request; approved: the end of the grant"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Id", type_ = "string", json_path = ".status.requestId", priority = 1, description = "In SourceIdentity, logs and notifications"),
    printcolumn(name = "Justification", type_ = "string", json_path = ".spec.justification", priority = 1),
    printcolumn(name = "Comment", type_ = "string", json_path = ".spec.comment", priority = 1),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.phase) || oldSelf.status.phase == 'Pending' || has(self.spec.decision) == has(oldSelf.spec.decision)").message("the request is decided or has expired: make another")
)]
#[x_kube(
    validation = Rule::new("self.profile == oldSelf.profile && self.serviceAccount == oldSelf.serviceAccount && self.duration == oldSelf.duration && self.justification == oldSelf.justification").message("profile, serviceAccount, duration and justification never change: make another request"),
    validation = Rule::new("has(self.requester) == has(oldSelf.requester) && (!has(self.requester) || self.requester == oldSelf.requester)").message("requester is who made the request, and never changes"),
    validation = Rule::new("!has(oldSelf.decision) || (has(self.decision) && self.decision == oldSelf.decision && has(self.comment) == has(oldSelf.comment) && (!has(self.comment) || self.comment == oldSelf.comment) && has(self.decidedBy) == has(oldSelf.decidedBy) && (!has(self.decidedBy) || self.decidedBy == oldSelf.decidedBy))").message("a decision, its comment and who made it never change: make another request"),
    validation = Rule::new("has(self.decision) || (!has(self.comment) && !has(self.decidedBy))").message("comment and decidedBy come with decision")
)]
#[serde(rename_all = "camelCase")]
pub struct AccessRequestSpec {
    /// The SentinelProfile.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub profile: String,
    /// The service account, of this namespace.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub service_account: String,
    /// For how long, from the decision on: a Go duration of at most 8h.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = Rule::new("self.matches('^[+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$')").message("a Go duration such as 30m, 1h or 2h30m is expected, and not a negative one"))]
    #[x_kube(validation = Rule::new("!self.matches('^[+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$') || (duration(self) > duration('0s') && duration(self) <= duration('8h'))").message("more than 0s and at most 8h is expected"))]
    pub duration: String,
    /// Why, in one line of 10 to 500 characters: whoever decides reads it.
    #[schemars(length(min = 10, max = 500))]
    pub justification: String,
    /// Approved or Denied, by an approver who did not ask; Cancelled, by who asked. Set once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "rulings")]
    pub decision: Option<Ruling>,
    /// What whoever decides has to say. It comes with the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub comment: Option<String>,
    /// Who asks. Stamped by Sentinel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<PersonStamp>,
    /// Who decided. Stamped by Sentinel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PersonStamp>,
    /// Keys that nobody knows; kept so that they can be refused.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RequestPhase {
    /// Nobody has decided.
    #[default]
    Pending,
    /// An approver said yes, or autoApprove did. It stays so when the grant is over; see condition `Granted`.
    Approved,
    /// An approver said no.
    Denied,
    /// Nobody decided within 24 hours.
    Expired,
    /// Who asked took it back.
    Cancelled,
}

/// Status of a request. Written by the operator alone, and frozen once it is decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[x_kube(
    validation = Rule::new("!has(oldSelf.phase) || oldSelf.phase == 'Pending' || (has(self.phase) && self.phase == oldSelf.phase)").message("what is decided stays decided"),
    validation = Rule::new("!has(oldSelf.phase) || oldSelf.phase != 'Approved' || (has(self.expiresAt) && has(oldSelf.expiresAt) && self.expiresAt == oldSelf.expiresAt && has(self.pins) == has(oldSelf.pins) && (!has(self.pins) || self.pins == oldSelf.pins))").message("the end of a grant and what it was given for never change")
)]
#[serde(rename_all = "camelCase")]
pub struct AccessRequestStatus {
    /// The generation that the operator has seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Pending, Approved, Denied, Expired or Cancelled. An approved request stays Approved when its grant is over.
    #[serde(default)]
    pub phase: RequestPhase,
    /// 8 hex characters that name it in SourceIdentity, logs and notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When it was decided, RFC 3339; a request that approved itself: when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<String>,
    /// Pending: when it expires. Approved: the end of the grant. RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub expires_at: Option<String>,
    /// The ApprovalPolicy that governs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Its rule that does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Pending: who may decide it, by that rule; some of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Approved by a person: the entry of the rule that names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_as: Option<String>,
    /// Approved by autoApprove.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_approved: bool,
    /// Approved: what for. The grant is void as soon as one of these is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<Pins>,
    /// The phase that log and Events have told; behind `phase` for a moment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<RequestPhase>,
    /// `Granted`: it opens the door now; its reason and message say why it doesn't.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,
}

impl AccessRequestSpec {
    const KNOWN: &'static [&'static str] =
        &["profile", "serviceAccount", "duration", "justification", "decision", "comment", "requester", "decidedBy"];

    /// What it asks for, or every problem of the spec at once.
    pub fn resolve(&self) -> Result<Ask, Problems> {
        let mut problems = refuse_unknown(&self.unknown, "spec", Self::KNOWN);
        let comment = self.comment.as_deref().and_then(|comment| note_problem("spec.comment", comment, MAX_COMMENT));
        problems.extend(comment);
        let draft = AskDraft {
            profile: self.profile.clone(),
            service_account: self.service_account.clone(),
            duration: self.duration.clone(),
            justification: self.justification.clone(),
        };
        with_those_of_spec(problems, Ask::read(&draft, Terms::REQUEST))
    }
}

fn rulings(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    words(Ruling::ALL.iter().map(|ruling| ruling.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_judged_whole() {
        let spec: AccessRequestSpec = serde_json::from_value(serde_json::json!({
            "profile": "prod*", "serviceAccount": "api", "duration": "9h", "justification": "because", "comment": " ",
            "reqester": {"user": "ann"},
        }))
        .unwrap();
        let problems = spec.resolve().unwrap_err().to_string();
        for part in [
            "spec.reqester: unknown key `reqester`: did you mean `requester`?",
            "spec.comment: it says nothing",
            "spec.profile: the name of one object",
            "spec.duration: `9h0m0s` exceeds maximum of 8h0m0s",
            "spec.justification: 7 characters are too few",
        ] {
            assert!(problems.contains(part), "{part} is not in {problems}");
        }
    }
}
