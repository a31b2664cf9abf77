//! What people do by `kubectl sentinel`, and what the signed log says of it afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::cluster::{LEASE_AND_A_SECOND, Place, kubectl, sentinel, until};
use crate::people::Person;
use crate::{approvals, emergencies};

/// What broker and operator have written, a file a pod.
fn logs(place: &Place) -> Vec<String> {
    let folder = target().join(&place.name);
    fs::create_dir_all(&folder).unwrap();
    let selector = "app.kubernetes.io/name in (sentinel-broker, sentinel-operator)";
    let names = kubectl(["-n", "sentinel-system", "get", "pods", "-l", selector, "-o", "name"]).unwrap();
    let save = |name: &str| {
        let file = folder.join(name.replace('/', "-"));
        fs::write(&file, kubectl(["-n", "sentinel-system", "logs", name]).unwrap()).unwrap();
        file.to_str().unwrap().to_owned()
    };
    names.lines().map(save).collect()
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/stories")
}

/// `kubectl sentinel history`, by the key of this installation: the accesses of the place, how it ended, and what it says of the lines.
fn history(place: &Place, files: &[String]) -> (Vec<Value>, i32, String) {
    let key = target().join("audit.key");
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let ask = ["history", "-o", "json", "--profile", &place.name, "--key-file", key.to_str().unwrap()];
    let (stdout, stderr, code) = sentinel(&[&ask[..], &files].concat());
    let told: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
    (told["accesses"].as_array().unwrap().clone(), code, stderr)
}

fn does(who: &Person, place: &Place, arguments: &[&str], says: &str) {
    let (said, code) = who.sentinel(place, arguments);
    assert!(code == 0 && said.contains(says), "{arguments:?} ended with {code}, expected `{says}`: {said}");
}

#[test]
fn people_ask_and_decide_by_command_and_the_signed_log_tells_by_whose_approval_and_what_was_changed_in_it() {
    let place = Place::shared();
    let (asks, approves) = (Person::who_is("sentinel-requester", &place), Person::who_is("sentinel-approver", &place));
    approvals::governed(&place, &approves.user);
    place.pod("migrate", |_| ()).unwrap();
    let ask = |name: &'static str| {
        let why = ["--justification", "move the invoices table, ticket 7"];
        let what =
            ["request", "--name", name, "--profile", &place.name, "--service-account", "migrate", "--duration", "1h"];
        asks.sentinel(&place, &[&what[..], &why, &["--timeout", "0s"]].concat())
    };
    for name in ["ticket-1", "ticket-2", "ticket-3"] {
        let (said, code) = ask(name);
        assert!(code == 0 && said.contains(&format!("requested: AccessRequest {name}")), "{code}: {said}");
    }
    does(&approves, &place, &["requests"], "ticket-2");
    let (said, code) = asks.sentinel(&place, &["approve", "ticket-1", "-y"]);
    assert!(code != 0, "nobody decides their own: {said}");
    does(&asks, &place, &["cancel", "ticket-3", "--comment", "not needed"], "ticket-3");
    does(&approves, &place, &["deny", "ticket-2", "--comment", "twice"], "ticket-2");
    does(&approves, &place, &["approve", "ticket-1", "-y", "--comment", "go"], "ticket-1");
    place.ready("migrate");
    place.calls("migrate", "assumed-role", LEASE_AND_A_SECOND * 2);

    let mut files = Vec::new();
    until("the access in the log", LEASE_AND_A_SECOND * 2, || {
        files = logs(&place);
        let (accesses, code, notes) = history(&place, &files);
        assert_eq!(code, 0, "every line is signed, and none is missing: {notes}");
        let told = accesses.iter().find(|access| access["approval"]["approver"] == approves.user.as_str());
        let told = told.ok_or_else(|| format!("{accesses:?} {notes}"))?;
        assert_eq!(told["approval"]["requester"], asks.user.as_str());
        Ok(())
    });
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        fs::write(file, text.replace(&approves.user, "somebody-else")).unwrap();
    }
    let (_, code, notes) = history(&place, &files);
    assert!(code == 1 && notes.contains("changed since"), "{code}: {notes}");
}

#[test]
fn people_break_close_and_review_by_command() {
    let place = Place::shared();
    let oncall = Person::who_is("sentinel-break-glass", &place);
    let reviewer = Person::named(&format!("reviewer-{}", place.name), "sentinel-break-glass", &[], &place);
    emergencies::governed(&place, &oncall.user);
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    let what = ["break-glass", "--name", "drain", "--reason-code", "incident", "--profile", &place.name];
    let why =
        ["--service-account", "api", "--duration", "30m", "--justification", "drain the queue by hand, it is full"];
    does(&oncall, &place, &[&what[..], &why, &["-y"]].concat(), "kubectl sentinel close drain");
    place.calls("api", "assumed-role", LEASE_AND_A_SECOND * 2);
    does(&oncall, &place, &["close", "drain", "--reason", "drained"], "drain");
    place.calls("api", "frozen", LEASE_AND_A_SECOND * 2);
    does(&reviewer, &place, &["events", "--unreviewed"], "drain");
    does(&reviewer, &place, &["review", "drain", "--note", "the consumer leaked, ticket 9"], "drain");
    let (said, _) = reviewer.sentinel(&place, &["events", "--unreviewed"]);
    assert!(!said.contains("drain "), "{said}");

    until("the emergency in the log", Duration::from_secs(12), || {
        let (accesses, code, notes) = history(&place, &logs(&place));
        assert_eq!(code, 0, "{notes}");
        let told = accesses.iter().find(|access| access["emergency"]["invoker"] == oncall.user.as_str());
        told.map(|_| ()).ok_or_else(|| format!("{accesses:?} {notes}"))
    });
}
