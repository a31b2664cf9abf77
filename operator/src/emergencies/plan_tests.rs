//! What becomes of an event, case by case.

use std::time::Duration;

use jiff::Timestamp;
use rstest::rstest;
use sentinel_api::{BreakGlassEventSpec, BreakGlassEventStatus, ConditionStatus, EventPhase, PinnedPolicies, Pins};
use sentinel_core::identity::RequestId;
use sentinel_core::ledger::Ledger;
use sentinel_core::policy::{BreakGlassPolicy, RateLimitPolicy};
use serde_json::{Value, json};

use super::errand::{Answer, Command, Errand, Page};
use super::plan::{Facts, Plan};
use crate::law::Ground;

const POLICY: &str =
    "version: \"1\"\nrules:\n- {name: oncall, users: [ann, ben], allowed_reason_codes: [incident], max_duration: 2h}\n";
const LIMITS: &str = "version: \"1\"\nrules:\n- {name: calm, cooldown: 10m, max_per_user: 2, max_per_profile: 3, quota_window: 2h, escalation_threshold: 1}\n";
const HOUR: i64 = 3600;

/// So many seconds after the event was made.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

pub(super) fn pins() -> Pins {
    Pins {
        service_account_uid: "sa".to_owned(),
        profile_uid: "p".to_owned(),
        role_arn: "arn:aws:iam::111122223333:role/prod".to_owned(),
        policies: PinnedPolicies { access: "prod".to_owned(), ..PinnedPolicies::default() },
    }
}

pub(super) fn facts(uid: &str, change: &Value) -> Facts {
    let mut spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "reasonCode": "incident",
        "justification": "the database is on fire", "invoker": {"user": "ann"}});
    for (key, value) in change.as_object().unwrap() {
        spec[key] = value.clone();
    }
    let spec: BreakGlassEventSpec = serde_json::from_value(spec).unwrap();
    let profile = serde_json::from_value::<sentinel_api::SentinelProfile>(json!({
        "apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": spec.profile},
        "spec": {"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"},
    }));
    let limits = RateLimitPolicy::from_yaml(LIMITS).unwrap();
    Facts {
        id: RequestId::derive("c", uid),
        uid: uid.to_owned(),
        created_at: at(0),
        closed_at: None,
        generation: Some(1),
        spec: Ok(spec),
        ground: Ground { profile: Ok(profile.unwrap().resolve().unwrap()), pins: Ok(pins()) },
        break_glass: Some(("glass".to_owned(), Ok(BreakGlassPolicy::from_yaml(POLICY).unwrap()))),
        longest: Some(limits.longest_window()),
        rate_limit: Some(("calm".to_owned(), Ok(limits))),
    }
}

/// A whole pass at `now`, with nobody else about.
fn pass(facts: &Facts, old: &BreakGlassEventStatus, ledger: &mut Result<Ledger, String>, now: Timestamp) -> Plan {
    let mut errand = Errand::new(facts, old);
    let mut command = errand.begin(now);
    loop {
        let answer = match command {
            Command::Read => Answer::Page(ledger.clone().map(|ledger| Page { ledger, version: "1".to_owned() })),
            Command::Write(page) => {
                *ledger = Ok(page.ledger);
                Answer::Written(true)
            }
            Command::Report(plan) => return *plan,
        };
        command = errand.next(answer, now);
    }
}

fn first(facts: &Facts, second: i64) -> Plan {
    pass(facts, &BreakGlassEventStatus::default(), &mut Ok(Ledger::default()), at(second))
}

/// Status, reason and message of a condition.
fn says<'a>(plan: &'a Plan, type_: &str) -> Option<(bool, &'a str, &'a str)> {
    let found = plan.status.conditions.iter().find(|one| one.type_ == type_)?;
    Some((found.status == ConditionStatus::True, &found.reason, &found.message))
}

