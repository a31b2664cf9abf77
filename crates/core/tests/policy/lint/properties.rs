//! What holds for every policy: nothing is told that isn't so.

use jiff::Timestamp;
use proptest::prelude::*;
use sentinel_core::policy::lint::{Check, KnownProfile, Lint, Surroundings};
use sentinel_core::policy::{AccessPolicy, Mode, Pattern, Request, Rule, Spelling, Verdict};
use serde_json::{Value, json};

use crate::naive;

/// So many, unless PROPTEST_CASES asks for more.
fn cases(count: u32) -> ProptestConfig {
    let asked = ProptestConfig::default().cases;
    let cases = if asked == 256 { count } else { asked };
    ProptestConfig { failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::with_cases(cases) }
}

/// Few words and coarse windows, so that rules do take from each other.
fn document() -> impl Strategy<Value = Value> {
    fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
        prop::sample::subsequence(words, 0..=2).prop_map(|words| json!(words))
    }
    let hours =
        prop::sample::select(&[("00:00", "12:00"), ("12:00", "23:59"), ("09:00", "17:00"), ("17:00", "09:00")][..]);
    let days = prop::sample::select(WEEKS);
    let zone = prop::sample::select(&["UTC", "Asia/Tokyo"][..]);
    let hours = prop::option::of(hours.prop_map(|(start, end)| json!({"start": start, "end": end})));
    let time = (days, hours, zone).prop_map(|(days, hours, zone)| match hours {
        Some(hours) => json!({"days": days, "hours": hours, "timezone": zone}),
        None => json!({"days": days, "timezone": zone}),
    });
    let conditions = (
        some_of(&["prod", "prod-eu", "prod-*", "*", "dev"]),
        some_of(&["alice", "a*", "bob", "system:serviceaccount:pay:*", "system:serviceaccount:pay:api"]),
        some_of(&["server", "cli", "credential_process"]),
        prop::option::weighted(0.5, time),
    );
    let effect = prop::sample::select(&["allow", "allow", "deny", "require_approval", "require_server"][..]);
    let rule = (effect, conditions).prop_map(|(effect, (profiles, users, mode, time))| {
        let mut conditions = json!({"profiles": profiles, "users": users, "mode": mode});
        if let Some(time) = time {
            conditions["time"] = time;
        }
        json!({"effect": effect, "conditions": conditions})
    });
    prop::collection::vec(rule, 1..8).prop_map(|mut rules| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule["name"] = json!(format!("rule {index}"));
        }
        json!({"version": "1", "rules": rules})
    })
}

const WEEKS: &[&[&str]] = &[
    &[],
    &["monday"],
    &["saturday", "sunday"],
    &["monday", "tuesday", "wednesday", "thursday", "friday"],
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
];

fn read(document: &Value) -> AccessPolicy {
    AccessPolicy::from_value(document, Spelling::Document).unwrap()
}

/// Names from the policy's own lists, with something where its globs have stars, and a few others.
fn names<'a>(lists: impl Iterator<Item = &'a [Pattern]>) -> Vec<String> {
    let own = lists.flatten().flat_map(|pattern| ["", "x", "-eu"].map(|star| pattern.as_str().replace('*', star)));
    let mut names: Vec<String> =
        own.chain(["bob".into(), "prod-eu".into(), "system:serviceaccount:pay:api".into()]).collect();
    names.sort();
    names.dedup();
    names
}

/// A week of half hours, and the minutes round them.
fn moments() -> impl Iterator<Item = Timestamp> {
    (0..7 * 48).flat_map(|half| {
        [0, 29].map(|minute| Timestamp::from_second(1_772_409_600 + half * 1800 + minute * 60).unwrap())
    })
}

/// Which rules decide any of very many requests.
fn deciding(policy: &AccessPolicy, profiles: &[String]) -> Vec<bool> {
    let users = names(policy.rules().iter().map(|rule| rule.conditions.users.as_slice()));
    let mut deciding = vec![false; policy.rules().len()];
    for (user, profile) in users.iter().flat_map(|user| profiles.iter().map(move |profile| (user, profile))) {
        for (mode, at) in Mode::ALL.iter().flat_map(|mode| moments().step_by(11).map(move |at| (*mode, at))) {
            let request = Request { user, profile, mode, session_table: None, at };
            if let Some(index) = policy.decide(&request).rule_index {
                deciding[index] = true;
            }
        }
    }
    deciding
}

fn indexes(lints: &[Lint], check: Check) -> Vec<usize> {
    let index = |lint: &Lint| lint.path.strip_prefix("rules[")?.split(']').next()?.parse().ok();
    lints.iter().filter(|lint| lint.check == check).filter_map(index).collect()
}

