//! What linting may cost, and what is left out of the answer.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rstest::rstest;
use sentinel_core::policy::lint::{Check, Lint};
use sentinel_core::policy::{AccessPolicy, RateLimitPolicy, Spelling};
use serde_json::{Value, json};

use super::{known, nothing};

/// What is promised is 50 ms, in an optimised build on a machine of its own; a debug build beside others is far slower, and what
/// this guards against takes minutes.
const BOUND: Duration = if cfg!(debug_assertions) { Duration::from_secs(10) } else { Duration::from_millis(200) };

/// As large as a document may be: 24 000 keys and entries.
fn policy(rules: usize, conditions: impl Fn(usize) -> Value) -> AccessPolicy {
    let effect = |index: usize| if index % 3 == 2 { "deny" } else { "allow" };
    let rule = |index| json!({"name": format!("r{index}"), "effect": effect(index), "conditions": conditions(index)});
    let document = json!({"version": "1", "rules": (0..rules).map(rule).collect::<Vec<_>>()});
    AccessPolicy::from_value(&document, Spelling::Document).unwrap()
}

/// The quickest of three runs: others work on this machine, too.
fn timed(lint: impl Fn() -> Vec<Lint>) -> (Vec<Lint>, Duration) {
    let run = || {
        let begin = Instant::now();
        (lint(), begin.elapsed())
    };
    [run(), run(), run()].into_iter().min_by_key(|(_, took)| *took).unwrap()
}

fn entries(count: usize, entry: impl Fn(usize) -> String) -> Value {
    (0..count).map(entry).collect::<Vec<_>>().into()
}

#[rstest]
#[case::literals(&|rule| json!({"profiles": entries(8, |n| format!("p{}", n * 7 + rule)), "users": entries(8, |n| format!("u{rule}-{n}"))}))]
#[case::the_same_users(&|rule| json!({"profiles": [format!("p{rule}")], "users": entries(16, |n| format!("u{n}"))}))]
#[case::namespaces(&|rule| json!({"profiles": ["prod"], "users": [format!("system:serviceaccount:ns{rule}:*")]}))]
fn an_honest_policy_is_compared_whole(#[case] conditions: &dyn Fn(usize) -> Value) {
    let policy = policy(1000, conditions);
    let (lints, took) = timed(|| policy.lint(&known(&["prod"])));
    eprintln!("{took:?}");
    assert!(took < BOUND, "{took:?}");
    assert!(!lints.iter().any(|lint| lint.message.contains("too large")), "{:?}", lints.last());
}

#[rstest]
#[case::globs(&|rule| json!({"profiles": entries(8, |n| format!("*{n}*{rule}*")), "users": entries(8, |n| format!("*{n}-{rule}*"))}))]
#[case::long_globs(&|rule| json!({"users": [format!("{}{rule}", "*a".repeat(140)), format!("*{}", "a".repeat(180))]}))]
#[case::product(&|rule| {
    let (p, u) = (rule % 31, rule % 37);
    json!({"profiles": entries(6, |n| format!("p{}", (n * 7 + p) % 12)), "users": entries(6, |n| format!("u{}", (n * 11 + u) % 12)),
           "time": {"hours": {"start": format!("{:02}:{:02}", rule % 12, rule % 60), "end": format!("{:02}:30", 12 + rule % 12)}}})
})]
#[case::windows(&|rule| json!({"users": ["x"], "time": {"hours": {
    "start": format!("{:02}:{:02}", rule / 100, rule / 2 % 50), "end": format!("{:02}:{:02}", 10 + rule / 100, rule / 2 % 50 + 1)
}}}))]
fn a_hostile_policy_costs_no_more(#[case] conditions: &dyn Fn(usize) -> Value) {
    let policy = policy(1000, conditions);
    let names: Vec<String> = (0..1000).map(|n| format!("{}{n}", "a".repeat(200))).collect();
    let around = known(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (lints, took) = timed(|| policy.lint(&around));
    eprintln!("{took:?}");
    assert!(took < BOUND, "{took:?}");
    assert!(lints.len() <= 52);
}

#[test]
fn a_hostile_rate_limit_policy_costs_no_more() {
    let mut text = String::from("version: '1'\nrules:\n");
    let mut all = Vec::new();
    for rule in 0..1000 {
        let profiles: Vec<String> = (0..8).map(|n| format!("p{rule}-{n}")).collect();
        writeln!(
            text,
            "- {{name: r{rule}, profiles: [{}], cooldown: 24h, max_per_user: 4000000000, quota_window: 24h}}",
            profiles.join(", ")
        )
        .unwrap();
        all.extend(profiles);
    }
    let policy = RateLimitPolicy::from_yaml(&text).unwrap();
    let around = known(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let (lints, took) = timed(|| policy.lint(&around));
    eprintln!("{took:?}");
    assert!(took < BOUND, "{took:?}");
    assert!((51..=52).contains(&lints.len()), "{:?}", lints.last());
}

#[rstest]
#[case(50, None)]
#[case(51, Some("and 1 more findings"))]
#[case(1000, Some("and 950 more findings"))]
fn the_rest_is_counted(#[case] rules: usize, #[case] rest: Option<&str>) {
    let lints = policy(
        rules,
        |rule| json!({"profiles": ["p"], "users": [format!("u{rule}")], "time": {"hours": {"start": "09:00", "end": "09:00"}}}),
    );
    let lints = lints.lint(&nothing());
    let last = lints.last().filter(|lint| lint.check == Check::More).map(ToString::to_string);
    assert_eq!(last.is_some(), rest.is_some());
    assert!(last.unwrap_or_default().starts_with(rest.unwrap_or_default()));
}
