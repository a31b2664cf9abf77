//! One side of the space of requests, users or profiles: which names the rules of both policies don't tell apart.

use std::collections::{BTreeMap, BTreeSet};

use sentinel_core::policy::{Conditions, Pattern, Rule};

use super::TooLarge;
use super::names::{Name, names};

/// A set of rules, by their places: the old policy's, then the new one's.
pub(super) type Bits = Vec<u64>;

/// Names that match the same rules.
pub(super) struct Class {
    /// Those rules, as far as this side goes.
    pub(super) rules: Bits,
    /// Which combinations of patterns, by their place in [`Axis::names`].
    pub(super) members: BTreeSet<usize>,
}

/// One side.
pub(super) struct Axis {
    /// Every pattern, once.
    pub(super) patterns: Vec<Pattern>,
    /// Every combination of them.
    pub(super) names: Vec<Name>,
    /// The names by their rules.
    pub(super) classes: Vec<Class>,
    /// Only this name is asked for.
    pub(super) only: bool,
}

impl Axis {
    pub(super) fn of(
        rules: &[&Rule],
        side: fn(&Conditions) -> &[Pattern],
        only: Option<&str>,
    ) -> Result<Self, TooLarge> {
        let patterns: BTreeSet<&Pattern> = rules.iter().flat_map(|rule| side(&rule.conditions)).collect();
        let patterns: Vec<Pattern> = patterns.into_iter().cloned().collect();
        let names = match only {
            Some(name) => vec![just(name, &patterns)],
            None => names(&patterns)?,
        };
        let classes = classes(&patterns, &names, rules, side);
        Ok(Self { patterns, names, classes, only: only.is_some() })
    }

    /// A name of this class.
    pub(super) fn example(&self, class: &Class) -> &str {
        let first = class.members.first().and_then(|member| self.names.get(*member));
        first.map_or("", |name| name.example.as_str())
    }
}

fn just(name: &str, patterns: &[Pattern]) -> Name {
    let matched = patterns.iter().enumerate().filter(|(_, pattern)| pattern.matches(name));
    Name { example: name.to_owned(), matched: matched.map(|(index, _)| index).collect() }
}

fn classes(patterns: &[Pattern], names: &[Name], rules: &[&Rule], side: fn(&Conditions) -> &[Pattern]) -> Vec<Class> {
    let mut any = vec![0; rules.len().div_ceil(64)];
    let mut of_pattern: BTreeMap<&Pattern, Vec<usize>> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        let listed = side(&rule.conditions);
        if listed.is_empty() {
            set(&mut any, index);
        }
        for pattern in listed {
            of_pattern.entry(pattern).or_default().push(index);
        }
    }
    let mut classes: BTreeMap<Bits, BTreeSet<usize>> = BTreeMap::new();
    for (member, name) in names.iter().enumerate() {
        let mut bits = any.clone();
        let matched = name.matched.iter().filter_map(|index| of_pattern.get(patterns.get(*index)?));
        matched.flatten().for_each(|rule| set(&mut bits, *rule));
        classes.entry(bits).or_default().insert(member);
    }
    classes.into_iter().map(|(rules, members)| Class { rules, members }).collect()
}

fn set(bits: &mut Bits, index: usize) {
    if let Some(word) = bits.get_mut(index / 64) {
        *word |= 1 << (index % 64);
    }
}

/// The rules in both sets.
pub(super) fn both(one: &Bits, other: &Bits) -> Bits {
    one.iter().zip(other).map(|(one, other)| one & other).collect()
}

/// The places in a set.
pub(super) fn places(bits: &Bits) -> impl Iterator<Item = usize> {
    bits.iter()
        .enumerate()
        .flat_map(|(index, word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit))
}
