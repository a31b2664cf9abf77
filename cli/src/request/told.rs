//! A request in words: what is asked, where it stands, and what comes next.

use jiff::Timestamp;
use kube::ResourceExt as _;
use sentinel_api::{AccessRequest, AccessRequestSpec, AccessRequestStatus, RequestPhase};
use sentinel_core::time::GoDuration;

use super::phase;
use crate::asking::{Told, beneath_the_first, granted, names, opens_nothing, person, place, when};
use crate::report::lines;
use crate::words::{in_one_line, printable};

/// Why nothing happens without anybody's fault but the installation's.
const UNSEEN: &str = "the operator has not seen it yet: kubectl -n sentinel-system get pods";

impl Told for AccessRequest {
    const MADE: &'static str = "requested";
    const WOULD: &'static str = "would be requested";
    const LIST: &'static str = "requests";

    fn is_pending(&self) -> bool {
        phase(self) == RequestPhase::Pending
    }

    fn is_given(&self) -> bool {
        phase(self) == RequestPhase::Approved
    }

    fn head(&self) -> String {
        let AccessRequestSpec { service_account, profile, duration, .. } = &self.spec;
        printable(&format!("{}: service account {service_account} on profile {profile} for {duration}", names(self)))
    }

    fn waits(&self, now: Timestamp) -> Vec<String> {
        if self.status.is_none() {
            return vec![];
        }
        let back = format!("  Ctrl-C leaves it standing; to take it back: kubectl sentinel cancel {}", place(self));
        self.stands(now).into_iter().chain([back]).collect()
    }

    fn still_pending(&self, waited: GoDuration) -> String {
        if self.status.is_none() {
            return format!("after {waited} {UNSEEN}");
        }
        let see = format!("kubectl sentinel requests -n {}", self.namespace().unwrap_or_default());
        format!("nobody has decided within {waited}; the request stands: {see}")
    }

    fn stands(&self, now: Timestamp) -> Vec<String> {
        let Some(status) = &self.status else { return vec![UNSEEN.to_owned()] };
        beneath_the_first(&match status.phase {
            RequestPhase::Pending => pending(self, status, now),
            RequestPhase::Approved => approved(self, status, now),
            RequestPhase::Denied if self.spec.decided_by.is_none() => vec![why(self, "denied")],
            RequestPhase::Denied => vec![format!("denied by {}{}", decider(self), comment(self))],
            RequestPhase::Expired => vec!["expired: nobody decided in time; make another".to_owned()],
            RequestPhase::Cancelled => vec![format!("cancelled by {}{}", decider(self), comment(self))],
        })
    }
}

/// For whoever decides: everything that was asked, by whom.
pub(super) fn about(request: &AccessRequest, now: Timestamp) -> String {
    let made = request.metadata.creation_timestamp.as_ref().map(|made| format!(", {}", when(&made.0.to_string(), now)));
    let by = format!("  asked by {}{}", person(request.spec.requester.as_ref()), made.unwrap_or_default());
    lines([request.head(), printable(&by), format!("  because: {}", in_one_line(&request.spec.justification))])
}

fn pending(request: &AccessRequest, status: &AccessRequestStatus, now: Timestamp) -> Vec<String> {
    let until = status.expires_at.as_deref().map(|end| format!("; it expires {}", when(end, now)));
    let approvers = status.approvers.join(", ");
    let whom = if approvers.is_empty() { "waits".to_owned() } else { format!("waits for {approvers}") };
    let mut said = vec![format!("{}{}", why(request, &whom), until.unwrap_or_default())];
    // A decision that is there already can't be made again.
    if !approvers.is_empty() && request.spec.decision.is_none() {
        said.push(format!("to approve: kubectl sentinel approve {}", place(request)));
    }
    said
}

fn approved(request: &AccessRequest, status: &AccessRequestStatus, now: Timestamp) -> Vec<String> {
    let text = |name: &Option<String>| name.clone().unwrap_or_default();
    let by = if status.auto_approved {
        format!("autoApprove of rule {} of ApprovalPolicy {}", text(&status.rule), text(&status.policy))
    } else {
        decider(request)
    };
    let until = status.expires_at.as_deref().map(|end| format!(", until {}", when(end, now))).unwrap_or_default();
    let next = opens_nothing(request).unwrap_or_else(|| {
        "its pods go on within one lease of the profile (5s by default), without a restart".to_owned()
    });
    vec![format!("approved by {by}{until}{}", comment(request)), next]
}

