//! BreakGlassEvent: access in an emergency, past the policy.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use sentinel_core::ask::{Ask, AskDraft, Terms, note_problem};
use sentinel_core::break_glass::Emergency;
use sentinel_core::policy::{Problem, Problems, ReasonCode, UnknownWord};
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::pins::Pins;
use crate::stamp::PersonStamp;
use crate::strict::{Unknown, refuse_unknown, with_those_of_spec};
use crate::words::words;

/// The longest reason for closing, in characters.
pub const MAX_CLOSED_REASON: usize = 1000;
/// The longest review, in characters.
pub const MAX_REVIEW: usize = 4000;

/// Gives one service account of this namespace one profile for a while, whatever the AccessPolicy says of it, but for
/// require_server denials. The profile's BreakGlassPolicy says who may, its RateLimitPolicy how often. `closed: true` ends it
/// early; afterwards somebody writes in `review` what it was for. What was asked never changes.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "sentinel.dev",
    version = "v1alpha1",
    kind = "BreakGlassEvent",
    namespaced,
    shortname = "bge",
    category = "sentinel",
    status = "BreakGlassEventStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "Emergency access for one service account of this namespace on one profile. Set spec.closed to end it.",
    printcolumn(name = "Invoker", type_ = "string", json_path = ".spec.invoker.user"),
    printcolumn(name = "Service-Account", type_ = "string", json_path = ".spec.serviceAccount"),
    printcolumn(name = "Profile", type_ = "string", json_path = ".spec.profile"),
    printcolumn(name = "Code", type_ = "string", json_path = ".spec.reasonCode"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Granted", type_ = "string", json_path = ".status.conditions[?(@.type=='Granted')].status", description = "It opens the door now"),
    printcolumn(name = "Expires", type_ = "string", json_path = ".status.expiresAt"),
    printcolumn(name = "Come-Back", type_ = "string", json_path = ".status.refusal.comeBackAt", description = "Refused by a limit: when one would be admitted"),
    printcolumn(name = "Reviewed", type_ = "string", json_path = ".status.conditions[?(@.type=='Reviewed')].status"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Id", type_ = "string", json_path = ".status.requestId", priority = 1, description = "In SourceIdentity, logs and notifications"),
    printcolumn(name = "Justification", type_ = "string", json_path = ".spec.justification", priority = 1),
    validation = Rule::new("!has(self.spec.review) || (has(self.spec.closed) && self.spec.closed) || (has(self.status) && has(self.status.phase) && self.status.phase in ['Closed', 'Expired'])").message("review comes when the emergency is over: close it first")
)]
#[x_kube(
    validation = Rule::new("self.profile == oldSelf.profile && self.serviceAccount == oldSelf.serviceAccount && self.reasonCode == oldSelf.reasonCode && self.justification == oldSelf.justification && self.duration == oldSelf.duration").message("profile, serviceAccount, reasonCode, justification and duration never change: close this event and make another"),
    validation = Rule::new("has(self.invoker) == has(oldSelf.invoker) && (!has(self.invoker) || self.invoker == oldSelf.invoker)").message("invoker is who broke the glass, and never changes"),
    validation = Rule::new("!(has(oldSelf.closed) && oldSelf.closed) || (has(self.closed) && self.closed && has(self.closedReason) == has(oldSelf.closedReason) && (!has(self.closedReason) || self.closedReason == oldSelf.closedReason) && has(self.closedBy) == has(oldSelf.closedBy) && (!has(self.closedBy) || self.closedBy == oldSelf.closedBy))").message("what is closed stays closed, and who closed it and why never change: make another event"),
    validation = Rule::new("(has(self.closed) && self.closed) || (!has(self.closedReason) && !has(self.closedBy))").message("closedReason and closedBy come with closed: true"),
    validation = Rule::new("!has(oldSelf.review) || (has(self.review) && self.review == oldSelf.review && has(self.reviewedBy) == has(oldSelf.reviewedBy) && (!has(self.reviewedBy) || self.reviewedBy == oldSelf.reviewedBy))").message("a review and who wrote it never change"),
    validation = Rule::new("has(self.review) || !has(self.reviewedBy)").message("reviewedBy comes with review")
)]
#[serde(rename_all = "camelCase")]
pub struct BreakGlassEventSpec {
    /// The SentinelProfile.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub profile: String,
    /// The service account, of this namespace.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub service_account: String,
    /// What kind of emergency it is.
    #[schemars(schema_with = "codes")]
    pub reason_code: String,
    /// What is on fire, in one line of 20 to 1000 characters.
    #[schemars(length(min = 20, max = 1000))]
    pub justification: String,
    /// For how long, from the moment at which it becomes active: a Go duration of at most 4h, and at most the rule's.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = Rule::new("self.matches('^[+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$')").message("a Go duration such as 30m, 1h or 2h30m is expected, and not a negative one"))]
    #[x_kube(validation = Rule::new("!self.matches('^[+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$') || (duration(self) > duration('0s') && duration(self) <= duration('4h'))").message("more than 0s and at most 4h is expected"))]
    pub duration: String,
    /// true ends it early, for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// Why it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1000))]
    pub closed_reason: Option<String>,
    /// Afterwards: what it was for, and what was done. Written once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4000))]
    pub review: Option<String>,
    /// Who broke the glass. Stamped by Sentinel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoker: Option<PersonStamp>,
    /// Who closed it. Stamped by Sentinel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<PersonStamp>,
    /// Who reviewed it. Stamped by Sentinel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PersonStamp>,
    /// Keys that nobody knows; kept so that they can be refused.
    #[serde(flatten)]
    pub unknown: Unknown,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EventPhase {
    /// It is not active yet.
    #[default]
    Pending,
    /// It opens the door.
    Active,
    /// Somebody ended it.
    Closed,
    /// Its duration is over.
    Expired,
    /// It never became active.
    Refused,
}

/// Status of an event. Written by the operator alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[x_kube(
    validation = Rule::new("!has(oldSelf.phase) || oldSelf.phase == 'Pending' || (has(self.phase) && (self.phase == oldSelf.phase || (oldSelf.phase == 'Active' && self.phase in ['Closed', 'Expired'])))").message("what has ended begins no more"),
    validation = Rule::new("!has(oldSelf.phase) || oldSelf.phase != 'Active' || (has(self.expiresAt) && has(oldSelf.expiresAt) && self.expiresAt == oldSelf.expiresAt && has(self.pins) == has(oldSelf.pins) && (!has(self.pins) || self.pins == oldSelf.pins))").message("the end of a grant and what it was given for never change")
)]
#[serde(rename_all = "camelCase")]
pub struct BreakGlassEventStatus {
    /// The generation that the operator has seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Pending, Active, Closed, Expired or Refused.
    #[serde(default)]
    pub phase: EventPhase,
    /// 8 hex characters that name it in SourceIdentity, logs and notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When it became active, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<String>,
    /// Its end, RFC 3339, unless somebody closes it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub expires_at: Option<String>,
    /// When it was closed, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// The BreakGlassPolicy that governs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Its rule that does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why it never became active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<EventRefusal>,
    /// How many events of the invoker count, where that is more than the RateLimitPolicy's escalationThreshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<i64>,
    /// What it is for. The grant is void as soon as one of these is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<Pins>,
    /// The phase that log and Events have told; behind `phase` for a moment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<EventPhase>,
    /// `Granted`: it opens the door now; its reason and message say why it doesn't. `Reviewed`: somebody has written what it was for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,
}

