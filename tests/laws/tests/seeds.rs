//! The seeds of the fuzz targets: every law holds for each of them, without a fuzzer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy.toml frees test functions only, and these are their helpers: a panic is the report"
)]

use std::path::PathBuf;

use sentinel_laws::Law;

/// Asks after a law of every seed of a target; there are some.
fn holds_for_seeds(target: &str, law: fn(&[u8]) -> Law) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let seeds: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!seeds.is_empty(), "{} is empty", folder.display());
    for seed in seeds {
        let bytes = std::fs::read(&seed).unwrap();
        law(&bytes).unwrap_or_else(|broken| panic!("{}: {broken}", seed.display()));
    }
}

#[test]
fn documents() {
    holds_for_seeds("document", sentinel_laws::document);
}

#[test]
fn decisions() {
    holds_for_seeds("decide", sentinel_laws::decide);
}

#[cfg(feature = "objects")]
#[test]
fn manifests() {
    holds_for_seeds("manifest", sentinel_laws::manifest);
}

#[cfg(feature = "objects")]
#[test]
fn admissions() {
    holds_for_seeds("admission", sentinel_laws::admission);
}
