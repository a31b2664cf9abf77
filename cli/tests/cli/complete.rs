//! What kubectl is told when somebody presses TAB.

use rstest::rstest;

use crate::run;

fn offered(words: &[&str]) -> (Vec<String>, String) {
    let output = run(&[&["__complete", "--"], words].concat(), "");
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    let mut lines: Vec<String> = output.stdout.lines().map(ToOwned::to_owned).collect();
    let more = lines.pop().unwrap();
    (lines.iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect(), more)
}

#[rstest]
#[case(&["val"], &["validate"], ":4")]
#[case(&["nothing"], &[], ":4")]
#[case(&["validate", "--k"], &["--kind"], ":4")]
#[case(&["validate", "--kind", "a"], &["access", "approval"], ":4")]
#[case(&["validate", "--kind=r"], &["--kind=rate-limit"], ":4")]
#[case(&["validate", "-o", "j"], &["json"], ":4")]
#[case(&["validate", ""], &[], ":0")]
#[case(&["explain", "-f", ""], &[], ":0")]
#[case(&["explain", "--user", ""], &[], ":4")]
#[case(&["completions", "z"], &["zsh"], ":4")]
#[case(&["explain", "--mode", "c"], &["cli", "credential_process"], ":4")]
#[case(&["break-glass", "--reason-code", ""], &["incident", "maintenance", "security", "recovery", "other"], ":4")]
#[case(&["requests", "--status", "c"], &["cancelled"], ":4")]
#[case(&["events", "--status", ""], &["pending", "active", "closed", "expired", "refused"], ":4")]
fn offers(#[case] words: &[&str], #[case] expected: &[&str], #[case] more: &str) {
    assert_eq!(offered(words), (expected.iter().map(ToString::to_string).collect(), more.to_owned()));
}

#[test]
fn every_command_is_offered_and_nothing_hidden() {
    let (commands, _) = offered(&[""]);
    assert!(
        ["validate", "lint", "fmt", "convert", "explain", "test", "completions"]
            .iter()
            .all(|name| commands.iter().any(|command| command == name))
    );
    assert!(!commands.iter().any(|command| command.starts_with('_')), "{commands:?}");
}

/// The script finds its way from command to command by names; each that it goes to must be there.
#[test]
fn the_script_for_bash_arrives_where_it_goes() {
    let script = run(&["completions", "bash"], "").stdout;
    let goes: Vec<&str> = script.lines().filter_map(|line| line.trim().strip_prefix("cmd=\"")).collect();
    let goes = goes.iter().map(|rest| rest.trim_end_matches('"')).filter(|name| !name.is_empty());
    let lost: Vec<&str> = goes.filter(|name| !script.contains(&format!("        {name})\n"))).collect();
    assert_eq!(lost, [""; 0]);
}
