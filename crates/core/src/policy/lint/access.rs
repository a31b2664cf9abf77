//! The checks of an access policy.

use std::rc::Rc;

use super::report::{Place, Report};
use super::taken::Rules;
use super::{Check, order, profiles, unreachable, window};
use crate::policy::effect::Effect;
use crate::policy::pattern::Pattern;
use crate::policy::publish::SERVICE_ACCOUNTS;
use crate::policy::rule::Rule;
use crate::policy::text::excerpt;

/// Every check, rule by rule.
pub(super) fn lint(rules: &[Rule], report: &mut Report<'_>) {
    let work = Rc::clone(&report.work);
    let indexed = Rules::new(rules, &work);
    for (index, rule) in rules.iter().enumerate() {
        let place = Place::new(index, &rule.name);
        lint_order(&indexed, rule, &place, report);
        lint_audience(rule, &place, report);
        profiles::lint(&rule.conditions.profiles, &place, "conditions.profiles", report);
        if let Some(time) = &rule.conditions.time {
            window::lint(time, &place, "conditions.time", grants(rule.effect), report);
        }
        lint_table(rule, &place, report);
        lint_device(rule, &place, report);
        lint_users(rule, &place, report);
    }
}

/// A rule that never decides has no order to speak of.
fn lint_order(rules: &Rules<'_>, rule: &Rule, place: &Place<'_>, report: &mut Report<'_>) {
    let work = Rc::clone(&report.work);
    if let Some(taken) = unreachable::taken(rules, place.index, rule, report.around, &work) {
        return unreachable::note(&taken, place, |other| order::name_of(rules, other), report);
    }
    if let Some(before) = order::allowed_before(rules, place.index, rule, &work) {
        order::note_allowed(&before, place, rules, report);
    }
    if let Some(other) = order::crossed_before(rules, place.index, rule, &work) {
        order::note_crossed(other, place, rules, report);
    }
}

/// Whether nobody needs to be asked.
pub(super) fn grants(effect: Effect) -> bool {
    matches!(effect, Effect::Allow | Effect::RequireServer | Effect::RequireServerSession)
}

/// A rule that asks for a device is for laptops, where the AWS profile itself says who.
fn lint_audience(rule: &Rule, place: &Place<'_>, report: &mut Report<'_>) {
    let conditions = &rule.conditions;
    if !grants(rule.effect) || !conditions.users.is_empty() || conditions.device.is_some() {
        return;
    }
    if conditions.profiles.is_empty() {
        report.note(Check::AnyProfile, place, "", || {
            format!(
                "rule '{}' grants any profile to any user, every pod included: list profiles and users (no list means any)",
                place.name()
            )
        });
    } else {
        report.note(Check::AnyUser, place, "", || {
            format!(
                "rule '{}' grants to any user, every pod included: list users, such as system:serviceaccount:payments:api (no list \
                 means any)",
                place.name()
            )
        });
    }
}

/// Only where it is known that neither the rule, nor the installation, nor any profile that matches names a table.
fn lint_table(rule: &Rule, place: &Place<'_>, report: &mut Report<'_>) {
    let asks = rule.effect == Effect::RequireServerSession && rule.session_table.is_none();
    let (true, Some(false), Some(known)) = (asks, report.around.default_table, &report.around.profiles) else { return };
    let listed = &rule.conditions.profiles;
    let matched = |report: &Report<'_>, has_table: bool| {
        let found = |(_, profile): (&str, super::KnownProfile)| profile.has_table == has_table;
        match listed.as_slice() {
            [] => known.values().any(|profile| profile.has_table == has_table),
            list => list.iter().any(|pattern| profiles::matching(pattern, known, &report.work).any(found)),
        }
    };
    if matched(report, false) && !matched(report, true) && report.work.spend(1) {
        report.note(Check::NoSessionTable, place, "effect", || {
            format!(
                "rule '{}' requires a session table, and there is none: name one in the rule, in the SentinelProfile, or for the \
                 installation (--session-table)",
                place.name()
            )
        });
    }
}

fn lint_device(rule: &Rule, place: &Place<'_>, report: &mut Report<'_>) {
    if rule.conditions.device.is_some() {
        report.note(Check::NeverMatchesPods, place, "conditions.device", || {
            format!(
                "rule '{}' asks for a device, and a pod has none: it never matches one; write another rule for pods",
                place.name()
            )
        });
    }
}

/// A pod is `system:serviceaccount:<namespace>:<name>`. Other names may be those of people, who ask elsewhere; so only what is meant
/// for everybody, or for service accounts, is told.
fn lint_users(rule: &Rule, place: &Place<'_>, report: &mut Report<'_>) {
    for (entry, user) in rule.conditions.users.iter().enumerate() {
        if !is_for_pods(user) || may_be_a_pod(user) || !report.work.spend(user.as_str().len()) {
            continue;
        }
        report.note_entry(Check::NeverMatchesPods, place, "conditions.users", entry, || {
            format!(
                "rule '{}': '{}' matches no pod, which is system:serviceaccount:<namespace>:<name>, and a `*` never crosses a `:`: \
                 write system:serviceaccount:payments:* for all of a namespace, system:serviceaccount:*:* for all",
                place.name(),
                excerpt(user.as_str())
            )
        });
    }
}

fn is_for_pods(user: &Pattern) -> bool {
    let text = user.as_str();
    text.starts_with(SERVICE_ACCOUNTS) || (user.is_glob() && text.chars().all(|c| matches!(c, '*' | ':')))
}

/// Whether it has the parts that a pod's name has, none of which is empty.
fn may_be_a_pod(user: &Pattern) -> bool {
    let mut parts = user.as_str().split(':');
    parts.clone().count() == 4 && parts.all(|part| !part.is_empty())
}
