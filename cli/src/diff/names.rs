//! Which names a set of patterns tells apart: every combination of patterns that some name matches, and such a name.
//!
//! One walk through the automaton of all patterns together. A state is the set of places in the patterns that a beginning of a
//! name can have reached; names that end in states with the same patterns at their end are not told apart.

use std::collections::{BTreeMap, HashSet, VecDeque};

use sentinel_core::policy::Pattern;

use super::TooLarge;

/// States beyond this are more than anybody's policies need.
const MOST_STATES: usize = 300_000;
/// Places in all states together: what bounds the memory.
const MOST_PLACES: usize = 2_000_000;

/// All names that match exactly these patterns.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// One of them, as short as they come.
    pub(super) example: String,
    /// The patterns, by their place in the list; in order.
    pub(super) matched: Vec<usize>,
}

/// What stands at a place of a pattern.
#[derive(Clone, Copy)]
struct Item {
    what: What,
    /// Which part between colons, counted through all patterns.
    part: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Star,
    Char(char),
    End(usize),
}

struct Machine {
    items: Vec<Item>,
    starts: Vec<usize>,
    /// A character that stands for all that no pattern has.
    fresh: char,
}

/// Places, in order.
type State = Vec<usize>;

/// Every combination that some name matches; the last is the one of no pattern at all.
pub(super) fn names(patterns: &[Pattern]) -> Result<Vec<Name>, TooLarge> {
    let machine = Machine::of(patterns);
    let mut found = machine.walk()?;
    let fresh = machine.fresh;
    // More colons than any pattern has: there always are names that nothing matches.
    let colons = patterns.iter().map(|pattern| pattern.as_str().matches(':').count()).max().unwrap_or(0);
    let other = found.remove(&vec![]).filter(|example| !example.is_empty());
    let other = other.unwrap_or_else(|| format!("{fresh}{}", ":".repeat(colons + 1)));
    let mut names: Vec<Name> = found.into_iter().map(|(matched, example)| Name { example, matched }).collect();
    names.push(Name { example: other, matched: vec![] });
    Ok(names)
}

impl Machine {
    fn of(patterns: &[Pattern]) -> Self {
        let (mut items, mut starts, mut part) = (vec![], vec![], 0);
        for (index, pattern) in patterns.iter().enumerate() {
            starts.push(items.len());
            for c in pattern.as_str().chars() {
                let what = if c == '*' && pattern.is_glob() { What::Star } else { What::Char(c) };
                items.push(Item { what, part });
                part += usize::from(c == ':');
            }
            items.push(Item { what: What::End(index), part });
            part += 1;
        }
        let known: std::collections::BTreeSet<char> =
            patterns.iter().flat_map(|pattern| pattern.as_str().chars()).collect();
        let candidates = ('a'..='z').rev().skip(2).chain('\u{e000}'..='\u{f8ff}').chain('\u{20000}'..='\u{2fa1d}');
        let fresh = candidates.into_iter().find(|c| !known.contains(c)).unwrap_or('\u{10fffd}');
        Self { items, starts, fresh }
    }

    /// Breadth first, so that the first name of a combination is a shortest; the empty name counts only if there is no other.
    fn walk(&self) -> Result<BTreeMap<Vec<usize>, String>, TooLarge> {
        let start = self.settle(self.starts.clone());
        let mut found = BTreeMap::new();
        let mut seen = HashSet::from([start.clone()]);
        let mut queue = VecDeque::from([(start.clone(), String::new())]);
        let mut places = 0;
        while let Some((state, name)) = queue.pop_front() {
            if !name.is_empty() {
                found.entry(self.ends(&state)).or_insert_with(|| name.clone());
            }
            for symbol in self.symbols(&state) {
                let next = self.step(&state, symbol);
                let name = || name.chars().chain([symbol]).collect::<String>();
                // Back at the start the name is no longer empty.
                if next == start {
                    found.entry(self.ends(&next)).or_insert_with(name);
                }
                if next.is_empty() || seen.contains(&next) {
                    continue;
                }
                places += next.len();
                if seen.len() >= MOST_STATES || places > MOST_PLACES {
                    return Err(TooLarge::Patterns);
                }
                seen.insert(next.clone());
                queue.push_back((next, name()));
            }
        }
        found.entry(self.ends(&start)).or_default();
        Ok(found)
    }

