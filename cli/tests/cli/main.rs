//! The command from the outside: arguments and stdin in; stdout, stderr and the exit code out.

#![expect(clippy::unwrap_used, reason = "clippy.toml frees test functions only, and these are their helpers")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rstest::rstest;
use sentinel_cli::Output;

mod complete;
mod convert;
mod history;
mod inputs;
mod lint;
mod places;
mod properties;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const POLICY: &str = "version: \"1\"\nrules:\n\
    - {name: bob, effect: allow, conditions: {users: [bob]}}\n\
    - {name: night, effect: require_server_session, session_table: own, conditions: {time: {hours: {start: '01:00', end: '05:00'}}}}\n\
    - {name: all, effect: require_server, reason: why}\n";
const ASK: [&str; 8] = ["explain", "-f", "-", "--user", "alice", "--profile", "prod", "--at"];

fn run(args: &[&str], stdin: &str) -> Output {
    sentinel_cli::run(["kubectl-sentinel"].iter().chain(args), &mut stdin.as_bytes())
}

fn repository(path: &str) -> String {
    Path::new(ROOT).join(path).to_string_lossy().into_owned()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&output.stdout).unwrap()
}

#[rstest]
#[case("access", &["complete", "evaluation", "mode-any", "mode-one-time", "mode-server-only", "require-server", "require-server-session"])]
#[case("approval", &["approval-complete"])]
#[case("break-glass", &["break-glass-complete"])]
#[case("rate-limit", &["rate-limit-complete"])]
fn every_example_of_the_reference(#[case] kind: &str, #[case] names: &[&str]) {
    for name in names {
        let text = fs::read_to_string(repository(&format!("crates/core/testdata/reference/{name}.yaml"))).unwrap();
        let text = if text.contains("version:") { text } else { format!("version: \"1\"\n{text}") };
        let validated = run(&["validate", "--kind", kind, "-"], &text);
        assert_eq!((validated.stdout.as_str(), validated.code), ("1 valid\n", 0), "{name}: {validated:?}");
        let canonical = run(&["fmt", "--kind", kind, "-"], &text);
        assert_eq!(canonical.code, 0, "{canonical:?}");
        let check = run(&["fmt", "--check", "--kind", kind, "-"], &canonical.stdout);
        assert_eq!((check.code, check.stderr.as_str()), (0, ""), "{name}");
        assert_eq!(run(&["fmt", "--check", "--kind", kind, "-"], &text).code, 1, "{name}");
    }
}

#[test]
fn the_shipped_tests_pass() {
    for file in ["require-server-session", "sample-policy"] {
        let output = run(&["test", &repository(&format!("config/policy-tests/{file}.yaml"))], "");
        assert_eq!(output.code, 0, "{output:?}");
        assert!(output.stdout.ends_with("cases, differing: 0\n"), "{output:?}");
    }
}

#[test]
fn the_samples_are_valid_and_what_is_not_ours_is_skipped() {
    let files = ["policy", "profile", "deployment"].map(|file| repository(&format!("config/samples/{file}.yaml")));
    let output = run(&["validate", &files[0], &files[1], &files[2]], "");
    assert_eq!((output.stdout.as_str(), output.code), ("2 valid\n", 0), "{output:?}");
    assert_eq!(output.stderr.matches("skipped").count(), 2, "{output:?}");
}

