//! What is told of a document that validates, and what isn't.

use rstest::rstest;
use sentinel_core::policy::lint::{Check, KnownProfile, Lint, Surroundings};
use sentinel_core::policy::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};

use crate::support::document;

mod access;
mod cost;
mod documents;
mod others;
mod properties;

/// Nothing is known.
pub fn nothing() -> Surroundings {
    Surroundings::default()
}

/// These profiles exist; a `+` at the end marks one with a table. The installation has none.
pub fn known(profiles: &[&str]) -> Surroundings {
    let profile = |name: &&str| {
        let has_table = name.ends_with('+');
        (name.trim_end_matches('+').to_owned(), KnownProfile { has_table })
    };
    Surroundings { profiles: Some(profiles.iter().map(profile).collect()), default_table: Some(false) }
}

/// Check and path of each.
pub fn places(lints: &[Lint]) -> Vec<String> {
    lints.iter().map(|lint| format!("{} {}", lint.check, lint.path)).collect()
}

/// What is found in an access policy of these rules by one check, by the indexes of the rules.
pub fn access(list: &str, check: Check, around: &Surroundings) -> Vec<String> {
    of(AccessPolicy::from_yaml(&document(list)).unwrap().lint(around), check)
}

/// The same for the other kinds.
pub fn approval(list: &str, check: Check, around: &Surroundings) -> Vec<String> {
    of(ApprovalPolicy::from_yaml(&document(list)).unwrap().lint(around), check)
}

pub fn break_glass(list: &str, check: Check, around: &Surroundings) -> Vec<String> {
    of(BreakGlassPolicy::from_yaml(&document(list)).unwrap().lint(around), check)
}

pub fn rate_limit(list: &str, check: Check, around: &Surroundings) -> Vec<String> {
    of(RateLimitPolicy::from_yaml(&document(list)).unwrap().lint(around), check)
}

fn of(lints: Vec<Lint>, check: Check) -> Vec<String> {
    lints.into_iter().filter(|lint| lint.check == check).map(|lint| lint.path).collect()
}

#[rstest]
fn a_finding_says_where_what_and_by_which_check() {
    let policy = AccessPolicy::from_yaml(&document("- {name: all, effect: allow}\n- {name: b, effect: deny}")).unwrap();
    let lints = policy.lint(&nothing());
    assert_eq!(places(&lints), ["any-profile rules[0]", "unreachable-rule rules[1]"]);
    assert_eq!(
        lints[1].to_string(),
        "rules[1]: rule 'b' never decides: rule 'all' before it already matches all that it matches: move it up, narrow what is \
         before it, or remove it (unreachable-rule)"
    );
}