/// The operator's own words, if it has said something.
fn why(request: &AccessRequest, otherwise: &str) -> String {
    granted(request).map_or(otherwise.to_owned(), |condition| in_one_line(&condition.message))
}

fn comment(request: &AccessRequest) -> String {
    request.spec.comment.as_deref().map(|comment| format!(": {}", in_one_line(comment))).unwrap_or_default()
}

fn decider(request: &AccessRequest) -> String {
    person(request.spec.decided_by.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn request(spec: &Value, status: &Value) -> AccessRequest {
        let mut object = json!({
            "apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessRequest", "metadata": {"name": "r", "namespace": "payments"},
            "spec": {"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy\u{1b}[2J it", "requester": {"user": "eve"}},
            "status": status,
        });
        json_merge(&mut object["spec"], spec);
        serde_json::from_value(object).unwrap()
    }

    fn json_merge(into: &mut Value, from: &Value) {
        into.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
    }

    fn said(status: &Value, message: &str) -> Value {
        let mut status = status.clone();
        let condition = json!({"type": "Granted", "status": "False", "reason": "R", "message": message, "lastTransitionTime": "2026-03-02T12:00:00Z"});
        status["conditions"] = json!([condition]);
        status
    }

    fn now() -> Timestamp {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[rstest]
    #[case::waits(json!({}), said(&json!({"expiresAt": "2026-03-03T12:00:00Z", "approvers": ["ann", "ops"]}), "waits for one of ann, ops"),
        "waits for one of ann, ops; it expires 2026-03-03T12:00:00Z (in 24h)|  to approve: kubectl sentinel approve r -n payments")]
    #[case::told_by_the_status_alone(json!({}), json!({"approvers": ["ann"]}), "waits for ann|  to approve: kubectl sentinel approve r -n payments")]
    #[case::nobody_may(json!({}), said(&json!({}), "SentinelProfile `prod` names no ApprovalPolicy: nobody can decide"),
        "SentinelProfile `prod` names no ApprovalPolicy: nobody can decide")]
    #[case::does_not_count(json!({"decision": "Approved"}), said(&json!({"approvers": ["ann"]}), "the decision of ben does not count"), "the decision of ben does not count")]
    #[case::approved(json!({"decidedBy": {"user": "role-a", "person": "ann"}, "comment": "go\nahead"}), json!({"phase": "Approved", "expiresAt": "2026-03-02T13:00:00Z"}),
        "approved by ann (role-a), until 2026-03-02T13:00:00Z (in 60m): go ahead|  its pods go on within one lease of the profile (5s by default), without a restart")]
    #[case::void(json!({"decidedBy": {"user": "ann"}}), said(&json!({"phase": "Approved"}), "it was given for something else"),
        "approved by ann|  it opens nothing now: it was given for something else")]
    #[case::approved_by_itself(json!({}), json!({"phase": "Approved", "autoApproved": true, "rule": "night", "policy": "prod"}),
        "approved by autoApprove of rule night of ApprovalPolicy prod|  its pods go on within one lease of the profile (5s by default), without a restart")]
    #[case::denied(json!({"decidedBy": {"user": "ann"}, "comment": "no"}), json!({"phase": "Denied"}), "denied by ann: no")]
    #[case::denied_by_law(json!({}), said(&json!({"phase": "Denied"}), "denied: a service account made it"), "denied: a service account made it")]
    #[case::expired(json!({}), json!({"phase": "Expired"}), "expired: nobody decided in time; make another")]
    #[case::cancelled(json!({"decidedBy": {"user": "eve"}}), json!({"phase": "Cancelled"}), "cancelled by eve")]
    #[case::unseen(json!({}), Value::Null, "the operator has not seen it yet: kubectl -n sentinel-system get pods")]
    fn each_state_has_its_words(#[case] spec: Value, #[case] status: Value, #[case] expected: &str) {
        assert_eq!(request(&spec, &status).stands(now()).join("|"), expected);
    }

    #[test]
    fn whoever_decides_sees_all_that_was_asked() {
        let text = about(&request(&json!({}), &Value::Null), now());
        assert_eq!(
            text,
            "AccessRequest r -n payments: service account api on profile prod for 1h\n  asked by eve\n  because: deploy\u{FFFD}[2J it\n"
        );
    }
}
