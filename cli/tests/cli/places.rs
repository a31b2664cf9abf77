//! Each problem comes with its line and column, whatever it stands in.

use rstest::rstest;

use crate::{json, run};

const HEAD: &str = "apiVersion: sentinel.dev/v1alpha1\nmetadata: {name: p}\n";

/// Whether the first problem of the text stands there, and the mark beneath its line is this long.
#[expect(clippy::indexing_slicing, reason = "clippy.toml frees test functions only, and this is their helper")]
fn stands(kind: &str, text: &str, line: usize, column: usize, marks: &str) {
    let output = run(&["validate", "--kind", kind, "-"], text);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(output.code, 1, "{output:?}");
    assert!(lines[0].starts_with(&format!("stdin:{line}:{column}: ")), "{}", output.stdout);
    let source = text.lines().nth(line - 1).unwrap().replace('\t', " ").replace("---", "   ");
    assert_eq!(lines[1], format!("{line:>5} | {source}"));
    assert_eq!(lines[2], format!("      | {}{marks}", " ".repeat(column - 1)));
    let found = &json(&run(&["validate", "--kind", kind, "-", "-o", "json"], text))["problems"][0];
    assert_eq!((found["line"].as_u64(), found["column"].as_u64()), (Some(line as u64), Some(column as u64)), "{found}");
}

#[rstest]
#[case::value("version: '1'\nrules:\n- name: a\n  effect: alow # typo\n", 4, 11, "^^^^")]
#[case::entry("version: '1'\nrules:\n- name: a\n  effect: allow\n  conditions:\n    users: [x, 7]\n", 6, 16, "^")]
#[case::unknown_key("version: '1'\nrules:\n- name: a\n  effect: allow\n  condition: {}\n", 5, 3, "^^^^^^^^^")]
#[case::duplicate_key("version: '1'\nrules:\n- name: a\n  effect: allow\n  effect: deny\n", 5, 3, "^^^^^^")]
#[case::missing_key("# why\nrules:\n- {name: a, effect: allow}\n", 2, 1, "^")]
#[case::missing_in_a_rule("version: '1'\nrules:\n- effect: allow\n", 3, 3, "^")]
#[case::null("version: '1'\nrules:\n- name: a\n  effect: allow\n  conditions:\n    users:\n", 6, 5, "^^^^^")]
#[case::json("{\n\t\"version\": \"1\",\n\t\"rules\": [{\"name\": \"a\", \"effect\": \"alow\"}]\n}\n", 3, 36, "^^^^^^")]
#[case::second_document(
    "version: '1'\nrules: [{name: a, effect: allow}]\n--- # next\nversion: '2'\nrules: [{name: a, effect: allow}]\n",
    4,
    10,
    "^^^"
)]
#[case::on_the_marker("--- {version: '2', rules: [{name: a, effect: allow}]}\n", 1, 15, "^^^")]
#[case::letters("version: '1'\nrules: [{name: 'é ü', effect: alow}]\n", 2, 31, "^^^^")]
#[case::second_spelling("# old\npolicies:\n- {match: {}, effect: allow}\n", 2, 1, "^^^^^^^^")]
fn of_a_document(#[case] text: &str, #[case] line: usize, #[case] column: usize, #[case] marks: &str) {
    stands("access", text, line, column, marks);
}

#[rstest]
#[case("approval", "version: '1'\nrules:\n- name: a\n  approvers: [bob, 'x*']\n", 4, 20, "^^^^")]
#[case("break-glass", "version: '1'\nrules:\n- name: a\n  users: [bob]\n  max_duration: 5h\n", 5, 17, "^^")]
#[case("rate-limit", "version: '1'\nrules:\n- name: a\n  cooldown: -1m\n", 4, 13, "^^^")]
fn of_each_kind(
    #[case] kind: &str,
    #[case] text: &str,
    #[case] line: usize,
    #[case] column: usize,
    #[case] marks: &str,
) {
    stands(kind, text, line, column, marks);
}