#[rstest]
#[case::document(
    "version: \"1\"\nrules:\n- {name: a, effect: alow}\n",
    "stdin:3:21: rules[0].effect: invalid effect 'alow' in rule 'a': "
)]
#[case::nothing("", "stdin: must be")]
#[case::yaml("a: [\n", "stdin:2:1: not a YAML document: ")]
#[case::object(
    "kind: AccessPolicy\napiVersion: sentinel.dev/v1alpha1\nmetadata: {name: p}\nspec: {version: '1', rules: [{name: a, effect: allow, conditions: {user: [x]}}]}\n",
    "stdin:4:68: AccessPolicy p: spec.rules[0].conditions: unknown key `user`: did you mean `users`?"
)]
#[case::publish(
    "kind: AccessPolicy\napiVersion: sentinel.dev/v1alpha1\nmetadata: {name: p}\nspec: {version: '1', rules: [{name: a, effect: allow}], publsh: true}\n",
    "did you mean `publish`?"
)]
#[case::no_spec(
    "kind: AccessPolicy\napiVersion: sentinel.dev/v1alpha1\nmetadata: {name: p}\nspecs: {}\n",
    "AccessPolicy p: unknown key `specs`: did you mean `spec`?"
)]
#[case::nameless("kind: AccessPolicy\napiVersion: sentinel.dev/v1\nspec: {}\n", "AccessPolicy: apiVersion: write")]
#[case::no_api_version("kind: AccessPolicy\nmetadata: {name: p}\nspec: {}\n", "AccessPolicy p: apiVersion: write")]
#[case::no_object("kind: Polcy\nversion: '1'\nrules: [{name: a, effect: allow}]\n", "unknown key `kind`")]
#[case::no_spec_either(
    "kind: ApprovalPolicy\napiVersion: sentinel.dev/v1alpha1\nmetadata: {name: p}\n",
    "stdin:1:1: ApprovalPolicy p: not a valid ApprovalPolicy: missing field `spec`"
)]
#[case::twice(
    "kind: AccessPolicy\nkind: AccessPolicy\napiVersion: sentinel.dev/v1alpha1\nmetadata: {name: p}\nspec: {}\n",
    "duplicate key"
)]
#[case::in_a_list(
    "kind: List\napiVersion: v1\nitems:\n- {kind: AccessPolicy, apiVersion: sentinel.dev/v1alpha1, metadata: {name: p}, spec: {version: '1', rules: []}}\n",
    "AccessPolicy p: spec.rules: "
)]
#[case::second_of_two(
    "kind: Pod\napiVersion: v1\nspec: &a {b: *a}\n--- # next\nkind: AccessPolicy\napiVersion: sentinel.dev/v1alpha1\nmetadata: {name: p}\nspec: {version: '1', rules: []}\n",
    "AccessPolicy p: spec.rules: "
)]
fn validate_says_what_is_wrong_and_where(#[case] text: &str, #[case] expected: &str) {
    let output = run(&["validate", "-"], text);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains(expected), "{expected} is not in {output:?}");
    let found = &json(&run(&["validate", "-", "-o", "json"], text))["problems"][0];
    assert!(!found["message"].as_str().unwrap().is_empty(), "{found}");
}

#[test]
fn lines_are_those_of_the_file() {
    // The list is still open where the file ends.
    let text = "kind: Pod\napiVersion: v1\n---\n# one\nversion: \"1\"\nrules: [\n";
    let output = run(&["validate", "-"], text);
    assert!(output.stdout.contains("at line 7 column 1"), "{output:?}");
}

#[rstest]
#[case::noon("2026-03-02T12:00:00Z", "require_server", "all", 2, "time")]
#[case::night("2026-03-02T02:00:00Z", "require_server_session", "night", 1, "")]
fn explain_walks_through_the_rules(
    #[case] at: &str,
    #[case] effect: &str,
    #[case] rule: &str,
    #[case] index: usize,
    #[case] night: &str,
) {
    let cli = run(&[&ASK[..], &[at, "--mode", "cli", "-o", "json"]].concat(), POLICY);
    assert_eq!(cli.code, 0, "{cli:?}");
    let answer = json(&cli);
    assert_eq!(
        (&answer["effect"], &answer["rule"], &answer["ruleIndex"]),
        (&"deny".into(), &rule.into(), &index.into())
    );
    assert_eq!(answer["requiresServerMode"], true);
    assert_eq!(answer["requiresSessionTracking"], effect == "require_server_session");
    assert_eq!(answer["sessionTable"], if rule == "night" { "own" } else { "" });
    let rules = answer["rules"].as_array().unwrap();
    assert_eq!(
        (rules.len(), &rules[0]["failedCondition"], &rules[0]["wanted"][0]),
        (3, &"users".into(), &"bob".into())
    );
    assert_eq!(rules[1]["failedCondition"].as_str().unwrap_or_default(), night);
    assert_eq!(rules.iter().position(|step| step["decides"] == true), Some(index));
    assert!(run(&[&ASK[..], &[at, "-o", "yaml"]].concat(), POLICY).stdout.contains("effect: allow\n"));
}

#[test]
fn explain_says_it_to_people() {
    let output = run(&[&ASK[..], &["2026-03-02T02:00:00Z"]].concat(), POLICY);
    let expected = "effect: allow\nrule: night\nruleIndex: 1\nreason:\nrequiresServerMode: false\n\
        requiresSessionTracking: false\nsessionTable: own\nat: 2026-03-02T02:00:00Z\nrules:\n  \
        0 bob: fails on users: [\"bob\"]\n  1 night: matches, and decides\n  2 all: matches, but an earlier rule decided\n";
    assert_eq!(output.stdout, expected);
}

