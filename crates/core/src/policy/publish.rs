//! What goes into SSM, for evaluators outside the cluster.
//!
//! They compare literally, take the local zone where none is given, and refuse a rule without any condition. What is
//! published must mean to them what the policy means here, and never more.

use serde_json::Value;

use super::access::AccessPolicy;
use super::effect::Effect;
use super::path::Path;
use super::pattern::Pattern;
use super::problem::{Problem, Problems};
use super::rule::{Conditions, Rule};
use super::spelling::Spelling;
use super::text::{excerpt, is_invisible};
use crate::time::TimeWindow;

mod by_profile;

pub use by_profile::{
    portable_approval, portable_break_glass, portable_rate_limit, refuse_approval, refuse_break_glass,
    tightest_rate_limit,
};

/// Bytes that a standard parameter of SSM holds.
pub const STANDARD_LIMIT: usize = 4096;
/// Bytes that an advanced parameter of SSM holds.
pub const ADVANCED_LIMIT: usize = 8192;

/// Users of pods: no evaluator outside the cluster ever sees one.
pub(super) const SERVICE_ACCOUNTS: &str = "system:serviceaccount:";

/// The document to publish. Profile globs of `allow` rules become the known profiles that they match, and a rule that matches
/// none is left out, since an empty list would mean any. A glob on any other effect is a problem: taken literally it matches
/// nothing, and a rule that refuses would refuse nobody. So is any glob on an `allow` with a cap: whoever it means elsewhere
/// would get a later rule without one.
pub fn portable(policy: &AccessPolicy, known_profiles: &[&str]) -> Result<String, Problems> {
    let mut known = known_profiles.to_vec();
    known.sort_unstable();
    known.dedup();
    let rules: Vec<Rule> = policy.rules().iter().filter_map(|rule| translate(rule, &known)).collect();
    let found: Vec<Problem> = stray_globs(policy).chain(templates(&policy.to_value(Spelling::Manifest))).collect();
    let document = match rules.as_slice() {
        [] => deny_all("no rule of this policy matches a profile that is known"),
        _ => AccessPolicy::of(rules).to_yaml(),
    };
    Problems::refuse(found, document)
}

/// A document of one rule that denies everything and says why: it replaces a document that can't be published.
pub fn deny_all(reason: &str) -> String {
    let rule = Rule {
        name: "not-published".to_owned(),
        effect: Effect::Deny,
        session_table: None,
        conditions: explicit(Conditions::default()),
        reason: harmless(reason),
        max_server_duration: None,
    };
    AccessPolicy::of(vec![rule]).to_yaml()
}

/// Whether `document` fits into `limit` bytes.
pub fn check_size(document: &str, limit: usize) -> Result<(), Problem> {
    if document.len() <= limit {
        return Ok(());
    }
    let hint = if limit < ADVANCED_LIMIT { ", allow the advanced tier (8192 bytes)" } else { "" };
    let size = document.len();
    let message = format!(
        "the published document has {size} bytes, and {limit} fit: split or shorten the policy{hint}, or set publish: false"
    );
    Err(Problem::new("", message))
}

fn translate(rule: &Rule, known: &[&str]) -> Option<Rule> {
    let mut rule = rule.clone();
    if rule.effect == Effect::Allow && !rule.conditions.profiles.is_empty() {
        rule.conditions.profiles = expand(&rule.conditions.profiles, known);
        if rule.conditions.profiles.is_empty() {
            return None;
        }
    }
    rule.conditions = explicit(rule.conditions);
    Some(rule)
}

/// Each glob gives way to the known profiles that it matches; nothing is named twice.
fn expand(profiles: &[Pattern], known: &[&str]) -> Vec<Pattern> {
    let mut expanded: Vec<Pattern> = Vec::new();
    for profile in profiles {
        let matching = known.iter().filter(|name| profile.matches(name)).filter_map(|name| name.parse().ok());
        let literals: Vec<Pattern> = if profile.is_glob() {
            matching.filter(|name: &Pattern| !name.is_glob()).collect()
        } else {
            vec![profile.clone()]
        };
        for literal in literals {
            if !expanded.contains(&literal) {
                expanded.push(literal);
            }
        }
    }
    expanded
}

