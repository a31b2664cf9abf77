//! Each check of an access policy, in both directions.

use rstest::rstest;
use sentinel_core::policy::AccessPolicy;
use sentinel_core::policy::lint::Check;

use super::{access, known, nothing};
use crate::support::document;

/// Rules from `effect {conditions}`, named a, b, c …
fn rules(each: &[&str]) -> String {
    let rule = |(index, text): (usize, &&str)| {
        let (effect, conditions) = text.split_once(' ').unwrap_or((text, "{}"));
        let name = char::from(b'a' + u8::try_from(index).unwrap());
        format!("- {{name: {name}, effect: {effect}, conditions: {conditions}}}")
    };
    each.iter().enumerate().map(rule).collect::<Vec<_>>().join("\n")
}

#[rstest]
#[case::anything(&["allow", "deny {profiles: [a], users: [b], mode: [cli]}"], true)]
#[case::the_same(&["allow {users: [a]}", "deny {users: [a]}"], true)]
#[case::fewer_entries(&["allow {users: [a, b, c]}", "deny {users: [c, a]}"], true)]
#[case::more_entries(&["allow {users: [a, b]}", "deny {users: [c, a]}"], false)]
#[case::a_list_within_any(&["allow {profiles: [p]}", "deny {profiles: [p], users: [x]}"], true)]
#[case::any_within_a_list(&["allow {profiles: [p], users: [x]}", "deny {profiles: [p]}"], false)]
#[case::crossing(&["allow {profiles: [p]}", "deny {users: [x]}"], false)]
#[case::a_name_within_a_glob(&["allow {profiles: ['prod-*']}", "deny {profiles: [prod-eu]}"], true)]
#[case::a_glob_within_a_glob(&["allow {profiles: ['p*']}", "deny {profiles: ['prod-*-x']}"], true)]
#[case::a_glob_beyond_a_glob(&["allow {profiles: ['prod-*']}", "deny {profiles: ['p*']}"], false)]
#[case::a_star_has_no_colon(&["allow {users: ['*']}", "deny {users: ['system:serviceaccount:a:b']}"], false)]
#[case::a_namespace(&["allow {users: ['system:serviceaccount:a:*']}", "deny {users: ['system:serviceaccount:a:b-*']}"], true)]
#[case::a_name_within_no_glob(&["allow {profiles: [prod-eu]}", "deny {profiles: ['prod-*']}"], false)]
#[case::a_mode(&["allow", "deny {mode: [cli]}"], true)]
#[case::a_mode_only(&["allow {mode: [cli]}", "deny {}"], false)]
#[case::all_modes(&["allow {mode: [cli, server, credential_process]}", "deny {}"], true)]
#[case::modes_together(&["allow {mode: [cli]}", "deny {mode: [server]}", "deny {mode: [server, cli]}"], true)]
#[case::not_all_modes(&["allow {mode: [cli]}", "deny {mode: [server]}", "deny {}"], false)]
#[case::users_together(&["allow {users: [a]}", "deny {users: [b]}", "deny {users: [b, a]}"], true)]
#[case::a_cell_is_open(
    &["allow {users: [a], profiles: [p]}", "deny {users: [b], profiles: [q]}", "deny {users: [b, a], profiles: [p, q]}"], false
)]
#[case::every_cell_is_taken(
    &["allow {users: [a], profiles: [p]}", "deny {users: [b]}", "allow {users: [a], profiles: [q]}",
      "deny {users: [b, a], profiles: [p, q]}"], true
)]
#[case::a_window(&["allow {time: {days: [monday]}}", "deny {}"], false)]
#[case::within_a_window(
    &["allow {time: {hours: {start: '08:00', end: '18:00'}}}", "deny {time: {days: [monday], hours: {start: '09:00', end: '18:00'}}}"],
    true
)]
#[case::a_minute_too_long(
    &["allow {time: {hours: {start: '08:00', end: '18:00'}}}", "deny {time: {hours: {start: '09:00', end: '18:01'}}}"], false
)]
#[case::another_day(
    &["allow {time: {days: [monday]}}", "deny {time: {days: [monday, tuesday]}}"], false
)]
#[case::utc_by_name(
    &["allow {time: {days: [monday]}}", "deny {time: {days: [monday], timezone: UTC}}"], true
)]
#[case::another_zone(
    &["allow {time: {days: [monday]}}", "deny {time: {days: [monday], timezone: Asia/Tokyo}}"], false
)]
#[case::days_together(
    &["allow {time: {days: [monday]}}", "allow {time: {days: [tuesday]}}", "deny {time: {days: [monday, tuesday]}}"], true
)]
#[case::the_whole_week(
    &["allow {time: {days: [monday, tuesday, wednesday, thursday, friday]}}", "allow {time: {days: [saturday, sunday]}}", "deny"],
    true
)]
#[case::the_week_in_two_zones(
    &["allow {time: {days: [monday, tuesday, wednesday, thursday, friday]}}",
      "allow {time: {days: [saturday, sunday], timezone: Asia/Tokyo}}", "deny"], false
)]
#[case::hours_together(
    &["allow {time: {hours: {start: '08:00', end: '12:00'}}}", "allow {time: {hours: {start: '12:00', end: '18:00'}}}",
      "deny {time: {hours: {start: '09:00', end: '17:00'}}}"], true
)]
#[case::a_gap(
    &["allow {time: {hours: {start: '08:00', end: '12:00'}}}", "allow {time: {hours: {start: '12:01', end: '18:00'}}}",
      "deny {time: {hours: {start: '09:00', end: '17:00'}}}"], false
)]
#[case::empty_time(&["allow {time: {}}", "deny"], true)]
#[case::every_day(&["allow {time: {days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]}}", "deny"], true)]
#[case::never_open(&["allow {time: {hours: {start: '18:00', end: '08:00'}}}", "deny"], false)]
#[case::told_as_never_open(&["allow", "deny {time: {hours: {start: '18:00', end: '08:00'}}}"], false)]
#[case::a_device(&["allow {device: {require_firewall: true}}", "deny"], false)]
#[case::one_that_comes_later(&["deny {users: [a]}", "allow"], false)]
fn unreachable_rule(#[case] each: &[&str], #[case] found: bool) {
    let last = format!("rules[{}]", each.len() - 1);
    let expected: Vec<String> = found.then_some(last).into_iter().collect();
    assert_eq!(access(&rules(each), Check::UnreachableRule, &nothing()), expected);
}

