//! `history`, on lines that broker and operator wrote themselves: those of docs/reference/audit-log.md, which their own tests keep.

use std::fs;

use jiff::Timestamp;
use rstest::rstest;
use sentinel_core::audit::{Key, Sealer};
use serde_json::Value;

use super::{json, repository, run};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn reference() -> String {
    fs::read_to_string(repository("docs/reference/audit-log.md")).unwrap()
}

/// The lines of `program`.
fn lines(program: &str) -> Vec<String> {
    let text = reference();
    let (_, rest) = text.split_once(&format!("<!-- lines of {program}: begin")).unwrap();
    let (shown, _) = rest.split_once("<!-- lines of").unwrap();
    shown.lines().filter(|line| line.starts_with('{')).map(str::to_owned).collect()
}

fn both() -> Vec<String> {
    [lines("sentinel-broker"), lines("sentinel-operator")].concat()
}

fn signed(lines: &[String], pod: &str) -> Vec<String> {
    let mut sealer = Sealer::new(Key::read("2026", SECRET).unwrap(), pod, Timestamp::UNIX_EPOCH);
    lines.iter().map(|line| sealer.seal(line, Timestamp::UNIX_EPOCH).unwrap()).collect()
}

fn with_key(words: &[&str], text: &str) -> sentinel_cli::Output {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("key");
    fs::write(&file, SECRET).unwrap();
    let file = file.to_string_lossy();
    run(&[&["history", "--key-file", &file], words].concat(), text)
}

#[test]
fn who_had_prod_last_night_and_by_whose_approval() {
    let output = run(&["history", &repository("docs/reference/audit-log.md"), "--profile", "prod"], "");
    assert_eq!(output.code, 0, "{output:?}");
    let rows: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(rows.len(), 3, "{}", output.stdout);
    assert!(rows[0].starts_with("FROM ") && rows[0].ends_with("STOPPED"), "{}", rows[0]);
    for part in [
        "2026-03-02T01:04:30Z   2026-03-02T01:33:00Z   payments/api   api-0   prod",
        "approved by ann, asked by bob (request ",
    ] {
        assert!(rows[1].contains(part), "{part} is not in {}", rows[1]);
    }
    for part in [
        "2026-03-02T02:30:10Z   2026-03-02T02:45:10Z   payments/api   api-1   prod",
        "break-glass by carol, incident (event ",
        "revoked 2026-03-02T02:40:00Z by dana: key in a paste; locked 2026-03-02T02:41:00Z by dana (lock-1): key in a paste",
    ] {
        assert!(rows[2].contains(part), "{part} is not in {}", rows[2]);
    }
    let read = reference().lines().count();
    assert_eq!(output.stderr, format!("note: {read} lines read, {} skipped\n", read - both().len()));
}

/// On EKS each IAM role is one user name of many people.
#[test]
fn persons_are_told_beside_user_names_that_they_share() {
    let named = |line: &String| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        for (user, person) in [("requester", "bob"), ("invoker", "carol")] {
            if line[user] == person {
                line[user] = "role-dev".into();
                line[format!("{user}_person")] = person.into();
            }
        }
        if line["event"].as_str().is_some_and(|event| event.starts_with("request.") || event.starts_with("breakglass."))
        {
            let person = std::mem::replace(&mut line["actor"], "role-admins".into());
            line["actor_person"] = person;
        }
        for user in ["approver", "closed_by"] {
            if line.get(user).is_some() {
                line[user] = "role-admins".into();
            }
        }
        line.to_string()
    };
    let text = both().iter().map(named).collect::<Vec<_>>().join("\n");
    let table = run(&["history"], &text).stdout;
    for part in [
        "approved by ann (role-admins), asked by bob (role-dev) (request ",
        "break-glass by carol (role-dev), incident (event ",
    ] {
        assert!(table.contains(part), "{part} is not in {table}");
    }
    let accesses = json(&run(&["history", "-o", "json"], &text))["accesses"].clone();
    let (approval, emergency) = (&accesses[0]["approval"], &accesses[1]["emergency"]);
    for (object, user, name, person) in [
        (approval, "requester", "role-dev", "bob"),
        (approval, "approver", "role-admins", "ann"),
        (emergency, "invoker", "role-dev", "carol"),
        (emergency, "closed_by", "role-admins", "carol"),
    ] {
        assert_eq!((&object[user], &object[format!("{user}_person")]), (&name.into(), &person.into()), "{object}");
    }
}

