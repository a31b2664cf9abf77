//! Files as they come: from other editors, from clusters, or from nowhere.

use std::fs;

use rstest::rstest;

use crate::{POLICY, run};

const OBJECT: &str = "{\"apiVersion\":\"sentinel.dev/v1alpha1\",\"kind\":\"AccessPolicy\",\"metadata\":{\"name\":\"a\"},\
    \"spec\":{\"version\":\"1\",\"rules\":[{\"name\":\"x\",\"effect\":\"allow\"}]}}";
const UNSTAMPED: &str = "{kind: AccessPolicy, metadata: {name: b}, spec: {}}";

/// What of a text is told; the lines of the file beneath are left out.
fn told(text: &str) -> Vec<String> {
    let output = run(&["validate", "-"], text);
    output
        .stdout
        .lines()
        .filter(|line| line.starts_with("stdin") || line.ends_with("valid"))
        .map(str::to_owned)
        .collect()
}

#[rstest]
#[case::a_mark_before_everything(format!("\u{FEFF}{POLICY}"), "1 valid")]
#[case::carriage_returns(POLICY.replace('\n', "\r\n"), "1 valid")]
#[case::ends(format!("{POLICY}...\n---\n{POLICY}... # the end\n"), "2 valid")]
#[case::a_list(format!("{{apiVersion: v1, kind: List, items: [{OBJECT}, {OBJECT}]}}"), "2 valid")]
#[case::a_typed_list(format!("{{apiVersion: sentinel.dev/v1alpha1, kind: AccessPolicyList, items: [{OBJECT}]}}"), "1 valid")]
#[case::nothing(
    String::new(),
    "stdin: must be a mapping, and there is nothing: a policy begins with `version: \"1\"`, and then come its `rules:`"
)]
#[case::no_version_in_a_list(
    format!("apiVersion: v1\nkind: List\nitems:\n- {UNSTAMPED}\n"),
    "stdin:4:3: AccessPolicy b: apiVersion: write sentinel.dev/v1alpha1"
)]
#[case::three_times("version: \"1\"\nrules: []\nrules: []\nrules: []\n".to_owned(), "stdin:4:1: duplicate key `rules`: keep one of them")]
#[case::another_key(OBJECT.replace("\"spec\"", "\"specs\": 1, \"spec\""), "stdin:1:85: AccessPolicy a: unknown key `specs`: did you mean `spec`?")]
#[case::no_name_of_an_object(
    OBJECT.replace("\"a\"", "\"A_B\""),
    "stdin:1:80: AccessPolicy A_B: metadata.name: can't name an object: lower-case letters, digits, - and ., at most 253, \
     each part beginning and ending with a letter or digit"
)]
#[case::of_another_type(
    OBJECT.replace("{\"name\":\"a\"}", "{\"name\":\"a\",\"labels\":[1]}"),
    "stdin:1:84: AccessPolicy a: metadata.labels: not a valid AccessPolicy: invalid type: sequence, expected a map"
)]
#[case::a_lock(
    "{apiVersion: sentinel.dev/v1alpha1, kind: AccessLock, metadata: {name: l}, spec: {users: ['system:serviceaccount:pay:*'], reason: leaked}}".to_owned(),
    "1 valid"
)]
fn as_they_come(#[case] text: String, #[case] expected: &str) {
    assert_eq!(told(&text), [expected]);
}

#[test]
fn a_list_may_hold_what_is_no_object() {
    let output = run(&["validate", "-"], &format!("{{apiVersion: v1, kind: List, items: [null, {OBJECT}]}}"));
    assert_eq!(output.stderr, "note: stdin: items[0]: skipped: not an object of sentinel.dev\n");
    assert_eq!((output.stdout.as_str(), output.code), ("1 valid\n", 0));
}

#[test]
fn every_kind_is_judged() {
    for definition in sentinel_api::definitions() {
        let kind = definition.spec.names.kind;
        let object = format!("{{apiVersion: sentinel.dev/v1alpha1, kind: {kind}, metadata: {{name: a}}}}");
        let output = run(&["validate", "-"], &object);
        assert!(!output.stdout.contains("no kind of ours"), "{kind}: {output:?}");
    }
}

#[test]
fn a_document_of_another_kind_is_recognised() {
    let text = "version: \"1\"\nrules:\n- {name: a, profiles: [p], approvers: [x]}\n";
    for command in ["validate", "lint"] {
        let output = run(&[command, "-"], text);
        assert_eq!(output.stderr, "note: stdin: is a document of another kind: add --kind approval\n");
        assert_eq!(output.code, 1);
    }
}

#[test]
fn a_policy_of_a_test_is_chosen_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two.yaml"), format!("{OBJECT}\n---\n{}\n", OBJECT.replace("\"a\"", "\"b\"")))
        .unwrap();
    let file = folder.path().join("cases.yaml");
    let cases = "policy: two.yaml\ncases:\n- {name: x, request: {user: u, profile: p}, expect: {effect: allow}}\n";
    fs::write(&file, format!("\u{FEFF}{cases}")).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(run(&["test", file, "--name", "b"], "").code, 0);
    let output = run(&["test", file], "");
    assert!(output.code == 2 && output.stderr.contains("choose one with --name"), "{output:?}");
}

#[test]
fn what_never_ends_is_refused() {
    let output = run(&["validate", "/dev/zero"], "");
    assert_eq!((output.code, output.stderr.as_str()), (2, "error: /dev/zero: has more than 64 MiB\n"));
}
