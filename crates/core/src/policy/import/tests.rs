use rstest::rstest;

use super::*;
use crate::policy::tree;

const BOTH: &str = "policies:\n\
    - name: tracked\n  match: {profile: prod-*}\n  effect: require_server_session\n  session_table: sentinel-sessions\n\
    - match:\n    profile: [a, b]\n    user: alice\n    mode: server\n    time: {hours: {start: '09:00', end: '18:00'}}\n  effect: allow\n";

fn imported(text: &str) -> Result<Imported, Problems> {
    import(&tree(text).unwrap())
}

#[test]
fn both_examples_of_the_reference() {
    let first = "policies:\n  - name: prod-requires-tracked-sessions\n    match:\n      profile: prod-*\n    \
        effect: require_server_session\n    session_table: sentinel-sessions\n";
    let second = "policies:\n  - match:\n      profile: prod\n    effect: require_server_session\n    session_table: prod-sentinel-sessions\n";
    for (text, name, profile) in [(first, "prod-requires-tracked-sessions", "prod-*"), (second, "rule-0", "prod")] {
        let policy = imported(text).unwrap().policy;
        let rule = &policy.rules()[0];
        assert_eq!((rule.name.as_str(), rule.effect), (name, Effect::RequireServerSession));
        assert_eq!(rule.conditions.profiles, [profile.parse().unwrap()]);
        assert_eq!(AccessPolicy::from_yaml(&policy.to_yaml()).unwrap(), policy);
    }
}

#[test]
fn every_translation_is_noted() {
    let notes: Vec<String> = imported(BOTH).unwrap().notes.iter().map(ToString::to_string).collect();
    let expected = [
        "policies: has no version beside it, so `version: \"1\"` was added",
        "policies: became `rules`",
        "policies[0].match: became `conditions`",
        "policies[0].match.profile: became `profiles`",
        "policies[0].match.profile: 'prod-*' is a glob here",
        "policies[1]: has no name: named 'rule-1'",
        "policies[1].match: became `conditions`",
        "policies[1].match.profile: became `profiles`",
        "policies[1].match.user: became `users`",
    ];
    assert_eq!(notes.len(), expected.len(), "{notes:#?}");
    assert!(notes.iter().zip(expected).all(|(note, expected)| note.starts_with(expected)), "{notes:#?}");
}

#[rstest]
#[case::nobody("policies:\n- {effect: allow}\n", "policies[0]: missing `match`")]
#[case::none("policies: []\n", "policies: policy must have at least one rule")]
#[case::version("version: '2'\npolicies:\n- {match: {}, effect: allow}\n", "version: unsupported policy version '2'")]
#[case::effect(
    "policies:\n- {match: {}, effect: alow}\n",
    "policies[0].effect: invalid effect 'alow' in rule 'rule-0'"
)]
#[case::key("policies:\n- {match: {host: a}, effect: allow}\n", "policies[0].match: unknown key `host`")]
#[case::both("policies:\n- {match: {profile: a, profiles: [b]}, effect: allow}\n", "policies[0].match: has both")]
#[case::empty("policies:\n- {match: {profile: ''}, effect: allow}\n", "policies[0].match.profile: an empty string")]
#[case::null(
    "policies:\n- {match: {profile: }, effect: allow}\n",
    "policies[0].match.profile: must be a list, not nothing"
)]
#[case::same(
    "policies:\n- {match: {}, effect: allow, name: a}\n- {match: {}, effect: deny, name: a}\n",
    "policies[1].name: duplicate"
)]
#[case::rules("policies: []\nrules: []\n", "unknown key `rules`")]
fn what_cannot_be_translated_is_refused(#[case] text: &str, #[case] expected: &str) {
    let problems = imported(text).unwrap_err().to_string();
    assert!(problems.contains(expected), "{expected} is not in {problems}");
}

#[test]
fn the_second_spelling_is_told_by_its_key() {
    let is = |text: &str| is_second_spelling(&tree(text).unwrap());
    assert!(is("policies: []") && is("policies:"));
    assert!(!is("rules: []") && !is("policies: []\nrules: []") && !is("- policies"));
}
