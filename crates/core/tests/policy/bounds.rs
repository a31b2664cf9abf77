//! No document costs more than it may.

use std::time::{Duration, Instant};

use rstest::rstest;
use sentinel_core::policy::{AccessPolicy, CompiledPolicy, Spelling};
use serde_json::{Map, Value, json};

use crate::support::{accepts, rejects, request};

fn with_rules(count: usize) -> String {
    let rules: Vec<String> = (0..count).map(|n| format!("- {{name: r{n}, effect: deny}}")).collect();
    format!("version: '1'\nrules:\n{}\n", rules.join("\n"))
}

fn with_users(count: usize, user: &str) -> String {
    format!(
        "version: '1'\nrules:\n- {{name: a, effect: deny, conditions: {{users: [{}]}}}}",
        vec![user; count].join(", ")
    )
}

#[test]
fn bounds_are_where_they_say() {
    accepts(&with_rules(1000));
    rejects(&with_rules(1001), &["rules: 1001 entries are too many: at most 1000 are allowed"]);
    accepts(&with_users(1000, "bob"));
    rejects(&with_users(1001, "bob"), &["rules[0].conditions.users: 1001 entries are too many"]);
    accepts(&with_users(1, &"x".repeat(2048)));
    rejects(&with_users(1, &"x".repeat(2049)), &["rules[0].conditions.users[0]: 2049 bytes are too long"]);
    rejects(&"#".repeat((1 << 19) + 1), &["at most 524288 are allowed"]);
    rejects(&format!("a: {}b{}", "[".repeat(40), "]".repeat(40)), &["nests deeper than 32 levels"]);
    rejects(&format!("[{}]", "a, ".repeat(30_000)), &["too many entries"]);
    rejects("a: &a [x]\nb: [*a, *a]", &["anchors and aliases are refused"]);
}

#[test]
fn an_answer_is_bounded() {
    let keys: Map<String, Value> = (0..20_000).map(|n| (format!("sessionTabl{n}"), json!(1))).collect();
    let spec = json!({"version": "1", "rules": [keys]});
    let problems = AccessPolicy::from_value(&spec, Spelling::Manifest).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert!(problems.to_string().ends_with("and 19902 more problems"), "{problems}");
}

/// An object can hold more than a text may, and what is compiled and looked through grows with it.
#[test]
fn an_object_is_bounded_as_a_text_is() {
    let rules = |count: usize| {
        let users: Vec<String> = (0..count).map(|n| format!("u{n}")).collect();
        let rule = |n: usize| json!({"name": format!("r{n}"), "effect": "deny", "conditions": {"users": users}});
        json!({"version": "1", "rules": (0..100).map(rule).collect::<Vec<_>>()})
    };
    AccessPolicy::from_value(&rules(230), Spelling::Manifest).unwrap();
    let problems = AccessPolicy::from_value(&rules(240), Spelling::Manifest).unwrap_err().to_string();
    assert!(problems.contains("the document has 24502 keys and entries: at most 24000 are allowed"), "{problems}");
    let users = vec!["u".repeat(2048); 257];
    let long = json!({"version": "1", "rules": [{"name": "r", "effect": "deny", "conditions": {"users": users}}]});
    let problems = AccessPolicy::from_value(&long, Spelling::Manifest).unwrap_err().to_string();
    assert!(problems.contains("bytes: at most 524288 are allowed"), "{problems}");
}

/// One name that very many globs mean: each was asked again for each rule.
#[test]
fn a_name_that_meets_thousands_of_globs_is_decided_in_one_pass() {
    let glob = |n: usize| -> String {
        let letters = "system:serviceaccount:payments".char_indices();
        letters.map(|(at, c)| if c == ':' || n >> (at % 15) & 1 == 0 { c } else { '*' }).chain(":api".chars()).collect()
    };
    let users = |rule: usize| (0..20).map(|n| glob(rule * 20 + n)).collect::<Vec<_>>();
    let rule = |n: usize| json!({"name": format!("r{n}"), "effect": "deny", "conditions": {"mode": ["cli"], "users": users(n)}});
    let document = json!({"version": "1", "rules": (0..700).map(rule).collect::<Vec<_>>()});
    let policy = AccessPolicy::from_value(&document, Spelling::Document).unwrap();
    let (compiled, request) = (CompiledPolicy::new(policy), request("system:serviceaccount:payments:api", "prod"));
    let start = Instant::now();
    for _ in 0..10 {
        assert_eq!(compiled.decide(&request).rule_index, None);
    }
    // In a debug build each took seconds, and takes some 100 ms.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// In a release build each takes at most 20 ms; the limit here is for a debug build on a busy machine.
#[rstest]
#[case::brackets("[a,".repeat(1 << 18))]
#[case::braces("{a: ".repeat(1 << 18))]
#[case::nested_blocks("- ".repeat(11_000))]
#[case::entries(format!("[{}]", "a,".repeat(23_000)))]
#[case::pairs(format!("[{}]", "a: b,".repeat(11_000)))]
#[case::keys((0..23_000).map(|n| format!("k{n}:\n")).collect::<Vec<_>>().concat())]
#[case::twins("k: v\n".repeat(23_000))]
#[case::anchors("- &a b\n".repeat(20_000))]
#[case::tags(format!("[{}]", "!a b,".repeat(23_000)))]
#[case::scalar(format!("a: \"{}\"", "\\n".repeat((1 << 18) - 10)))]
#[case::lines("\n".repeat(1 << 19))]
fn a_hostile_document_is_cheap(#[case] text: String) {
    let start = Instant::now();
    assert!(AccessPolicy::from_yaml(&text).is_err());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