#[rstest]
#[case::each_is_taken(&["allow {profiles: [prod-eu]}", "allow {profiles: [prod-us]}", "allow {profiles: ['prod-*']}"], true)]
#[case::one_is_left(&["allow {profiles: [prod-eu]}", "allow {profiles: ['prod-*']}"], false)]
#[case::a_deny_waits(&["allow {profiles: [prod-eu]}", "allow {profiles: [prod-us]}", "deny {profiles: ['prod-*']}"], false)]
#[case::all_waits(&["allow {profiles: [prod-eu]}", "allow {profiles: [prod-us]}", "allow {profiles: ['*']}"], false)]
#[case::others_users(&["allow {profiles: [prod-eu], users: [a]}", "allow {profiles: [prod-us]}", "allow {profiles: ['prod-*']}"], false)]
#[case::no_profile(&["allow {profiles: [prod-eu]}", "allow {profiles: ['test-*']}"], false)]
fn unreachable_on_the_profiles_that_exist(#[case] each: &[&str], #[case] found: bool) {
    let around = known(&["prod-eu", "prod-us"]);
    assert_eq!(!access(&rules(each), Check::UnreachableRule, &around).is_empty(), found);
    assert!(access(&rules(each), Check::UnreachableRule, &nothing()).is_empty());
}