    /// The characters that lead to different states from here; all others lead where `fresh` leads, or nowhere.
    fn symbols(&self, state: &State) -> Vec<char> {
        let mut symbols: Vec<char> = self
            .at(state)
            .filter_map(|item| match item.what {
                What::Char(c) => Some(c),
                _ => None,
            })
            .collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols.insert(0, self.fresh);
        symbols
    }

    fn step(&self, state: &State, symbol: char) -> State {
        let next = state.iter().filter_map(|place| match self.items.get(*place)?.what {
            What::Star => (symbol != ':').then_some(*place),
            What::Char(c) => (c == symbol).then_some(place + 1),
            What::End(_) => None,
        });
        self.settle(next.collect())
    }

    /// A star may stand for nothing; and where a star was reached, what stands before it in the same part can do nothing
    /// that the star can't.
    fn settle(&self, mut places: Vec<usize>) -> State {
        let mut index = 0;
        while let Some(place) = places.get(index).copied() {
            if self.items.get(place).is_some_and(|item| item.what == What::Star) {
                places.push(place + 1);
            }
            index += 1;
        }
        places.sort_unstable();
        places.dedup();
        let mut star_of = None;
        let mut kept: State = Vec::with_capacity(places.len());
        for place in places.into_iter().rev() {
            let Some(item) = self.items.get(place) else { continue };
            if star_of == Some(item.part) {
                continue;
            }
            if item.what == What::Star {
                star_of = Some(item.part);
            }
            kept.push(place);
        }
        kept.reverse();
        kept
    }

    fn ends(&self, state: &State) -> Vec<usize> {
        let mut ends: Vec<usize> = self
            .at(state)
            .filter_map(|item| match item.what {
                What::End(index) => Some(index),
                _ => None,
            })
            .collect();
        ends.sort_unstable();
        ends
    }

    fn at<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Item> {
        state.iter().filter_map(|place| self.items.get(*place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn matched(patterns: &[Pattern], name: &str) -> Vec<usize> {
        (0..patterns.len()).filter(|index| patterns[*index].matches(name)).collect()
    }

    #[test]
    fn names_what_two_globs_tell_apart() {
        let texts = ["a*", "*a", "a*a", "b"];
        let found: Vec<Vec<usize>> = names(&patterns(&texts)).unwrap().into_iter().map(|name| name.matched).collect();
        // Matching the first two and not the third is the single name `a`.
        assert_eq!(found, [vec![0], vec![0, 1], vec![0, 1, 2], vec![1], vec![3], vec![]]);
    }

    #[test]
    fn thousands_of_names_are_no_matter_and_hostile_globs_are_refused() {
        let many: Vec<Pattern> =
            (0..2000).map(|n| format!("system:serviceaccount:team-{n}:app").parse().unwrap()).collect();
        assert_eq!(names(&many).unwrap().len(), 2001);
        let hostile: Vec<Pattern> = (0..40).map(|n| format!("*{n}-*-{n}*").parse().unwrap()).collect();
        assert_eq!(names(&hostile).unwrap_err(), TooLarge::Patterns);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        /// Examples match what they are examples of, and any name's combination is among those that are found.
        #[test]
        fn every_name_is_of_a_combination_that_is_found(
            texts in proptest::collection::vec("[ab:*]{1,5}", 0..6),
            name in "[abx:*]{0,6}",
        ) {
            let patterns: Vec<Pattern> = texts.iter().map(|text| text.parse().unwrap()).collect();
            let found = names(&patterns).unwrap();
            for each in &found {
                prop_assert_eq!(&matched(&patterns, &each.example), &each.matched, "{:?}", each);
            }
            let combination = matched(&patterns, &name);
            prop_assert_eq!(found.iter().filter(|each| each.matched == combination).count(), 1, "{}", name);
        }
    }
}
