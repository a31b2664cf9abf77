//! What a document means for a request.

use rstest::rstest;
use sentinel_core::policy::{Mode, Reason, Request, Verdict};

use crate::support::{at, outcome, request, rules};

/// The five cases of the reference's plan, and what each says.
#[rstest]
#[case::server_and_table(Mode::Server, Some("sessions"), "allow 0", false, false, "")]
#[case::server_without_table(Mode::Server, None, "deny 0", false, true, "Policy requires session tracking")]
#[case::server_with_empty_table(Mode::Server, Some(""), "deny 0", false, true, "Policy requires session tracking")]
#[case::cli_and_table(
    Mode::Cli,
    Some("sessions"),
    "deny 0",
    true,
    true,
    "Policy requires server mode with session tracking"
)]
#[case::cli_without_table(Mode::Cli, None, "deny 0", true, true, "Policy requires server mode with session tracking")]
#[case::credential_process(
    Mode::CredentialProcess,
    Some("sessions"),
    "deny 0",
    true,
    true,
    "Policy requires server mode with session tracking"
)]
fn require_server_session(
    #[case] mode: Mode,
    #[case] session_table: Option<&str>,
    #[case] expected: &str,
    #[case] requires_server_mode: bool,
    #[case] requires_session_tracking: bool,
    #[case] reason: &str,
) {
    let policy = rules("- {name: a, effect: require_server_session}\n- {name: b, effect: allow}");
    let decision = policy.decide(&Request { mode, session_table, ..request("alice", "prod") });
    assert_eq!(outcome(&decision), expected);
    assert_eq!(decision.requires_server_mode, requires_server_mode);
    assert_eq!(decision.requires_session_tracking, requires_session_tracking);
    assert_eq!(decision.reason.to_string(), reason);
}