#[test]
fn explain_of_a_file_says_what_would_help() {
    let output = run(&[&ASK[..], &["2026-03-02T12:00:00Z", "--mode", "cli"]].concat(), POLICY);
    assert!(output.stdout.contains("would help: mode server: a sidecar's, or --mode server here\n"), "{output:?}");
    let output = run(&[&ASK[..], &["2026-03-02T12:00:00Z", "--mode", "cli", "-o", "json"]].concat(), POLICY);
    assert_eq!(json(&output)["wouldHelp"].as_array().map(Vec::len), Some(2), "{output:?}");
}

#[rstest]
#[case("payments/api", "note: payments/api is the user of no pod: a pod's is system:serviceaccount:payments:api\n")]
#[case("payments:api", "note: payments:api is the user of no pod: a pod's is system:serviceaccount:payments:api\n")]
#[case("system:serviceaccount:payments:api", "")]
#[case("alice", "")]
#[case("alice@example.com", "")]
fn explain_says_whom_a_short_name_does_not_mean(#[case] user: &str, #[case] note: &str) {
    let output = run(&["explain", "-f", "-", "--user", user, "--profile", "prod"], POLICY);
    assert_eq!((output.stderr.as_str(), output.code), (note, 0));
}

#[test]
fn convert_there_and_back() {
    let document = run(&["fmt", "-"], POLICY).stdout;
    let object = run(&["convert", "--name", "prod", "-"], POLICY);
    assert!(object.stdout.contains("  name: \"prod\"\n") && object.stdout.contains("sessionTable: own"), "{object:?}");
    assert_eq!(run(&["validate", "-"], &object.stdout).stdout, "1 valid\n");
    let back = run(&["convert", "-"], &object.stdout);
    assert_eq!((back.stdout, back.code), (document, 0));
    assert!(back.stderr.contains("doesn't hold metadata.name"), "{}", back.stderr);
    let as_json = run(&["convert", "--name", "prod", "-o", "json", "-"], POLICY).stdout;
    assert_eq!(run(&["convert", "-"], &as_json).stdout, run(&["fmt", "-"], POLICY).stdout);
}

#[test]
fn one_of_several_objects_is_chosen() {
    let one = |name| run(&["convert", "--name", name, "-"], POLICY).stdout;
    let both = format!("{}---\n{}", one("a"), one("b"));
    let many = run(&["convert", "-"], &both);
    assert!(many.code == 2 && many.stderr.contains("choose one with --name"), "{many:?}");
    assert_eq!(run(&["convert", "--name", "b", "-"], &both).code, 0);
    assert_eq!(run(&["convert", "--name", "c", "-"], &both).code, 2);
}

#[test]
fn fmt_writes_and_keeps_comments_safe() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let name = file.to_str().unwrap();
    fs::write(&file, format!("# why\n{POLICY}")).unwrap();
    let refused = run(&["fmt", "--write", name], "");
    assert!(refused.code == 2 && refused.stderr.contains("--drop-comments"), "{refused:?}");
    assert!(fs::read_to_string(&file).unwrap().starts_with("# why"));
    assert_eq!(run(&["fmt", "--write", "--drop-comments", name], "").code, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), run(&["fmt", "-"], POLICY).stdout);
    assert_eq!(run(&["fmt", "--check", name], "").code, 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn suite(cases: &str) -> String {
    let indented = POLICY.replace('\n', "\n  ");
    format!("policy:\n  {indented}\ncases:\n{cases}")
}

#[test]
fn test_says_what_differed() {
    let text = suite(
        "- name: <fine>\n  request: {user: bob, profile: p, time: '2026-03-02T12:00:00Z'}\n  expect: {rule: bob, sessionTable: ''}\n\
         - name: a & b\n  request: {user: alice, profile: p, mode: cli, time: '2026-03-02T12:00:00Z'}\n  expect: {effect: allow, ruleIndex: 2}\n",
    );
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("report.xml");
    let output = run(&["test", "--junit", junit.to_str().unwrap(), "-"], &text);
    let expected = "differs: a & b\nstdin:14:20: cases[1].expect.effect: expected \"allow\", got \"deny\"\n   14 |   \
        expect: {effect: allow, ruleIndex: 2}\n      |                    ^^^^^\n2 cases, differing: 1\n";
    assert_eq!((output.stdout.as_str(), output.code), (expected, 1), "{output:?}");
    let report = fs::read_to_string(junit).unwrap();
    assert!(
        report.contains("<testsuites tests=\"2\" failures=\"1\">") && report.contains("\"&lt;fine&gt;\""),
        "{report}"
    );
    assert!(report.contains("name=\"a &amp; b\" classname=\"-\"><failure"), "{report}");
}

#[rstest]
#[case::no_time("- {name: a, request: {user: a, profile: b}, expect: {effect: deny}}\n", "add a time")]
#[case::nothing("- {name: a, request: {user: a, profile: b}, expect: {}}\n", "expect: nothing")]
#[case::unknown("- {name: a, request: {user: a, profile: b}, expect: {rul: x}}\n", "did you mean `rule`?")]
#[case::request("- {name: a, request: {users: a, profile: b}, expect: {effect: deny}}\n", "unknown field `users`")]
#[case::none("  []\n", "so nothing is tested")]
#[case::time(
    "- {name: a, request: {user: a, profile: b, time: noon}, expect: {effect: deny}}\n",
    "write it as 2026-03-02T12:00:00Z"
)]
fn a_case_that_tests_nothing_is_refused(#[case] cases: &str, #[case] expected: &str) {
    let output = run(&["test", "-"], &suite(cases));
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.stderr.contains(expected), "{expected} is not in {output:?}");
}