#[rstest]
#[case::catch_all(&["allow {users: [alice], profiles: [prod]}", "deny"], false)]
#[case::catch_all_by_stars(&["allow {users: [alice]}", "deny {users: ['*'], profiles: ['*']}"], false)]
#[case::the_others_on_a_profile(&["allow {users: [alice], profiles: [prod]}", "deny {profiles: [prod]}"], false)]
#[case::an_admin(&["allow {users: [alice]}", "deny {profiles: [prod]}"], false)]
#[case::elsewhere(&["allow {users: [alice], profiles: [prod]}", "deny {users: [alice]}"], false)]
#[case::at_other_times(
    &["allow {users: [alice], time: {hours: {start: '09:00', end: '17:00'}}}", "deny {users: [alice]}"], false
)]
#[case::an_exception(
    &["allow {users: ['system:serviceaccount:pay:api']}", "deny {users: ['system:serviceaccount:pay:*']}"], false
)]
#[case::an_exception_of_a_product(
    &["allow {users: [alice], profiles: [p]}", "deny {users: [alice, bob], profiles: [p, q]}"], false
)]
#[case::deny_first(&["deny {users: [mallory]}", "allow {profiles: [dev]}"], false)]
#[case::other_profiles(&["allow {profiles: [dev]}", "deny {users: [mallory], profiles: [prod]}"], false)]
#[case::other_modes(&["allow {profiles: [dev], mode: [cli]}", "deny {users: [mallory], mode: [server]}"], false)]
#[case::other_days(
    &["allow {profiles: [dev], time: {days: [monday]}}", "deny {users: [mallory], time: {days: [friday]}}"], false
)]
#[case::who_knows_with_zones(
    &["allow {profiles: [dev], time: {days: [monday]}}", "deny {users: [mallory], time: {days: [monday], timezone: Asia/Tokyo}}"],
    false
)]
#[case::no_grant(&["require_approval {profiles: [dev]}", "deny {users: [mallory]}"], false)]
#[case::unreachable_is_told_instead(&["allow {profiles: [dev]}", "deny {users: [mallory], profiles: [dev]}"], false)]
#[case::a_deny_of_devices(&["allow {profiles: [dev]}", "deny {users: [mallory], device: {require_firewall: true}}"], false)]
#[case::a_named_user(&["allow {profiles: [dev]}", "deny {users: [mallory]}"], true)]
#[case::let_in_by_a_glob(
    &["allow {users: ['system:serviceaccount:pay:*'], profiles: [dev]}", "deny {users: ['system:serviceaccount:pay:bad']}"], true
)]
#[case::profiles_that_cross(&["allow {profiles: ['prod-*']}", "deny {users: [mallory], profiles: ['*-eu']}"], true)]
#[case::at_some_times(&["allow {time: {days: [monday]}}", "deny {users: [mallory]}"], true)]
#[case::a_dead_user(&["allow {users: [alice], profiles: [prod]}", "deny {users: [alice, bob], profiles: [prod]}"], true)]
#[case::a_dead_profile(&["allow {profiles: [dev]}", "deny {profiles: [dev, prod]}"], true)]
#[case::a_dead_glob(&["require_server {profiles: ['d*']}", "deny {profiles: ['dev-*', prod]}"], true)]
#[case::half_dead(&["allow {profiles: [dev], mode: [server]}", "deny {profiles: [dev, prod]}"], false)]
fn allow_before_deny(#[case] each: &[&str], #[case] found: bool) {
    let expected: Vec<&str> = found.then_some("rules[1]").into_iter().collect();
    assert_eq!(access(&rules(each), Check::AllowBeforeDeny, &nothing()), expected);
}

#[rstest]
#[case::the_laxer_first("allow", "08:00-17:00", "require_approval", "16:00-22:00", true)]
#[case::a_deny("require_server_session", "08:00-17:00", "deny", "07:00-09:00", true)]
#[case::the_stricter_first("deny", "08:00-17:00", "allow", "16:00-22:00", false)]
#[case::the_same_effect("allow", "08:00-17:00", "allow", "16:00-22:00", false)]
#[case::an_exception("allow", "09:00-10:00", "require_approval", "08:00-17:00", false)]
#[case::side_by_side("allow", "08:00-16:00", "require_approval", "16:00-22:00", false)]
fn overlapping_time_windows(
    #[case] one: &str,
    #[case] hours: &str,
    #[case] other: &str,
    #[case] others: &str,
    #[case] found: bool,
) {
    let rule = |name: &str, effect: &str, hours: &str, more: &str| {
        let (start, end) = hours.split_once('-').unwrap();
        format!(
            "- {{name: {name}, effect: {effect}, conditions: {{users: [x, y], time: {{hours: {{start: '{start}', end: '{end}'}}{more}}}}}}}\n"
        )
    };
    let find = |list: String| access(&list, Check::OverlappingTimeWindows, &nothing());
    let expected: Vec<&str> = found.then_some("rules[1].conditions.time").into_iter().collect();
    assert_eq!(find(rule("a", one, hours, "") + &rule("b", other, others, "")), expected);
    // In another zone, or for other requests, nothing is sure.
    assert!(find(rule("a", one, hours, "") + &rule("b", other, others, ", timezone: Asia/Tokyo")).is_empty());
    assert!(find(rule("a", one, hours, "") + &rule("b", other, others, "").replace("x, y", "x")).is_empty());
    assert!(find(rule("a", one, hours, "").replace("x, y", "y") + &rule("b", other, others, "")).is_empty());
}

