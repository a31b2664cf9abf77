//! The globs that a name may meet, found by how they begin or how they end.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::policy::pattern::Pattern;

/// Globs by their literal beginning, or by their literal end, whichever fewer others share: `team-7-*` is found by its
/// beginning, `system:serviceaccount:*:deployer` by its end.
#[derive(Clone, Debug)]
pub(super) struct Globs {
    by_beginning: Ends,
    by_end: Ends,
}

/// Literal ends of globs, each once, sorted from the outside in.
#[derive(Clone, Debug)]
struct Ends {
    side: Side,
    ends: Vec<End>,
}

#[derive(Clone, Debug)]
struct End {
    key: Box<str>,
    /// The place of the longest other key that is a part of this one, from the same outside.
    parent: Option<usize>,
    globs: Vec<Glob>,
}

#[derive(Clone, Debug)]
struct Glob {
    pattern: Pattern,
    rules: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Beginning,
    End,
}

impl Globs {
    /// Of distinct globs, each with its rules.
    pub(super) fn of(globs: HashMap<&Pattern, Vec<u32>>) -> Self {
        let (mut beginnings, mut ends) = (HashMap::new(), HashMap::new());
        for pattern in globs.keys() {
            *beginnings.entry(Side::Beginning.of(pattern)).or_insert(0_usize) += 1;
            *ends.entry(Side::End.of(pattern)).or_insert(0_usize) += 1;
        }
        let fewer_begin_so =
            |pattern: &Pattern| beginnings.get(Side::Beginning.of(pattern)) <= ends.get(Side::End.of(pattern));
        let globs = globs.into_iter().map(|(pattern, rules)| Glob { pattern: pattern.clone(), rules });
        let (by_beginning, by_end): (Vec<_>, Vec<_>) = globs.partition(|glob| fewer_begin_so(&glob.pattern));
        Self { by_beginning: Ends::of(Side::Beginning, by_beginning), by_end: Ends::of(Side::End, by_end) }
    }

    /// Visits the rules of each glob that means `name`.
    pub(super) fn each_for<'a>(&'a self, name: &str, mut visit: impl FnMut(&'a [u32])) {
        for ends in [&self.by_beginning, &self.by_end] {
            ends.each_for(name, |glob| {
                if glob.pattern.matches(name) {
                    visit(&glob.rules);
                }
            });
        }
    }
}

impl Ends {
    fn of(side: Side, mut globs: Vec<Glob>) -> Self {
        globs.sort_by(|one, other| side.order(side.of(&one.pattern), side.of(&other.pattern)));
        let mut made = Self { side, ends: Vec::new() };
        for glob in globs {
            let key = side.of(&glob.pattern);
            if let Some(same) = made.ends.last_mut().filter(|last| *last.key == *key) {
                same.globs.push(glob);
                continue;
            }
            let parent = made.parts_of(key, made.ends.len()).next().map(|(place, _)| place);
            made.ends.push(End { key: key.into(), parent, globs: vec![glob] });
        }
        made
    }

    fn each_for<'a>(&'a self, name: &str, mut visit: impl FnMut(&'a Glob)) {
        let behind = self.ends.partition_point(|end| self.side.order(&end.key, name).is_le());
        self.parts_of(name, behind).for_each(|(_, end)| end.globs.iter().for_each(&mut visit));
    }

    /// The keys that are a part of `name`, longest first; `behind` is the place of the first key that sorts behind it.
    ///
    /// Between a key and what it is a part of, nothing sorts that it isn't a part of too. So they are the last key that
    /// doesn't sort behind the name, or among that one's parents.
    fn parts_of(&self, name: &str, behind: usize) -> impl Iterator<Item = (usize, &End)> {
        let at = |place: Option<usize>| place.and_then(|place| Some((place, self.ends.get(place)?)));
        let up = std::iter::successors(at(behind.checked_sub(1)), move |(_, end)| at(end.parent));
        up.filter(move |(_, end)| self.side.has(name, &end.key))
    }
}

impl Side {
    /// The literal piece of a glob on this side.
    fn of(self, pattern: &Pattern) -> &str {
        let text = pattern.as_str();
        match self {
            Self::Beginning => text.split('*').next(),
            Self::End => text.rsplit('*').next(),
        }
        .unwrap_or_default()
    }

    fn has(self, name: &str, key: &str) -> bool {
        match self {
            Self::Beginning => name.starts_with(key),
            Self::End => name.ends_with(key),
        }
    }

    fn order(self, one: &str, other: &str) -> Ordering {
        match self {
            Self::Beginning => one.cmp(other),
            Self::End => one.bytes().rev().cmp(other.bytes().rev()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::Globs;
    use crate::policy::pattern::Pattern;

    fn found(globs: &Globs, name: &str) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        globs.each_for(name, |rules| found.extend(rules));
        found
    }

    #[test]
    fn a_glob_stands_where_it_has_fewer_neighbours() {
        let patterns: Vec<Pattern> = ["a-*", "b-*", "x:*:api", "x:*:web", "*"].map(|text| text.parse().unwrap()).into();
        let globs = Globs::of(patterns.iter().map(|pattern| (pattern, vec![0])).collect());
        assert_eq!((globs.by_beginning.ends.len(), globs.by_end.ends.len()), (3, 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn finds_just_the_globs_that_mean_the_name(
            patterns in prop::collection::btree_set("[abé:]{0,3}\\*[ab*:]{0,2}[aé:]{0,2}", 0..20),
            name in "[abé:]{0,6}",
        ) {
            let patterns: Vec<Pattern> = patterns.iter().map(|text| text.parse().unwrap()).collect();
            let globs: HashMap<_, _> = patterns.iter().zip(0..).map(|(pattern, rule)| (pattern, vec![rule])).collect();
            let expected = patterns.iter().zip(0..).filter(|(glob, _)| glob.matches(&name)).map(|(_, rule)| rule);
            prop_assert_eq!(found(&Globs::of(globs), &name), expected.collect());
        }
    }
}
