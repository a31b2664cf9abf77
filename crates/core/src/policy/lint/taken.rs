//! What earlier rules leave of a rule of an access policy.

use std::collections::BTreeSet;

use super::index::Index;
use super::report::Work;
use super::rule_set::RuleSet;
use super::when::{Span, When};
use crate::policy::effect::Mode;
use crate::policy::pattern::Pattern;
use crate::policy::rule::Rule;

/// The rules of a document, indexed.
pub(super) struct Rules<'a> {
    pub(super) all: &'a [Rule],
    pub(super) profiles: Index<'a>,
    pub(super) users: Index<'a>,
    pub(super) when: Vec<When<'a>>,
    modes: Vec<RuleSet>,
    /// Those that match at some time, and not only with a device of which nothing is known.
    live: RuleSet,
    work: &'a Work,
}

impl<'a> Rules<'a> {
    pub(super) fn new(all: &'a [Rule], work: &'a Work) -> Self {
        let profiles: Vec<_> = all.iter().map(|rule| rule.conditions.profiles.as_slice()).collect();
        let users: Vec<_> = all.iter().map(|rule| rule.conditions.users.as_slice()).collect();
        let when: Vec<_> = all.iter().map(|rule| When::of(rule.conditions.time.as_ref())).collect();
        let rule_has = |has: &dyn Fn(&Rule) -> bool| RuleSet::of(all.len(), |rule| all.get(rule).is_some_and(has));
        let in_mode = |mode: &Mode| rule_has(&|rule| modes(rule).contains(mode));
        let matches = |rule: usize| when.get(rule).is_some_and(|when| *when != When::Never);
        let live = RuleSet::of(all.len(), matches).and(&rule_has(&|rule| rule.conditions.device.is_none()));
        let modes = Mode::ALL.iter().map(in_mode).collect();
        Self { all, profiles: Index::new(&profiles), users: Index::new(&users), when, modes, live, work }
    }

    /// The live rules before one.
    pub(super) fn earlier(&self, index: usize) -> RuleSet {
        self.live.before(index)
    }

    /// Of `rules`, those that match in every mode in which `rule` does.
    pub(super) fn in_all_modes(&self, rule: &Rule, rules: &RuleSet) -> RuleSet {
        self.modes_of(rule).fold(rules.clone(), |left, mode| left.and(mode))
    }

    /// Of `rules`, those that match in some mode in which `rule` does.
    pub(super) fn in_some_mode(&self, rule: &Rule, rules: &RuleSet) -> RuleSet {
        let mut some = RuleSet::none(self.all.len());
        self.modes_of(rule).for_each(|mode| some.add(mode));
        some.and(rules)
    }

    fn modes_of<'r>(&'r self, rule: &'r Rule) -> impl Iterator<Item = &'r RuleSet> {
        let sets = Mode::ALL.iter().zip(&self.modes);
        sets.filter(|(mode, _)| modes(rule).contains(mode)).map(|(_, set)| set)
    }

    /// The rules before `index` that together match whatever it does; none if there are none for sure. `profiles` are its
    /// own, or what is known to be all that they mean.
    pub(super) fn takers(&self, index: usize, rule: &Rule, profiles: &[&str]) -> Option<BTreeSet<usize>> {
        let when = self.when.get(index)?;
        let earlier = self.earlier(index);
        let users: Vec<&str> = rule.conditions.users.iter().map(Pattern::as_str).collect();
        let profiles = self.distinct(&self.profiles, profiles, &earlier)?;
        let users = self.distinct(&self.users, &users, &earlier)?;
        self.one_taker(rule, when, &profiles, &users)
            .map(|taker| BTreeSet::from([taker]))
            .or_else(|| self.takers_of_each(rule, when, &profiles, &users))
    }

    /// For each entry the earlier rules that cover it, each such set once; none if some entry has none. An empty list is one
    /// entry, which only empty lists cover.
    fn distinct(&self, index: &Index<'_>, entries: &[&str], earlier: &RuleSet) -> Option<Vec<RuleSet>> {
        let mut sets = BTreeSet::new();
        if entries.is_empty() {
            sets.insert(Some(index.any().and(earlier)).filter(|set| !set.is_empty())?);
        }
        for entry in entries {
            let set = index.covering(entry, self.work)?.and(earlier);
            sets.insert(Some(set).filter(|set| !set.is_empty())?);
        }
        Some(sets.into_iter().collect())
    }

    fn one_taker(&self, rule: &Rule, when: &When<'_>, profiles: &[RuleSet], users: &[RuleSet]) -> Option<usize> {
        let all = profiles.iter().chain(users).fold(self.earlier(self.all.len()), |left, set| left.and(set));
        self.in_all_modes(rule, &all).iter().find(|taker| self.covers_time(*taker, when))
    }

    fn takers_of_each(
        &self,
        rule: &Rule,
        when: &When<'_>,
        profiles: &[RuleSet],
        users: &[RuleSet],
    ) -> Option<BTreeSet<usize>> {
        let mut takers = BTreeSet::new();
        for profile in profiles {
            for user in users {
                for mode in self.modes_of(rule) {
                    self.work.spend(profile.words() * 4).then_some(())?;
                    takers.extend(self.fill(when, &profile.and(user).and(mode))?);
                }
            }
        }
        Some(takers)
    }

    pub(super) fn covers_time(&self, taker: usize, when: &When<'_>) -> bool {
        self.work.spend(4) && self.when.get(taker).is_some_and(|own| own.covers(when))
    }

    /// One of `rules`, or some of them together, that are open whenever `when` is.
    fn fill(&self, when: &When<'_>, rules: &RuleSet) -> Option<Vec<usize>> {
        if let Some(one) = rules.iter().find(|rule| self.covers_time(*rule, when)) {
            return Some(vec![one]);
        }
        let spans = rules.iter().filter_map(|rule| match self.when.get(rule)? {
            When::Within(span) => Some((rule, *span)),
            _ => None,
        });
        let spans: Vec<(usize, Span<'a>)> = spans.collect();
        let zones: BTreeSet<&str> = spans.iter().map(|(_, span)| span.zone).collect();
        zones.into_iter().find_map(|zone| {
            let wanted = match when {
                When::Within(span) => *span,
                _ => Span::always(zone),
            };
            self.work.spend(spans.len() * 16).then_some(())?;
            let (rules, mut spans): (Vec<_>, Vec<_>) =
                spans.iter().copied().filter(|(_, span)| span.zone == zone && span.meets(&wanted)).unzip();
            wanted.is_covered_by(&mut spans).then_some(rules)
        })
    }
}

/// The modes in which it can match.
fn modes(rule: &Rule) -> &[Mode] {
    match rule.conditions.mode.as_slice() {
        [] => Mode::ALL,
        modes => modes,
    }
}
