//! The arrows of docs/ARCHITECTURE.md: who may use whom. `deny.toml` keeps the AWS SDKs in their room.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Each crate and all that it may use of ours.
const ARROWS: [(&str, &[&str]); 14] = [
    ("sentinel-core", &[]),
    ("sentinel-api", &["sentinel-core"]),
    ("sentinel-decision", &["sentinel-api", "sentinel-core"]),
    ("sentinel-aws", &["sentinel-core"]),
    ("sentinel-runtime", &["sentinel-core"]),
    ("sentinel-operator", &["sentinel-api", "sentinel-aws", "sentinel-core", "sentinel-runtime"]),
    ("sentinel-broker", &["sentinel-api", "sentinel-aws", "sentinel-core", "sentinel-decision", "sentinel-runtime"]),
    ("sentinel-webhook", &["sentinel-api", "sentinel-core", "sentinel-runtime"]),
    ("sentinel-sidecar", &["sentinel-core", "sentinel-runtime"]),
    ("sentinel-cli", &["sentinel-api", "sentinel-core", "sentinel-decision"]),
    ("sentinel-laws", &["sentinel-api", "sentinel-core", "sentinel-runtime", "sentinel-webhook"]),
    ("sentinel-tests", &[]),
    ("sentinel-stories", &[]),
    ("sentinel-scale", &["sentinel-api", "sentinel-aws", "sentinel-core", "sentinel-runtime", "sentinel-sidecar"]),
];

/// What the pure core may use of others: no I/O, no clock, no randomness.
const CORE_MAY_USE: [&str; 8] = ["hex", "hmac", "jiff", "serde", "serde_json", "serde_yaml", "sha2", "thiserror"];

#[test]
fn the_arrows_point_one_way() {
    let used = dependencies();
    for (name, allowed) in ARROWS {
        let ours: BTreeSet<&str> =
            used[name].iter().map(String::as_str).filter(|dependency| dependency.starts_with("sentinel-")).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(ours.is_subset(&allowed), "{name} uses {:?}", ours.difference(&allowed).collect::<Vec<_>>());
    }
    assert_eq!(used.len(), ARROWS.len(), "a crate is missing in the table: {:?}", used.keys());
}

#[test]
fn core_stays_pure() {
    let used = &dependencies()["sentinel-core"];
    let others: Vec<_> = used.iter().filter(|name| !CORE_MAY_USE.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "core uses {others:?}");
}

/// What the broker's decision may use of others: no runtime, no sockets. kube and k8s-openapi are there for the shapes of objects.
const DECISION_MAY_USE: [&str; 8] =
    ["jiff", "k8s-openapi", "kube", "sentinel-api", "sentinel-core", "serde", "serde_json", "thiserror"];

#[test]
fn the_decision_stays_pure() {
    let used = &dependencies()["sentinel-decision"];
    let others: Vec<_> = used.iter().filter(|name| !DECISION_MAY_USE.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "decision uses {others:?}");
}

/// The normal (not dev) dependencies of each crate of the workspace, as their own manifests name them.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), normal(package))).collect()
}

fn normal(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().unwrap();
    let name = |one: &Value| one["rename"].as_str().or(one["name"].as_str()).unwrap().to_owned();
    all.iter().filter(|one| one["kind"].is_null()).map(name).collect()
}