#[rstest]
#[case::the_rule_first(Some("rules"), Some("requests"), Some("rules"))]
#[case::then_the_request(None, Some("requests"), Some("requests"))]
#[case::the_rule_alone(Some("rules"), None, Some("rules"))]
#[case::none(None, None, None)]
fn the_effective_table(#[case] rule: Option<&str>, #[case] asked: Option<&str>, #[case] expected: Option<&str>) {
    for effect in ["require_server_session", "allow", "deny"] {
        let named = rule.map(|table| format!(", session_table: {table}")).unwrap_or_default();
        let policy = rules(&format!("- {{name: a, effect: {effect}{named}}}"));
        let decision = policy.decide(&Request { session_table: asked, ..request("alice", "prod") });
        assert_eq!(decision.session_table.as_deref(), expected, "{effect}");
        let tracked = effect == "require_server_session" && expected.is_some();
        assert_eq!(decision.effect == Verdict::Allow, tracked || effect == "allow", "{effect}");
        assert_eq!(policy.session_tables().collect::<Vec<_>>(), rule.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn no_match_is_a_denial() {
    let decision = rules("- {name: a, effect: allow, conditions: {users: [bob]}}").decide(&request("alice", "prod"));
    assert_eq!((decision.effect, decision.rule.as_str(), decision.rule_index), (Verdict::Deny, "", None));
    assert_eq!((decision.index(), &decision.reason), (-1, &Reason::NoMatchingRule));
    assert_eq!(decision.reason.to_string(), "no matching rule");
    assert!(!decision.requires_server_mode && !decision.requires_session_tracking);
}

#[test]
fn the_first_match_wins() {
    let policy = rules(
        "- {name: bob, effect: allow, conditions: {users: [bob]}}\n\
         - {name: prod, effect: deny, conditions: {profiles: [prod]}, reason: closed}\n\
         - {name: all, effect: allow}",
    );
    assert_eq!(outcome(&policy.decide(&request("bob", "prod"))), "allow 0");
    let decision = policy.decide(&request("alice", "prod"));
    assert_eq!((outcome(&decision).as_str(), decision.rule.as_str()), ("deny 1", "prod"));
    assert_eq!(decision.reason, Reason::Rule("closed".to_owned()));
    assert_eq!(outcome(&policy.decide(&request("alice", "dev"))), "allow 2");
}

#[test]
fn a_converted_denial_ends_evaluation() {
    let policy = rules("- {name: a, effect: require_server, reason: why}\n- {name: b, effect: allow}");
    let decision = policy.decide(&Request { mode: Mode::Cli, ..request("alice", "prod") });
    assert_eq!(outcome(&decision), "deny 0");
    assert_eq!(decision.reason.to_string(), "policy requires server mode: why");
    assert_eq!(decision.reason.rule_reason(), "why");
}

#[rstest]
#[case::exact("{profiles: [prod], users: [alice]}", true)]
#[case::case_sensitive("{users: [Alice]}", false)]
#[case::no_trimming("{users: ['alice ']}", false)]
#[case::one_of_several("{users: [bob, alice]}", true)]
#[case::all_must_match("{profiles: [dev], users: [alice]}", false)]
#[case::empty("{}", true)]
#[case::empty_lists("{profiles: [], users: [], mode: [], time: {days: []}}", true)]
#[case::empty_time("{time: {}}", true)]
#[case::globs("{profiles: [p*d], users: ['*']}", true)]
#[case::no_glob_over_a_colon("{users: ['a*:*']}", false)]
#[case::right_mode("{mode: [cli, server]}", true)]
#[case::wrong_mode("{mode: [cli, credential_process]}", false)]
#[case::utc_without_zone("{time: {hours: {start: '12:00', end: '12:01'}}}", true)]
#[case::the_zone_counts("{time: {hours: {start: '12:00', end: '12:01'}, timezone: Europe/Paris}}", false)]
#[case::paris("{time: {hours: {start: '13:00', end: '13:01'}, timezone: Europe/Paris}}", true)]
#[case::no_overnight("{time: {hours: {start: '20:00', end: '13:00'}}}", false)]
#[case::empty_hours("{time: {hours: {start: '12:00', end: '12:00'}}}", false)]
#[case::weekday("{time: {days: [sunday, monday]}}", true)]
#[case::other_weekday("{time: {days: [tuesday]}}", false)]
#[case::device("{device: {require_encryption: true}}", false)]
fn each_condition(#[case] conditions: &str, #[case] matches: bool) {
    let policy = rules(&format!("- {{name: a, effect: allow, conditions: {conditions}}}"));
    assert_eq!(policy.decide(&request("alice", "prod")).effect == Verdict::Allow, matches);
}

#[test]
fn every_pod_of_a_namespace_by_one_glob() {
    let policy = rules("- {name: a, effect: allow, conditions: {users: ['system:serviceaccount:payments:*']}}");
    let effect = |user| policy.decide(&request(user, "prod")).effect;
    assert_eq!(effect("system:serviceaccount:payments:api"), Verdict::Allow);
    assert_eq!(effect("system:serviceaccount:payments-evil:api"), Verdict::Deny);
    assert_eq!(effect("system:serviceaccount:payments:api:x"), Verdict::Deny);
}

#[rstest]
#[case("", None)]
#[case(", max_server_duration: 15m", Some(900))]
#[case(", max_server_duration: 0s", None)]
#[case(", max_server_duration: \"0\"", None)]
fn the_cap_of_a_rule(#[case] field: &str, #[case] secs: Option<i64>) {
    let decision = rules(&format!("- {{name: a, effect: allow{field}}}")).decide(&request("alice", "prod"));
    assert_eq!(decision.max_server_duration.map(sentinel_core::time::GoDuration::as_secs), secs);
}

#[rstest]
#[case::no_window("- {name: a, effect: allow}", None)]
#[case::its_own_window(
    "- {name: a, effect: allow, conditions: {time: {hours: {start: '09:00', end: '18:00'}}}}",
    Some("18:00")
)]
#[case::a_denial_that_begins(
    "- {name: a, effect: deny, conditions: {time: {hours: {start: '13:30', end: '14:00'}}}}\n- {name: b, effect: allow}",
    Some("13:30")
)]
#[case::not_for_others(
    "- {name: a, effect: deny, conditions: {users: [bob], time: {hours: {start: '13:30', end: '14:00'}}}}\n- {name: b, effect: allow}",
    None
)]
#[case::not_what_comes_later(
    "- {name: a, effect: allow}\n- {name: b, effect: deny, conditions: {time: {hours: {start: '13:30', end: '14:00'}}}}",
    None
)]
#[case::an_implicit_denial(
    "- {name: a, effect: allow, conditions: {time: {hours: {start: '13:30', end: '14:00'}}}}",
    Some("13:30")
)]
#[case::never_a_device(
    "- {name: a, effect: deny, conditions: {device: {require_firewall: true}, time: {hours: {start: '13:30', end: '14:00'}}}}\n- {name: b, effect: allow}",
    None
)]
fn a_decision_knows_until_when_it_holds(#[case] list: &str, #[case] until: Option<&str>) {
    let decision = rules(list).decide(&request("alice", "prod"));
    assert_eq!(decision.holds_until, until.map(|time| at(&format!("2026-03-02T{time}:00Z"))));
}