#[rstest]
#[case::active(json!({}), 10, EventPhase::Active, "", "active until")]
#[case::not_named(json!({"invoker": {"user": "tom"}}), 10, EventPhase::Refused, "users", "does not name tom among its users")]
#[case::a_program(json!({"invoker": {"user": "system:serviceaccount:a:b"}}), 10, EventPhase::Refused, "serviceAccount", "never break the glass")]
#[case::other_code(json!({"reasonCode": "other"}), 10, EventPhase::Refused, "allowedReasonCodes", "incident is expected")]
#[case::longer(json!({"duration": "3h"}), 10, EventPhase::Refused, "maxDuration", "allows 2h0m0s at most")]
#[case::late(json!({}), 15 * 60, EventPhase::Refused, "late", "nobody could judge it within 15m0s")]
#[case::unstamped(json!({"invoker": null}), 10, EventPhase::Refused, "invoker", "who made it is unknown")]
#[case::unknown_key(json!({"close": true}), 10, EventPhase::Refused, "spec", "did you mean `closed`?")]
#[case::past_a_limit(json!({"duration": "5h"}), 10, EventPhase::Refused, "spec", "exceeds maximum of 4h0m0s")]
#[case::closed_at_once(json!({"closed": true}), 10, EventPhase::Closed, "", "closed at")]
fn table(
    #[case] change: Value,
    #[case] second: i64,
    #[case] phase: EventPhase,
    #[case] limit: &str,
    #[case] message: &str,
) {
    let plan = first(&facts("e", &change), second);
    let granted = says(&plan, "Granted").unwrap();
    assert_eq!((plan.status.phase, granted.0), (phase, phase == EventPhase::Active), "{granted:?}");
    assert!(granted.2.contains(message), "{}", granted.2);
    let refusal = plan.status.refusal.clone().unwrap_or_default();
    assert_eq!((refusal.limit.as_str(), refusal.message.contains(message)), (limit, !limit.is_empty()));
    assert_eq!(plan.status.pins.is_some(), phase == EventPhase::Active);
    assert_eq!(says(&plan, "Reviewed"), None, "nothing has happened that could be reviewed");
}

#[rstest]
#[case::no_profile(Facts { ground: unusable(), ..facts("e", &json!({})) }, "policy", "SentinelProfile `prod` can't be used")]
#[case::no_policy(Facts { break_glass: None, ..facts("e", &json!({})) }, "policy", "names no BreakGlassPolicy")]
#[case::no_limits_known(Facts { rate_limit: Some(("calm".to_owned(), Err("it does not exist".to_owned()))), ..facts("e", &json!({})) },
    "rateLimitPolicy", "so how often the glass may be broken is unknown")]
fn what_can_not_be_known_is_refused(#[case] facts: Facts, #[case] limit: &str, #[case] message: &str) {
    let refusal = first(&facts, 10).status.refusal.unwrap();
    assert_eq!(refusal.limit, limit);
    assert!(refusal.message.contains(message), "{}", refusal.message);
}

fn unusable() -> Ground {
    let why = sentinel_core::governing::Ungoverned::Profile {
        profile: "prod".to_owned(),
        problem: "it does not exist".to_owned(),
    };
    Ground { pins: Err(why.to_string()), profile: Err(why) }
}

#[test]
fn it_runs_from_the_ledgers_word_and_ends_exactly() {
    let (facts, mut ledger) = (facts("e", &json!({})), Ok(Ledger::default()));
    let active = pass(&facts, &BreakGlassEventStatus::default(), &mut ledger, at(10));
    assert_eq!(active.status.activated_at, Some(at(10).to_string()));
    assert_eq!(active.status.expires_at, Some(at(10 + HOUR).to_string()));
    assert_eq!((active.again_in, active.settled), (Some(Duration::from_mins(5)), true));
    let last = pass(&facts, &active.status, &mut ledger, at(9 + HOUR));
    assert_eq!((last.status.phase, last.again_in), (EventPhase::Active, Some(Duration::from_secs(1))));
    let over = pass(&facts, &last.status, &mut ledger, at(10 + HOUR));
    assert_eq!((over.status.phase, over.again_in, over.settled), (EventPhase::Expired, None, true));
    assert_eq!(says(&over, "Granted").unwrap().1, "Expired");
    assert_eq!(says(&over, "Reviewed").unwrap().1, "ReviewWanted");
}

