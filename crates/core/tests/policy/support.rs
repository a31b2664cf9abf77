//! Words for tests.

use std::fmt::Debug;

use jiff::Timestamp;
use sentinel_core::policy::{AccessPolicy, Decision, Mode, Problems, Request};

/// The policy in a whole document.
pub fn policy(text: &str) -> AccessPolicy {
    AccessPolicy::from_yaml(text).unwrap_or_else(|problems| panic!("{problems:#}\nin\n{text}"))
}

/// The policy of these rules, written as a YAML list.
pub fn rules(list: &str) -> AccessPolicy {
    policy(&document(list))
}

/// A document of these rules.
pub fn document(list: &str) -> String {
    let indented: Vec<String> = list.lines().map(|line| format!("  {line}")).collect();
    format!("version: \"1\"\nrules:\n{}\n", indented.join("\n"))
}

/// The document is a policy.
#[track_caller]
pub fn accepts(text: &str) -> AccessPolicy {
    policy(text)
}

/// The document is none, and the answer has each of `messages`.
#[track_caller]
pub fn rejects(text: &str, messages: &[&str]) {
    refuses(AccessPolicy::from_yaml, text, messages);
}

/// The document is none of the kind that `read` reads, and the answer has each of `messages`.
#[track_caller]
pub fn refuses<P: Debug>(read: impl Fn(&str) -> Result<P, Problems>, text: &str, messages: &[&str]) {
    match read(text) {
        Ok(policy) => panic!("accepted {policy:?}"),
        Err(problems) => {
            let answer = problems.to_string();
            for message in messages {
                assert!(answer.contains(message), "`{message}` is not in `{answer}`");
            }
        }
    }
}

/// The moment.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Monday at noon, UTC.
pub const MONDAY_NOON: &str = "2026-03-02T12:00:00Z";

/// A server-mode request without a table, on Monday at noon.
pub fn request<'a>(user: &'a str, profile: &'a str) -> Request<'a> {
    Request { user, profile, mode: Mode::Server, session_table: None, at: at(MONDAY_NOON) }
}

/// Effect and rule of a decision, in short.
pub fn outcome(decision: &Decision) -> String {
    match decision.index() {
        -1 => format!("{} -", decision.effect),
        index => format!("{} {index}", decision.effect),
    }
}
