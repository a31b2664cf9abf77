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
    listed: HashMap<&'a str, Vec<usize>>,
    /// Each glob, by what comes before its first star: whatever a glob covers begins with that.
    globs: HashMap<&'a str, Vec<&'a Pattern>>,
    /// How long these beginnings are.
    lengths: BTreeSet<usize>,
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
        let rules = self.listed.entry(pattern.as_str()).or_default();
        if rules.is_empty() && pattern.is_glob() {
            self.globs.entry(pattern.prefix()).or_default().push(pattern);
            self.lengths.insert(pattern.prefix().len());
        }
        rules.push(rule);
    }

    /// The rules that have this very text in their list.
    pub(super) fn naming(&self, text: &str) -> RuleSet {
        let mut set = RuleSet::none(self.rules);
        self.listed.get(text).into_iter().flatten().for_each(|rule| set.insert(*rule));
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
                work.spend(text.len() + glob.as_str().len()).then_some(())?;
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

    /// The rules whose list covers each of `list` alone; an empty one is covered by an empty one only.
    pub(super) fn covering_all(&self, list: &[Pattern], work: &Work) -> Option<RuleSet> {
        let Some((first, rest)) = list.split_first() else { return Some(self.any.clone()) };
        let mut all = self.covering(first.as_str(), work)?;
        for pattern in rest {
            all = all.and(&self.covering(pattern.as_str(), work)?);
        }
        Some(all)
    }

    fn collect(&self, text: &str, set: &mut RuleSet, work: &Work) -> Option<()> {
        let rules = self.listed.get(text).map(Vec::as_slice).unwrap_or_default();
        for rule in rules {
            set.insert(*rule);
        }
        work.spend(rules.len() + 8).then_some(())
    }
}
