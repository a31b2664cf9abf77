//! The approval policy: what is taken, what is refused, and what it means.

use rstest::rstest;
use sentinel_core::policy::{ApprovalPolicy, Condition};
use sentinel_core::time::GoDuration;

use crate::support::{at, document, refuses};

const COMPLETE: &str = include_str!("../../testdata/reference/approval-complete.yaml");
const SCHEMA: &str = include_str!("../../testdata/reference/approval-schema.yaml");

fn rules(list: &str) -> ApprovalPolicy {
    ApprovalPolicy::from_yaml(&document(list)).unwrap()
}

/// One rule with these conditions of auto-approval.
fn auto(conditions: &str) -> String {
    document(&format!("- {{name: n, approvers: [ann], auto_approve: {conditions}}}"))
}

fn hours(count: i64) -> GoDuration {
    GoDuration::from_secs(count * 3600)
}

#[test]
fn the_complete_example_of_the_reference() {
    insta::assert_snapshot!(ApprovalPolicy::from_yaml(COMPLETE).unwrap().to_yaml());
}

#[rstest]
#[case("prod", 0, &["security-team", "ops-lead"])]
#[case("staging", 1, &["team-lead-alice", "team-lead-bob"])]
#[case("dev", 2, &["engineering-manager", "security-team"])]
#[case("Prod", 2, &["engineering-manager", "security-team"])]
fn the_first_rule_for_a_profile_counts(#[case] profile: &str, #[case] place: usize, #[case] approvers: &[&str]) {
    let policy = ApprovalPolicy::from_yaml(COMPLETE).unwrap();
    let (index, rule) = policy.rule_for(profile).unwrap();
    assert_eq!(index, place);
    assert_eq!(rule.approvers, approvers);
}

#[test]
fn without_a_rule_for_the_profile_there_is_none() {
    let policy = rules("- {name: a, profiles: [prod, 'stage-*'], approvers: [ann]}");
    assert_eq!(policy.rule_for("stage-eu").map(|(index, _)| index), Some(0));
    assert_eq!(policy.rule_for("dev"), None);
}

#[rstest]
#[case(&["ann"], true)]
#[case(&["someone", "team:leads"], true)]
#[case(&["Ann"], false)]
#[case(&["ann "], false)]
#[case(&["team"], false)]
#[case(&[], false)]
fn approvers_are_exact(#[case] names: &[&str], #[case] expected: bool) {
    let policy = rules("- {name: a, approvers: [ann, 'team:leads']}");
    assert_eq!(policy.rules()[0].has_approver(names), expected);
}

#[rstest]
#[case::all_match("ops-lead", "2026-03-02T15:00:00Z", "1h", Ok(()))]
#[case::another_user("security-team", "2026-03-02T15:00:00Z", "1h", Err(Condition::Users))]
#[case::before_the_office_opens("ops-lead", "2026-03-02T13:59:59Z", "1h", Err(Condition::Time))]
#[case::when_it_closes("ops-lead", "2026-03-02T22:00:00Z", "1h", Err(Condition::Time))]
#[case::weekend("ops-lead", "2026-03-07T15:00:00Z", "1h", Err(Condition::Time))]
#[case::too_long("ops-lead", "2026-03-02T15:00:00Z", "1h0m0.000000001s", Err(Condition::MaxDuration))]
#[case::no_time_at_all("ops-lead", "2026-03-02T15:00:00Z", "0s", Err(Condition::MaxDuration))]
#[case::negative("ops-lead", "2026-03-02T15:00:00Z", "-1m", Err(Condition::MaxDuration))]
fn the_example_approves_by_itself(
    #[case] user: &str,
    #[case] moment: &str,
    #[case] duration: &str,
    #[case] expected: Result<(), Condition>,
) {
    let policy = ApprovalPolicy::from_yaml(COMPLETE).unwrap();
    let auto = policy.rules()[0].auto_approve.as_ref().unwrap();
    assert_eq!(auto.check(&[user], duration.parse().unwrap(), at(moment)), expected);
    assert_eq!(policy.rules()[1].auto_approve, None);
}

