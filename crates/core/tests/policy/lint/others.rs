//! Each check of the three kinds that are found by the profile, in both directions.

use rstest::rstest;
use sentinel_core::policy::lint::Check;

use super::{approval, break_glass, known, nothing, rate_limit};

type Find = fn(&str, Check, &sentinel_core::policy::lint::Surroundings) -> Vec<String>;

const KINDS: [(Find, &str); 3] =
    [(approval, "approvers: [x]"), (break_glass, "users: [x], time: {days: [monday]}"), (rate_limit, "cooldown: 1m")];

fn list(profiles: &[&str], body: &str) -> String {
    let rule = |(index, profiles): (usize, &&str)| format!("- {{name: r{index}, profiles: {profiles}, {body}}}");
    profiles.iter().enumerate().map(rule).collect::<Vec<_>>().join("\n")
}

#[rstest]
#[case::any_first(&["[]", "[p]"], &["rules[1]"])]
#[case::any_twice(&["[p]", "[]", "[]"], &["rules[2]"])]
#[case::any_last(&["[p]", "[q]", "[]"], &[])]
#[case::the_same(&["[p]", "[p]"], &["rules[1]"])]
#[case::a_glob(&["['p*']", "[prod, 'pre-*']"], &["rules[1]"])]
#[case::together(&["[p]", "[q]", "[q, p]"], &["rules[2]"])]
#[case::some_left(&["[p]", "[q]", "[q, p, r]"], &[])]
fn unreachable_by_the_profile_alone(#[case] profiles: &[&str], #[case] expected: &[&str]) {
    for (find, body) in KINDS {
        assert_eq!(find(&list(profiles, body), Check::UnreachableRule, &nothing()), expected, "{body}");
    }
}

#[test]
fn what_gives_is_asked_for_the_profiles_that_exist_and_what_limits_is_not() {
    let found = KINDS.map(|(find, body)| {
        find(&list(&["[p-a]", "[p-b]", "['p-*']"], body), Check::UnreachableRule, &known(&["p-a", "p-b"])).len()
    });
    assert_eq!(found, [1, 1, 0]);
}

#[rstest]
#[case("[prod, prdo]", &["rules[0].profiles[1]"])]
#[case("['x-*']", &["rules[0].profiles[0]"])]
#[case("[prod, 'p*']", &[])]
#[case("[]", &[])]
fn unknown_profile(#[case] profiles: &str, #[case] expected: &[&str]) {
    for (find, body) in KINDS {
        assert_eq!(find(&list(&[profiles], body), Check::UnknownProfile, &known(&["prod"])), expected);
        assert!(find(&list(&[profiles], body), Check::UnknownProfile, &nothing()).is_empty());
    }
}

#[rstest]
#[case(&["[]"], [1, 1, 0])]
#[case(&["[]", "[p]"], [1, 1, 1])]
#[case(&["[p]", "['*']"], [0, 0, 0])]
fn any_profile(#[case] profiles: &[&str], #[case] expected: [usize; 3]) {
    let found = KINDS.map(|(find, body)| find(&list(profiles, body), Check::AnyProfile, &nothing()).len());
    assert_eq!(found, expected);
}

#[rstest]
#[case("users: [x], max_duration: 1h", &[])]
#[case("max_duration: 1h", &[Check::AnyUser])]
#[case("users: [x], time: {days: [monday]}", &[Check::NoTimezone, Check::DaysWithoutHours])]
#[case("users: [x], time: {timezone: UTC, hours: {start: '22:00', end: '06:00'}}", &[Check::NeverOpen])]
#[case("users: [x], time: {timezone: UTC, hours: {start: '02:00', end: '06:00'}}", &[])]
#[case("users: ['system:serviceaccount:pay:*']", &[])]
fn auto_approve(#[case] auto: &str, #[case] expected: &[Check]) {
    let list = format!("- {{name: a, profiles: [p], approvers: [x], auto_approve: {{{auto}}}}}");
    for check in Check::ALL {
        assert_eq!(approval(&list, *check, &nothing()).len(), usize::from(expected.contains(check)), "{check}");
    }
}

