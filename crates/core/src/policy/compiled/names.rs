//! From a name to the rules that list it: one index for profiles, and one for users.

use std::collections::HashMap;

use super::globs::Globs;
use super::postings::Postings;
use crate::policy::pattern::Pattern;

/// For one condition, which rules a name meets. Each list of rules is ascending.
#[derive(Clone, Debug)]
pub(super) struct Names {
    literals: HashMap<Box<str>, Vec<u32>>,
    /// Rules that don't ask.
    any: Vec<u32>,
    globs: Globs,
}

impl Names {
    /// Of rules in ascending order, each with its list, of which an empty one means any name.
    pub(super) fn of<'a>(rules: impl Iterator<Item = (u32, &'a [Pattern])>) -> Self {
        let (mut literals, mut any, mut globs) = (HashMap::new(), Vec::new(), HashMap::new());
        for (rule, patterns) in rules {
            if patterns.is_empty() {
                any.push(rule);
            }
            for pattern in patterns {
                if pattern.is_glob() {
                    add(globs.entry(pattern).or_default(), rule);
                } else {
                    add(literals.entry(Box::from(pattern.as_str())).or_default(), rule);
                }
            }
        }
        Self { literals, any, globs: Globs::of(globs) }
    }

    /// The rules that `name` meets.
    pub(super) fn rules_for(&self, name: &str) -> Postings<'_> {
        let literal = self.literals.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut postings = Postings::new(literal, &self.any);
        self.globs.each_for(name, |rules| postings.push(rules));
        postings
    }
}

/// A rule may list the same name twice.
fn add(listing: &mut Vec<u32>, rule: u32) {
    if listing.last() != Some(&rule) {
        listing.push(rule);
    }
}
