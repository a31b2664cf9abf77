//! An emergency in words: what it does, where it stands, and what comes next.

use jiff::Timestamp;
use kube::ResourceExt as _;
use sentinel_api::{
    BreakGlassEvent, BreakGlassEventSpec, BreakGlassEventStatus, ConditionStatus, EventPhase, EventRefusal,
};
use sentinel_core::break_glass::PATIENCE;
use sentinel_core::time::GoDuration;
use serde_json::{Value, json};

use super::{phase, reviewed};
use crate::asking::{Said, Told, beneath_the_first, granted, names, opens_nothing, person, place, when};
use crate::report::lines;
use crate::words::{in_one_line, printable};

/// What breaking the glass does, for whoever is about to.
pub(super) fn about(spec: &BreakGlassEventSpec, namespace: &str) -> String {
    let BreakGlassEventSpec { profile, service_account, duration, reason_code, justification, .. } = spec;
    let does = format!(
        "Service account {namespace}/{service_account} gets profile {profile} for {duration}, whatever the AccessPolicy says of it, but for require_server denials."
    );
    let records = "Who did it, when and why is recorded, told to whoever is to be told, counts against the RateLimitPolicy, and wants a review afterwards.";
    lines([printable(&does), format!("  {reason_code}: {}", in_one_line(justification)), records.to_owned()])
}

impl Told for BreakGlassEvent {
    const MADE: &'static str = "asked to break the glass";
    const WOULD: &'static str = "would break the glass";
    const LIST: &'static str = "events";

    fn is_pending(&self) -> bool {
        phase(self) == EventPhase::Pending
    }

    fn is_given(&self) -> bool {
        phase(self) == EventPhase::Active
    }

    fn head(&self) -> String {
        let BreakGlassEventSpec { profile, service_account, duration, reason_code, .. } = &self.spec;
        let what = format!("service account {service_account} on profile {profile} for {duration}, {reason_code}");
        printable(&format!("{}: {what}", names(self)))
    }

    fn waits(&self, _: Timestamp) -> Vec<String> {
        granted(self).map(|condition| format!("  {}", in_one_line(&condition.message))).into_iter().collect()
    }

    fn still_pending(&self, waited: GoDuration) -> String {
        format!(
            "nobody has judged it within {waited}; it becomes active if that is done within {PATIENCE} of its making, and else it is refused. Does the operator run? kubectl -n sentinel-system get pods. To take it back: kubectl sentinel close {}",
            place(self)
        )
    }

    fn stands(&self, now: Timestamp) -> Vec<String> {
        let status = self.status.clone().unwrap_or_default();
        beneath_the_first(&match status.phase {
            EventPhase::Pending => vec!["nobody has judged it yet".to_owned()],
            EventPhase::Active => active(self, &status, now),
            EventPhase::Closed => ended(self, closed(self, &status, now)),
            EventPhase::Expired => ended(self, format!("expired{}", at(status.expires_at.as_deref(), " ", now))),
            EventPhase::Refused => refused(status.refusal, now),
        })
    }
}

/// What came of saying something to it, for programs.
pub(super) fn line(one: &Said<BreakGlassEvent>) -> Value {
    json!({
        "outcome": one.outcome.word(),
        "namespace": one.case.namespace(),
        "name": one.case.name_any(),
        "status": phase(&one.case),
        "closedBy": one.case.spec.closed_by,
        "reviewedBy": one.case.spec.reviewed_by,
    })
}

fn active(event: &BreakGlassEvent, status: &BreakGlassEventStatus, now: Timestamp) -> Vec<String> {
    let opens = opens_nothing(event).unwrap_or_else(|| {
        "its pods get credentials within one lease of the profile (5s by default), without a restart".to_owned()
    });
    let escalated = status.escalated.map(|count| {
        format!(
            "{count} emergencies of yours count now, more than the RateLimitPolicy's escalationThreshold: it was told"
        )
    });
    let mut said = vec![format!("active{}", at(status.expires_at.as_deref(), " until ", now)), opens];
    said.extend(escalated);
    said.push(format!("to end it: kubectl sentinel close {}", place(event)));
    said.push(to_review(event, "afterwards"));
    said
}

fn closed(event: &BreakGlassEvent, status: &BreakGlassEventStatus, now: Timestamp) -> String {
    let why = event.spec.closed_reason.as_deref().map(|why| format!(": {}", in_one_line(why))).unwrap_or_default();
    let by = person(event.spec.closed_by.as_ref());
    format!("closed by {by}{}{why}", at(status.closed_at.as_deref(), " at ", now))
}

/// With what is still to be done.
fn ended(event: &BreakGlassEvent, said: String) -> Vec<String> {
    // What was closed before it began has nothing to review.
    let began = event.status.as_ref().is_some_and(|status| status.activated_at.is_some());
    let open = began && event.spec.review.is_none() && reviewed(event) != Some(ConditionStatus::True);
    let good = "credentials that its pods hold already stay good until they expire (15m by default)".to_owned();
    let next = if open { vec![good, to_review(event, "now")] } else { vec![] };
    [vec![said], next].concat()
}

