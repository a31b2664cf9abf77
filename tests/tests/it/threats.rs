//! Each test that docs/security.md names exists: a rule without its test is a promise that nobody keeps.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the names begin, and where those tests live.
const PLACES: [(&str, &str); 10] = [
    ("core", "crates/core"),
    ("decision", "crates/decision"),
    ("webhook", "webhook/src"),
    ("broker", "broker/src"),
    ("sidecar", "sidecar"),
    ("operator", "operator/src"),
    ("cli", "cli"),
    ("runtime", "crates/runtime"),
    ("it", "tests/tests/it"),
    ("stories", "e2e/stories/tests/stories"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of all Rust files below `folder`.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.extension() {
            _ if path.is_dir() => sources(&path),
            Some(extension) if extension == "rs" => fs::read_to_string(&path).unwrap(),
            _ => String::new(),
        })
        .collect()
}

/// `place::test` in backticks; a path with more parts is code.
fn named(text: &str) -> Vec<(&str, &str)> {
    let codes = text.split('`').filter_map(|code| code.split_once("::"));
    codes.filter(|(place, test)| PLACES.iter().any(|(known, _)| known == place) && !test.contains("::")).collect()
}

#[test]
fn every_test_that_the_threats_name_exists() {
    let text = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let named = named(&text);
    assert!(named.len() > 60, "only {} tests are named", named.len());
    for (place, folder) in PLACES {
        let sources = sources(&root().join(folder));
        for (_, test) in named.iter().filter(|(at, _)| *at == place) {
            assert!(sources.contains(&format!("fn {test}(")), "there is no {place}::{test} in {folder}");
        }
    }
}
