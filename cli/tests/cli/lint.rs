//! What is valid, and surely a mistake.

use rstest::rstest;

use crate::{json, run};

const POLICY: &str = "version: \"1\"\nrules:\n- name: everybody\n  effect: allow\n- name: bob\n  effect: allow\n  conditions:\n    users: [bob]\n    profiles: [prod]\n";
const PROFILE: &str = "---\nkind: SentinelProfile\napiVersion: sentinel.dev/v1alpha1\nmetadata: {name: staging}\nspec: {roleArn: 'arn:aws:iam::111122223333:role/r', region: eu-west-1}\n";

#[test]
fn a_lint_has_a_place_and_a_check() {
    let output = run(&["lint", "-"], POLICY);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("(any-profile)\n    3 | - name: everybody\n"), "{output:?}");
    let findings = json(&run(&["lint", "-o", "json", "-"], POLICY));
    assert_eq!(findings["linted"], 1);
    let found = findings["findings"].as_array().unwrap();
    let everybody = found.iter().find(|finding| finding["check"] == "any-profile").unwrap();
    assert_eq!((everybody["line"].as_u64(), everybody["path"].as_str()), (Some(3), Some("rules[0]")));
}

#[rstest]
#[case::nothing_known(&[], "", 0)]
#[case::by_argument(&["--profiles", "dev,staging"], "", 1)]
#[case::nothing_named(&["--profiles", ""], "", 0)]
#[case::there(&["--profiles", "dev,prod"], "", 0)]
#[case::by_object(&[], PROFILE, 1)]
#[case::by_both(&["--profiles", "prod"], PROFILE, 0)]
fn a_profile_is_missed_where_profiles_are_known(#[case] args: &[&str], #[case] objects: &str, #[case] missed: usize) {
    let output = run(&[&["lint", "-"], args].concat(), &format!("{POLICY}{objects}"));
    assert_eq!(output.stdout.matches("(unknown-profile)").count(), missed, "{output:?}");
}

#[rstest]
#[case(&[], 0)]
#[case(&["--session-table", "t"], 0)]
#[case(&["--session-table", ""], 1)]
fn a_table_is_missed_where_there_surely_is_none(#[case] args: &[&str], #[case] missed: usize) {
    let text = format!(
        "version: '1'\nrules: [{{name: a, effect: require_server_session, conditions: {{profiles: [staging], users: [u]}}}}]\n{PROFILE}"
    );
    let output = run(&[&["lint", "-"], args].concat(), &text);
    assert_eq!(output.stdout.matches("(no-session-table)").count(), missed, "{output:?}");
}

#[test]
fn objects_of_every_kind_are_linted() {
    let kinds = [
        ("approval", "ApprovalPolicy", "{version: '1', rules: [{name: a, approvers: [b]}]}", "any-profile"),
        (
            "break-glass",
            "BreakGlassPolicy",
            "{version: '1', rules: [{name: a, profiles: [p], users: [b]}]}",
            "any-reason-code",
        ),
        (
            "rate-limit",
            "RateLimitPolicy",
            "{version: '1', rules: [{name: a, profiles: [p], cooldown: 5s}]}",
            "short-cooldown",
        ),
    ];
    for (kind, object_kind, document, check) in kinds {
        let as_document = run(&["lint", "--kind", kind, "-"], document);
        assert!(as_document.stdout.contains(check), "{as_document:?}");
        let object = run(&["convert", "--kind", kind, "--name", "prod", "-"], document).stdout;
        let as_object = run(&["lint", "-"], &object);
        assert!(as_object.stdout.contains(&format!("{object_kind} prod: spec.rules[0]")), "{as_object:?}");
        assert!(as_object.stdout.contains(check) && as_object.code == 1, "{as_object:?}");
    }
}

#[test]
fn nothing_found_is_fine_and_a_wrong_file_is_not() {
    let fine = "version: '1'\nrules: [{name: a, effect: deny, conditions: {users: [u], profiles: [p]}}]\n";
    let output = run(&["lint", "-"], fine);
    assert_eq!((output.stdout.as_str(), output.code), ("1 linted, nothing found\n", 0));
    assert_eq!(run(&["lint", "-"], "version: '1'\nrules: []\n").code, 1);
    assert_eq!(run(&["lint", "/no/such/file"], "").code, 2);
}
