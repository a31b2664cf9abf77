//! Requests: who may ask, and who may decide.

use rstest::rstest;
use serde_json::{Value, json};

use super::ask_samples::{ask, ask_in, event, refused, request, stamp, with};
use crate::admission::Answer;
use crate::view_samples::{governing, profile};

/// An update to `decision` by `user`, signed by `user` as the mutating webhook does.
fn decide(user: &str, decision: &str, old: &Value) -> Answer {
    let decided = json!({"spec": {"decision": decision, "decidedBy": stamp(user), "comment": "as discussed"}});
    ask(user, &with(old.clone(), &decided), old)
}

#[rstest]
#[case::waits_for_an_approver("ann", json!({}))]
#[case::approves_itself("ann", json!({"profile": "free"}))]
#[case::would_not_approve_itself("ann", json!({"profile": "free", "duration": "2h"}))]
#[case::a_program_that_approves_itself("system:serviceaccount:a:b", json!({"profile": "free"}))]
#[case::a_program_where_approvers_may("system:serviceaccount:a:b", json!({"profile": "bots"}))]
fn who_may_ask(#[case] user: &str, #[case] changes: Value) {
    let new = with(request(&changes), &json!({"spec": {"requester": null}}));
    let new = with(new, &json!({"spec": {"requester": stamp(user)}}));
    assert_eq!(ask(user, &new, &Value::Null), Answer::allowed());
}

#[rstest]
#[case::forged(json!({"requester": {"user": "ben"}}), 422, "spec.requester: it is stamped by Sentinel")]
#[case::unstamped(json!({"requester": null}), 422, "spec.requester: it is stamped by Sentinel")]
#[case::groups_of_another(json!({"requester": {"groups": ["ops"]}}), 422, "spec.requester: it is stamped by Sentinel")]
#[case::decided(json!({"decision": "Approved", "decidedBy": stamp("ann")}), 422, "spec.decision: it is set later")]
#[case::no_such_profile(json!({"profile": "prd"}), 422, "spec.profile: there is no SentinelProfile `prd`")]
#[case::a_broken_profile(json!({"profile": "broken"}), 422, "spec.profile: SentinelProfile `broken` can't be used")]
#[case::no_policy(json!({"profile": "unnamed"}), 403, "SentinelProfile `unnamed` names no ApprovalPolicy: nobody can decide")]
#[case::missing(json!({"profile": "missing"}), 403, "ApprovalPolicy `nowhere`, which governs profile `missing`, can't be used: it does not exist")]
#[case::gone(json!({"profile": "gone"}), 403, "can't be used: it is being deleted: nobody can decide")]
#[case::no_rule(json!({"profile": "uncovered"}), 403, "no rule of ApprovalPolicy `all` is for profile `uncovered`")]
fn what_nobody_could_approve_is_not_made(#[case] changes: Value, #[case] code: u16, #[case] part: &str) {
    refused(ask("ann", &request(&changes), &Value::Null), code, part);
}

#[test]
fn a_programs_request_that_nobody_may_approve_is_not_made() {
    let bot = "system:serviceaccount:a:b";
    let new = with(request(&json!({"requester": null})), &json!({"spec": {"requester": stamp(bot)}}));
    refused(ask(bot, &new, &Value::Null), 403, "a service account made it and autoApprove does not approve it");
}

#[test]
fn every_problem_of_a_request_comes_at_once() {
    let new = request(
        &json!({"profile": "prd", "duration": "9h", "justification": "why", "reqester": {}, "requester": {"user": "ben"}}),
    );
    let message = ask("ann", &new, &Value::Null).refused.unwrap().message;
    let parts = [
        "AccessRequest `x`: ",
        "spec.profile: there is no",
        "spec.duration: ",
        "spec.justification: ",
        "`reqester`",
        "spec.requester: ",
    ];
    assert!(parts.iter().all(|part| message.contains(part)), "{message}");
}

#[rstest]
#[case::by_name("ben", "Approved")]
#[case::by_group("olga", "Approved")]
#[case::no("olga", "Denied")]
#[case::taken_back("ann", "Cancelled")]
#[case::taken_back_by_another_name("ann again", "Cancelled")]
fn who_may_decide(#[case] user: &str, #[case] decision: &str) {
    assert_eq!(decide(user, decision, &request(&json!({}))), Answer::allowed());
}

