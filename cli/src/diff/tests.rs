//! Whatever the policies: a decision changes where diff says so, and nowhere else.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use sentinel_core::policy::{AccessPolicy, Mode, Request};

use super::axis::both;
use super::cover::cover;
use super::engine::{Change, Comparison};
use super::told::{REQUESTED, Told};

fn policy(rules: &str) -> AccessPolicy {
    AccessPolicy::from_yaml(&format!("version: \"1\"\nrules:\n{rules}")).unwrap()
}

fn start() -> Timestamp {
    "2026-11-22T23:00:00Z".parse().unwrap()
}

/// What diff prints, without a filter.
fn told(old: &str, new: &str) -> String {
    let (old, new) = (policy(old), policy(new));
    let compared = Comparison::new(&old, &new, None, None, start()).unwrap();
    let changes = compared.changes().unwrap();
    changes.iter().map(|change| super::Printed::of(&compared, change).text(change) + "\n").collect()
}

const DENY: &str = "- {name: never, effect: deny, conditions: {profiles: [none]}}";

#[test]
fn says_who_gains_what_and_when() {
    let new = "- {name: x, effect: allow, conditions: {users: [alice, bob], profiles: [prod], mode: [server], \
               time: {days: [monday, tuesday, wednesday, thursday, friday], hours: {start: \"09:00\", end: \"17:00\"}, timezone: Europe/London}}}";
    assert_eq!(
        told(DENY, new),
        "gains allow: alice, bob on prod, mode server, mon–fri 09:00–17:00 Europe/London: allow by rule `x` (was: deny: no matching rule)\n"
    );
}

#[test]
fn exceptions_are_named() {
    let old = "- {name: all, effect: allow, conditions: {profiles: [\"prod-*\"]}}";
    let new = "- {name: no, effect: deny, conditions: {profiles: [prod-eu], users: [eve]}, reason: frozen}\n- {name: all, effect: allow, conditions: {profiles: [\"prod-*\"], users: [\"team:*\", eve]}}";
    assert_eq!(
        told(old, new),
        "loses allow: any user except eve, team:* on prod-*: deny: no matching rule (was: allow by rule `all`)\n\
         loses allow: eve on prod-eu: deny by rule `no`: frozen (was: allow by rule `all`)\n"
    );
}

#[test]
fn what_two_globs_have_in_common_is_no_list_of_them() {
    let old = "- {name: eu, effect: allow, conditions: {profiles: [\"*-eu\"]}}";
    let new = format!("- {{name: no, effect: deny, conditions: {{profiles: [\"prod-*\"], users: [eve]}}}}\n{old}");
    assert_eq!(
        told(old, &new),
        "loses allow: eve on both `*-eu` and `prod-*` (such as `prod-eu`): deny by rule `no` (was: allow by rule `eu`)\n"
    );
}

#[test]
fn a_zone_that_differs_in_summer_only_is_a_difference() {
    let rule = |zone: &str| {
        format!(
            "- {{name: r, effect: allow, conditions: {{time: {{hours: {{start: \"09:00\", end: \"17:00\"}}, timezone: {zone}}}}}}}"
        )
    };
    assert_eq!(
        told(&rule("Europe/London"), &rule("UTC")),
        "gains allow: any user on any profile, mon–sun 17:00–18:00 Europe/London (while Europe/London is at +01:00): allow by rule `r` (was: deny: no matching rule)\n\
         loses allow: any user on any profile, mon–sun 09:00–10:00 Europe/London (while Europe/London is at +01:00): deny: no matching rule (was: allow by rule `r`)\n",
    );
}

#[test]
fn a_rules_name_and_reason_are_no_access() {
    let rule = |name: &str| {
        format!("- {{name: {name}, effect: allow, conditions: {{users: [a]}}, reason: because of {name}}}")
    };
    assert_eq!(told(&rule("one"), &rule("two")), "");
}

#[test]
fn a_table_and_a_cap_are_changes() {
    let old = "- {name: r, effect: allow, conditions: {}}";
    let new =
        "- {name: r, effect: require_server_session, session_table: mine, max_server_duration: 15m, conditions: {}}";
    assert_eq!(
        told(old, new),
        "loses allow: any user on any profile, mode cli, credential_process: deny by rule `r`, past which no approval goes: Policy requires server mode with session tracking (was: allow by rule `r`)\n\
         changes: any user on any profile, mode server: allow by rule `r`, session table mine, credentials for 15m0s (was: allow by rule `r`)\n"
    );
}

#[test]
fn thousands_of_rules_are_compared() {
    let rules = |more: &str| {
        let rule = |n: usize| {
            format!("- {{name: r{n}, effect: allow, conditions: {{users: [\"u{n}\"], profiles: [\"p{n}\"]}}}}\n")
        };
        (0..900).map(rule).collect::<String>() + more
    };
    let more = "- {name: more, effect: allow, conditions: {users: [u7], profiles: [p8]}}\n";
    assert_eq!(
        told(&rules(""), &rules(more)),
        "gains allow: u7 on p8: allow by rule `more` (was: deny: no matching rule)\n"
    );
}

/// Whether a change is about a request, judged by what is printed of it.
fn is_about(compared: &Comparison<'_>, change: &Change, request: &Request<'_>) -> bool {
    let place = |axis: &super::axis::Axis, name: &str| {
        let matched: Vec<usize> =
            (0..axis.patterns.len()).filter(|index| axis.patterns[*index].matches(name)).collect();
        axis.names.iter().position(|each| each.matched == matched).unwrap()
    };
    let (user, profile) = (place(&compared.users, request.user), place(&compared.profiles, request.profile));
    let rules = |axis: &super::axis::Axis, member: usize| {
        axis.classes.iter().find(|class| class.members.contains(&member)).unwrap().rules.clone()
    };
    let clock = compared.clock(&both(&rules(&compared.users, user), &rules(&compared.profiles, profile))).unwrap();
    change.users.contains(&user)
        && change.profiles.contains(&profile)
        && change.variant.how.contains(&(request.mode, request.session_table.is_some()))
        && change.variant.times.contains(&clock, request.at)
}