/// The same conditions, without what other evaluators understand differently.
fn explicit(mut conditions: Conditions) -> Conditions {
    if let Some(window) = &mut conditions.time {
        name_zone(window);
    }
    // An empty window matches always, and is a condition to those who want one.
    if conditions.profiles.is_empty() && conditions.users.is_empty() {
        conditions.time.get_or_insert_with(TimeWindow::default);
    }
    conditions
}

/// Others take their local zone where none is named.
fn name_zone(window: &mut TimeWindow) {
    if !window.is_always() && window.timezone.is_none() {
        window.timezone = "UTC".parse().ok();
    }
}

fn stray_globs(policy: &AccessPolicy) -> impl Iterator<Item = Problem> {
    policy.rules().iter().enumerate().flat_map(|(index, rule)| {
        let Conditions { profiles, users, .. } = &rule.conditions;
        // Those of `allow` are expanded; but past a cap a profile that isn't known here would go on to a later rule.
        let expands = rule.effect == Effect::Allow && (!narrows(rule) || is_for_pods(users));
        let profiles = profiles.iter().enumerate().filter(move |_| !expands);
        let profiles = profiles.filter(|(_, glob)| glob.is_glob()).map(|(entry, glob)| ("profiles", entry, glob));
        let users = users.iter().enumerate().filter(|_| narrows(rule));
        let users = users.filter(|(_, glob)| glob.is_glob() && !glob.as_str().starts_with(SERVICE_ACCOUNTS));
        let users = users.map(|(entry, glob)| ("users", entry, glob));
        profiles.chain(users).map(move |(key, entry, glob)| {
            let place = format!("rules[{index}].conditions.{key}[{entry}]");
            Problem::new(place, not_portable(glob, rule, key))
        })
    })
}

/// Whether those who go on to a later rule may get more: an allow with a cap narrows what a later one without it gives.
fn narrows(rule: &Rule) -> bool {
    rule.effect != Effect::Allow || rule.max_server_duration.is_some_and(|cap| !cap.is_zero())
}

/// Whether it is about users alone whom no evaluator outside the cluster ever sees.
fn is_for_pods(users: &[Pattern]) -> bool {
    !users.is_empty() && users.iter().all(|user| user.as_str().starts_with(SERVICE_ACCOUNTS))
}

fn not_portable(glob: &Pattern, rule: &Rule, key: &str) -> String {
    let glob = excerpt(glob.as_str());
    let effect = rule.effect;
    let cap = if effect == Effect::Allow { " with a max_server_duration" } else { "" };
    format!(
        "the glob '{glob}' on a rule of effect {effect}{cap} is not portable, since evaluators outside the cluster compare \
         literally: name the {key} one by one, or set publish: false"
    )
}

/// SSM refuses `{{`, which begins a reference to another parameter.
fn templates(policy: &Value) -> impl Iterator<Item = Problem> {
    let mut found = Vec::new();
    each_text(policy, &Path::Root, &mut |path, text| {
        if text.contains("{{") {
            found.push(Problem::new(
                path.to_string(),
                "SSM refuses {{ in a parameter: write it another way, or set publish: false",
            ));
        }
    });
    found.into_iter()
}

fn each_text(value: &Value, path: &Path<'_>, visit: &mut impl FnMut(&Path<'_>, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                each_text(entry, &Path::Index(path, index), visit);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                each_text(field, &Path::Key(path, key), visit);
            }
        }
        _ => {}
    }
}

/// A reason that can be published whatever was in it: one visible line of at most 512 characters without `{{`.
fn harmless(reason: &str) -> String {
    const LENGTH: usize = 512;
    let mut line = String::new();
    for c in reason.chars().take(LENGTH) {
        if c == '{' && line.ends_with('{') {
            line.push(' ');
        }
        line.push(if is_invisible(c) { ' ' } else { c });
    }
    line
}
