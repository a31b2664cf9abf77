//! Requests and emergencies: who may ask, decide, break the glass, close and review.

use futures::FutureExt as _;
use jiff::{Timestamp, ToSpan as _};
use rstest::rstest;
use sentinel_api::PersonStamp;
use serde_json::{Value, json};

use super::{Around, judge, named_profile};
use crate::View;
use crate::admission::{AdmissionRequest, Answer};
use crate::view_samples::{governing, policy, profile};

const MADE: &str = "2026-11-25T10:00:00Z";

fn stamp(user: &str) -> Value {
    match user {
        "ann" => json!({"user": "role-a", "person": "ann", "groups": ["dev"]}),
        "ann again" => json!({"user": "role-b", "person": "ann", "groups": ["ops"]}),
        "olga" => json!({"user": "olga", "groups": ["dev", "ops"]}),
        other => json!({"user": other}),
    }
}

/// Profile `prod`: `ben` and the group `ops` approve and break the glass; `free` approves itself. The others lack something.
fn cluster() -> View {
    let approvers = json!(["ben", "ops", "role-b", "system:serviceaccount:a:bot"]);
    let rules = json!([
        {"name": "one", "profiles": ["prod", "bots"], "approvers": approvers},
        {"name": "free", "profiles": ["free"], "approvers": ["ben"], "autoApprove": {"maxDuration": "1h"}},
    ]);
    let glass = json!([{"name": "fire", "profiles": ["prod"], "users": ["ben", "ops", "system:serviceaccount:a:bot"],
        "allowedReasonCodes": ["incident", "security"], "maxDuration": "1h"}]);
    let named = |name: &str| json!({"policies": {"approval": name, "breakGlass": name}});
    let going = json!({"metadata": {"deletionTimestamp": MADE}});
    let mut gone = policy("gone", &json!([{"name": "r", "approvers": ["ben"], "users": ["ben"]}]));
    json_patch::merge(&mut gone, &going);
    let bots = json!({"policies": {"approval": "all"}, "serviceAccountRequests": "Approvers"});
    let profiles = vec![
        profile("prod", &named("all")),
        profile("free", &named("all")),
        profile("bots", &bots),
        profile("uncovered", &named("all")),
        profile("unnamed", &json!({})),
        profile("missing", &named("nowhere")),
        profile("gone", &named("gone")),
        profile("broken", &json!({"leese": "1s"})),
    ];
    governing(profiles, Some(vec![policy("all", &rules), gone.clone()]), Some(vec![policy("all", &glass), gone]))
}

fn with(mut object: Value, changes: &Value) -> Value {
    json_patch::merge(&mut object, changes);
    object
}

fn object(kind: &str, spec: Value) -> Value {
    let meta = json!({"name": "x", "namespace": "a", "creationTimestamp": MADE});
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": meta, "spec": spec})
}

fn request(changes: &Value) -> Value {
    let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "deploy the hot fix", "requester": stamp("ann")});
    object("AccessRequest", with(spec, changes))
}

fn event(changes: &Value) -> Value {
    let spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "reasonCode": "incident",
        "justification": "the database is on fire", "invoker": stamp("olga")});
    object("BreakGlassEvent", with(spec, changes))
}

/// The answer to `user` who puts `new` in the place of `old`, an hour after that was made.
fn ask_in(view: &View, user: &str, new: &Value, old: &Value) -> Answer {
    let resource = if new["kind"] == "AccessRequest" { "accessrequests" } else { "breakglassevents" };
    let operation = if old.is_null() { "CREATE" } else { "UPDATE" };
    let request: AdmissionRequest = serde_json::from_value(json!({
        "uid": "u", "operation": operation, "object": new, "oldObject": old,
        "resource": {"group": "sentinel.dev", "version": "v1alpha1", "resource": resource},
    }))
    .unwrap();
    let by: PersonStamp = serde_json::from_value(stamp(user)).unwrap();
    let profile = named_profile(&request).map(|name| view.profile(name).now_or_never().unwrap());
    let at = MADE.parse::<Timestamp>().unwrap() + 1.hour();
    judge(&request, Around { view, default_table: "", by: &by, at, profile: profile.as_ref() })
}

fn ask(user: &str, new: &Value, old: &Value) -> Answer {
    ask_in(&cluster(), user, new, old)
}

fn refused(answer: Answer, code: u16, part: &str) {
    let refused = answer.refused.expect(part);
    assert!(refused.code == code && refused.message.contains(part), "`{part}` is not in {refused:?}");
}

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

#[rstest]
#[case::by_name("ben", json!({}))]
#[case::by_group("olga", json!({"duration": "30m", "reasonCode": "security"}))]
fn who_may_break_the_glass(#[case] user: &str, #[case] changes: Value) {
    let new = with(event(&json!({"invoker": null})), &json!({"spec": {"invoker": stamp(user)}}));
    assert_eq!(ask(user, &with(new, &json!({"spec": changes})), &Value::Null), Answer::allowed());
}