#[test]
fn a_limit_says_when_to_come_back() {
    let mut ledger = Ok(Ledger::default());
    let before = pass(&facts("a", &json!({"duration": "1m"})), &BreakGlassEventStatus::default(), &mut ledger, at(10));
    assert_eq!((before.status.phase, before.status.escalated), (EventPhase::Active, None));
    let soon = pass(&facts("b", &json!({})), &BreakGlassEventStatus::default(), &mut ledger, at(100));
    let refusal = soon.status.refusal.unwrap();
    assert_eq!((refusal.limit.as_str(), refusal.come_back_at), ("cooldown", Some(at(610).to_string())));
    let later = pass(&facts("c", &json!({})), &BreakGlassEventStatus::default(), &mut ledger, at(610));
    assert_eq!((later.status.phase, later.status.escalated), (EventPhase::Active, Some(2)));
}

#[test]
fn closing_needs_no_ledger_but_is_told_when_the_ledger_knows() {
    let mut ledger = Ok(Ledger::default());
    let active = pass(&facts("e", &json!({})), &BreakGlassEventStatus::default(), &mut ledger, at(10)).status;
    let closing = facts("e", &json!({"closed": true, "closedReason": "it is out", "closedBy": {"user": "ben"}}));
    let (mut gone, whole) = (Err("it is missing".to_owned()), ledger.clone().unwrap());
    let closed = pass(&closing, &active, &mut gone, at(20));
    assert_eq!(
        (closed.status.phase, closed.settled, closed.again_in),
        (EventPhase::Closed, false, Some(Duration::ZERO))
    );
    assert!(says(&closed, "Granted").unwrap().2.ends_with("by ben: it is out"), "{closed:?}");
    let still = pass(&closing, &closed.status, &mut gone, at(30));
    assert_eq!((still.settled, &still.status), (false, &closed.status));
    let heard = pass(&closing, &still.status, &mut ledger, at(40));
    assert!(heard.settled);
    assert_eq!(ledger.clone().unwrap().entries()[0].until, at(20), "when it was closed, not when the ledger heard");
    assert_ne!(ledger.unwrap(), whole);
}

#[test]
fn without_a_ledger_nobody_begins() {
    let mut gone = Err("it is missing".to_owned());
    for second in [10, 20 * 60] {
        let plan = pass(&facts("e", &json!({})), &BreakGlassEventStatus::default(), &mut gone, at(second));
        assert_eq!((plan.status.phase, plan.settled), (EventPhase::Pending, false));
        assert_eq!(says(&plan, "Granted").unwrap().1, "LedgerUnusable");
        assert!(plan.again_in.is_some());
    }
}

#[test]
fn a_service_account_that_is_not_there_yet_is_waited_for() {
    let there = facts("e", &json!({}));
    let missing = "there is no service account `api` in this namespace".to_owned();
    let facts = Facts { ground: Ground { pins: Err(missing), ..there.ground.clone() }, ..there.clone() };
    let mut ledger = Ok(Ledger::default());
    let plan = pass(&facts, &BreakGlassEventStatus::default(), &mut ledger, at(10));
    assert_eq!((plan.status.phase, ledger.clone()), (EventPhase::Pending, Ok(Ledger::default())));
    assert!(says(&plan, "Granted").unwrap().2.contains("no service account `api`"));
    assert_eq!(pass(&there, &plan.status, &mut ledger, at(20)).status.phase, EventPhase::Active);
}

#[rstest]
#[case::as_it_was(json!({}), true, EventPhase::Active)]
#[case::whatever_the_policy_says_since(json!({}), false, EventPhase::Active)]
#[case::closed_since(json!({"closed": true}), true, EventPhase::Closed)]
fn whoever_was_killed_after_the_ledger_goes_on(
    #[case] change: Value,
    #[case] governed: bool,
    #[case] phase: EventPhase,
) {
    let (before, mut ledger) = (facts("e", &json!({})), Ok(Ledger::default()));
    pass(&before, &BreakGlassEventStatus::default(), &mut ledger, at(10));
    let after = facts("e", &change);
    let after = if governed { after } else { Facts { break_glass: None, rate_limit: None, ..after } };
    let plan = pass(&after, &BreakGlassEventStatus::default(), &mut ledger, at(200));
    assert_eq!(plan.status.phase, phase);
    if phase == EventPhase::Active {
        assert_eq!(plan.status.expires_at, Some(at(10 + HOUR).to_string()), "as the ledger has it");
    }
    assert_eq!(ledger.unwrap().entries().len(), 1);
}

