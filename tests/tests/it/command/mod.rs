//! `kubectl sentinel` against a real API server.

mod audit;
mod emergencies;
pub mod people;
mod requests;
mod sessions;

use std::io::{self, Write};

use sentinel_cli::Output;

/// Runs the command, which brings a runtime of its own.
pub async fn sentinel(args: &[&str]) -> Output {
    let words: Vec<String> = ["kubectl-sentinel"].iter().chain(args).map(ToString::to_string).collect();
    tokio::task::spawn_blocking(move || sentinel_cli::run(words, &mut io::empty())).await.unwrap()
}

/// Runs the command until `out` wants no more.
pub async fn sentinel_to(args: &[&str], mut out: impl Write + Send + 'static) -> Output {
    let words: Vec<String> = ["kubectl-sentinel"].iter().chain(args).map(ToString::to_string).collect();
    tokio::task::spawn_blocking(move || sentinel_cli::run_to(words, &mut io::empty(), &mut out)).await.unwrap()
}
