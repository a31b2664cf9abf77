//! What other evaluators get to read of the kinds that are found by profile.

use rstest::rstest;
use sentinel_core::policy::publish::{
    STANDARD_LIMIT, check_size, portable_approval, portable_break_glass, portable_rate_limit, refuse_approval,
    refuse_break_glass, tightest_rate_limit,
};
use sentinel_core::policy::{ApprovalPolicy, BreakGlassPolicy, Problems, RateLimitPolicy};

use crate::support::document;

fn approval(text: &str) -> Result<String, Problems> {
    portable_approval(&ApprovalPolicy::from_yaml(text).unwrap())
}

fn break_glass(text: &str) -> Result<String, Problems> {
    portable_break_glass(&BreakGlassPolicy::from_yaml(text).unwrap())
}

fn rate_limit(text: &str) -> Result<String, Problems> {
    portable_rate_limit(&RateLimitPolicy::from_yaml(text).unwrap())
}

#[rstest]
#[case::approval(approval, "approvers: [a]", "approval policy")]
#[case::break_glass(break_glass, "users: [a]", "break-glass policy")]
#[case::rate_limit(rate_limit, "cooldown: 1m", "rate limit policy")]
fn a_glob_of_profiles_is_not_portable(
    #[case] publish: fn(&str) -> Result<String, Problems>,
    #[case] body: &str,
    #[case] kind: &str,
) {
    let text = document(&format!("- {{name: a, {body}}}\n- {{name: '{{{{b', profiles: [dev, 'prod-*'], {body}}}"));
    let problems: Vec<_> = publish(&text).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2);
    let glob = format!("rules[1].profiles[1]: the glob 'prod-*' in profiles of a rule of the {kind} is not portable");
    assert!(problems[0].starts_with(&glob), "{problems:?}");
    assert!(problems[1].starts_with("rules[1].name: SSM refuses {{"), "{problems:?}");
    let literal = document(&format!("- {{name: a, profiles: [dev], {body}}}"));
    assert!(publish(&literal).unwrap().contains("profiles:\n  - dev\n"));
}

/// Where no rule matches, anybody approves for other evaluators, and nobody here.
#[test]
fn what_no_rule_names_is_nobodys() {
    let list = |body| document(&format!("- {{name: no-rule-for-this-profile, profiles: [dev], {body}}}"));
    let policy = ApprovalPolicy::from_yaml(&approval(&list("approvers: [ann]")).unwrap()).unwrap();
    assert_eq!(policy.rule_for("dev").unwrap().1.approvers, ["ann"]);
    assert_eq!(policy.rule_for("prod").unwrap().1.approvers, ["(nobody)"]);
    let policy = BreakGlassPolicy::from_yaml(&break_glass(&list("users: [ann]")).unwrap()).unwrap();
    assert_eq!(policy.rule_for("prod").unwrap().1.users[0].as_str(), "(nobody)");
    let policy = RateLimitPolicy::from_yaml(&rate_limit(&list("cooldown: 1m")).unwrap()).unwrap();
    assert_eq!(policy.rule_for("prod"), None);
    let any = approval(&document("- {name: a, approvers: [ann]}")).unwrap();
    assert_eq!(ApprovalPolicy::from_yaml(&any).unwrap().rules().len(), 1);
}

#[test]
fn a_window_names_its_zone() {
    let window = "time: {days: [monday]}";
    let approval = approval(&document(&format!("- {{name: a, approvers: [b], auto_approve: {{{window}}}}}"))).unwrap();
    let break_glass = break_glass(&document(&format!("- {{name: a, users: ['ops-*'], {window}}}"))).unwrap();
    assert!(approval.contains("timezone: UTC"), "{approval}");
    assert!(break_glass.contains("timezone: UTC") && break_glass.contains("- ops-*"), "{break_glass}");
}

#[rstest]
#[case("rules[0].profiles[0]: not portable; see {{this}}")]
#[case("")]
#[case("a\nb\u{202e}\u{0}: # '\"\\")]
#[case(&"é{".repeat(5000))]
fn what_stands_in_is_small_valid_and_allows_least(#[case] reason: &str) {
    let (approval, break_glass, limit) =
        (refuse_approval(reason), refuse_break_glass(reason), tightest_rate_limit(reason));
    for text in [&approval, &break_glass, &limit] {
        assert!(!text.contains("{{"), "{text}");
        check_size(text, STANDARD_LIMIT).unwrap();
    }
    assert_eq!(ApprovalPolicy::from_yaml(&approval).unwrap().rules()[0].auto_approve, None);
    assert_eq!(BreakGlassPolicy::from_yaml(&break_glass).unwrap().rules()[0].users[0].as_str(), "(nobody)");
    assert_eq!(RateLimitPolicy::from_yaml(&limit).unwrap().rules()[0].max_per_profile, Some(1));
}

#[test]
fn what_stands_in_says_why() {
    let reason = "rules[0].profiles[0]: not portable";
    insta::assert_snapshot!(
        [refuse_approval(reason), refuse_break_glass(reason), tightest_rate_limit(reason)].join("---\n")
    );
}
