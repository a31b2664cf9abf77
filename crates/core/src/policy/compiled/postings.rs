//! Ascending lists of rules, and what two of them have in common.

/// The rules that one name meets, as ascending lists of which each gives a part. A rule may be in several.
#[derive(Debug, Default)]
pub(super) struct Postings<'a> {
    /// Those that list the name itself, those that take any, and those of the first globs that mean the name.
    few: [&'a [u32]; 4],
    /// Those of further globs; mostly none, and an empty `Vec` costs nothing.
    more: Vec<&'a [u32]>,
    /// Those of all others together, descending: a hostile policy has thousands, and no step may ask each of them.
    merged: Vec<u32>,
}

/// So many lists of further globs are asked one by one.
const MORE: usize = 12;

impl<'a> Postings<'a> {
    pub(super) fn new(literal: &'a [u32], any: &'a [u32]) -> Self {
        Self { few: [literal, any, &[], &[]], more: Vec::new(), merged: Vec::new() }
    }

    pub(super) fn push(&mut self, glob: &'a [u32]) {
        match self.few.iter_mut().find(|list| list.is_empty()) {
            Some(free) => *free = glob,
            None if self.more.len() < MORE => self.more.push(glob),
            None => self.merged.extend_from_slice(glob),
        }
    }

    /// Puts in order what was merged; comes before the first [`Self::seek`].
    fn sorted(mut self) -> Self {
        self.merged.sort_unstable_by(|one, other| other.cmp(one));
        self.merged.dedup();
        self
    }

    /// The first rule that isn't before `from`. What is before is forgotten.
    fn seek(&mut self, from: u32) -> Option<u32> {
        while self.merged.pop_if(|id| *id < from).is_some() {}
        let lists = self.few.iter_mut().chain(&mut self.more).filter_map(|list| drop_before(list, from));
        lists.chain(self.merged.last().copied()).min()
    }
}

/// Rules that are in both, ascending. Each side is asked only from where the other stands, so the shorter sets the cost.
#[derive(Debug)]
pub(super) struct Both<'a> {
    profiles: Postings<'a>,
    users: Postings<'a>,
    from: u32,
}

impl<'a> Both<'a> {
    pub(super) fn new(profiles: Postings<'a>, users: Postings<'a>) -> Self {
        Self { profiles: profiles.sorted(), users: users.sorted(), from: 0 }
    }
}

impl Iterator for Both<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let profile = self.profiles.seek(self.from)?;
            let user = self.users.seek(profile)?;
            if profile == user {
                self.from = user.saturating_add(1);
                return Some(user);
            }
            self.from = user;
        }
    }
}

/// The head of the list once what is before `from` is gone.
fn drop_before(list: &mut &[u32], from: u32) -> Option<u32> {
    let head = *list.first()?;
    if head >= from {
        return Some(head);
    }
    // Steps that double find the way over a long run in a few reads, and a short one in one.
    let mut reach = 1;
    while list.get(reach).is_some_and(|id| *id < from) {
        reach *= 2;
    }
    let near = list.get(..reach.saturating_add(1)).unwrap_or(list);
    *list = list.get(near.partition_point(|id| *id < from)..).unwrap_or_default();
    list.first().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Both, Postings};

    type Lists = (Vec<u32>, Vec<u32>, Vec<Vec<u32>>);

    fn lists() -> impl Strategy<Value = Lists> {
        let list = || prop::collection::btree_set(0_u32..60, 0..40).prop_map(|ids| ids.into_iter().collect::<Vec<_>>());
        // Some beyond those that are asked one by one.
        (list(), list(), prop::collection::vec(list(), 0..2 * super::MORE))
    }

    fn postings((literal, any, globs): &Lists) -> Postings<'_> {
        let mut postings = Postings::new(literal, any);
        for glob in globs {
            postings.push(glob);
        }
        postings
    }

    fn has((literal, any, globs): &Lists, id: u32) -> bool {
        literal.contains(&id) || any.contains(&id) || globs.iter().any(|glob| glob.contains(&id))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

        #[test]
        fn both_has_what_is_in_either_side_once_and_in_order(one in lists(), other in lists()) {
            let expected: Vec<u32> = (0..60).filter(|id| has(&one, *id) && has(&other, *id)).collect();
            prop_assert_eq!(Both::new(postings(&one), postings(&other)).collect::<Vec<_>>(), expected);
        }
    }
}