#[rstest]
#[case::themselves("ann", "Approved", "nobody decides their own, by any of their names: one of ben, ops")]
#[case::by_a_second_name("ann again", "Approved", "nobody decides their own")]
#[case::no_to_themselves("ann again", "Denied", "nobody decides their own")]
#[case::anybody("eve", "Approved", "eve is no approver of rule `one` of ApprovalPolicy `all`: one of ben, ops")]
#[case::anybody_says_no("eve", "Denied", "eve is no approver")]
#[case::a_program_that_is_listed("system:serviceaccount:a:bot", "Approved", "service accounts never approve or deny")]
#[case::taken_back_by_an_approver("ben", "Cancelled", "only they can cancel it")]
fn who_may_not_decide(#[case] user: &str, #[case] decision: &str, #[case] part: &str) {
    refused(decide(user, decision, &request(&json!({}))), 403, part);
}

#[rstest]
#[case::approved("Approved", "it is Approved, and what is decided stays so")]
#[case::denied("Denied", "it is Denied")]
#[case::cancelled("Cancelled", "it is Cancelled")]
#[case::expired("Expired", "it has expired")]
fn what_is_decided_is_not_decided_again(#[case] phase: &str, #[case] part: &str) {
    let old = with(request(&json!({})), &json!({"status": {"phase": phase}}));
    refused(decide("ben", "Approved", &old), 403, part);
}

/// The operator may be down.
#[test]
fn what_nobody_decided_in_time_is_too_late() {
    let made = |at: &str| with(request(&json!({})), &json!({"metadata": {"creationTimestamp": at}}));
    refused(decide("ben", "Approved", &made("2026-11-24T11:00:00Z")), 403, "it has expired");
    assert_eq!(decide("ben", "Approved", &made("2026-11-24T11:00:01Z")), Answer::allowed());
}

#[rstest]
#[case::profile(json!({"profile": "free"}))]
#[case::service_account(json!({"serviceAccount": "root"}))]
#[case::duration(json!({"duration": "2h"}))]
#[case::justification(json!({"justification": "deploy another thing"}))]
#[case::requester(json!({"requester": {"user": "eve"}}))]
#[case::decision(json!({"decision": "Denied"}))]
#[case::no_decision(json!({"decision": null}))]
#[case::comment(json!({"comment": "something else"}))]
#[case::decider(json!({"decidedBy": {"user": "olga"}}))]
fn what_was_asked_and_decided_never_changes(#[case] change: Value) {
    let old = request(&json!({"decision": "Approved", "comment": "go", "decidedBy": stamp("ben")}));
    let key = change.as_object().unwrap().keys().next().unwrap();
    refused(ask("ben", &with(old.clone(), &json!({"spec": change})), &old), 422, &format!("spec.{key}: it "));
}

#[test]
fn nobody_signs_a_decision_with_another_name() {
    let forged = json!({"spec": {"decision": "Approved", "decidedBy": stamp("ben")}});
    refused(
        ask("ann", &with(request(&json!({})), &forged), &request(&json!({}))),
        422,
        "spec.decidedBy: it is stamped",
    );
    let early = json!({"spec": {"decidedBy": stamp("ben")}});
    refused(ask("ben", &with(request(&json!({})), &early), &request(&json!({}))), 422, "spec.decidedBy: it is stamped");
}

/// What can't be looked up approves nothing, and a request can be taken back all the same.
#[test]
fn while_policies_are_not_known_nobody_decides() {
    let blind =
        governing(vec![profile("prod", &json!({"policies": {"approval": "all", "breakGlass": "all"}}))], None, None);
    let old = request(&json!({}));
    for (user, decision, code) in
        [("ben", "Approved", Some(503)), ("ben", "Denied", Some(503)), ("ann", "Cancelled", None)]
    {
        let new = with(old.clone(), &json!({"spec": {"decision": decision, "decidedBy": stamp(user)}}));
        assert_eq!(ask_in(&blind, user, &new, &old).refused.map(|refused| refused.code), code, "{decision}");
    }
    refused(ask_in(&blind, "ann", &old, &Value::Null), 503, "has not read the ApprovalPolicies yet");
    refused(ask_in(&blind, "olga", &event(&json!({})), &Value::Null), 503, "has not read the BreakGlassPolicies yet");
    let no_profile = with(old.clone(), &json!({"spec": {"profile": "nowhere"}}));
    let approved = with(no_profile.clone(), &json!({"spec": {"decision": "Approved", "decidedBy": stamp("ben")}}));
    refused(ask_in(&blind, "ben", &approved, &no_profile), 403, "there is no SentinelProfile `nowhere`");
}