/// Why an event never became active.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventRefusal {
    /// What refused it, in one word: oneActive, cooldown, maxPerUser or maxPerProfile of the RateLimitPolicy; users,
    /// allowedReasonCodes, time or maxDuration of the BreakGlassPolicy; or another.
    pub limit: String,
    /// The same in a sentence.
    pub message: String,
    /// When one would be admitted, if nothing else happens until then, RFC 3339; absent where time alone doesn't help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub come_back_at: Option<String>,
}

impl BreakGlassEventSpec {
    const KNOWN: &'static [&'static str] = &[
        "profile",
        "serviceAccount",
        "reasonCode",
        "justification",
        "duration",
        "closed",
        "closedReason",
        "review",
        "invoker",
        "closedBy",
        "reviewedBy",
    ];

    /// The emergency, or every problem of the spec at once.
    pub fn resolve(&self) -> Result<Emergency, Problems> {
        let mut problems = refuse_unknown(&self.unknown, "spec", Self::KNOWN);
        let note = |key, text: &Option<String>, most| text.as_deref().and_then(|text| note_problem(key, text, most));
        problems.extend(note("spec.closedReason", &self.closed_reason, MAX_CLOSED_REASON));
        problems.extend(note("spec.review", &self.review, MAX_REVIEW));
        let code = self.reason_code.parse::<ReasonCode>().unwrap_or_else(|unknown| {
            let word = unknown.word.chars().take(32).collect();
            problems.push(Problem::new("spec.reasonCode", UnknownWord { word, ..unknown }.to_string()));
            ReasonCode::Other
        });
        let draft = AskDraft {
            profile: self.profile.clone(),
            service_account: self.service_account.clone(),
            duration: self.duration.clone(),
            justification: self.justification.clone(),
        };
        let ask = Ask::read(&draft, Terms::BREAK_GLASS);
        with_those_of_spec(problems, ask.map(|ask| Emergency { ask, code }))
    }
}

fn codes(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    words(ReasonCode::ALL.iter().map(|code| code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_judged_whole() {
        let spec: BreakGlassEventSpec = serde_json::from_value(serde_json::json!({
            "profile": "prod", "serviceAccount": "", "reasonCode": "Incident", "duration": "5h", "justification": "fire",
            "closedReason": "\u{1b}[2J", "review": "", "close": true,
        }))
        .unwrap();
        let problems = spec.resolve().unwrap_err().to_string();
        for part in [
            "spec.close: unknown key `close`: did you mean `closed`?",
            "spec.closedReason: control and invisible characters",
            "spec.review: it says nothing",
            "spec.reasonCode: `Incident` is not one of incident, maintenance",
            "spec.serviceAccount: the name of one object",
            "spec.duration: `5h0m0s` exceeds maximum of 4h0m0s",
            "spec.justification: 4 characters are too few",
        ] {
            assert!(problems.contains(part), "{part} is not in {problems}");
        }
    }
}
