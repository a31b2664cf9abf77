//! Publishing the kinds whose rules are found by the profile alone.
//!
//! There a glob is never expanded: who reads the expansion before a new profile is in it goes on to a later rule, with other
//! approvers, users or limits, or to none, which to some evaluators means anybody.

use super::super::approval::{ApprovalPolicy, ApprovalRule};
use super::super::break_glass::{BreakGlassPolicy, BreakGlassRule};
use super::super::by_profile::ProfileRule;
use super::super::document;
use super::super::problem::{Problem, Problems};
use super::super::rate_limit::{RateLimitPolicy, RateLimitRule};
use super::super::spelling::Spelling;
use super::super::text::excerpt;
use super::{harmless, name_zone, templates};
use crate::time::GoDuration;

/// A name that nobody has: no identity of AWS has brackets.
const NOBODY: &str = "(nobody)";

/// Ten years: nobody waits that long, and every evaluator can subtract it from a date.
const TEN_YEARS: GoDuration = GoDuration::from_secs(87_600 * 3600);

/// The document to publish. A glob of users may stay: taken literally it names nobody. Where no rule matches nobody approves
/// here, and anybody elsewhere, so a last rule says it.
pub fn portable_approval(policy: &ApprovalPolicy) -> Result<String, Problems> {
    portable(policy.rules(), |name| Some(nobody_approves(name)))
}

/// The document to publish, likewise with a last rule by which nobody else may.
pub fn portable_break_glass(policy: &BreakGlassPolicy) -> Result<String, Problems> {
    portable(policy.rules(), |name| Some(nobody_breaks(name)))
}

/// The document to publish.
pub fn portable_rate_limit(policy: &RateLimitPolicy) -> Result<String, Problems> {
    portable(policy.rules(), |_| None)
}

/// A document by which nobody approves anything, and which says why: it replaces one that can't be published.
pub fn refuse_approval(reason: &str) -> String {
    ApprovalPolicy::of(vec![nobody_approves(because(reason))]).to_yaml()
}

/// A document by which nobody may break the glass, and which says why: it replaces one that can't be published.
pub fn refuse_break_glass(reason: &str) -> String {
    BreakGlassPolicy::of(vec![nobody_breaks(because(reason))]).to_yaml()
}

/// The tightest limits that the language has, and why: they replace a document that can't be published. None at all can't be
/// said; it is once in ten years.
pub fn tightest_rate_limit(reason: &str) -> String {
    let rule = RateLimitRule {
        name: because(reason),
        profiles: vec![],
        cooldown: Some(TEN_YEARS),
        max_per_user: Some(1),
        max_per_profile: Some(1),
        quota_window: Some(TEN_YEARS),
        escalation_threshold: Some(1),
    };
    RateLimitPolicy::of(vec![rule]).to_yaml()
}

fn because(reason: &str) -> String {
    harmless(&format!("not-published: {reason}"))
}

fn nobody_approves(name: String) -> ApprovalRule {
    ApprovalRule { name, profiles: vec![], approvers: vec![NOBODY.to_owned()], auto_approve: None }
}

fn nobody_breaks(name: String) -> BreakGlassRule {
    BreakGlassRule {
        name,
        profiles: vec![],
        users: NOBODY.parse().into_iter().collect(),
        allowed_reason_codes: vec![],
        time: None,
        max_duration: None,
    }
}

/// `rest` makes the rule for profiles that no rule names.
fn portable<R: ProfileRule>(rules: &[R], rest: impl FnOnce(String) -> Option<R>) -> Result<String, Problems> {
    let found: Vec<Problem> =
        globs(rules).chain(templates(&document::node(rules).to_value(Spelling::Manifest))).collect();
    let mut rules = rules.to_vec();
    rules.iter_mut().filter_map(R::window).for_each(name_zone);
    if !rules.iter().any(|rule| rule.profiles().is_empty()) {
        rules.extend(rest(free_name(&rules)));
    }
    Problems::refuse(found, document::node(&rules).to_yaml(Spelling::Document))
}

fn free_name<R: ProfileRule>(rules: &[R]) -> String {
    let mut name = "no-rule-for-this-profile".to_owned();
    while rules.iter().any(|rule| rule.name() == name) {
        name.push('-');
    }
    name
}

fn globs<R: ProfileRule>(rules: &[R]) -> impl Iterator<Item = Problem> {
    rules.iter().enumerate().flat_map(|(index, rule)| {
        let globs = rule.profiles().iter().enumerate().filter(|(_, profile)| profile.is_glob());
        globs.map(move |(entry, glob)| {
            let glob = excerpt(glob.as_str());
            let message = format!(
                "the glob '{glob}' in profiles of a rule of the {} is not portable, since evaluators outside the cluster \
                 compare literally and would go on to another rule: name the profiles one by one, or set publish: false",
                R::KIND
            );
            Problem::new(format!("rules[{index}].profiles[{entry}]"), message)
        })
    })
}
