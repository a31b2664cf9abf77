//! The rate limit policy: what is taken, what is refused, and what it means.

use rstest::rstest;
use sentinel_core::policy::RateLimitPolicy;
use sentinel_core::time::GoDuration;

use crate::support::{document, refuses};

const COMPLETE: &str = include_str!("../../testdata/reference/rate-limit-complete.yaml");
const SCHEMA: &str = include_str!("../../testdata/reference/rate-limit-schema.yaml");

/// One rule with these fields.
fn rule(fields: &str) -> String {
    document(&format!("- {{name: n, {fields}}}"))
}

#[test]
fn the_complete_example_of_the_reference() {
    insta::assert_snapshot!(RateLimitPolicy::from_yaml(COMPLETE).unwrap().to_yaml());
}

#[rstest]
#[case("prod", 0, 30, Some(3), Some(10), Some(2))]
#[case("staging", 1, 10, Some(5), None, None)]
#[case("dev", 2, 15, Some(5), Some(20), Some(3))]
fn the_first_rule_for_a_profile_counts(
    #[case] profile: &str,
    #[case] place: usize,
    #[case] cooldown_minutes: i64,
    #[case] max_per_user: Option<u32>,
    #[case] max_per_profile: Option<u32>,
    #[case] escalation_threshold: Option<u32>,
) {
    let policy = RateLimitPolicy::from_yaml(COMPLETE).unwrap();
    let (index, rule) = policy.rule_for(profile).unwrap();
    assert_eq!(index, place);
    assert_eq!(rule.cooldown, Some(GoDuration::from_secs(cooldown_minutes * 60)));
    assert_eq!((rule.max_per_user, rule.max_per_profile), (max_per_user, max_per_profile));
    assert_eq!(rule.quota_window, Some(GoDuration::from_secs(24 * 3600)));
    assert_eq!(rule.escalation_threshold, escalation_threshold);
}

#[test]
fn without_a_rule_for_the_profile_there_is_none() {
    let policy = RateLimitPolicy::from_yaml(&rule("profiles: ['prod-*'], cooldown: 1m")).unwrap();
    assert!(policy.rule_for("prod-eu").is_some());
    assert_eq!(policy.rule_for("dev"), None);
}

#[rstest]
fn one_limit_is_enough(
    #[values(
        "cooldown: 1ns",
        "max_per_user: 1, quota_window: 1s",
        "max_per_profile: 4294967295, quota_window: 8760h",
        "cooldown: 0s, max_per_user: 1, quota_window: 24h",
        "cooldown: 1m, quota_window: 0s"
    )]
    fields: &str,
) {
    RateLimitPolicy::from_yaml(&rule(fields)).unwrap();
}

#[rstest]
fn rejects_a_rule_that_limits_nothing(
    #[values(
        "profiles: [prod]",
        "quota_window: 24h",
        "cooldown: 0s",
        "cooldown: \"0\", escalation_threshold: 2",
        "escalation_threshold: 2"
    )]
    fields: &str,
) {
    let message =
        "rules[0]: rate limit rule 'n' must have at least one limit (cooldown, max_per_user, or max_per_profile)";
    refuses(RateLimitPolicy::from_yaml, &rule(fields), &[message]);
}

#[rstest]
fn rejects_a_quota_without_a_window(
    #[values("max_per_user", "max_per_profile")] quota: &str,
    #[values("", ", quota_window: 0s", ", cooldown: 1m")] rest: &str,
) {
    let messages =
        ["rules[0]: missing quota_window", "rate limit rule 'n' has quota limits but missing or invalid quota_window"];
    refuses(RateLimitPolicy::from_yaml, &rule(&format!("{quota}: 3{rest}")), &messages);
}

#[rstest]
#[case("cooldown: -1m", "rules[0].cooldown: rule 'n' has negative cooldown -1m0s")]
#[case("cooldown: 30", "rules[0].cooldown: must be a duration with its unit, not a bare number")]
#[case("cooldown: 1d", "rules[0].cooldown: invalid duration '1d'")]
#[case("max_per_user: 3, quota_window: -24h", "rules[0].quota_window: rule 'n' has negative quota_window -24h0m0s")]
#[case("max_per_user: 0, quota_window: 24h", "rules[0].max_per_user: rule 'n' has max_per_user 0: write 1 or more")]
#[case("max_per_user: -1, quota_window: 24h", "rules[0].max_per_user: rule 'n' has negative max_per_user -1")]
#[case(
    "max_per_profile: 4294967296",
    "rules[0].max_per_profile: rule 'n' has max_per_profile 4294967296: write a whole number from 1 to 4294967295"
)]
#[case("max_per_user: 1.5", "rules[0].max_per_user: rule 'n' has max_per_user 1.5: write a whole number")]
#[case("max_per_user: 3.0", "rules[0].max_per_user: rule 'n' has max_per_user 3.0: write a whole number")]
#[case("max_per_user: 99999999999999999999999", "rules[0].max_per_user: ")]
#[case("max_per_user: '3'", "rules[0].max_per_user: must be a whole number, not a string")]
#[case("max_per_user: ", "rules[0].max_per_user: must be a whole number, not nothing (null)")]
#[case("cooldown: 1m, escalation_threshold: 0", "rules[0].escalation_threshold: rule 'n' has escalation_threshold 0")]
#[case(
    "cooldown: 1m, escalationThreshold: 2",
    "rules[0]: unknown key `escalationThreshold`: did you mean `escalation_threshold`?"
)]
#[case("cooldown: 1m, max_per_users: 2", "did you mean `max_per_user`?")]
#[case("cooldown: 1m, window: 24h", "unknown key `window`: did you mean `quota_window`?")]
#[case("cooldown: 1m, users: [ann]", "rules[0]: unknown key `users`: known here are name, profiles, cooldown")]
#[case("cooldown: 1m, profiles: ['']", "rules[0].profiles[0]: an empty string is not allowed")]
fn rejects_fields(#[case] fields: &str, #[case] message: &str) {
    refuses(RateLimitPolicy::from_yaml, &rule(fields), &[message]);
}

#[test]
fn every_key_of_the_schema_is_known() {
    let problems = RateLimitPolicy::from_yaml(SCHEMA).unwrap_err().to_string();
    assert!(!problems.contains("unknown key"), "{problems}");
    assert!(problems.contains("max_per_user: must be a whole number, not a string"), "{problems}");
}
