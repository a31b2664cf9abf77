//! What is refused, and in which words.

use rstest::rstest;
use sentinel_core::policy::{AccessPolicy, Spelling};
use serde_json::json;

use crate::support::{accepts, document, rejects};

/// One rule with this body.
fn rule(body: &str) -> String {
    document(&format!("- {{name: n, effect: allow, {body}}}"))
}

#[rstest]
#[case::quoted("version: \"1\"")]
#[case::single_quoted("version: '1'")]
#[case::unquoted("version: 1")]
fn accepts_version_1(#[case] version: &str) {
    accepts(&format!("{version}\nrules: [{{name: a, effect: deny}}]"));
}

#[rstest]
#[case("version: '2'\n", "version: unsupported policy version '2', supported versions: [1]")]
#[case("version: 2\n", "version: unsupported policy version '2', supported versions: [1]")]
#[case("version: 1.0\n", "version: unsupported policy version '1.0', supported versions: [1]")]
#[case("version: '1.0'\n", "unsupported policy version '1.0'")]
#[case("version: ' 1'\n", "unsupported policy version ' 1'")]
#[case("version: ''\n", "unsupported policy version ''")]
#[case("version: true\n", "version: must be the string \"1\", not true or false")]
#[case("", "missing version field")]
fn rejects_other_versions(#[case] version: &str, #[case] message: &str) {
    rejects(&format!("{version}rules: [{{name: a, effect: deny}}]"), &[message]);
}

#[rstest]
#[case("version: '1'", "policy must have at least one rule")]
#[case("version: '1'\nrules: []", "rules: policy must have at least one rule")]
#[case("version: '1'\nrules:", "rules: must be a list, not nothing (null)")]
#[case("version: '1'\nrules: x", "rules: must be a list, not a string")]
#[case("version: '1'\nrules: [x]", "rules[0]: must be a mapping, not a string")]
#[case("[]", "must be a mapping, not a list")]
#[case("", "must be a mapping, not nothing")]
#[case("version: '1'\nrules: [{name: a, effect: deny}]\n---\nversion: '1'", "more than one YAML document")]
#[case("version: '1'\nversion: '1'\nrules: [{name: a, effect: deny}]", "duplicate key `version`")]
fn rejects_documents_that_are_none(#[case] text: &str, #[case] message: &str) {
    rejects(text, &[message]);
}

#[rstest]
#[case("- {effect: allow}", "rules[0]: rule at index 0 missing name")]
#[case("- {name: '', effect: allow}", "rules[0].name: rule at index 0 missing name")]
#[case("- {name: a, effect: deny}\n- {name: ' ', effect: allow}", "rules[1].name: rule at index 1 missing name")]
#[case(
    "- {name: a, effect: deny}\n- {name: a, effect: allow}",
    "rules[1].name: duplicate rule name 'a', which rules[0] has"
)]
#[case(
    "- {name: \"a\\nb\", effect: deny}",
    "rules[0].name: control and invisible characters are not allowed: remove U+000A"
)]
#[case("- {name: 5, effect: deny}", "rules[0].name: must be a string, not a number: quote it as \"5\"")]
#[case(
    "- {name: n, effect: x}",
    "rules[0].effect: invalid effect 'x' in rule 'n': use one of allow, deny, require_approval, require_server, require_server_session"
)]
#[case("- {name: n, effect: Allow}", "invalid effect 'Allow' in rule 'n'")]
#[case("- {name: n}", "rules[0]: invalid effect '' in rule 'n'")]
#[case("- {name: n, effect: }", "rules[0].effect: must be a string, not nothing (null)")]
fn rejects_rules(#[case] list: &str, #[case] message: &str) {
    rejects(&document(list), &[message]);
}

#[rstest]
#[case(
    "conditions: {time: {days: [Monday]}}",
    "rules[0].conditions.time.days[0]: invalid weekday 'Monday' in rule 'n'"
)]
#[case(
    "conditions: {time: {days: monday}}",
    "rules[0].conditions.time.days: must be a list, not a string: write [monday]"
)]
#[case("conditions: {time: {timezone: Mars}}", "rules[0].conditions.time.timezone: invalid timezone 'Mars'")]
#[case("conditions: {time: {timezone: ''}}", "invalid timezone ''")]
#[case("conditions: {time: {timezone: utc}}", "invalid timezone 'utc': did you mean UTC?")]
#[case(
    "conditions: {time: {hours: {start: '9:00', end: '10:00'}}}",
    "rules[0].conditions.time.hours.start: invalid hour format '9:00'"
)]
#[case(
    "conditions: {time: {hours: {start: '09:00', end: '24:00'}}}",
    "rules[0].conditions.time.hours.end: invalid hour format '24:00'"
)]
#[case(
    "conditions: {time: {hours: {start: '09:00'}}}",
    "rules[0].conditions.time.hours: missing `end`, invalid hour format ''"
)]
#[case("conditions: {time: {hours: {start: 540, end: '10:00'}}}", "start: must be a string, not a number: quote it")]
#[case("conditions: {time: null}", "rules[0].conditions.time: must be a mapping, not nothing")]
#[case("conditions: {mode: [lambda]}", "rules[0].conditions.mode[0]: invalid credential mode 'lambda' in rule 'n'")]
#[case("conditions: {users: [5]}", "rules[0].conditions.users[0]: must be a string, not a number: quote it as \"5\"")]
#[case(
    "conditions: {users: [true]}",
    "rules[0].conditions.users[0]: must be a string, not true or false: quote it as \"true\""
)]
#[case("conditions: {users: [[a]]}", "rules[0].conditions.users[0]: must be a string, not a list")]
#[case("conditions: {users: [null]}", "rules[0].conditions.users[0]: must be a string, not nothing")]
#[case("conditions: {users: ['']}", "rules[0].conditions.users[0]: an empty string")]
#[case(
    "conditions: {profiles: [\"a\\u202eb\"]}",
    "rules[0].conditions.profiles[0]: control and invisible characters are not allowed: remove U+202E"
)]
#[case("conditions: {users: alice}", "rules[0].conditions.users: must be a list, not a string: write [alice]")]
#[case(
    "conditions: {users: }",
    "rules[0].conditions.users: must be a list, not nothing (null): give it a value, or leave the key out"
)]
#[case("conditions: []", "rules[0].conditions: must be a mapping, not a list")]
#[case("reason: [a]", "rules[0].reason: must be a string, not a list")]
#[case("session_table: ''", "rules[0].session_table: an empty string is not allowed")]
#[case("max_server_duration: -5m", "rules[0].max_server_duration: rule 'n' has negative max_server_duration -5m0s")]
#[case("max_server_duration: 900", "rules[0].max_server_duration: must be a duration with its unit, not a bare number")]
#[case("max_server_duration: 1d", "rules[0].max_server_duration: invalid duration '1d'")]
#[case("conditions: {device: {}}", "rules[0].conditions.device: the device condition asks for nothing")]
#[case("conditions: {device: {require_encryption: false}}", "asks for nothing")]
#[case(
    "conditions: {device: {require_encryption: 'yes'}}",
    "rules[0].conditions.device.require_encryption: must be true or false, not a string"
)]
fn rejects_fields(#[case] body: &str, #[case] message: &str) {
    rejects(&rule(body), &[message]);
}

