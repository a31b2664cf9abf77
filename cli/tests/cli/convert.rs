//! Documents and objects of all four kinds, there and back; and the reference's second spelling.

use std::fs;

use rstest::rstest;

use crate::{repository, run};

#[rstest]
#[case("access", "AccessPolicy", "complete")]
#[case("access", "AccessPolicy", "require-server-session")]
#[case("approval", "ApprovalPolicy", "approval-complete")]
#[case("break-glass", "BreakGlassPolicy", "break-glass-complete")]
#[case("rate-limit", "RateLimitPolicy", "rate-limit-complete")]
fn there_and_back(#[case] kind: &str, #[case] object_kind: &str, #[case] name: &str) {
    let text = fs::read_to_string(repository(&format!("crates/core/testdata/reference/{name}.yaml"))).unwrap();
    let canonical = run(&["fmt", "--kind", kind, "-"], &text).stdout;
    for format in ["text", "yaml", "json"] {
        let object = run(&["convert", "--kind", kind, "--name", "prod", "-o", format, "-"], &text);
        assert_eq!((object.code, object.stderr.as_str()), (0, ""), "{object:?}");
        assert!(object.stdout.contains(object_kind), "{object:?}");
        assert_eq!(run(&["validate", "-"], &object.stdout).stdout, "1 valid\n");
        let back = run(&["convert", "-"], &object.stdout);
        assert_eq!((back.stdout.as_str(), back.code), (canonical.as_str(), 0), "{back:?}");
    }
}

#[test]
fn a_name_that_two_kinds_have_is_chosen_by_kind() {
    let one = |kind, document: &str| run(&["convert", "--kind", kind, "--name", "prod", "-"], document).stdout;
    let access = one("access", "{version: '1', rules: [{name: a, effect: allow}]}");
    let limits = one("rate-limit", "{version: '1', rules: [{name: b, cooldown: 5m}]}");
    let both = format!("{access}---\n{limits}");
    let many = run(&["convert", "--name", "prod", "-"], &both);
    assert!(many.code == 2 && many.stderr.contains("holds 2 policies"), "{many:?}");
    let chosen = run(&["convert", "--kind", "rate-limit", "-"], &both);
    assert!(chosen.code == 0 && chosen.stdout.contains("5m0s"), "{chosen:?}");
    let none = run(&["convert", "--kind", "approval", "-"], &both);
    assert!(none.code == 2 && none.stderr.contains("holds no ApprovalPolicy"), "{none:?}");
}

const SECOND: &str =
    "policies:\n  - match:\n      profile: prod-*\n    effect: require_server_session\n    session_table: t\n";

#[test]
fn the_second_spelling_becomes_a_document() {
    let output = run(&["convert", "-"], SECOND);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(run(&["fmt", "--check", "-"], &output.stdout).code, 0, "{output:?}");
    assert!(output.stdout.contains("session_table: t") && output.stdout.contains("prod-*"), "{output:?}");
    for note in ["policies: became `rules`", "named 'rule-0'", "policies[0].match.profile: became `profiles`"] {
        assert!(output.stderr.contains(note), "{note} is not in {}", output.stderr);
    }
    let object = run(&["convert", "--name", "prod", "-"], SECOND);
    assert!(object.stdout.contains("kind: AccessPolicy") && object.stdout.contains("sessionTable: t"), "{object:?}");
    assert_eq!(run(&["convert", "-"], &object.stdout).stdout, output.stdout);
}

#[test]
fn the_second_spelling_is_taken_nowhere_else() {
    for args in [
        &["validate", "-"][..],
        &["lint", "-"],
        &["fmt", "-"],
        &["explain", "-f", "-", "--user", "a", "--profile", "b"],
    ] {
        let output = run(args, SECOND);
        assert_eq!(output.code, 1, "{output:?}");
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(said.contains("stdin:1:1: `policies:` is another spelling, which is never stored"), "{said}");
        assert!(said.contains("`kubectl sentinel convert`"), "{said}");
    }
    let wrong = run(&["convert", "-"], &SECOND.replace("profile:", "host:"));
    assert!(wrong.code == 1 && wrong.stderr.contains("stdin:3:7: policies[0].match: unknown key `host`"), "{wrong:?}");
}
