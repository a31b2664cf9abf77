//! What two policies decide differently, for every request there can be.
//!
//! ```text
//!   names: users × profiles, by the rules that they match ─▶ cells
//!   each set of rules once: modes × with or without a table × time ─▶ both policies decide ─▶ variants
//!   variants of all cells ─▶ rectangles of users × profiles ─▶ changes
//! ```
//!
//! Both policies are asked through `decide` alone; what is cut here is only where they have to be asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use sentinel_core::policy::{AccessPolicy, Mode, Request, Rule};

use super::TooLarge;
use super::axis::{Axis, Bits, both, places};
use super::clock::Clock;
use super::times::Times;
use super::told::{Kind, REQUESTED, Told};

/// Pairs of users and profiles that rules tell apart.
const MOST_CELLS: usize = 4_000_000;
/// Rules looked at in all questions to both policies.
const MOST_WORK: usize = 400_000_000;

/// How a request comes: the mode, and whether the profile or the installation has a session table.
pub(super) type How = (Mode, bool);

/// Two policies, and the space of requests to them.
pub(super) struct Comparison<'a> {
    old: &'a AccessPolicy,
    new: &'a AccessPolicy,
    rules: Vec<&'a Rule>,
    pub(super) users: Axis,
    pub(super) profiles: Axis,
    now: Timestamp,
}

/// Requests that change from one answer to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Variant {
    pub(super) kind: Kind,
    pub(super) old: Told,
    pub(super) new: Told,
    pub(super) how: BTreeSet<How>,
    pub(super) times: Times,
}

/// Users × profiles for whom a variant holds, by their places in [`Axis::names`].
#[derive(Debug)]
pub(super) struct Change {
    pub(super) variant: Variant,
    pub(super) users: BTreeSet<usize>,
    pub(super) profiles: BTreeSet<usize>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(
        old: &'a AccessPolicy,
        new: &'a AccessPolicy,
        user: Option<&str>,
        profile: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, TooLarge> {
        let rules: Vec<&Rule> = old.rules().iter().chain(new.rules()).collect();
        let users = Axis::of(&rules, |conditions| &conditions.users, user)?;
        let profiles = Axis::of(&rules, |conditions| &conditions.profiles, profile)?;
        if users.classes.len().saturating_mul(profiles.classes.len()) > MOST_CELLS {
            return Err(TooLarge::Cells);
        }
        Ok(Self { old, new, rules, users, profiles, now })
    }

    /// Every change, once.
    pub(super) fn changes(&self) -> Result<Vec<Change>, TooLarge> {
        let mut known: HashMap<Bits, Vec<Variant>> = HashMap::new();
        // By variant and class of users: the classes of profiles.
        let mut found: BTreeMap<Variant, BTreeMap<usize, BTreeSet<usize>>> = BTreeMap::new();
        let mut work = 0;
        for (user, user_class) in self.users.classes.iter().enumerate() {
            for (profile, profile_class) in self.profiles.classes.iter().enumerate() {
                let rules = both(&user_class.rules, &profile_class.rules);
                if !known.contains_key(&rules) {
                    let names = (self.users.example(user_class), self.profiles.example(profile_class));
                    let variants = self.variants(&rules, names, &mut work)?;
                    known.insert(rules.clone(), variants);
                }
                for variant in known.get(&rules).into_iter().flatten() {
                    let users = match found.get_mut(variant) {
                        Some(users) => users,
                        None => found.entry(variant.clone()).or_default(),
                    };
                    users.entry(user).or_default().insert(profile);
                }
            }
        }
        Ok(found.into_iter().flat_map(|(variant, users)| self.rectangles(&variant, users)).collect())
    }

    /// The clock for the windows of some rules.
    pub(super) fn clock(&self, rules: &Bits) -> Result<Clock, TooLarge> {
        let windows: Vec<_> =
            places(rules).filter_map(|place| self.rules.get(place)?.conditions.time.as_ref()).collect();
        Clock::of(&windows, self.now)
    }

    /// What changes for names that match these rules, and others don't.
    fn variants(&self, rules: &Bits, names: (&str, &str), work: &mut usize) -> Result<Vec<Variant>, TooLarge> {
        let clock = self.clock(rules)?;
        *work += clock.slots.len() * Mode::ALL.len() * 2 * self.rules.len();
        if *work > MOST_WORK {
            return Err(TooLarge::Cells);
        }
        let mut slots: BTreeMap<(Told, Told), BTreeMap<How, Vec<usize>>> = BTreeMap::new();
        for (index, slot) in clock.slots.iter().enumerate() {
            for how in Mode::ALL.iter().flat_map(|mode| [(*mode, true), (*mode, false)]) {
                let (old, new) = self.ask(names, how, slot.from);
                if !old.is_like(&new) {
                    slots.entry((old, new)).or_default().entry(how).or_default().push(index);
                }
            }
        }
        let mut variants: BTreeMap<(Told, Told, Times), BTreeSet<How>> = BTreeMap::new();
        for ((old, new), ways) in slots {
            for (how, slots) in ways {
                let key = (old.clone(), new.clone(), Times::of(&clock, &slots));
                variants.entry(key).or_default().insert(how);
            }
        }
        let variant =
            |((old, new, times), how): ((Told, Told, Times), _)| Variant { kind: old.kind(&new), old, new, how, times };
        Ok(variants.into_iter().map(variant).collect())
    }

    fn ask(&self, (user, profile): (&str, &str), (mode, has_table): How, at: Timestamp) -> (Told, Told) {
        let session_table = has_table.then_some(REQUESTED);
        let request = Request { user, profile, mode, session_table, at };
        (Told::of(self.old.decide(&request)), Told::of(self.new.decide(&request)))
    }

    /// Users with the same profiles together.
    fn rectangles(&self, variant: &Variant, users: BTreeMap<usize, BTreeSet<usize>>) -> Vec<Change> {
        let mut by_profiles: BTreeMap<BTreeSet<usize>, BTreeSet<usize>> = BTreeMap::new();
        for (user, profiles) in users {
            by_profiles.entry(profiles).or_default().insert(user);
        }
        let change = |(profiles, users): (BTreeSet<usize>, BTreeSet<usize>)| Change {
            variant: variant.clone(),
            users: members(&self.users, &users),
            profiles: members(&self.profiles, &profiles),
        };
        by_profiles.into_iter().map(change).collect()
    }
}

fn members(axis: &Axis, classes: &BTreeSet<usize>) -> BTreeSet<usize> {
    classes
        .iter()
        .filter_map(|class| axis.classes.get(*class))
        .flat_map(|class| class.members.iter().copied())
        .collect()
}
