//! Some rules of a document, by their places.

/// A bit for each rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RuleSet(Vec<u64>);

impl RuleSet {
    /// None of so many rules.
    pub(super) fn none(rules: usize) -> Self {
        Self(vec![0; rules.div_ceil(64)])
    }

    /// Those of so many rules that have a property.
    pub(super) fn of(rules: usize, has: impl Fn(usize) -> bool) -> Self {
        let mut set = Self::none(rules);
        (0..rules).filter(|rule| has(*rule)).for_each(|rule| set.insert(rule));
        set
    }

    pub(super) fn insert(&mut self, rule: usize) {
        if let Some(word) = self.0.get_mut(rule / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    pub(super) fn contains(&self, rule: usize) -> bool {
        self.0.get(rule / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// What comparing two of them costs.
    pub(super) fn words(&self) -> usize {
        self.0.len()
    }

    /// Those that are in both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one & other).collect())
    }

    /// Those that are in either.
    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(one, other)| *one |= other);
    }

    /// The rules before one.
    pub(super) fn before(&self, rule: usize) -> Self {
        let keep = |word: usize| match rule.saturating_sub(word * 64) {
            64.. => u64::MAX,
            bits => (1_u64 << bits) - 1,
        };
        Self(self.0.iter().enumerate().map(|(word, bits)| bits & keep(word)).collect())
    }

    /// Their places, in the order of the document.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            let mut rest = *bits;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.wrapping_sub(1);
                (bit < 64).then_some(word * 64 + bit)
            })
        })
    }
}
