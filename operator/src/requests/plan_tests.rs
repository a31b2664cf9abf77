//! What becomes of a request, case by case.

use std::time::Duration;

use jiff::Timestamp;
use rstest::rstest;
use sentinel_api::{AccessRequestSpec, AccessRequestStatus, ConditionStatus, PinnedPolicies, Pins, RequestPhase};
use sentinel_core::identity::RequestId;
use sentinel_core::policy::ApprovalPolicy;
use serde_json::{Value, json};

use super::plan::{Facts, Plan, is_over, plan};
use crate::law::{Ground, Named};

const MADE: i64 = 1_000_000;
const DAY: i64 = 24 * 3600;

const POLICY: &str = "version: \"1\"\nrules:\n- {name: leads, profiles: [prod], approvers: [ann, ops], autoApprove: {users: [bot], maxDuration: 1h}}\n";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(MADE + second).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "as the facts have it")]
fn policy() -> Named<ApprovalPolicy> {
    let text = POLICY.replace("autoApprove", "auto_approve").replace("maxDuration", "max_duration");
    Some(("prod".to_owned(), ApprovalPolicy::from_yaml(&text).map_err(|problems| problems.to_string())))
}

fn pins() -> Pins {
    Pins {
        service_account_uid: "sa".to_owned(),
        profile_uid: "p".to_owned(),
        role_arn: "arn:aws:iam::111122223333:role/prod".to_owned(),
        policies: PinnedPolicies { access: "prod".to_owned(), ..PinnedPolicies::default() },
    }
}

fn spec(change: &Value) -> Value {
    let mut spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h",
        "justification": "deploy the hot fix", "requester": {"user": "eve"}});
    for (key, value) in change.as_object().unwrap() {
        spec[key] = value.clone();
    }
    spec
}

fn facts(change: &Value) -> Facts {
    let spec: AccessRequestSpec = serde_json::from_value(spec(change)).unwrap();
    let profile = serde_json::from_value::<sentinel_api::SentinelProfile>(json!({
        "apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": "prod"},
        "spec": {"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"},
    }));
    Facts {
        id: RequestId::derive("c", "u"),
        created_at: at(0),
        decided_at: None,
        generation: Some(1),
        spec: Ok(spec),
        ground: Ground { profile: Ok(profile.unwrap().resolve().unwrap()), pins: Ok(pins()) },
        policy: policy(),
    }
}

fn planned(facts: &Facts, second: i64) -> Plan {
    plan(facts, &AccessRequestStatus::default(), at(second))
}

/// Phase, reason of Granted, and its message.
fn says(plan: &Plan) -> (RequestPhase, &str, &str) {
    let granted = &plan.status.conditions[0];
    assert_eq!(granted.status == ConditionStatus::True, granted.reason == "Approved", "{granted:?}");
    (plan.status.phase, &granted.reason, &granted.message)
}

fn decided(ruling: &str, user: &str) -> Value {
    json!({"decision": ruling, "decidedBy": {"user": user, "groups": ["all"]}})
}

