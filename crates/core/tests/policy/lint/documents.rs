//! What is told of the reference's own examples and of our samples, and whether the table of checks is whole.

use rstest::rstest;
use sentinel_core::policy::lint::Check;
use sentinel_core::policy::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy, Spelling};

use super::{nothing, places};

macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("../../../testdata/reference/", $name, ".yaml"))
    };
}

/// On a laptop the AWS profile itself says who; in a cluster each of these lets every pod in.
#[rstest]
#[case(example!("complete"), &[])]
#[case(example!("evaluation"), &[])]
#[case(example!("require-server"), &["any-user rules[0]", "any-user rules[1]"])]
#[case(example!("require-server-session"), &["any-user rules[0]", "any-user rules[1]", "any-user rules[2]"])]
#[case(example!("mode-server-only"), &["any-user rules[0]"])]
#[case(example!("mode-one-time"), &["any-user rules[0]"])]
#[case(example!("mode-any"), &["any-user rules[0]"])]
fn access_examples(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(places(&AccessPolicy::from_yaml(text).unwrap().lint(&nothing())), expected);
}

/// The last rule of the break-glass example is dead: the one before it is for any profile.
#[test]
fn other_examples() {
    let approval = ApprovalPolicy::from_yaml(example!("approval-complete")).unwrap();
    assert_eq!(places(&approval.lint(&nothing())), ["any-profile rules[2]"]);
    let break_glass = BreakGlassPolicy::from_yaml(example!("break-glass-complete")).unwrap();
    assert_eq!(
        places(&break_glass.lint(&nothing())),
        ["any-profile rules[1]", "any-reason-code rules[1]", "unreachable-rule rules[2]"]
    );
    let rate_limit = RateLimitPolicy::from_yaml(example!("rate-limit-complete")).unwrap();
    assert_eq!(places(&rate_limit.lint(&nothing())), [""; 0]);
}

#[test]
fn our_sample_is_clean() {
    let object = sentinel_core::policy::tree(include_str!("../../../../../config/samples/policy.yaml")).unwrap();
    let policy = AccessPolicy::from_value(&object["spec"], Spelling::Manifest).unwrap();
    let lints = policy.lint(&super::known(&["prod+"]));
    assert_eq!(lints, []);
}

#[test]
fn the_table_of_checks_is_whole() {
    let page = include_str!("../../../../../docs/reference/lints.md");
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let listed: Vec<&str> = cells.map(|(check, _)| check).collect();
    let all: Vec<&str> = Check::ALL.iter().map(|check| check.as_str()).collect();
    assert_eq!(listed, all);
}
