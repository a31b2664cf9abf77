use super::*;
use proptest::prelude::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// Plays the keeper over simulated time, with authorities numbered in the order of their making.
struct World {
    policy: Policy,
    now: i64,
    state: State,
    numbers: Vec<usize>,
    made: usize,
    /// (from when it was current, the numbers in it)
    bundles: Vec<(i64, Vec<usize>)>,
}

impl World {
    fn new(policy: Policy) -> Self {
        Self { policy, now: 0, state: State::default(), numbers: Vec::new(), made: 0, bundles: Vec::new() }
    }

    /// Takes steps until the plan rests; gives the first whole second at which the next one is due (a third of a lifetime
    /// may end between two).
    fn wake(&mut self) -> i64 {
        for _ in 0..16 {
            match plan(at(self.now), &self.state, &self.policy) {
                Plan::Keep(until) => {
                    self.bundles.push((self.now, self.numbers.clone()));
                    let begun = i64::from(until.subsec_nanosecond() > 0);
                    return until.as_second() + begun - at(0).as_second();
                }
                step => self.take(step),
            }
        }
        panic!("the plan does not come to rest at {}: {:?}", self.now, self.state);
    }

    fn take(&mut self, step: Plan) {
        let now = at(self.now);
        match step {
            Plan::Keep(_) => {}
            Plan::Introduce => {
                let not_after = after(now, self.policy.ca_lifetime);
                self.state.authorities.push(AuthorityFacts { introduced: now, not_after });
                self.numbers.push(self.made);
                self.made += 1;
            }
            Plan::Sign(authority) => {
                let not_after = after(now, self.policy.cert_lifetime).min(self.state.authorities[authority].not_after);
                let not_before = before(now, Duration::from_hours(24));
                self.state.leaf = Some(LeafFacts { authority, not_before, not_after, names_match: true });
            }
            Plan::Drop(index) => {
                self.state.authorities.remove(index);
                self.numbers.remove(index);
                let leaf = self.state.leaf.as_mut().unwrap();
                assert_ne!(leaf.authority, index, "dropped the authority of the serving leaf");
                leaf.authority -= usize::from(leaf.authority > index);
            }
        }
    }

    fn leaf_issuer(&self) -> usize {
        self.numbers[self.state.leaf.unwrap().authority]
    }

    fn leaf_is_valid(&self) -> bool {
        let leaf = self.state.leaf.unwrap();
        let issuer = self.state.authorities[leaf.authority];
        (leaf.not_before..leaf.not_after).contains(&at(self.now)) && leaf.not_after <= issuer.not_after
    }

    /// Every bundle that was current at some moment of the last `overlap` (bounds excluded) trusts the leaf.
    fn recent_bundles_trust_the_leaf(&self) -> bool {
        let since = self.now - i64::try_from(self.policy.overlap.as_secs()).unwrap();
        let ends = self.bundles.iter().skip(1).map(|(from, _)| *from).chain([i64::MAX]);
        self.bundles
            .iter()
            .zip(ends)
            .filter(|(_, end)| *end > since)
            .all(|((_, bundle), _)| bundle.contains(&self.leaf_issuer()))
    }
}

fn policies() -> impl Strategy<Value = Policy> {
    (60..DAY * 60, 0..DAY * 3, 0..DAY * 400).prop_map(|(cert, overlap, more)| {
        let seconds = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
        let policy = Policy {
            ca_lifetime: seconds(2 * (cert + overlap) + more),
            cert_lifetime: seconds(cert),
            overlap: seconds(overlap),
        };
        policy.check().unwrap();
        policy
    })
}

#[test]
fn from_nothing_an_authority_and_a_leaf_are_made() {
    let policy = Policy::default();
    assert_eq!(plan(at(0), &State::default(), &policy), Plan::Introduce);
    let mut world = World::new(policy);
    world.wake();
    assert_eq!((world.made, world.leaf_issuer()), (1, 0));
}

