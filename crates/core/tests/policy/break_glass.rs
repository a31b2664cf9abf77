//! The break-glass policy: what is taken, what is refused, and what it means.

use rstest::rstest;
use sentinel_core::policy::{BreakGlassPolicy, Condition, ReasonCode};
use sentinel_core::time::GoDuration;

use crate::support::{at, document, refuses};

const COMPLETE: &str = include_str!("../../testdata/reference/break-glass-complete.yaml");
const SCHEMA: &str = include_str!("../../testdata/reference/break-glass-schema.yaml");
const SATURDAY_NIGHT: &str = "2026-03-07T05:00:00Z";

/// One rule with these fields.
fn rule(fields: &str) -> String {
    document(&format!("- {{name: n, users: [ann], {fields}}}"))
}

fn hours(count: i64) -> GoDuration {
    GoDuration::from_secs(count * 3600)
}

#[test]
fn the_complete_example_of_the_reference() {
    insta::assert_snapshot!(BreakGlassPolicy::from_yaml(COMPLETE).unwrap().to_yaml());
}

#[rstest]
#[case::oncall("prod", "oncall-alice", ReasonCode::Incident, 4, Ok(()))]
#[case::another_reason("prod", "oncall-alice", ReasonCode::Other, 4, Err(Condition::AllowedReasonCodes))]
#[case::the_first_rule_alone_counts("prod", "security-admin", ReasonCode::Security, 4, Err(Condition::Users))]
#[case::any_profile_and_reason("dev", "security-admin", ReasonCode::Other, 4, Ok(()))]
#[case::too_long("dev", "security-admin", ReasonCode::Other, 5, Err(Condition::MaxDuration))]
#[case::a_shadowed_rule("prod-database", "dba-alice", ReasonCode::Maintenance, 2, Err(Condition::Users))]
fn the_example_at_saturday_night(
    #[case] profile: &str,
    #[case] user: &str,
    #[case] code: ReasonCode,
    #[case] asked: i64,
    #[case] expected: Result<(), Condition>,
) {
    let policy = BreakGlassPolicy::from_yaml(COMPLETE).unwrap();
    let (_, rule) = policy.rule_for(profile).unwrap();
    assert_eq!(rule.check(&[user], code, hours(asked), at(SATURDAY_NIGHT)), expected);
}

#[rstest]
#[case::in_new_york_it_is_midnight(SATURDAY_NIGHT, Ok(()))]
#[case::a_second_earlier("2026-03-07T04:59:59Z", Err(Condition::Time))]
#[case::when_it_closes("2026-03-07T11:00:00Z", Err(Condition::Time))]
#[case::monday("2026-03-09T05:00:00Z", Err(Condition::Time))]
fn the_databases_have_their_hours(#[case] moment: &str, #[case] expected: Result<(), Condition>) {
    let policy = BreakGlassPolicy::from_yaml(COMPLETE).unwrap();
    let rule = &policy.rules()[2];
    assert_eq!(rule.name, "dba-maintenance");
    assert_eq!(rule.check(&["dba-bob"], ReasonCode::Maintenance, hours(2), at(moment)), expected);
}

#[rstest]
#[case::no_limit_of_its_own("", &["ann"], 4, Ok(()))]
#[case::zero_is_no_limit_of_its_own("max_duration: 0s", &["ann"], 4, Ok(()))]
#[case::never_more_than_the_language_allows("", &["ann"], 5, Err(Condition::MaxDuration))]
#[case::its_own_limit("max_duration: 1h", &["ann"], 2, Err(Condition::MaxDuration))]
#[case::no_time_at_all("", &["ann"], 0, Err(Condition::MaxDuration))]
#[case::by_a_group("", &["zoe", "ann"], 1, Ok(()))]
#[case::case_sensitive("", &["Ann"], 1, Err(Condition::Users))]
#[case::nobody("", &[], 1, Err(Condition::Users))]
#[case::any_reason("allowed_reason_codes: []", &["ann"], 1, Ok(()))]
#[case::another_reason("allowed_reason_codes: [incident, security]", &["ann"], 1, Err(Condition::AllowedReasonCodes))]
#[case::one_of_the_reasons("allowed_reason_codes: [incident, recovery]", &["ann"], 1, Ok(()))]
fn each_condition(
    #[case] fields: &str,
    #[case] names: &[&str],
    #[case] asked: i64,
    #[case] expected: Result<(), Condition>,
) {
    let policy = BreakGlassPolicy::from_yaml(&rule(fields)).unwrap();
    let checked = policy.rules()[0].check(names, ReasonCode::Recovery, hours(asked), at(SATURDAY_NIGHT));
    assert_eq!(checked, expected);
}

