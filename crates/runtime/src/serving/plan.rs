//! The next step for a set of authorities and their leaf. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::Policy;

/// More authorities than a healthy rotation ever holds (it holds two or three); only a mad clock makes more.
const MOST_AUTHORITIES: usize = 5;

/// What is stored, without the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The bundle, oldest first.
    pub authorities: Vec<AuthorityFacts>,
    /// The serving certificate.
    pub leaf: Option<LeafFacts>,
}

/// An authority's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorityFacts {
    /// When it came into the bundle.
    pub introduced: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
}

/// A leaf's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafFacts {
    /// Index of the authority that signed it.
    pub authority: usize,
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// Whether it is for exactly the names that are wanted.
    pub names_match: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing before this moment.
    Keep(Timestamp),
    /// Add a new authority to the end of the bundle.
    Introduce,
    /// Make a leaf, signed by this authority.
    Sign(usize),
    /// Take this authority out of the bundle.
    Drop(usize),
}

/// The next step for `state`; to be asked again after each step until the answer is [`Plan::Keep`].
pub fn plan(now: Timestamp, state: &State, policy: &Policy) -> Plan {
    let Some((signer, authority)) = signer(now, state, policy) else {
        return Plan::Introduce;
    };
    if leaf_due(now, state, signer, policy).is_none_or(|due| due <= now) {
        return Plan::Sign(signer);
    }
    let successor_due = successor_due(state, signer, authority, policy);
    if successor_due.is_some_and(|due| due <= now) {
        return Plan::Introduce;
    }
    if let Some(dropped) = droppable(now, state, signer, policy) {
        return Plan::Drop(dropped);
    }
    Plan::Keep(next_due(now, state, signer, policy))
}

/// The newest authority that has been in the bundle long enough; before there is one, the oldest.
fn signer<'a>(now: Timestamp, state: &'a State, policy: &Policy) -> Option<(usize, &'a AuthorityFacts)> {
    let usable = || state.authorities.iter().enumerate().filter(|(_, authority)| now < authority.not_after);
    usable().rfind(|(_, authority)| ripe_at(authority, policy) <= now).or_else(|| usable().next())
}

fn ripe_at(authority: &AuthorityFacts, policy: &Policy) -> Timestamp {
    after(authority.introduced, policy.overlap)
}

/// When the leaf must be made again; `None`: it can't be used as it is.
fn leaf_due(now: Timestamp, state: &State, signer: usize, policy: &Policy) -> Option<Timestamp> {
    let leaf = state.leaf.filter(|leaf| leaf.names_match && (leaf.not_before..leaf.not_after).contains(&now))?;
    let issuer = state.authorities.get(leaf.authority)?;
    // A replica whose clock is a little ahead may have taken the step already that we are about to take.
    let ahead = leaf.authority > signer && ripe_at(issuer, policy) <= after(now, policy.tolerance());
    if leaf.authority != signer && !ahead {
        return None;
    }
    // A leaf that ends with its authority can't be bettered by signing it again.
    let bounded = leaf.not_after >= issuer.not_after;
    Some(if bounded { leaf.not_after } else { before(leaf.not_after, policy.renewal_due()) })
}

/// When the signer needs a successor; `None`: it has one.
fn successor_due(state: &State, signer: usize, authority: &AuthorityFacts, policy: &Policy) -> Option<Timestamp> {
    let due = before(authority.not_after, policy.successor_due());
    let has_successor = state.authorities.iter().skip(signer + 1).any(|other| other.not_after > authority.not_after);
    (!has_successor).then_some(due)
}

fn droppable(now: Timestamp, state: &State, signer: usize, policy: &Policy) -> Option<usize> {
    let spare = |index: usize| index != signer && state.leaf.is_none_or(|leaf| leaf.authority != index);
    let mut indices = (0..state.authorities.len()).filter(|index| spare(*index));
    if state.authorities.len() > MOST_AUTHORITIES {
        return indices.next();
    }
    indices.find(|index| drop_due(state, *index, signer, policy).is_some_and(|due| due <= now))
}

/// When every leaf of an authority before the signer has ended. One after the signer stays, even if its date lies far in
/// the future: the clock may be the one that errs, and its leafs may be out in the world.
fn drop_due(state: &State, index: usize, signer: usize, policy: &Policy) -> Option<Timestamp> {
    let signer_introduced = state.authorities.get(signer)?.introduced;
    (index < signer).then(|| after(signer_introduced, policy.predecessor_kept()))
}

fn next_due(now: Timestamp, state: &State, signer: usize, policy: &Policy) -> Timestamp {
    let ripening = state.authorities.iter().skip(signer + 1).map(|authority| ripe_at(authority, policy));
    let dropping = (0..signer).filter_map(|index| drop_due(state, index, signer, policy));
    let ending = state.authorities.get(signer).map(|authority| authority.not_after);
    let successor = state.authorities.get(signer).and_then(|authority| successor_due(state, signer, authority, policy));
    ripening
        .chain(dropping)
        .chain(ending)
        .chain(successor)
        .chain(leaf_due(now, state, signer, policy))
        .filter(|due| *due > now)
        .min()
        .unwrap_or(now)
}

fn after(time: Timestamp, distance: Duration) -> Timestamp {
    time.checked_add(distance).unwrap_or(Timestamp::MAX)
}

fn before(time: Timestamp, distance: Duration) -> Timestamp {
    time.checked_sub(distance).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
