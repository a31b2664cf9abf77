//! What other evaluators get to read.

use rstest::rstest;
use sentinel_core::policy::publish::{ADVANCED_LIMIT, STANDARD_LIMIT, check_size, deny_all, portable};
use sentinel_core::policy::{AccessPolicy, Effect};

use crate::support::{outcome, policy, request, rules};

const KNOWN: &[&str] = &["staging", "prod-us", "prod-eu", "dev"];

fn published(list: &str) -> AccessPolicy {
    policy(&portable(&rules(list), KNOWN).unwrap())
}

#[test]
fn globs_of_allow_rules_become_known_profiles() {
    let text = portable(
        &rules(
            "- {name: a, effect: allow, conditions: {profiles: [prod-*, prod-us, other, '*-eu']}}\n\
             - {name: gone, effect: allow, conditions: {profiles: [qa-*]}}\n\
             - {name: any, effect: allow, conditions: {users: [alice]}}\n\
             - {name: rest, effect: deny}",
        ),
        KNOWN,
    );
    insta::assert_snapshot!(text.unwrap());
}

#[test]
fn the_order_of_known_profiles_does_not_matter() {
    let policy = rules("- {name: a, effect: allow, conditions: {profiles: ['*']}}");
    let mut reversed = KNOWN.to_vec();
    reversed.reverse();
    reversed.extend(KNOWN);
    assert_eq!(portable(&policy, KNOWN).unwrap(), portable(&policy, &reversed).unwrap());
}

#[test]
fn nothing_left_denies_everything() {
    let published = published("- {name: a, effect: allow, conditions: {profiles: [qa-*]}}");
    assert_eq!(outcome(&published.decide(&request("alice", "qa-1"))), "deny 0");
    assert!(published.rules()[0].reason.contains("no rule of this policy matches a profile that is known"));
}

#[rstest]
#[case("{profiles: [prod-*]}", Some("rules[0].conditions.profiles[0]: the glob 'prod-*' on a rule of effect"))]
#[case("{profiles: [prod], users: [bob, ops-*]}", Some("rules[0].conditions.users[1]: the glob 'ops-*'"))]
#[case("{users: ['*']}", Some("rules[0].conditions.users[0]"))]
#[case("{users: ['*:serviceaccount:a:b']}", Some("rules[0].conditions.users[0]"))]
#[case("{users: ['system:serviceaccount:payments:*']}", None)]
#[case("{profiles: ['system:serviceaccount:*']}", Some("rules[0].conditions.profiles[0]"))]
#[case("{profiles: [prod], users: [bob]}", None)]
fn a_glob_that_refuses_is_not_portable(
    #[case] conditions: &str,
    #[case] message: Option<&str>,
    #[values(Effect::Deny, Effect::RequireApproval, Effect::RequireServer, Effect::RequireServerSession)]
    effect: Effect,
) {
    let answer = portable(&rules(&format!("- {{name: a, effect: {effect}, conditions: {conditions}}}")), KNOWN);
    match message {
        Some(message) => assert!(answer.unwrap_err().to_string().starts_with(message)),
        None => assert!(answer.is_ok()),
    }
}

#[test]
fn a_glob_of_users_may_allow() {
    // Taken literally it matches nobody: others get less, never more.
    let published = published("- {name: a, effect: allow, conditions: {users: ['ops-*']}}");
    assert_eq!(published.rules()[0].conditions.users[0].as_str(), "ops-*");
}

/// Others would go on to a rule that allows for longer: an unknown user, or an unknown profile.
#[rstest]
#[case("users: ['ops-*']", "rules[0].conditions.users[0]: the glob 'ops-*'")]
#[case("profiles: ['prod-*']", "rules[0].conditions.profiles[0]: the glob 'prod-*'")]
fn a_glob_may_not_shorten(#[case] conditions: &str, #[case] place: &str) {
    let list = |cap: &str| {
        rules(&format!(
            "- {{name: a, effect: allow, max_server_duration: {cap}, conditions: {{{conditions}}}}}\n- {{name: b, effect: allow}}"
        ))
    };
    let problems = portable(&list("15m"), KNOWN).unwrap_err().to_string();
    assert!(
        problems.starts_with(&format!("{place} on a rule of effect allow with a max_server_duration")),
        "{problems}"
    );
    assert!(portable(&list("0s"), KNOWN).is_ok(), "0 is no cap");
}

#[test]
fn a_glob_may_shorten_what_only_pods_get() {
    let users = "'system:serviceaccount:payments:api', 'system:serviceaccount:web:*'";
    let list = format!(
        "- {{name: a, effect: allow, max_server_duration: 15m, conditions: {{profiles: ['prod-*'], users: [{users}]}}}}"
    );
    assert!(portable(&rules(&list), KNOWN).is_ok());
}

#[rstest]
#[case("- {name: 'a{{b', effect: deny}", "rules[0].name")]
#[case("- {name: a, effect: deny, reason: 'x {{{'}", "rules[0].reason")]
#[case("- {name: a, effect: deny, session_table: '{{t}}'}", "rules[0].sessionTable")]
#[case("- {name: a, effect: deny, conditions: {users: [b, '{{ssm:x}}']}}", "rules[0].conditions.users[1]")]
fn double_braces_are_refused(#[case] list: &str, #[case] place: &str) {
    let problems = portable(&rules(list), KNOWN).unwrap_err().to_string();
    assert!(problems.starts_with(&format!("{place}: SSM refuses {{{{")), "{problems}");
}

#[test]
fn every_obstacle_comes_at_once() {
    let list = "- {name: a, effect: deny, conditions: {profiles: [a*, b*]}, reason: '{{'}";
    assert_eq!(portable(&rules(list), KNOWN).unwrap_err().len(), 3);
}

#[test]
fn what_others_understand_differently_is_written_out() {
    let text = portable(
        &rules(
            "- {name: zone, effect: allow, conditions: {users: [a], time: {days: [monday]}}}\n\
             - {name: kept, effect: allow, conditions: {time: {days: [monday], timezone: Asia/Tokyo}}}\n\
             - {name: mode, effect: allow, conditions: {mode: [server]}}",
        ),
        KNOWN,
    );
    insta::assert_snapshot!(text.unwrap());
}

#[rstest]
#[case("too large: 5000 bytes")]
#[case("")]
#[case("{{{{{{")]
#[case("a\nb\u{202e}\u{0}: # '\"\\")]
#[case("- x: {y")]
#[case(&"é{".repeat(5000))]
fn deny_all_is_always_a_small_valid_denial(#[case] reason: &str) {
    let text = deny_all(reason);
    assert!(!text.contains("{{"), "{text}");
    check_size(&text, STANDARD_LIMIT).unwrap();
    assert_eq!(outcome(&policy(&text).decide(&request("alice", "prod"))), "deny 0");
}

#[test]
fn deny_all_says_why() {
    insta::assert_snapshot!(deny_all("rules[0].conditions.profiles[0]: not portable; see {{this}}"));
}

#[test]
fn size_is_counted_in_bytes() {
    assert!(check_size(&"x".repeat(4096), STANDARD_LIMIT).is_ok());
    let problem = check_size(&"é".repeat(2049), STANDARD_LIMIT).unwrap_err().to_string();
    assert!(problem.contains("4098 bytes, and 4096 fit") && problem.contains("advanced tier"), "{problem}");
    let problem = check_size(&"x".repeat(8193), ADVANCED_LIMIT).unwrap_err().to_string();
    assert!(problem.contains("8193 bytes, and 8192 fit") && !problem.contains("advanced"), "{problem}");
}