#[rstest]
#[case::access("AccessPolicy", "- {name: a, effect: alow}", 23, "^^^^")]
#[case::approval("ApprovalPolicy", "- {name: a, approvers: [b], autoAprove: {}}", 31, "^^^^^^^^^^")]
#[case::break_glass("BreakGlassPolicy", "- {name: a, users: [b], allowedReasonCodes: [fun]}", 48, "^^^")]
#[case::rate_limit("RateLimitPolicy", "- {name: a, cooldown: '1d'}", 25, "^^^^")]
fn of_objects(#[case] kind: &str, #[case] rule: &str, #[case] column: usize, #[case] marks: &str) {
    let object = format!("kind: {kind}\n{HEAD}spec:\n  version: '1'\n  rules:\n  {rule}\n");
    stands("access", &object, 7, column, marks);
    let foreign = "kind: Pod\napiVersion: v1\n---\n";
    stands("access", &format!("{foreign}{object}"), 10, column, marks);
    let item = object.replace('\n', "\n  ");
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Pod}}\n- {item}\n");
    stands("access", &list, 11, column + 2, marks);
}

#[test]
fn of_a_key_of_a_spec() {
    let object = format!(
        "kind: AccessPolicy\n{HEAD}spec:\n  publsh: false\n  version: '1'\n  rules: [{{name: a, effect: deny}}]\n"
    );
    stands("access", &object, 5, 3, "^^^^^^");
}

#[test]
fn a_long_line_is_shown_in_part_and_without_what_moves_the_cursor() {
    let padding = "x".repeat(500);
    let text = format!(
        "version: '1'\nrules: [{{name: a, reason: '{padding}\u{202e}', effect: alow, session_table: '{padding}'}}]\n"
    );
    let output = run(&["validate", "-"], &text);
    assert!(output.stdout.lines().all(|line| line.chars().count() < 160), "{}", output.stdout);
    assert!(!output.stdout.contains('\u{202e}'), "{}", output.stdout);
    let at = output.stdout.lines().position(|line| line.contains("invalid effect")).unwrap();
    let lines: Vec<Vec<char>> = output.stdout.lines().skip(at + 1).map(|line| line.chars().collect()).collect();
    let marked: String = lines[0].iter().zip(&lines[1]).filter(|(_, mark)| **mark == '^').map(|(c, _)| c).collect();
    assert_eq!(marked, "alow");
}

#[rstest]
#[case(&["fmt", "-"])]
#[case(&["convert", "--name", "a", "-"])]
#[case(&["lint", "-"])]
#[case(&["explain", "-f", "-", "--user", "a", "--profile", "b"])]
fn every_command_says_it(#[case] args: &[&str]) {
    let output = run(args, "version: '1'\nrules:\n- name: a\n  effect: alow\n");
    let said = format!("{}{}", output.stdout, output.stderr);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(said.contains("stdin:4:11: rules[0].effect: invalid effect 'alow'"), "{said}");
    assert!(said.contains("\n    4 |   effect: alow\n      |           ^^^^\n"), "{said}");
}

#[rstest]
#[case::inline(
    "policy:\n  version: '1'\n  rules: [{name: a, effect: alow}]\ncases: []\n",
    "stdin:3:29: rules[0].effect: invalid",
    1
)]
#[case::case(
    "policy: {version: '1', rules: [{name: a, effect: allow}]}\ncases:\n- {name: n, request: {user: u, profile: p}, expect: {rul: a}}\n",
    "stdin:3:54: cases[0].expect: unknown key `rul`",
    2
)]
#[case::malformed("policy: p\ncases:\n- {name: n, request: {user: u}}\n", "stdin:3:", 2)]
fn so_does_test(#[case] text: &str, #[case] expected: &str, #[case] code: u8) {
    let output = run(&["test", "-"], text);
    assert_eq!(output.code, code, "{output:?}");
    assert!(output.stderr.contains(expected), "{output:?}");
}

#[test]
fn what_is_too_dear_to_read_is_refused_at_once() {
    let begin = std::time::Instant::now();
    for text in ["[".repeat(200_000), "{a: ".repeat(100_000), "a: &a [x]\nb: *a\n".repeat(20_000)] {
        let output = run(&["validate", "-"], &text);
        assert_eq!(output.code, 1, "{}", output.stdout.len());
        assert!(output.stdout.len() < 2_000, "{}", output.stdout);
    }
    assert!(begin.elapsed().as_secs() < 2, "{:?}", begin.elapsed());
}