#[rstest]
#[case::forged(json!({"invoker": {"user": "ben"}}), 422, "spec.invoker: it is stamped by Sentinel")]
#[case::closed(json!({"closed": true}), 422, "spec.closed: an event that is closed never begins")]
#[case::reviewed(json!({"review": "fine"}), 422, "spec.review: it is written when the emergency is over")]
#[case::no_such_profile(json!({"profile": "prd"}), 422, "spec.profile: there is no SentinelProfile `prd`")]
#[case::no_policy(json!({"profile": "unnamed"}), 403, "SentinelProfile `unnamed` names no BreakGlassPolicy: nobody can break the glass")]
#[case::missing(json!({"profile": "missing"}), 403, "BreakGlassPolicy `nowhere`, which governs profile `missing`, can't be used")]
#[case::no_rule(json!({"profile": "free"}), 403, "no rule of BreakGlassPolicy `all` is for profile `free`")]
#[case::another_reason(json!({"reasonCode": "maintenance"}), 403, "does not take the reason code `maintenance`: incident, security is expected")]
#[case::too_long(json!({"duration": "2h"}), 403, "allows 1h0m0s at most, and 2h0m0s was asked")]
fn where_the_glass_stays_whole(#[case] changes: Value, #[case] code: u16, #[case] part: &str) {
    refused(ask("olga", &event(&changes), &Value::Null), code, part);
}

#[rstest]
#[case::anybody("eve", "does not name eve among its users")]
#[case::a_program_that_is_listed("system:serviceaccount:a:bot", "service accounts never break the glass")]
fn who_may_not_break_the_glass(#[case] user: &str, #[case] part: &str) {
    let new = with(event(&json!({"invoker": null})), &json!({"spec": {"invoker": stamp(user)}}));
    refused(ask(user, &new, &Value::Null), 403, part);
}

#[rstest]
#[case::by_anybody("eve", json!({"closed": true, "closedReason": "it is over", "closedBy": stamp("eve")}))]
#[case::by_a_program("system:serviceaccount:a:bot", json!({"closed": true, "closedBy": stamp("system:serviceaccount:a:bot")}))]
#[case::unstamped("eve", json!({"closed": true}))]
#[case::reviewed("ben", json!({"closed": true, "closedBy": stamp("ben"), "review": "the disk was full", "reviewedBy": stamp("ben")}))]
fn whoever_may_update_an_emergency_may_end_it(#[case] user: &str, #[case] changes: Value) {
    assert_eq!(ask(user, &with(event(&json!({})), &json!({"spec": changes})), &event(&json!({}))), Answer::allowed());
}

#[rstest]
#[case::forged_closing("eve", json!({"closed": true, "closedBy": stamp("ben")}), 422, "spec.closedBy: it is stamped")]
#[case::signed_and_not_closed("eve", json!({"closedBy": stamp("eve")}), 422, "spec.closedBy: it is stamped")]
#[case::profile("olga", json!({"profile": "free"}), 422, "spec.profile: it never changes")]
#[case::service_account("olga", json!({"serviceAccount": "root"}), 422, "spec.serviceAccount: it never changes")]
#[case::code("olga", json!({"reasonCode": "security"}), 422, "spec.reasonCode: it never changes")]
#[case::longer("olga", json!({"duration": "59m"}), 422, "spec.duration: it never changes")]
#[case::justification("olga", json!({"justification": "the network is on fire"}), 422, "spec.justification: it never changes")]
#[case::invoker("olga", json!({"invoker": {"user": "eve"}}), 422, "spec.invoker: it is stamped")]
#[case::own_review("olga", json!({"review": "fine", "reviewedBy": stamp("olga")}), 403, "nobody reviews their own emergency")]
#[case::a_program_reviews("system:serviceaccount:a:bot", json!({"review": "fine", "reviewedBy": stamp("system:serviceaccount:a:bot")}), 403, "people review emergencies")]
#[case::forged_review("olga", json!({"review": "fine", "reviewedBy": stamp("ben")}), 422, "spec.reviewedBy: it is stamped")]
#[case::unsigned_review("ben", json!({"review": "fine"}), 422, "spec.reviewedBy: it is stamped")]
fn what_an_emergency_was_never_changes(
    #[case] user: &str,
    #[case] changes: Value,
    #[case] code: u16,
    #[case] part: &str,
) {
    refused(ask(user, &with(event(&json!({})), &json!({"spec": changes})), &event(&json!({}))), code, part);
}

#[rstest]
#[case::open_again(json!({"closed": false}), "spec.closed: it never changes")]
#[case::another_reason(json!({"closedReason": "other"}), "spec.closedReason: it never changes")]
#[case::another_name(json!({"closedBy": stamp("eve")}), "spec.closedBy: it is stamped")]
#[case::another_review(json!({"review": "not so fine"}), "spec.review: it never changes")]
#[case::another_reviewer(json!({"reviewedBy": {"user": "eve"}}), "spec.reviewedBy: it is stamped")]
fn what_was_closed_and_reviewed_stays(#[case] changes: Value, #[case] part: &str) {
    let old = event(
        &json!({"closed": true, "closedReason": "over", "closedBy": stamp("olga"), "review": "fine", "reviewedBy": stamp("ben")}),
    );
    refused(ask("eve", &with(old.clone(), &json!({"spec": changes})), &old), 422, part);
}

/// Nothing that isn't known stands in the way of the end of an emergency.
#[test]
fn an_emergency_ends_while_nothing_is_known() {
    let old = event(&json!({"profile": "nowhere"}));
    let new = with(old.clone(), &json!({"spec": {"closed": true, "closedBy": stamp("eve")}}));
    assert_eq!(ask_in(&governing(vec![], None, None), "eve", &new, &old), Answer::allowed());
}