#[test]
fn a_policy_may_be_a_file_a_text_or_an_object() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.yaml"), POLICY).unwrap();
    let object = run(&["convert", "--name", "x", "-o", "json", "-"], POLICY).stdout;
    let quoted = serde_json::to_string(POLICY).unwrap();
    let cases =
        "cases: [{name: a, request: {user: bob, profile: b, time: '2026-03-02T12:00:00Z'}, expect: {rule: bob}}]\n";
    for policy in ["policy.yaml", &quoted, &object] {
        let file = folder.path().join("cases.yaml");
        fs::write(&file, format!("{cases}policy: {}\n", policy.replace('\n', " "))).unwrap();
        let output = run(&["test", file.to_str().unwrap()], "");
        assert_eq!(output.code, 0, "{policy}: {output:?}");
    }
}

#[test]
fn a_thousand_cases_within_a_second() {
    let case = |index| {
        format!(
            "- {{name: case {index}, request: {{user: u{index}, profile: p, time: '2026-03-02T12:00:00Z'}}, expect: {{rule: all}}}}\n"
        )
    };
    let text = suite(&(0..1000).map(case).collect::<String>());
    let begin = Instant::now();
    assert_eq!(run(&["test", "-"], &text).stdout, "1000 cases, differing: 0\n");
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[rstest]
#[case::no_command(&[], 2, "Usage")]
#[case::unknown(&["lint"], 2, "lint")]
#[case::no_file(&["validate", "/no/such/file"], 2, "/no/such/file: No such file")]
#[case::mode(&["explain", "-f", "-", "--user", "a", "--profile", "b", "--mode", "web"], 2, "server, cli, credential_process")]
#[case::name(&["convert", "--name", "Prod", "-"], 2, "can't name an object")]
#[case::no_name(&["convert", "-"], 2, "add --name")]
#[case::stdin(&["fmt", "--write", "-"], 2, "stdin can't be written")]
#[case::stdin_twice(&["diff", "-", "-"], 2, "read only once")]
#[case::time(&["explain", "-f", "-", "--user", "a", "--profile", "b", "--at", "2026-03-02"], 2, "write it as 2026-03-02T12:00:00Z")]
fn usage(#[case] args: &[&str], #[case] code: u8, #[case] message: &str) {
    let output = run(args, POLICY);
    assert_eq!((output.code, output.stdout.as_str()), (code, ""), "{output:?}");
    assert!(output.stderr.contains(message), "{output:?}");
}

#[rstest]
fn completions(#[values("bash", "zsh", "fish", "elvish", "powershell")] shell: &str) {
    let output = run(&["completions", shell], "");
    assert!(output.code == 0 && output.stdout.contains("validate"), "{shell}");
    let hidden = [" __complete ", "'__complete'", "\"__complete\"", "'__complete:", "cand __complete"];
    assert!(!hidden.iter().any(|word| output.stdout.contains(word)), "{shell}");
}