#[test]
fn other_names_make_another_leaf() {
    let mut world = World::new(Policy::default());
    world.wake();
    world.state.leaf.as_mut().unwrap().names_match = false;
    assert_eq!(plan(at(0), &world.state, &world.policy), Plan::Sign(0));
}

#[test]
fn a_year_goes_through_introduction_overlap_and_removal() {
    let mut world = World::new(Policy::default());
    let mut bundles = Vec::new();
    while world.now < 365 * DAY {
        world.now = world.wake();
        bundles.push((world.numbers.clone(), world.leaf_issuer()));
    }
    bundles.dedup();
    let expected = [(vec![0], 0), (vec![0, 1], 0), (vec![0, 1], 1), (vec![1], 1)];
    assert_eq!(bundles, expected);
}

#[test]
fn two_replicas_whose_clocks_differ_do_not_undo_each_other() {
    let mut world = World::new(Policy::default());
    while world.numbers.len() < 2 || world.leaf_issuer() == 0 {
        world.now = world.wake();
    }
    // The slower replica does not think yet that the new authority may sign.
    let slower = at(world.now - 60);
    assert!(matches!(plan(slower, &world.state, &world.policy), Plan::Keep(_)), "{:?}", world.state);
}

proptest! {
    /// Woken at the planned moments or up to a quarter of a leaf's life late, for several CA lives.
    #[test]
    fn the_leaf_is_always_trusted_by_every_recent_bundle(policy in policies(), late in prop::collection::vec(0.0..1.0_f64, 1..20)) {
        let mut world = World::new(policy);
        for late in late.iter().cycle().take(200) {
            let until = world.wake();
            prop_assert!(world.leaf_is_valid());
            prop_assert!(world.recent_bundles_trust_the_leaf(), "{:?} {:?}", world.state, world.bundles);
            prop_assert!(world.numbers.len() <= 4, "{:?}", world.numbers);
            prop_assert!(until > world.now);
            #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
            let late = (policy.cert_lifetime.as_secs_f64() / 4.0 * late) as i64;
            world.now = until + late;
        }
    }

    #[test]
    fn nothing_is_due_before_the_announced_moment(policy in policies(), wakes in 1..40_usize, early in 0.0..1.0_f64) {
        let mut world = World::new(policy);
        for _ in 0..wakes {
            let until = world.wake();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]
            let between = world.now + ((until - world.now - 1) as f64 * early) as i64;
            prop_assert!(matches!(plan(at(between), &world.state, &policy), Plan::Keep(_)));
            world.now = until;
        }
    }

    /// Whatever the clock does, there is a valid leaf that the current bundle trusts, and the bundle stays small.
    #[test]
    fn any_clock_is_survived(policy in policies(), steps in prop::collection::vec(-800 * DAY..800 * DAY, 1..60)) {
        let mut world = World::new(policy);
        for step in steps {
            world.wake();
            prop_assert!(world.leaf_is_valid(), "{:?}", world.state);
            prop_assert!(world.numbers.len() <= MOST_AUTHORITIES + 1);
            world.now = (world.now + step).clamp(-1000 * DAY, 50_000 * DAY);
        }
    }

    /// The clock errs once and is put right: who trusted the bundle before trusts the leaf afterwards.
    #[test]
    fn a_clock_that_erred_for_a_while_leaves_no_gap(policy in policies(), wakes in 1..30_usize, error in -3000 * DAY..3000 * DAY) {
        let mut world = World::new(policy);
        for _ in 0..wakes {
            world.now = world.wake();
        }
        world.wake();
        let trusted = world.numbers.clone();
        let right = world.now;
        world.now += error;
        world.wake();
        world.now = right + 1;
        world.wake();
        prop_assert!(world.leaf_is_valid());
        prop_assert!(trusted.contains(&world.leaf_issuer()), "{:?} {:?}", trusted, world.state);
    }
}