#[test]
fn whoever_was_dead_for_all_of_it_finds_it_over() {
    let (facts, mut ledger) = (facts("e", &json!({})), Ok(Ledger::default()));
    pass(&facts, &BreakGlassEventStatus::default(), &mut ledger, at(10));
    let plan = pass(&facts, &BreakGlassEventStatus::default(), &mut ledger, at(2 * HOUR));
    assert_eq!((plan.status.phase, plan.status.pins), (EventPhase::Expired, None));
    assert_eq!(plan.status.activated_at, Some(at(10).to_string()));
}

#[rstest]
#[case::in_time(Some(300), EventPhase::Closed, "closed at 1970-01-12T13:51:40Z by ben: it is out")]
#[case::after_its_end(Some(10 + HOUR), EventPhase::Expired, "expired at")]
#[case::nobody_knows_when(None, EventPhase::Expired, "expired at")]
fn a_closing_that_nobody_saw_until_it_was_over(
    #[case] second: Option<i64>,
    #[case] phase: EventPhase,
    #[case] said: &str,
) {
    let mut ledger = Ok(Ledger::default());
    let active = pass(&facts("e", &json!({})), &BreakGlassEventStatus::default(), &mut ledger, at(10)).status;
    let closed = facts("e", &json!({"closed": true, "closedBy": {"user": "ben"}, "closedReason": "it is out"}));
    let plan = pass(&Facts { closed_at: second.map(at), ..closed }, &active, &mut ledger, at(2 * HOUR));
    assert_eq!((plan.status.phase, plan.status.closed_at.is_some()), (phase, phase == EventPhase::Closed));
    assert!(says(&plan, "Granted").unwrap().2.starts_with(said), "{:?}", says(&plan, "Granted"));
}

#[test]
fn another_role_voids_it() {
    let (before, mut ledger) = (facts("e", &json!({})), Ok(Ledger::default()));
    let active = pass(&before, &BreakGlassEventStatus::default(), &mut ledger, at(10)).status;
    let other = Pins { role_arn: "arn:b".to_owned(), ..pins() };
    let after = Facts { ground: Ground { pins: Ok(other), ..before.ground.clone() }, ..before };
    let plan = pass(&after, &active, &mut ledger, at(20));
    assert_eq!((plan.status.phase, says(&plan, "Granted").unwrap().1), (EventPhase::Active, "Void"));
}

#[test]
fn a_review_is_asked_for_until_it_is_there() {
    let (before, mut ledger) = (facts("e", &json!({"duration": "1m"})), Ok(Ledger::default()));
    let active = pass(&before, &BreakGlassEventStatus::default(), &mut ledger, at(10));
    assert_eq!(says(&active, "Reviewed"), None);
    let over = pass(&before, &active.status, &mut ledger, at(70));
    assert!(!says(&over, "Reviewed").unwrap().0);
    for (by, holds, reason) in [
        (json!({"user": "ben"}), true, "Reviewed"),
        (Value::Null, true, "ReviewedUnstamped"),
        (json!({"user": "role", "person": "ann"}), false, "OwnReview"),
    ] {
        let reviewed = facts("e", &json!({"duration": "1m", "review": "the disk was full", "reviewedBy": by}));
        let plan = pass(&reviewed, &over.status, &mut ledger, at(80));
        assert_eq!((says(&plan, "Reviewed").unwrap().0, says(&plan, "Reviewed").unwrap().1), (holds, reason));
        assert_eq!(plan.status.phase, EventPhase::Expired);
    }
}

#[test]
fn the_same_again_writes_nothing_new() {
    for change in [json!({}), json!({"invoker": {"user": "tom"}})] {
        let (facts, mut ledger) = (facts("e", &change), Ok(Ledger::default()));
        let first = pass(&facts, &BreakGlassEventStatus::default(), &mut ledger, at(10)).status;
        assert_eq!(pass(&facts, &first, &mut ledger, at(20)).status, first);
    }
}