fn all_profiles(policy: &AccessPolicy) -> Vec<String> {
    names(policy.rules().iter().map(|rule| rule.conditions.profiles.as_slice()))
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn what_is_unreachable_never_decides(document in document()) {
        let policy = read(&document);
        let found = indexes(&policy.lint(&Surroundings::default()), Check::UnreachableRule);
        prop_assume!(!found.is_empty());
        let deciding = deciding(&policy, &all_profiles(&policy));
        for index in found {
            prop_assert!(!deciding[index], "rule {index} of\n{}", policy.to_yaml());
        }
    }

    #[test]
    fn what_is_unreachable_on_known_profiles_never_decides_there(
        document in document(),
        known in prop::sample::subsequence(&["prod", "prod-eu", "prod-us", "dev"][..], 0..4),
    ) {
        let policy = read(&document);
        let known: Vec<String> = known.into_iter().map(ToOwned::to_owned).collect();
        let profiles = known.iter().map(|name| (name.clone(), KnownProfile::default())).collect();
        let around = Surroundings { profiles: Some(profiles), default_table: None };
        let found = indexes(&policy.lint(&around), Check::UnreachableRule);
        prop_assume!(!found.is_empty());
        let deciding = deciding(&policy, &known);
        for index in found {
            prop_assert!(!deciding[index], "rule {index} of\n{}", policy.to_yaml());
        }
    }

    /// With windows apart, the search is exact where entries are literal: a rule that one before it repeats is always found.
    #[test]
    fn what_is_repeated_is_found(document in document(), place in any::<prop::sample::Index>()) {
        let mut document = document;
        let rules = document["rules"].as_array_mut().unwrap();
        let mut copy = rules[place.index(rules.len())].clone();
        copy["name"] = json!("copy");
        rules.push(copy);
        let (policy, copy) = (read(&document), document["rules"].as_array().unwrap().len() - 1);
        let lints = policy.lint(&Surroundings::default());
        let told = [Check::UnreachableRule, Check::NeverOpen].map(|check| indexes(&lints, check).contains(&copy));
        prop_assert!(told.contains(&true), "{}", policy.to_yaml());
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn what_is_never_open_never_matches(document in naive::document(), second in 1_700_000_000_i64..1_800_000_000) {
        let policy = read(&document);
        let at = Timestamp::from_second(second).unwrap();
        let found = indexes(&policy.lint(&Surroundings::default()), Check::NeverOpen);
        let windows = policy.rules().iter().map(|rule| rule.conditions.time.as_ref());
        for (index, window) in windows.enumerate().filter_map(|(index, window)| Some((index, window?))) {
            if found.contains(&index) {
                prop_assert!(!window.contains(at) && window.next_change(at).is_none());
            } else {
                prop_assert!(window.contains(at) || window.next_change(at).is_some());
            }
        }
    }

    /// Whoever is told to be let in although a rule denies them by name, is: some request of theirs isn't denied.
    #[test]
    fn a_named_user_is_let_in(document in document()) {
        let policy = read(&document);
        let lints = policy.lint(&Surroundings::default());
        let by_name = lints.iter().filter(|lint| lint.message.contains("by name")).cloned().collect::<Vec<_>>();
        for index in indexes(&by_name, Check::AllowBeforeDeny) {
            let Rule { conditions, .. } = &policy.rules()[index];
            let grants = conditions.users.iter().filter(|user| !user.is_glob()).any(|user| {
                let profiles = all_profiles(&policy);
                let asks = profiles.iter().flat_map(|profile| Mode::ALL.iter().map(move |mode| (profile, *mode)));
                asks.flat_map(|(profile, mode)| moments().map(move |at| (profile, mode, at))).any(|(profile, mode, at)| {
                    let request = Request { user: user.as_str(), profile, mode, session_table: None, at };
                    policy.decide(&request).effect != Verdict::Deny || policy.decide(&request).rule_index < Some(index)
                })
            });
            prop_assert!(grants, "rule {index} of\n{}", policy.to_yaml());
        }
    }

    #[test]
    fn linting_is_total_and_says_the_same_again(document in naive::document(), all in any::<bool>()) {
        let policy = read(&document);
        let profiles = naive::PROFILES.iter().map(|name| ((*name).to_owned(), KnownProfile { has_table: all })).collect();
        let around = Surroundings { profiles: Some(profiles), default_table: Some(false) };
        let lints = policy.lint(&around);
        prop_assert_eq!(&policy.lint(&around), &lints);
        prop_assert_eq!(&AccessPolicy::from_yaml(&policy.to_yaml()).unwrap().lint(&around), &lints);
        for lint in &lints {
            prop_assert!(lint.path.starts_with("rules[") && lint.message.contains("rule "), "{lint}");
        }
    }
}