#[rstest]
#[case::by_day("{hours: {start: '09:00', end: '18:00'}}", "")]
#[case::a_minute("{hours: {start: '09:00', end: '09:01'}}", "")]
#[case::whole_day("{days: [monday]}", "")]
#[case::empty("{}", "")]
#[case::overnight(
    "{hours: {start: '22:00', end: '06:00'}}",
    r#"no window runs overnight; write two rules, {hours: {start: "22:00", end: "23:59"}} and {hours: {start: "00:00", end: "06:00"}}"#
)]
#[case::the_days_shift(
    "{days: [friday, sunday], hours: {start: '22:00', end: '06:00'}}",
    r#"{days: [friday, sunday], hours: {start: "22:00", end: "23:59"}} and {days: [saturday, monday], hours: {start: "00:00", end: "06:00"}}"#
)]
#[case::to_midnight(
    "{days: [friday], hours: {start: '22:00', end: '00:00'}}",
    r#"no window runs past midnight; write {days: [friday], hours: {start: "22:00", end: "23:59"}}"#
)]
#[case::no_time("{hours: {start: '09:00', end: '09:00'}}", "begin and end at 09:00: leave hours out")]
fn never_open(#[case] time: &str, #[case] message: &str) {
    let list = format!("- {{name: a, effect: allow, conditions: {{users: [x], time: {time}}}}}");
    let lints = AccessPolicy::from_yaml(&document(&list)).unwrap().lint(&nothing());
    let found: Vec<_> = lints.iter().filter(|lint| lint.check == Check::NeverOpen).collect();
    assert_eq!(found.len(), usize::from(!message.is_empty()));
    assert!(
        found.iter().all(|lint| lint.message.contains(message) && lint.path == "rules[0].conditions.time"),
        "{found:?}"
    );
}

#[rstest]
#[case(Check::NoTimezone, "deny {time: {days: [monday]}}", "rules[0].conditions.time")]
#[case(Check::NoTimezone, "deny {time: {hours: {start: '09:00', end: '18:00'}}}", "rules[0].conditions.time")]
#[case(Check::NoTimezone, "deny {time: {days: [monday], timezone: UTC}}", "")]
#[case(Check::NoTimezone, "deny {time: {}}", "")]
#[case(Check::NoTimezone, "deny {time: {hours: {start: '19:00', end: '18:00'}}}", "")]
#[case(Check::DaysWithoutHours, "allow {users: [x], time: {days: [monday]}}", "rules[0].conditions.time")]
#[case(
    Check::DaysWithoutHours,
    "allow {users: [x], time: {days: [monday], hours: {start: '09:00', end: '18:00'}}}",
    ""
)]
#[case(Check::DaysWithoutHours, "allow {users: [x], time: {hours: {start: '09:00', end: '18:00'}}}", "")]
#[case(Check::DaysWithoutHours, "deny {time: {days: [monday]}}", "")]
#[case(Check::AnyProfile, "allow", "rules[0]")]
#[case(Check::AnyProfile, "require_server {mode: [server]}", "rules[0]")]
#[case(Check::AnyProfile, "allow {users: [x]}", "")]
#[case(Check::AnyProfile, "allow {profiles: [p]}", "")]
#[case(Check::AnyProfile, "deny", "")]
#[case(Check::AnyUser, "allow {profiles: [p]}", "rules[0]")]
#[case(Check::AnyUser, "require_server_session {profiles: [p]}", "rules[0]")]
#[case(Check::AnyUser, "allow", "")]
#[case(Check::AnyUser, "allow {users: [x]}", "")]
#[case(Check::AnyUser, "allow {profiles: [p], device: {require_firewall: true}}", "")]
#[case(Check::AnyUser, "deny {profiles: [p]}", "")]
#[case(Check::AnyUser, "require_approval {profiles: [p]}", "")]
#[case(Check::NeverMatchesPods, "deny {device: {require_firewall: true}}", "rules[0].conditions.device")]
#[case(Check::NeverMatchesPods, "deny", "")]
#[case(Check::NeverMatchesPods, "allow {users: ['*']}", "rules[0].conditions.users[0]")]
#[case(Check::NeverMatchesPods, "deny {users: [alice, '*']}", "rules[0].conditions.users[1]")]
#[case(Check::NeverMatchesPods, "allow {users: ['**']}", "rules[0].conditions.users[0]")]
#[case(Check::NeverMatchesPods, "allow {users: ['*:*']}", "rules[0].conditions.users[0]")]
#[case(Check::NeverMatchesPods, "allow {users: ['system:serviceaccount:*']}", "rules[0].conditions.users[0]")]
#[case(Check::NeverMatchesPods, "allow {users: ['system:serviceaccount:payments']}", "rules[0].conditions.users[0]")]
#[case(Check::NeverMatchesPods, "allow {users: ['system:serviceaccount:payments:']}", "rules[0].conditions.users[0]")]
#[case(Check::NeverMatchesPods, "allow {users: ['system:serviceaccount:a:b:*']}", "rules[0].conditions.users[0]")]
#[case(
    Check::NeverMatchesPods,
    "allow {users: ['*:*:*:*', 'system:serviceaccount:*:*', 'system:serviceaccount:pay:api']}",
    ""
)]
#[case(
    Check::NeverMatchesPods,
    "allow {users: [alice, 'on-call-*', 'payments:*', 'system:node:n', ':', '*@example.com']}",
    ""
)]
fn of_one_rule(#[case] check: Check, #[case] rule: &str, #[case] path: &str) {
    let expected: Vec<&str> = Some(path).filter(|path| !path.is_empty()).into_iter().collect();
    assert_eq!(access(&rules(&[rule]), check, &nothing()), expected);
}