#[test]
fn the_order_of_lines_and_files_and_their_wrapping_change_nothing() {
    let plain = run(&["history", "-o", "json"], &both().join("\n"));
    let accesses = |output: &sentinel_cli::Output| json(output)["accesses"].clone();
    assert_eq!(accesses(&plain).as_array().unwrap().len(), 2, "{plain:?}");
    let backwards: Vec<String> = both().into_iter().rev().collect();
    let kubectl: Vec<String> =
        both().iter().map(|line| format!("[pod/sentinel-broker-0/broker] 2026-03-02T02:00:00Z {line}")).collect();
    let containerd: Vec<String> = both()
        .iter()
        .map(|line| {
            let (one, other) = line.split_at(40);
            format!("2026-03-02T02:00:00Z stdout P {one}\n2026-03-02T02:00:00Z stdout F {other}")
        })
        .collect();
    for text in [backwards, kubectl, containerd] {
        assert_eq!(accesses(&run(&["history", "-o", "json", "-"], &text.join("\n"))), accesses(&plain));
    }
    let twice = run(&["history", "-o", "json"], &[both(), both()].concat().join("\n"));
    assert_eq!(accesses(&twice)[0]["until"], accesses(&plain)[0]["until"]);
}

#[rstest]
#[case::all(&[], 2)]
#[case::profile(&["--profile", "pr*"], 2)]
#[case::another(&["--profile", "dev"], 0)]
#[case::user(&["--user", "payments/api", "-n", "payments"], 2)]
#[case::nobody(&["--user", "payments/other"], 0)]
#[case::namespace(&["--namespace", "billing"], 0)]
#[case::before(&["--until", "2026-03-02T01:04:30Z"], 0)]
#[case::within(&["--since", "2026-03-02T01:10:00Z", "--until", "2026-03-02T01:15:00Z"], 1)]
#[case::after(&["--since", "2026-03-02T01:40:00Z"], 1)]
#[case::much_later(&["--since", "2026-03-02T03:00:00Z"], 0)]
fn filters(#[case] words: &[&str], #[case] count: usize) {
    let output = run(&[&["history", "-o", "json"], words].concat(), &both().join("\n"));
    assert_eq!(json(&output)["accesses"].as_array().unwrap().len(), count, "{output:?}");
}

#[test]
fn what_is_not_in_the_log_is_told_as_such() {
    let output = run(&["history", "-o", "wide"], &lines("sentinel-broker").join("\n"));
    assert!(output.stdout.contains(", whose lines are not here"), "{}", output.stdout);
    assert!(output.stdout.lines().next().unwrap().ends_with("SESSION            CLUSTER"), "{}", output.stdout);
    let nothing = run(&["history"], "plain text\n");
    assert_eq!((nothing.stdout.as_str(), nothing.code), ("", 0));
    assert_eq!(
        nothing.stderr,
        "nobody was given credentials, as far as these lines say\nnote: 1 lines read, 1 skipped\n"
    );
}

#[test]
fn wrong_usage_says_how_to_mend_it() {
    for (words, part) in [
        (&["--since", "soon"][..], "--since soon: a duration, as 12h, or a time"),
        (&["--since", "1h", "--until", "2h"], "is not before --until"),
        (&["nowhere.log"], "nowhere.log: "),
        (&["--key-file", "nowhere.key"], "nowhere.key: "),
        (&["-", "-"], "stdin (-) can be read only once"),
    ] {
        let output = run(&[&["history"], words].concat(), "");
        assert!(output.code == 2 && output.stderr.contains(part), "{part}: {output:?}");
    }
}