#[rstest]
#[case("sessionTable: t", "rules[0]: unknown key `sessionTable`: did you mean `session_table`?")]
#[case("conditions: {user: [bob]}", "rules[0].conditions: unknown key `user`: did you mean `users`?")]
#[case("conditions: {profile: [p]}", "did you mean `profiles`?")]
#[case("conditions: {Users: [p]}", "unknown key `Users`: did you mean `users`?")]
#[case("conditions: {time: {day: [monday]}}", "rules[0].conditions.time: unknown key `day`: did you mean `days`?")]
#[case("conditions: {time: {tz: UTC}}", "did you mean `timezone`?")]
#[case(
    "conditions: {time: {hours: {begin: '09:00', end: '10:00'}}}",
    "rules[0].conditions.time.hours: unknown key `begin`: known here are start, end"
)]
#[case("conditions: {device: {requireEncryption: true}}", "did you mean `require_encryption`?")]
#[case(
    "users: [bob]",
    "rules[0]: unknown key `users`: known here are name, effect, session_table, conditions, reason, max_server_duration"
)]
fn rejects_unknown_keys(#[case] body: &str, #[case] message: &str) {
    rejects(&rule(body), &[message]);
}

#[test]
fn all_problems_come_at_once() {
    let text = "version: '3'\nrules:\n- {effect: x, conditions: {user: [], mode: [m], time: {days: [d]}}}\n- {name: n, effect: y}\nextra: 1";
    let problems = AccessPolicy::from_yaml(text).unwrap_err();
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(problems.len(), lines.len());
    assert_eq!(format!("{problems:#}"), lines.join("\n"));
    assert_eq!(problems.to_string(), lines.join("; "));
}

#[rstest]
#[case::spelling(json!({"session_table": "t"}), "rules[0]: unknown key `session_table`: did you mean `sessionTable`?")]
#[case::duration(json!({"maxServerDuration": "-1s"}), "rules[0].maxServerDuration: rule 'n' has negative")]
#[case::widening(json!({"conditions": {"user": ["bob"]}}), "rules[0].conditions: unknown key `user`: did you mean `users`?")]
#[case::device(json!({"conditions": {"device": {"require_firewall": true}}}), "did you mean `requireFirewall`?")]
fn a_manifest_is_spelled_in_camel_case(#[case] fields: serde_json::Value, #[case] message: &str) {
    let mut rule = json!({"name": "n", "effect": "allow"});
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let spec = json!({"version": "1", "rules": [rule]});
    let problems = AccessPolicy::from_value(&spec, Spelling::Manifest).unwrap_err().to_string();
    assert!(problems.contains(message), "{problems}");
}

#[test]
fn a_manifest_tells_1_from_1_0() {
    let spec = |version: &str| -> serde_json::Value {
        serde_json::from_str(&format!(
            "{{\"version\": {version}, \"rules\": [{{\"name\": \"n\", \"effect\": \"deny\"}}]}}"
        ))
        .unwrap()
    };
    assert!(AccessPolicy::from_value(&spec("1"), Spelling::Manifest).is_ok());
    assert!(AccessPolicy::from_value(&spec("\"1\""), Spelling::Manifest).is_ok());
    assert!(AccessPolicy::from_value(&spec("1.0"), Spelling::Manifest).is_err());
}

#[test]
fn a_reason_may_have_lines() {
    let policy = accepts(&document("- name: n\n  effect: deny\n  reason: |\n    Ask\n    the owner.\n"));
    assert_eq!(policy.rules()[0].reason, "Ask\nthe owner.\n");
}

#[test]
fn json_is_a_document() {
    accepts(
        "{\"version\": \"1\", \"rules\": [{\"name\": \"n\", \"effect\": \"allow\", \"conditions\": {\"users\": [\"\\ud83d\\ude00\"]}}]}",
    );
}