#[rstest]
#[case("users: [x], allowed_reason_codes: [incident]", &[])]
#[case("users: [x]", &[(Check::AnyReasonCode, "rules[0]")])]
#[case(
    "users: [x, 'oncall-*'], allowed_reason_codes: [incident]",
    &[(Check::GlobOfUsers, "rules[0].users[1]")]
)]
#[case(
    "users: [x], allowed_reason_codes: [other], time: {timezone: UTC, hours: {start: '06:00', end: '06:00'}}",
    &[(Check::NeverOpen, "rules[0].time")]
)]
#[case(
    "users: [x], allowed_reason_codes: [other], time: {hours: {start: '06:00', end: '07:00'}}",
    &[(Check::NoTimezone, "rules[0].time")]
)]
fn break_glass_rules(#[case] body: &str, #[case] expected: &[(Check, &str)]) {
    for check in Check::ALL {
        let paths: Vec<&str> = expected.iter().filter(|(other, _)| other == check).map(|(_, path)| *path).collect();
        assert_eq!(break_glass(&list(&["[p]"], body), *check, &nothing()), paths, "{check}");
    }
}

#[rstest]
#[case("cooldown: 59s", true)]
#[case("cooldown: 1ns", true)]
#[case("cooldown: 1m", false)]
#[case("cooldown: 0s, max_per_user: 1, quota_window: 1h", false)]
#[case("max_per_user: 1, quota_window: 1h", false)]
fn short_cooldown(#[case] body: &str, #[case] found: bool) {
    let expected: Vec<&str> = found.then_some("rules[0].cooldown").into_iter().collect();
    assert_eq!(rate_limit(&list(&["[p]"], body), Check::ShortCooldown, &nothing()), expected);
}

/// An event needs the wait before it on its own profile, and may be as young as can be on another.
#[rstest]
#[case::one_profile(&["p"], "cooldown: 12h, max_per_user: 3, quota_window: 24h", true)]
#[case::just_reached(&["p"], "cooldown: 12h, max_per_user: 2, quota_window: 24h", false)]
#[case::longer_than_the_window(&["p"], "cooldown: 48h, max_per_user: 1, quota_window: 24h", true)]
#[case::two_profiles(&["p", "q"], "cooldown: 12h, max_per_user: 5, quota_window: 24h", false)]
#[case::two_profiles_are_too_few(&["p", "q"], "cooldown: 12h, max_per_user: 6, quota_window: 24h", true)]
#[case::no_cooldown(&["p"], "max_per_user: 3, quota_window: 24h", false)]
#[case::everybody(&["p"], "cooldown: 12h, max_per_profile: 100, quota_window: 24h", false)]
#[case::hostile(&["p", "q", "r"], "cooldown: 1ns, max_per_user: 4000000000, quota_window: 2562047h", false)]
fn unreachable_quota(#[case] profiles: &[&str], #[case] body: &str, #[case] found: bool) {
    let list = list(&[&format!("[{}]", profiles.join(", "))], body);
    let lints = rate_limit(&list, Check::UnreachableQuota, &known(profiles));
    assert_eq!(lints.len(), usize::from(found), "{lints:?}");
    // Others may exist, which other policies limit.
    assert!(rate_limit(&list, Check::UnreachableQuota, &nothing()).is_empty());
}

#[rstest]
#[case::a_glob_is_known(&["p-a"], "['p-*']", true)]
#[case::any_is_known(&["p-a"], "[]", true)]
#[case::another_exists(&["p-a", "q"], "[p-a]", false)]
#[case::more_match(&["p-a", "p-b"], "['p-*']", false)]
#[case::none_exists(&[], "[]", false)]
fn unreachable_quota_with_the_profiles_that_exist(
    #[case] around: &[&str],
    #[case] profiles: &str,
    #[case] found: bool,
) {
    let list = list(&[profiles], "cooldown: 12h, max_per_user: 3, quota_window: 24h");
    assert_eq!(rate_limit(&list, Check::UnreachableQuota, &known(around)).len(), usize::from(found));
}

#[test]
fn another_rule_without_a_cooldown_leaves_the_quota_reachable() {
    let list = "- {name: a, profiles: [p], cooldown: 12h, max_per_user: 3, quota_window: 24h}\n\
                - {name: b, profiles: [q], max_per_profile: 9, quota_window: 24h}";
    assert!(rate_limit(list, Check::UnreachableQuota, &known(&["p", "q"])).is_empty());
}