#[test]
fn signed_lines_are_verified_and_unsigned_ones_are_not_believed() {
    let text =
        [signed(&lines("sentinel-broker"), "broker-0"), signed(&lines("sentinel-operator"), "operator-0")].concat();
    let output = with_key(&["-o", "json"], &text.join("\n"));
    assert_eq!((output.code, json(&output)["accesses"].as_array().unwrap().len()), (0, 2), "{output:?}");
    assert!(output.stderr.ends_with("11 lines read, 0 skipped, 11 with a signature that is right\n"), "{output:?}");
    let plain = run(&["history", "-o", "json"], &text.join("\n"));
    assert_eq!(json(&plain)["accesses"], json(&output)["accesses"], "without a key they are read all the same");
    assert!(plain.stderr.contains("11 signed: --key-file verifies them"), "{plain:?}");

    let unsigned = with_key(&["-o", "json"], &both().join("\n"));
    let value = json(&unsigned);
    assert_eq!(
        (unsigned.code, &value["accesses"], &value["problems_found"]),
        (1, &Value::Array(vec![]), &Value::from(11))
    );
    assert!(unsigned.stderr.starts_with("stdin:1: it is not signed\nstdin:2: "), "{unsigned:?}");
}

#[test]
fn what_was_forged_changed_or_taken_out_is_named() {
    let whole = signed(&both(), "broker-0");
    let told = |lines: &[String], code: u8, part: &str| {
        let output = with_key(&[], &lines.join("\n"));
        assert!(output.code == code && output.stderr.contains(part), "{part}: {output:?}");
    };
    told(&whole, 0, "11 with a signature that is right");
    let mut changed = whole.clone();
    changed[1] = changed[1].replace("api-0", "api-9");
    told(&changed, 1, "stdin:2: its signature (key \"2026\") is wrong: forged, or changed since");
    told(&changed, 1, "stdin:3: 1 line of the same process is missing before it");
    let mut spaced = whole.clone();
    spaced[1] = spaced[1].replacen(",\"signature\"", " ,\"signature\"", 1);
    told(&spaced, 1, "stdin:2: it was signed, and changed since");
    let missing: Vec<String> =
        whole.iter().enumerate().filter(|(at, _)| ![3, 4].contains(at)).map(|(_, line)| line.clone()).collect();
    told(&missing, 1, "stdin:4: 2 lines of the same process are missing before it");
    told(&whole[4..], 0, "note: stdin:1: 4 lines of the same process are before it, which are not here");
    let twice = [&whole[..], &whole[..1]].concat();
    told(&twice, 1, "stdin:12: it was here already, or is older");
}

#[test]
fn keys_are_chosen_by_their_id() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let file = place.path().join(name);
        fs::write(&file, bytes).unwrap();
        file.to_string_lossy().into_owned()
    };
    let (right, wrong, short) = (write("right", SECRET), write("wrong", &[7; 32]), write("short", b"short"));
    let text = signed(&both(), "broker-0").join("\n");
    let code = |keys: &[String]| {
        let words: Vec<&str> = keys.iter().flat_map(|key| ["--key-file", key]).collect();
        run(&[&["history"], &words[..]].concat(), &text)
    };
    assert_eq!(code(&[wrong.clone(), right.clone()]).code, 0);
    assert_eq!(code(&[format!("2026={right}"), format!("2025={wrong}")]).code, 0);
    let other = code(&[format!("2025={right}")]);
    assert!(
        other.code == 1 && other.stderr.contains("signed with key \"2026\", which no --key-file is for"),
        "{other:?}"
    );
    let error = code(&[short]);
    assert!(error.code == 2 && error.stderr.contains("it has 5 bytes"), "{error:?}");
}

/// What a process of its own needs is measured in docs/guide/audit.md; here, that nothing of a log is kept that nobody asked for.
#[test]
fn a_log_that_repeats_itself_is_one_access() {
    let text = format!("{}\n", lines("sentinel-broker")[1]).repeat(20_000);
    let output = run(&["history", "-o", "json"], &text);
    let value = json(&output);
    assert_eq!(
        (&value["lines"]["read"], &value["accesses"][0]["issues"]),
        (&Value::from(20_000), &Value::from(20_000))
    );
}