#[rstest]
#[case::waits(json!({}), 10, RequestPhase::Pending, "Pending", "waits for one of ann, ops, by rule `leads` of ApprovalPolicy `prod`")]
#[case::approved(
    decided("Approved", "ann"),
    10,
    RequestPhase::Approved,
    "Approved",
    "approved by ann, whom rule `leads`"
)]
#[case::denied(decided("Denied", "ann"), 10, RequestPhase::Denied, "Denied", "denied by ann")]
#[case::cancelled(decided("Cancelled", "eve"), 10, RequestPhase::Cancelled, "Cancelled", "cancelled by who made it")]
#[case::by_a_stranger(
    decided("Approved", "tom"),
    10,
    RequestPhase::Pending,
    "Pending",
    "the decision of tom does not count"
)]
#[case::by_oneself(decided("Approved", "eve"), 10, RequestPhase::Pending, "Pending", "nobody decides their own")]
#[case::cancelled_by_another(decided("Cancelled", "ann"), 10, RequestPhase::Pending, "Pending", "only they can cancel")]
#[case::by_law(json!({"requester": {"user": "bot"}}), 10, RequestPhase::Approved, "Approved", "approved by autoApprove of rule `leads`")]
#[case::too_long_for_the_law(json!({"requester": {"user": "bot"}, "duration": "2h"}), 10, RequestPhase::Pending, "Pending", "waits for")]
#[case::a_program(json!({"requester": {"user": "system:serviceaccount:a:b"}}), 10, RequestPhase::Denied, "Denied", "autoApprove does not approve it")]
#[case::one_second_left(decided("Approved", "ann"), DAY - 1, RequestPhase::Approved, "Approved", "approved by ann")]
#[case::a_day_old(json!({}), DAY, RequestPhase::Expired, "Expired", "nobody decided until")]
#[case::decided_too_late(decided("Approved", "ann"), DAY, RequestPhase::Expired, "Expired", "nobody decided until")]
#[case::not_stamped(json!({"requester": null}), 10, RequestPhase::Pending, "Unstamped", "who made it is unknown")]
#[case::not_stamped_and_old(json!({"requester": null}), DAY, RequestPhase::Expired, "Expired", "nobody decided until")]
#[case::decision_not_stamped(json!({"decision": "Approved"}), 10, RequestPhase::Pending, "Unstamped", "who decided is unknown")]
#[case::decision_not_stamped_by_law(json!({"decision": "Denied", "requester": {"user": "bot"}}), 10, RequestPhase::Pending, "Unstamped", "who decided is unknown")]
#[case::unknown_key(json!({"profiles": ["prod"]}), 10, RequestPhase::Pending, "Invalid", "did you mean `profile`?")]
#[case::past_a_limit(json!({"duration": "9h", "decision": "Approved", "decidedBy": {"user": "ann"}}), 10, RequestPhase::Pending, "Invalid", "exceeds maximum of 8h0m0s")]
fn table(
    #[case] change: Value,
    #[case] second: i64,
    #[case] phase: RequestPhase,
    #[case] reason: &str,
    #[case] message: &str,
) {
    let plan = planned(&facts(&change), second);
    let said = says(&plan);
    assert_eq!((said.0, said.1), (phase, reason), "{}", said.2);
    assert!(said.2.contains(message), "{}", said.2);
    assert_eq!(plan.status.request_id.as_deref(), Some(RequestId::derive("c", "u").as_str()));
    assert_eq!(plan.status.pins.is_some(), phase == RequestPhase::Approved);
    assert_eq!(plan.status.decided_at.is_some(), phase != RequestPhase::Pending);
}

#[test]
fn what_is_missing_for_a_grant_is_waited_for() {
    let ann = facts(&decided("Approved", "ann"));
    let missing = "there is no service account `api` in this namespace".to_owned();
    let facts = Facts { ground: Ground { pins: Err(missing), ..ann.ground.clone() }, ..ann };
    let plan = planned(&facts, 10);
    assert_eq!(says(&plan).0, RequestPhase::Pending);
    assert!(says(&plan).2.contains("it would be approved by ann"), "{}", says(&plan).2);
    assert!(says(&plan).2.contains("but there is no service account `api`"), "{}", says(&plan).2);
}

#[test]
fn without_a_policy_nobody_decides() {
    let facts = Facts { policy: None, ..facts(&decided("Approved", "ann")) };
    assert!(says(&planned(&facts, 10)).2.contains("names no ApprovalPolicy"), "{:?}", planned(&facts, 10));
}

#[test]
fn a_pending_request_shows_who_and_until_when() {
    let plan = planned(&facts(&json!({})), 10);
    assert_eq!(plan.status.approvers, ["ann", "ops"]);
    assert_eq!(plan.status.expires_at, Some(at(DAY).to_string()));
    assert_eq!(plan.again_in, Some(Duration::from_mins(5)));
    let late = planned(&facts(&json!({})), DAY - 2);
    assert_eq!(late.again_in, Some(Duration::from_secs(2)), "exactly at its end");
}