#[rstest]
#[case::any_user("{max_duration: 1h}", &["zoe"], 1, Ok(()))]
#[case::a_person_without_names("{max_duration: 1h}", &[], 1, Ok(()))]
#[case::by_a_group("{users: [oncall]}", &["zoe", "oncall"], 8, Ok(()))]
#[case::by_a_glob("{users: ['ops-*']}", &["ops-1"], 8, Ok(()))]
#[case::no_glob_over_a_colon("{users: ['*']}", &["system:serviceaccount:a:b"], 1, Err(Condition::Users))]
#[case::nobody("{users: [ann]}", &[], 1, Err(Condition::Users))]
#[case::no_limit_of_its_own("{users: [zoe]}", &["zoe"], 8, Ok(()))]
#[case::never_more_than_the_language_allows("{users: [zoe]}", &["zoe"], 9, Err(Condition::MaxDuration))]
#[case::zero_is_no_limit_of_its_own("{users: [zoe], max_duration: 0s}", &["zoe"], 8, Ok(()))]
#[case::the_zone_counts("{time: {hours: {start: '12:00', end: '12:01'}, timezone: Europe/Paris}}", &["zoe"], 1, Err(Condition::Time))]
#[case::utc_without_zone("{time: {hours: {start: '12:00', end: '12:01'}}}", &["zoe"], 1, Ok(()))]
fn each_condition_of_auto_approval(
    #[case] conditions: &str,
    #[case] names: &[&str],
    #[case] asked: i64,
    #[case] expected: Result<(), Condition>,
) {
    let policy = ApprovalPolicy::from_yaml(&auto(conditions)).unwrap();
    let auto = policy.rules()[0].auto_approve.as_ref().unwrap();
    assert_eq!(auto.check(names, hours(asked), at(crate::support::MONDAY_NOON)), expected);
}

#[rstest]
#[case("- {name: n}", "rules[0]: approval rule 'n' must have at least one approver")]
#[case("- {name: n, approvers: []}", "rules[0].approvers: approval rule 'n' must have at least one approver")]
#[case("- {name: n, approvers: ann}", "rules[0].approvers: must be a list, not a string: write [ann]")]
#[case("- {name: n, approvers: ['']}", "rules[0].approvers[0]: an empty string is not allowed")]
#[case("- {name: n, approvers: [ann, 'ops-*']}", "rules[0].approvers[1]: approver 'ops-*' is a glob")]
#[case("- {name: n, approvers: [5]}", "rules[0].approvers[0]: must be a string, not a number")]
#[case("- {name: n, approver: [ann]}", "rules[0]: unknown key `approver`: did you mean `approvers`?")]
#[case("- {name: n, approvers: [a], autoApprove: {}}", "unknown key `autoApprove`: did you mean `auto_approve`?")]
#[case("- {name: n, approvers: [a], profiles: prod}", "rules[0].profiles: must be a list, not a string")]
#[case("- {name: n, approvers: [a], users: [b]}", "known here are name, profiles, approvers, auto_approve")]
#[case(
    "- {name: n, approvers: [a], auto_approve: true}",
    "rules[0].auto_approve: must be a mapping, not true or false"
)]
#[case("- {name: n, approvers: [a], auto_approve: }", "rules[0].auto_approve: must be a mapping, not nothing (null)")]
fn rejects_rules(#[case] list: &str, #[case] message: &str) {
    refuses(ApprovalPolicy::from_yaml, &document(list), &[message]);
}

#[rstest]
fn rejects_auto_approval_of_everything(
    #[values("{}", "{users: []}", "{time: {}}", "{time: {days: [], timezone: UTC}}", "{users: [], max_duration: 0s}")]
    conditions: &str,
) {
    let message = "rules[0].auto_approve: auto_approve in rule 'n' must have at least one condition \
                   (users, time, or max_duration)";
    refuses(ApprovalPolicy::from_yaml, &auto(conditions), &[message]);
}

#[rstest]
#[case(
    "{max_duration: 8h0m1s}",
    "rules[0].auto_approve.max_duration: auto_approve max_duration in rule 'n' exceeds maximum of 8h0m0s"
)]
#[case("{max_duration: -1h}", "rules[0].auto_approve.max_duration: rule 'n' has negative max_duration -1h0m0s")]
#[case("{max_duration: 3600}", "must be a duration with its unit, not a bare number")]
#[case("{max_duration: 1d}", "invalid duration '1d'")]
#[case("{duration: 1h}", "rules[0].auto_approve: unknown key `duration`: did you mean `max_duration`?")]
#[case("{user: [a]}", "did you mean `users`?")]
#[case("{time: {days: [Monday]}}", "rules[0].auto_approve.time.days[0]: invalid weekday 'Monday' in rule 'n'")]
#[case("{time: {timezone: Mars}}", "rules[0].auto_approve.time.timezone: invalid timezone 'Mars'")]
#[case(
    "{time: {hours: {start: '9', end: '10:00'}}}",
    "rules[0].auto_approve.time.hours.start: invalid hour format '9'"
)]
fn rejects_conditions(#[case] conditions: &str, #[case] message: &str) {
    refuses(ApprovalPolicy::from_yaml, &auto(conditions), &[message]);
}

#[test]
fn eight_hours_are_not_too_long() {
    let policy = ApprovalPolicy::from_yaml(&auto("{max_duration: 8h}")).unwrap();
    assert_eq!(policy.rules()[0].auto_approve.as_ref().unwrap().max_duration, Some(hours(8)));
}

#[test]
fn every_key_of_the_schema_is_known() {
    let problems = ApprovalPolicy::from_yaml(SCHEMA).unwrap_err().to_string();
    assert!(!problems.contains("unknown key"), "{problems}");
    assert!(problems.contains("invalid duration 'duration'"), "{problems}");
}