fn rule() -> impl Strategy<Value = String> {
    let names = || proptest::collection::vec("[ab]{0,1}[*]{0,1}:{0,1}[ab*]", 0..3);
    let effect = prop_oneof![
        Just("allow"),
        Just("deny"),
        Just("require_approval"),
        Just("require_server"),
        Just("require_server_session")
    ];
    let mode = proptest::sample::subsequence(vec!["server", "cli", "credential_process"], 0..3);
    let zone = proptest::sample::select(vec!["Europe/London", "UTC", "America/New_York", "Africa/Casablanca"]);
    let days = proptest::sample::subsequence(vec!["monday", "thursday", "saturday", "sunday"], 0..3);
    let hours = (0..24_u32, 0..24_u32);
    let time = proptest::option::weighted(0.6, (zone, days, hours));
    let table = proptest::option::weighted(0.2, Just("mine"));
    let cap = proptest::option::weighted(0.2, Just("15m"));
    (effect, names(), names(), mode, time, table, cap).prop_map(|(effect, users, profiles, mode, time, table, cap)| {
        let list = |items: &[String]| items.iter().map(|item| format!("{item:?}")).collect::<Vec<_>>().join(", ");
        let time = time.map(|(zone, days, (start, end))| {
            format!(
                ", time: {{days: [{}], hours: {{start: \"{start:02}:00\", end: \"{end:02}:30\"}}, timezone: {zone}}}",
                days.join(", ")
            )
        });
        let table =
            table.filter(|_| effect == "require_server_session").map(|table| format!(", session_table: {table}"));
        let cap = cap.map(|cap| format!(", max_server_duration: {cap}"));
        format!(
            "effect: {effect}{}{}, conditions: {{users: [{}], profiles: [{}], mode: [{}]{}}}",
            table.unwrap_or_default(),
            cap.unwrap_or_default(),
            list(&users),
            list(&profiles),
            mode.join(", "),
            time.unwrap_or_default()
        )
    })
}

fn policies() -> impl Strategy<Value = (AccessPolicy, AccessPolicy)> {
    let rules = || proptest::collection::vec(rule(), 1..4);
    let whole = |rules: Vec<String>| {
        let numbered = rules.iter().enumerate().map(|(index, rule)| format!("- {{name: r{index}, {rule}}}\n"));
        policy(&numbered.collect::<String>())
    };
    // What they share is where differences hide.
    (rules(), rules(), rules())
        .prop_map(move |(first, old, new)| (whole([first.clone(), old].concat()), whole([first, new].concat())))
}

fn policies_are_compared_exactly(
    old: &AccessPolicy,
    new: &AccessPolicy,
    requests: &[(String, String, Mode, bool, i64)],
) {
    let compared = Comparison::new(old, new, None, None, start()).unwrap();
    let changes = compared.changes().unwrap();
    for (user, profile, mode, has_table, second) in requests {
        let at = start() + SignedDuration::from_secs(*second);
        let request = Request { user, profile, mode: *mode, session_table: has_table.then_some(REQUESTED), at };
        let (was, is) = (Told::of(old.decide(&request)), Told::of(new.decide(&request)));
        let about: Vec<&Change> = changes.iter().filter(|change| is_about(&compared, change, &request)).collect();
        match about.as_slice() {
            [] => assert!(was.is_like(&is), "not reported: {request:?}: {was:?} {is:?} in {changes:?}"),
            [one] => assert_eq!((&one.variant.old, &one.variant.new), (&was, &is), "{request:?}"),
            many => panic!("reported twice: {request:?}: {many:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn a_decision_changes_where_diff_says_so_and_nowhere_else(
        (old, new) in policies(),
        requests in proptest::collection::vec(
            ("[abx]{0,2}:{0,1}[abx]{0,2}", "[abx]{0,2}:{0,1}[abx]{0,2}", proptest::sample::select(Mode::ALL.to_vec()), any::<bool>(), 0..366 * 86_400_i64),
            40,
        ),
    ) {
        policies_are_compared_exactly(&old, &new, &requests);
    }

    /// What a cover names is what is in the set, told by its text where that is a list of patterns.
    #[test]
    fn a_list_of_patterns_is_the_set((old, new) in policies(), name in "[abx]{0,2}:{0,1}[abx]{0,2}") {
        let compared = Comparison::new(&old, &new, None, None, start()).unwrap();
        let axis = &compared.users;
        for class in &axis.classes {
            let text = cover(axis, &class.members, "user");
            let except = text.first().and_then(|text| text.strip_prefix("any user except "));
            let (listed, negated) = match except {
                Some(rest) => (rest.split(", ").map(str::to_owned).collect(), true),
                None => (text.clone(), false),
            };
            if listed.iter().any(|text| text.contains('`') || text == "any user") {
                continue;
            }
            let matched: Vec<usize> = (0..axis.patterns.len()).filter(|index| axis.patterns[*index].matches(&name)).collect();
            let place = axis.names.iter().position(|each| each.matched == matched).unwrap();
            let by_text = listed.iter().any(|text| text.parse::<sentinel_core::policy::Pattern>().unwrap().matches(&name));
            prop_assert_eq!(class.members.contains(&place), by_text != negated, "{:?} {}", text, name);
        }
    }
}