#[test]
fn users_may_be_globs() {
    let policy = BreakGlassPolicy::from_yaml(&document("- {name: n, users: ['oncall-*']}")).unwrap();
    let check = |name| policy.rules()[0].check(&[name], ReasonCode::Other, hours(1), at(SATURDAY_NIGHT));
    assert_eq!(check("oncall-7"), Ok(()));
    assert_eq!(check("oncall"), Err(Condition::Users));
}

#[test]
fn without_a_rule_for_the_profile_there_is_none() {
    let policy = BreakGlassPolicy::from_yaml(&rule("profiles: [prod]")).unwrap();
    assert_eq!(policy.rule_for("dev"), None);
    assert!(policy.rule_for("prod").is_some());
}

#[rstest]
#[case("- {name: n}", "rules[0]: break-glass policy rule 'n' must have at least one user")]
#[case("- {name: n, users: []}", "rules[0].users: break-glass policy rule 'n' must have at least one user")]
#[case("- {name: n, users: ann}", "rules[0].users: must be a list, not a string: write [ann]")]
#[case("- {name: n, users: ['']}", "rules[0].users[0]: an empty string is not allowed")]
fn rejects_rules(#[case] list: &str, #[case] message: &str) {
    refuses(BreakGlassPolicy::from_yaml, &document(list), &[message]);
}

#[rstest]
#[case(
    "allowed_reason_codes: [boredom]",
    "rules[0].allowed_reason_codes[0]: invalid reason code 'boredom' in rule 'n': use one of incident, maintenance, security, recovery, other"
)]
#[case("allowed_reason_codes: [other, Incident]", "rules[0].allowed_reason_codes[1]: invalid reason code 'Incident'")]
#[case("reason_codes: [incident]", "rules[0]: unknown key `reason_codes`: did you mean `allowed_reason_codes`?")]
#[case("allowedReasonCodes: [incident]", "did you mean `allowed_reason_codes`?")]
#[case(
    "max_duration: 4h0m0.000000001s",
    "rules[0].max_duration: break-glass policy rule 'n' max_duration exceeds maximum of 4h0m0s"
)]
#[case("max_duration: -1s", "rules[0].max_duration: rule 'n' has negative max_duration -1s")]
#[case("max_duration: 14400", "rules[0].max_duration: must be a duration with its unit, not a bare number")]
#[case("time: {days: [someday]}", "rules[0].time.days[0]: invalid weekday 'someday' in rule 'n'")]
#[case("time: {timezone: utc}", "rules[0].time.timezone: invalid timezone 'utc': did you mean UTC?")]
#[case("time: {hours: {start: '24:00', end: '25:00'}}", "rules[0].time.hours.start: invalid hour format '24:00'")]
#[case("profile: [prod]", "rules[0]: unknown key `profile`: did you mean `profiles`?")]
#[case("justification: x", "known here are name, profiles, users, allowed_reason_codes, time, max_duration")]
fn rejects_fields(#[case] fields: &str, #[case] message: &str) {
    refuses(BreakGlassPolicy::from_yaml, &rule(fields), &[message]);
}

#[test]
fn every_key_of_the_schema_is_known() {
    let problems = BreakGlassPolicy::from_yaml(SCHEMA).unwrap_err().to_string();
    assert!(!problems.contains("unknown key"), "{problems}");
    assert!(problems.contains("invalid reason code 'string' in rule 'string'"), "{problems}");
}
