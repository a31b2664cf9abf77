//! Which rules' lists cover a pattern, found without asking each rule.

use std::collections::{BTreeSet, HashMap};

use super::report::Work;
use super::rule_set::RuleSet;
use crate::policy::pattern::Pattern;

/// One list of each rule, the other way round.
pub(super) struct Index<'a> {
    rules: usize,
    /// Whose list is empty: it matches anything.
    any: RuleSet,
    /// Who lists exactly this.
    listed: HashMap<&'a str, Listed>,
    /// Each glob, by what comes before its first star: whatever a glob covers begins with that.
    globs: HashMap<&'a str, Vec<&'a Pattern>>,
    /// How long these beginnings are.
    lengths: BTreeSet<usize>,
}

/// The rules that list something: one by one while they are few.
enum Listed {
    Few(Vec<usize>),
    Many(RuleSet),
}

/// So many are no more than a set's words.
const FEW: usize = 16;

impl Listed {
    fn insert(&mut self, rule: usize, rules: usize) {
        match self {
            Self::Many(set) => set.insert(rule),
            Self::Few(few) if few.len() < FEW => few.push(rule),
            Self::Few(few) => {
                let mut set = RuleSet::none(rules);
                few.iter().chain([&rule]).for_each(|rule| set.insert(*rule));
                *self = Self::Many(set);
            }
        }
    }

    fn add_to(&self, all: &mut RuleSet) {
        match self {
            Self::Few(few) => few.iter().for_each(|rule| all.insert(*rule)),
            Self::Many(set) => all.add(set),
        }
    }
}

impl<'a> Index<'a> {
    pub(super) fn new(lists: &[&'a [Pattern]]) -> Self {
        let mut index = Self {
            rules: lists.len(),
            any: RuleSet::of(lists.len(), |rule| lists.get(rule).is_some_and(|list| list.is_empty())),
            listed: HashMap::new(),
            globs: HashMap::new(),
            lengths: BTreeSet::new(),
        };
        for (rule, list) in lists.iter().enumerate() {
            list.iter().for_each(|pattern| index.add(rule, pattern));
        }
        index
    }

    fn add(&mut self, rule: usize, pattern: &'a Pattern) {
        if pattern.is_glob() && !self.listed.contains_key(pattern.as_str()) {
            self.globs.entry(pattern.prefix()).or_default().push(pattern);
            self.lengths.insert(pattern.prefix().len());
        }
        let listed = self.listed.entry(pattern.as_str()).or_insert_with(|| Listed::Few(Vec::new()));
        listed.insert(rule, self.rules);
    }

    /// The rules that have this very text in their list.
    pub(super) fn naming(&self, text: &str) -> RuleSet {
        let mut set = RuleSet::none(self.rules);
        if let Some(listed) = self.listed.get(text) {
            listed.add_to(&mut set);
        }
        set
    }

    /// The rules whose list is empty.
    pub(super) fn any(&self) -> &RuleSet {
        &self.any
    }

    /// The rules whose list matches whatever `text`, a name or a glob, does. None if it would cost too much to say.
    pub(super) fn covering(&self, text: &str, work: &Work) -> Option<RuleSet> {
        let mut set = self.any.clone();
        self.collect(text, &mut set, work)?;
        for length in self.lengths.range(..=text.len()) {
            let globs = text.get(..*length).and_then(|begin| self.globs.get(begin));
            for glob in globs.into_iter().flatten() {
                work.spend(16 + text.len() + glob.as_str().len()).then_some(())?;
                // A star in `text` stands for a letter that no literal piece has: only a star takes it in, and that takes in
                // whatever stands for it. So this is containment, exactly.
                if glob.matches(text) {
                    self.collect(glob.as_str(), &mut set, work)?;
                }
            }
            work.spend(length + 8).then_some(())?;
        }
        Some(set)
    }

    /// Those of `within` whose list covers each of `list` alone; an empty one is covered by an empty one only.
    pub(super) fn covering_all(&self, list: &[Pattern], within: &RuleSet, work: &Work) -> Option<RuleSet> {
        let mut all = if list.is_empty() { self.any.and(within) } else { within.clone() };
        for pattern in list {
            if all.is_empty() {
                break;
            }
            all = all.and(&self.covering(pattern.as_str(), work)?);
        }
        Some(all)
    }

    fn collect(&self, text: &str, set: &mut RuleSet, work: &Work) -> Option<()> {
        if let Some(listed) = self.listed.get(text) {
            listed.add_to(set);
        }
        work.spend(FEW + text.len() / 8).then_some(())
    }
}
