//! The globs that a name may meet, found by how they begin or how they end.

use std::collections::HashMap;

use crate::policy::pattern::Pattern;

/// Globs by their literal beginning, or by their literal end, whichever fewer others share: `team-7-*` is found by its
/// beginning, `system:serviceaccount:*:deployer` by its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Globs {
    by_beginning: Ends,
    /// Keys, and the names that are looked up here, are reversed.
    by_end: Ends,
}

/// Literal ends of globs, sorted by their bytes.
#[derive(Clone, Debug, Default)]
struct Ends(Vec<End>);

#[derive(Clone, Debug)]
struct End {
    key: Box<[u8]>,
    /// The place of the longest other key with which this one begins.
    parent: Option<usize>,
    globs: Vec<Glob>,
}

#[derive(Clone, Debug)]
struct Glob {
    pattern: Pattern,
    rules: Vec<u32>,
}

impl Globs {
    /// Of distinct globs, each with its rules.
    pub(super) fn of(globs: HashMap<&Pattern, Vec<u32>>) -> Self {
        let (mut beginnings, mut ends) = (HashMap::new(), HashMap::new());
        for pattern in globs.keys() {
            *beginnings.entry(beginning(pattern)).or_insert(0_usize) += 1;
            *ends.entry(end(pattern)).or_insert(0_usize) += 1;
        }
        let (mut by_beginning, mut by_end) = (Vec::new(), Vec::new());
        for (pattern, rules) in globs {
            let glob = Glob { pattern: pattern.clone(), rules };
            if beginnings.get(beginning(pattern)) <= ends.get(end(pattern)) {
                by_beginning.push((beginning(pattern).bytes().collect(), glob));
            } else {
                by_end.push((reversed(end(pattern)), glob));
            }
        }
        Self { by_beginning: Ends::of(by_beginning), by_end: Ends::of(by_end) }
    }

    /// Visits the rules of each glob that means `name`.
    pub(super) fn each_for<'a>(&'a self, name: &str, mut visit: impl FnMut(&'a [u32])) {
        let mut visit_meant = |glob: &'a Glob| {
            if glob.pattern.matches(name) {
                visit(&glob.rules);
            }
        };
        self.by_beginning.each_for(name.as_bytes(), &mut visit_meant);
        if !self.by_end.0.is_empty() {
            self.by_end.each_for(&reversed(name), &mut visit_meant);
        }
    }
}

impl Ends {
    fn of(mut globs: Vec<(Box<[u8]>, Glob)>) -> Self {
        globs.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut ends: Vec<End> = Vec::new();
        for (key, glob) in globs {
            if let Some(same) = ends.last_mut().filter(|last| last.key == key) {
                same.globs.push(glob);
                continue;
            }
            let parent = longest_beginning(&ends, &key);
            ends.push(End { key, parent, globs: vec![glob] });
        }
        Self(ends)
    }

    /// Visits what stands under each key with which `name` begins.
    fn each_for<'a>(&'a self, name: &[u8], visit: &mut impl FnMut(&'a Glob)) {
        // Between a key and what begins with it, nothing sorts that doesn't begin with it too. So all keys with which the
        // name begins are the last one that doesn't sort behind it, or that one's parents.
        let mut place = self.0.partition_point(|end| *end.key <= *name).checked_sub(1);
        while let Some(end) = place.and_then(|place| self.0.get(place)) {
            if name.starts_with(&end.key) {
                end.globs.iter().for_each(&mut *visit);
            }
            place = end.parent;
        }
    }
}

/// The place of the longest of these sorted keys with which `key`, which sorts behind them, begins.
fn longest_beginning(sorted: &[End], key: &[u8]) -> Option<usize> {
    let mut place = sorted.len().checked_sub(1);
    while let Some(end) = place.and_then(|place| sorted.get(place)) {
        if key.starts_with(&end.key) {
            return place;
        }
        place = end.parent;
    }
    None
}

fn beginning(pattern: &Pattern) -> &str {
    pattern.as_str().split('*').next().unwrap_or_default()
}

fn end(pattern: &Pattern) -> &str {
    pattern.as_str().rsplit('*').next().unwrap_or_default()
}

fn reversed(text: &str) -> Box<[u8]> {
    text.bytes().rev().collect()
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
        assert_eq!((globs.by_beginning.0.len(), globs.by_end.0.len()), (3, 2));
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