#[test]
fn a_grant_runs_from_the_decision_and_ends_exactly() {
    let facts = facts(&decided("Approved", "ann"));
    let granted = planned(&facts, 100).status;
    assert_eq!((granted.decided_at, granted.approved_as), (Some(at(100).to_string()), Some("ann".to_owned())));
    let granted = planned(&facts, 100).status;
    assert_eq!(granted.expires_at, Some(at(100 + 3600).to_string()));
    let last = plan(&facts, &granted, at(100 + 3599));
    assert_eq!((says(&last).1, last.again_in), ("Approved", Some(Duration::from_secs(1))));
    assert!(!is_over(&last.status, at(100 + 3600)), "its condition has not said so");
    let over = plan(&facts, &granted, at(100 + 3600));
    assert_eq!((says(&over).0, says(&over).1, over.again_in), (RequestPhase::Approved, "RunOut", None));
    assert!(is_over(&over.status, at(100 + 3600)));
}

#[test]
fn a_grant_runs_from_the_decision_though_nobody_looked() {
    let facts = Facts { decided_at: Some(at(100)), ..facts(&decided("Approved", "ann")) };
    for (second, reason) in [(600, "Approved"), (20 * 3600, "RunOut")] {
        let plan = planned(&facts, second);
        let status = &plan.status;
        assert_eq!((status.phase, status.conditions[0].reason.as_str()), (RequestPhase::Approved, reason));
        assert_eq!(status.decided_at, Some(at(100).to_string()));
        assert_eq!(status.expires_at, Some(at(100 + 3600).to_string()), "it begins no later than anybody expects");
    }
}

#[test]
fn the_law_decides_as_of_the_making() {
    let status = planned(&facts(&json!({"requester": {"user": "bot"}})), 600).status;
    assert_eq!((status.auto_approved, status.approved_as), (true, None));
    assert_eq!((status.decided_at, status.expires_at), (Some(at(0).to_string()), Some(at(3600).to_string())));
    let late = planned(&facts(&json!({"requester": {"user": "bot"}})), 3600);
    assert_eq!((late.status.phase, late.status.conditions[0].reason.as_str()), (RequestPhase::Approved, "RunOut"));
}

#[rstest]
#[case::the_same(pins(), "Approved", "approved by ann")]
#[case::another_account(Pins { service_account_uid: "other".into(), ..pins() }, "Void", "the service account was deleted and made again")]
#[case::another_role(Pins { role_arn: "arn:b".into(), ..pins() }, "Void", "its role is arn:b")]
#[case::another_policy(Pins { policies: PinnedPolicies::default(), ..pins() }, "Void", "its AccessPolicy is ``, and was `prod`")]
fn a_grant_is_for_what_it_was_given_for(#[case] now: Pins, #[case] reason: &str, #[case] message: &str) {
    let before = facts(&decided("Approved", "ann"));
    let granted = planned(&before, 100).status;
    let after = Facts { ground: Ground { pins: Ok(now), ..before.ground.clone() }, ..before.clone() };
    let plan = plan(&after, &granted, at(200));
    assert_eq!((says(&plan).0, says(&plan).1), (RequestPhase::Approved, reason));
    assert!(says(&plan).2.contains(message), "{}", says(&plan).2);
    assert_eq!((&plan.status.pins, &plan.status.expires_at), (&granted.pins, &granted.expires_at));
    let back = super::plan::plan(&before, &plan.status, at(300));
    assert_eq!(says(&back).1, "Approved", "as the broker sees it");
}

#[rstest]
fn what_is_decided_stays_decided(
    #[values(decided("Denied", "ann"), decided("Cancelled", "eve"), decided("Approved", "ann"))] first: Value,
    #[values(json!({}), decided("Approved", "ann"), json!({"requester": {"user": "bot"}}))] then: Value,
) {
    let status = planned(&facts(&first), 10).status;
    let gone = Facts { policy: None, ..facts(&then) };
    let again = plan(&gone, &status, at(20)).status;
    assert_eq!((again.phase, again.expires_at), (status.phase, status.expires_at));
}

#[test]
fn the_same_again_writes_nothing_new() {
    for change in [json!({}), decided("Approved", "ann"), decided("Denied", "ann"), json!({"requester": null})] {
        let first = planned(&facts(&change), 10).status;
        assert_eq!(plan(&facts(&change), &first, at(20)).status, first);
    }
}