#[rstest]
#[case(&["dev", "prod"], "[prod]", &[])]
#[case(&["dev", "prod"], "[prd, dev]", &["rules[0].conditions.profiles[0]"])]
#[case(&["dev", "prod"], "[dev, 'prod-*']", &["rules[0].conditions.profiles[1]"])]
#[case(&["dev", "prod-eu"], "['prod-*', '*v']", &[])]
#[case(&["prod-eu"], "[prod]", &["rules[0].conditions.profiles[0]"])]
#[case(&[], "['*']", &["rules[0].conditions.profiles[0]"])]
fn unknown_profile(#[case] profiles: &[&str], #[case] listed: &str, #[case] expected: &[&str]) {
    let list = rules(&[&format!("deny {{profiles: {listed}}}")]);
    assert_eq!(access(&list, Check::UnknownProfile, &known(profiles)), expected);
    assert!(access(&list, Check::UnknownProfile, &nothing()).is_empty());
}

#[test]
fn an_unknown_profile_may_be_misspelt() {
    let policy = AccessPolicy::from_yaml(&document(&rules(&["deny {profiles: [prod-ue]}"]))).unwrap();
    let lints = policy.lint(&known(&["dev", "prod-eu"]));
    assert_eq!(lints[0].message, "rule 'a': there is no profile 'prod-ue': did you mean 'prod-eu'?");
}

#[rstest]
#[case::nowhere(&["prod", "dev"], "{profiles: [prod]}", true)]
#[case::nowhere_for_any(&["prod", "dev"], "{}", true)]
#[case::the_profiles(&["prod+", "dev"], "{profiles: [prod]}", false)]
#[case::another_profiles(&["prod", "dev+"], "{profiles: [prod]}", true)]
#[case::one_of_the_profiles(&["prod-a", "prod-b+"], "{profiles: ['prod-*']}", false)]
#[case::one_of_any(&["prod", "dev+"], "{}", false)]
#[case::no_such_profile(&["dev"], "{profiles: [prod]}", false)]
fn no_session_table(#[case] profiles: &[&str], #[case] conditions: &str, #[case] found: bool) {
    let list = rules(&[&format!("require_server_session {conditions}")]);
    let around = known(profiles);
    let expected: Vec<&str> = found.then_some("rules[0].effect").into_iter().collect();
    let find = |list: &str, around: &_| access(list, Check::NoSessionTable, around);
    assert_eq!(find(&list, &around), expected);
    for default_table in [None, Some(true)] {
        assert!(find(&list, &sentinel_core::policy::lint::Surroundings { default_table, ..around.clone() }).is_empty());
    }
    assert!(find(&list, &sentinel_core::policy::lint::Surroundings { profiles: None, ..around.clone() }).is_empty());
    assert!(find(&list.replace("_session", ""), &around).is_empty());
    assert!(find(&list.replace(", conditions", ", session_table: t, conditions"), &around).is_empty());
}