fn refused(refusal: Option<EventRefusal>, now: Timestamp) -> Vec<String> {
    let EventRefusal { limit, message, come_back_at } = refusal.unwrap_or_default();
    let next = match (come_back_at, limit.as_str()) {
        (Some(at), _) => format!("come back {}", when(&at, now)),
        // Time is in its way, and not time alone: the message says what is.
        (None, "time") => "waiting alone doesn't help".to_owned(),
        (None, _) => "waiting doesn't help".to_owned(),
    };
    let by = if limit.is_empty() { limit } else { format!(" by {limit}") };
    vec![format!("refused{by}: {}", in_one_line(&message)), next]
}

fn to_review(event: &BreakGlassEvent, begin: &str) -> String {
    format!("{begin}, somebody else writes what it was for: kubectl sentinel review {} --note '…'", place(event))
}

fn at(time: Option<&str>, before: &str, now: Timestamp) -> String {
    time.map(|time| format!("{before}{}", when(time, now))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn event(change: &Value, status: &Value) -> BreakGlassEvent {
        let mut spec = json!({"profile": "prod", "serviceAccount": "api", "reasonCode": "incident", "duration": "1h", "justification": "the database is on fire"});
        spec.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "BreakGlassEvent",
            "metadata": {"name": "e", "namespace": "payments"}, "spec": spec, "status": status});
        serde_json::from_value(object).unwrap()
    }

    const CREDENTIALS: &str = "credentials that its pods hold already stay good until they expire (15m by default)";
    const PODS: &str = "its pods get credentials within one lease of the profile (5s by default), without a restart";
    const CLOSE: &str = "to end it: kubectl sentinel close e -n payments";

    #[rstest]
    #[case::pending(json!({}), Value::Null, &["nobody has judged it yet"])]
    #[case::active(json!({}), json!({"phase": "Active", "expiresAt": "2026-03-02T13:00:00Z"}),
        &["active until 2026-03-02T13:00:00Z (in 60m)", PODS, CLOSE, "afterwards, somebody else writes what it was for: kubectl sentinel review e -n payments --note '…'"])]
    #[case::void(json!({}), json!({"phase": "Active", "escalated": 4, "conditions": [{"type": "Granted", "status": "False", "reason": "Void",
            "message": "the profile is another", "lastTransitionTime": "2026-03-02T12:00:00Z"}]}),
        &["active", "it opens nothing now: the profile is another", "4 emergencies of yours count now", CLOSE, "afterwards"])]
    #[case::closed(json!({"closedReason": "fire is\nout", "closedBy": {"user": "ben"}}), json!({"phase": "Closed", "activatedAt": "2026-03-02T11:00:00Z", "closedAt": "2026-03-02T11:58:00Z"}),
        &["closed by ben at 2026-03-02T11:58:00Z (2m ago): fire is out", CREDENTIALS, "now, somebody else writes what it was for: kubectl sentinel review e"])]
    #[case::closed_before_it_began(json!({"closedBy": {"user": "ben"}}), json!({"phase": "Closed"}), &["closed by ben"])]
    #[case::reviewed(json!({"review": "all good"}), json!({"phase": "Expired", "activatedAt": "2026-03-02T11:00:00Z", "expiresAt": "2026-03-02T11:58:00Z"}), &["expired 2026-03-02T11:58:00Z (2m ago)"])]
    #[case::refused(json!({}), json!({"phase": "Refused", "refusal": {"limit": "cooldown", "message": "ann has to wait", "comeBackAt": "2026-03-02T12:05:00Z"}}),
        &["refused by cooldown: ann has to wait", "come back 2026-03-02T12:05:00Z (in 5m)"])]
    #[case::refused_for_good(json!({}), json!({"phase": "Refused", "refusal": {"limit": "users", "message": "does not name ann"}}),
        &["refused by users: does not name ann", "waiting doesn't help"])]
    #[case::refused_at_this_hour(json!({}), json!({"phase": "Refused", "refusal": {"limit": "time", "message": "is for other times", "comeBackAt": "2026-03-02T20:00:00Z"}}),
        &["refused by time: is for other times", "come back 2026-03-02T20:00:00Z (in 8h)"])]
    #[case::refused_at_this_hour_and_for_too_long(json!({}), json!({"phase": "Refused", "refusal": {"limit": "time", "message": "is for other times"}}),
        &["refused by time: is for other times", "waiting alone doesn't help"])]
    fn each_state_has_its_words(#[case] spec: Value, #[case] status: Value, #[case] expected: &[&str]) {
        let lines = event(&spec, &status).stands("2026-03-02T12:00:00Z".parse().unwrap());
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for (line, begin) in lines.iter().zip(expected) {
            assert!(line.trim_start().starts_with(begin), "{line}");
        }
    }

    #[test]
    fn whoever_breaks_it_is_told_what_that_does() {
        let text = about(&event(&json!({}), &Value::Null).spec, "payments");
        assert!(text.starts_with("Service account payments/api gets profile prod for 1h, whatever"), "{text}");
        assert!(text.contains("\n  incident: the database is on fire\n") && text.contains("recorded"), "{text}");
    }
}
