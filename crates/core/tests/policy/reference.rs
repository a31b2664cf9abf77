//! Every example of the policy reference.

use rstest::rstest;
use sentinel_core::policy::{AccessPolicy, Mode, Request};

use crate::support::{at, outcome, policy, rejects, request};

macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("../../testdata/reference/", $name, ".yaml"))
    };
}

#[rstest]
#[case::alice_dev("alice", "dev", "2026-03-02T12:00:00Z", "allow 0")]
#[case::dana_dev("dana", "dev", "2026-03-02T12:00:00Z", "deny 3")]
#[case::office_opens("alice", "staging", "2026-03-02T14:00:00Z", "allow 1")]
#[case::office_closed("alice", "staging", "2026-03-02T13:59:59Z", "deny 3")]
#[case::office_closes("bob", "staging", "2026-03-02T23:00:00Z", "deny 3")]
#[case::last_minute("bob", "staging", "2026-03-02T22:59:59Z", "allow 1")]
#[case::weekend("alice", "staging", "2026-03-07T15:00:00Z", "deny 3")]
#[case::summer_time("alice", "staging", "2026-07-06T13:00:00Z", "allow 1")]
#[case::prod("charlie", "prod", "2026-03-02T12:00:00Z", "require_approval 2")]
#[case::other("alice", "other", "2026-03-02T12:00:00Z", "deny 3")]
fn complete_example(#[case] user: &str, #[case] profile: &str, #[case] moment: &str, #[case] expected: &str) {
    let policy = policy(example!("complete"));
    let decision = policy.decide(&Request { at: at(moment), ..request(user, profile) });
    assert_eq!(outcome(&decision), expected);
}

#[test]
fn a_matched_rule_gives_its_own_reason() {
    let policy = policy(example!("complete"));
    assert_eq!(policy.decide(&request("alice", "dev")).reason.to_string(), "Development team access");
    assert_eq!(policy.decide(&request("eve", "dev")).reason.to_string(), "No matching rule - access denied");
}

#[rstest]
#[case("production", Mode::Server, "allow 0", "Production requires server mode for instant revocation")]
#[case("production", Mode::Cli, "deny 0", "policy requires server mode")]
#[case("production", Mode::CredentialProcess, "deny 0", "policy requires server mode")]
#[case("development", Mode::Cli, "allow 1", "")]
#[case("staging", Mode::Server, "deny -", "no matching rule")]
fn require_server(#[case] profile: &str, #[case] mode: Mode, #[case] expected: &str, #[case] reason: &str) {
    let decision = policy(example!("require-server")).decide(&Request { mode, ..request("alice", profile) });
    assert_eq!(outcome(&decision), expected);
    assert!(decision.reason.to_string().starts_with(reason), "{}", decision.reason);
    assert_eq!(decision.requires_server_mode, decision.reason.to_string().starts_with("policy requires"));
}

#[rstest]
#[case("production", Mode::Server, "allow 0")]
#[case("production", Mode::Cli, "deny 0")]
#[case("staging", Mode::Server, "allow 1")]
#[case("staging", Mode::Cli, "deny 1")]
#[case("development", Mode::CredentialProcess, "allow 2")]
fn require_server_session(#[case] profile: &str, #[case] mode: Mode, #[case] expected: &str) {
    let policy = policy(example!("require-server-session"));
    let decision = policy.decide(&Request { mode, ..request("alice", profile) });
    assert_eq!(outcome(&decision), expected);
    let table = (profile == "production").then_some("sentinel-sessions");
    assert_eq!(decision.session_table.as_deref(), table);
}

#[rstest]
#[case(example!("mode-server-only"), "production", ["allow 0", "deny -", "deny -"])]
#[case(example!("mode-one-time"), "development", ["deny -", "allow 0", "allow 0"])]
#[case(example!("mode-any"), "staging", ["allow 0", "allow 0", "allow 0"])]
fn modes(#[case] text: &str, #[case] profile: &str, #[case] expected: [&str; 3]) {
    let policy = policy(text);
    let outcomes =
        Mode::ALL.iter().map(|mode| outcome(&policy.decide(&Request { mode: *mode, ..request("alice", profile) })));
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
}

#[rstest]
#[case("alice", "dev", "allow 0")]
#[case("alice", "prod", "deny -")]
#[case("charlie", "dev", "deny -")]
fn evaluation(#[case] user: &str, #[case] profile: &str, #[case] expected: &str) {
    assert_eq!(outcome(&policy(example!("evaluation")).decide(&request(user, profile))), expected);
}

/// Two fragments of the reference are in an older schema; whoever copies them is told today's words.
#[rstest]
#[case(example!("stale-match"))]
#[case(example!("stale-table"))]
fn stale_fragments_are_refused(#[case] text: &str) {
    rejects(text, &["unknown key `policies`: did you mean `rules`?"]);
    rejects(
        &format!("version: '1'\n{}", text.replace("policies:", "rules:")),
        &["rules[0]: unknown key `match`: did you mean `conditions`?"],
    );
}

#[test]
fn every_key_of_the_schema_is_known() {
    let problems = AccessPolicy::from_yaml(example!("schema")).unwrap_err().to_string();
    assert!(!problems.contains("unknown key"), "{problems}");
    assert!(problems.contains("invalid effect 'string' in rule 'string'"), "{problems}");
}
