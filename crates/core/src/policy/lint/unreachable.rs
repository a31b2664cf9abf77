//! Rules that never decide.

use std::collections::BTreeSet;

use super::index::Index;
use super::profiles::matching;
use super::report::{Place, Report, Work};
use super::rule_set::RuleSet;
use super::taken::Rules;
use super::when::When;
use super::{Check, Surroundings};
use crate::policy::by_profile::ProfileRule;
use crate::policy::effect::Effect;
use crate::policy::pattern::Pattern;
use crate::policy::rule::Rule;
use crate::policy::text::excerpt;

/// What takes a rule's requests away.
pub(super) struct Taken {
    /// The earlier rules.
    by: BTreeSet<usize>,
    /// Only of the profiles that exist.
    of_known: bool,
}

/// The earlier rules that take everything from a rule of an access policy. A window that is never open is told elsewhere.
pub(super) fn taken(rules: &Rules<'_>, index: usize, rule: &Rule, around: &Surroundings, work: &Work) -> Option<Taken> {
    if rules.when.get(index) == Some(&When::Never) {
        return None;
    }
    let listed: Vec<&str> = rule.conditions.profiles.iter().map(Pattern::as_str).collect();
    if let Some(by) = rules.takers(index, rule, &listed) {
        return Some(Taken { by, of_known: false });
    }
    let known = Some(around)
        .filter(|_| rule.effect != Effect::Deny)
        .and_then(|around| expand(&rule.conditions.profiles, around, work))?;
    rules.takers(index, rule, &known).map(|by| Taken { by, of_known: true })
}

/// Says so.
pub(super) fn note(taken: &Taken, place: &Place<'_>, name_of: impl Fn(usize) -> String, report: &mut Report<'_>) {
    report.note(Check::UnreachableRule, place, "", || {
        let known = if taken.of_known { " on the profiles that exist" } else { "" };
        format!(
            "rule '{}' never decides: {} before it already match{} all that it matches{known}: move it up, narrow what is \
             before it, or remove it",
            place.name(),
            listed(&taken.by, name_of),
            if taken.by.len() == 1 { "es" } else { "" }
        )
    });
}

/// Rules of which the first whose profiles match counts.
pub(super) struct ByProfile<'a, R> {
    rules: &'a [R],
    index: Index<'a>,
    /// A rule that limits waits for profiles to come; one that gives, gives to those that exist.
    limits: bool,
}

impl<'a, R: ProfileRule> ByProfile<'a, R> {
    pub(super) fn new(rules: &'a [R], limits: bool) -> Self {
        let lists: Vec<&[Pattern]> = rules.iter().map(ProfileRule::profiles).collect();
        Self { rules, index: Index::new(&lists), limits }
    }

    /// Checks one of them.
    pub(super) fn lint(&self, place: &Place<'_>, report: &mut Report<'_>) {
        let Some(taken) = self.taken(place.index, report.around, &report.work) else { return };
        note(
            &taken,
            place,
            |other| self.rules.get(other).map(|rule| rule.name().to_owned()).unwrap_or_default(),
            report,
        );
    }

    fn taken(&self, index: usize, around: &Surroundings, work: &Work) -> Option<Taken> {
        let profiles = self.rules.get(index)?.profiles();
        let earlier = RuleSet::of(self.rules.len(), |other| other < index);
        let listed: Vec<&str> = profiles.iter().map(Pattern::as_str).collect();
        if let Some(by) = takers(&self.index, &listed, &earlier, work) {
            return Some(Taken { by, of_known: false });
        }
        let known = Some(around).filter(|_| !self.limits).and_then(|around| expand(profiles, around, work))?;
        takers(&self.index, &known, &earlier, work).map(|by| Taken { by, of_known: true })
    }
}

fn takers(index: &Index<'_>, profiles: &[&str], earlier: &RuleSet, work: &Work) -> Option<BTreeSet<usize>> {
    if profiles.is_empty() {
        return index.any().and(earlier).iter().next().map(|taker| BTreeSet::from([taker]));
    }
    profiles.iter().map(|profile| index.covering(profile, work)?.and(earlier).iter().next()).collect()
}

/// What a list of profiles with globs means now: the known names instead of each glob. None if there is nothing to expand, or
/// a glob that matches nothing or is meant for everything.
fn expand<'a>(profiles: &'a [Pattern], around: &'a Surroundings, work: &'a Work) -> Option<Vec<&'a str>> {
    let known = around.profiles.as_ref().filter(|_| profiles.iter().any(Pattern::is_glob))?;
    let mut names = Vec::new();
    for profile in profiles {
        let before = names.len();
        if !profile.is_glob() {
            names.push(profile.as_str());
        } else if profile.as_str().chars().any(|c| c != '*') {
            names.extend(matching(profile, known, work).map(|(name, _)| name));
        }
        (names.len() > before && work.spend(1)).then_some(())?;
    }
    Some(names)
}

/// `rule 'a'`, or `rules 'a', 'b' and 2 others`.
fn listed(rules: &BTreeSet<usize>, name_of: impl Fn(usize) -> String) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = rules.iter().take(SHOWN).map(|rule| format!("'{}'", excerpt(&name_of(*rule)))).collect();
    let more = rules.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} {}{more}", if rules.len() == 1 { "rule" } else { "rules" }, names.join(", "))
}
