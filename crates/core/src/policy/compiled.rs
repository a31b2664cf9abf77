//! An access policy made ready for many requests: the few rules that a request can meet are looked up, not searched for.
//!
//! ```text
//!   request ─┬─ profile ─▶ Names ─▶ rules, ascending ─┐
//!            └─ user ────▶ Names ─▶ rules, ascending ─┴▶ those in both ─▶ mode ─▶ window ─▶ the first decides
//! ```
//!
//! Nothing is decided here that [`super::decide`] doesn't decide: it says what a matched rule means, and the property tests
//! hold both to the same answers, to the last field.

use super::access::AccessPolicy;
use super::decide::{Decision, Request, implicit_deny, settle};
use super::effect::Mode;
use super::rule::{Conditions, Rule};
use crate::time::Schedules;

mod globs;
mod names;
mod postings;
mod windows;

use names::Names;
use postings::Both;
use windows::{Collector, Watch, WindowId};

/// An access policy with its index. It answers as [`AccessPolicy::decide`] does, and the time that takes hangs on the rules
/// that a request comes near, hardly on the number of all.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    policy: AccessPolicy,
    index: RuleIndex,
}

/// Which rules of a list a request comes near. It holds places, not rules: ask it with the list of which it was made.
#[derive(Clone, Debug)]
pub struct RuleIndex {
    gates: Vec<Gate>,
    profiles: Names,
    users: Names,
    windows: Schedules,
}

/// What is left of a rule's conditions once profile and user are met.
#[derive(Clone, Copy, Debug)]
struct Gate {
    /// One bit for each mode that passes.
    modes: u8,
    window: Option<WindowId>,
}

impl CompiledPolicy {
    /// The same policy, compiled.
    pub fn new(policy: AccessPolicy) -> Self {
        Self { index: RuleIndex::of(policy.rules()), policy }
    }

    /// What [`AccessPolicy::decide`] says. Total.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.index.decide(self.policy.rules(), request)
    }

    /// The policy as it was.
    pub fn policy(&self) -> &AccessPolicy {
        &self.policy
    }
}

impl RuleIndex {
    /// Of any list of rules, however long: the bounds of documents don't bind it.
    pub fn of(rules: &[Rule]) -> Self {
        let mut windows = Collector::default();
        let gates = rules.iter().map(|rule| Gate::new(&rule.conditions, &mut windows)).collect();
        let profiles = Names::of(indexed(rules).map(|(id, conditions)| (id, conditions.profiles.as_slice())));
        let users = Names::of(indexed(rules).map(|(id, conditions)| (id, conditions.users.as_slice())));
        Self { gates, profiles, users, windows: windows.into_schedules() }
    }

    /// What [`super::decide`] says of the rules of which this was made. Total.
    pub fn decide(&self, rules: &[Rule], request: &Request<'_>) -> Decision {
        let mut watch = Watch::new(&self.windows, request.at);
        let mode = bit(request.mode);
        let first = Both::new(self.profiles.rules_for(request.profile), self.users.rules_for(request.user))
            .filter_map(|id| self.gates.get(id as usize).map(|gate| (id as usize, gate)))
            .filter(|(_, gate)| gate.modes & mode != 0)
            .find(|(_, gate)| gate.window.is_none_or(|window| watch.is_open(window)));
        let matched = first.and_then(|(index, _)| Some((index, rules.get(index)?)));
        let decision = matched.map_or_else(|| implicit_deny(request), |(index, rule)| settle(rule, index, request));
        Decision { holds_until: watch.next_change(), ..decision }
    }
}

impl Gate {
    fn new<'a>(conditions: &'a Conditions, windows: &mut Collector<'a>) -> Self {
        let window = conditions.time.as_ref().filter(|window| !window.is_always());
        Self { modes: modes(&conditions.mode), window: window.map(|window| windows.id_of(window)) }
    }
}

/// The rules that some request can meet, with their places.
fn indexed(rules: &[Rule]) -> impl Iterator<Item = (u32, &Conditions)> {
    let opens = |conditions: &Conditions| conditions.time.as_ref().is_none_or(|window| !window.is_never());
    let places = rules.iter().map(|rule| &rule.conditions);
    (0..u32::MAX).zip(places).filter(move |(_, conditions)| conditions.device.is_none() && opens(conditions))
}

/// An empty list is any mode.
fn modes(listed: &[Mode]) -> u8 {
    if listed.is_empty() { u8::MAX } else { listed.iter().fold(0, |bits, mode| bits | bit(*mode)) }
}

fn bit(mode: Mode) -> u8 {
    match mode {
        Mode::Server => 1,
        Mode::Cli => 2,
        Mode::CredentialProcess => 4,
    }
}
