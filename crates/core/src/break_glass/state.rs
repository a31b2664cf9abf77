//! What becomes of an event.

use jiff::Timestamp;

use super::opening::opens;
use super::refusal::{Asked, Refusal};
use crate::ask::Ask;
use crate::governing::{Governing, Ungoverned};
use crate::person::Person;
use crate::policy::{BreakGlassPolicy, BreakGlassRule, ReasonCode};
use crate::time::GoDuration;

/// For how long an event may wait to be judged: an emergency that begins by surprise, hours later, is none.
pub const PATIENCE: GoDuration = GoDuration::from_secs(15 * 60);

/// What an event says. Its parts are legal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// What it asks for.
    pub ask: Ask,
    /// What kind of emergency it is.
    pub code: ReasonCode,
}

/// What is known of an event that hasn't begun.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// When it was made, as the API server says.
    pub created_at: Timestamp,
    /// What it says.
    pub emergency: &'a Emergency,
    /// Who made it.
    pub invoker: &'a Person,
    /// The rule that governs its profile now.
    pub governing: Result<Governing<'a, BreakGlassRule>, Ungoverned>,
    /// Whether it was closed before it began.
    pub closed: bool,
}

/// What to do with an event that hasn't begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// It may become active, if the ledger admits it.
    AskLedger,
    /// It ends here.
    Become(State),
}

/// An emergency that is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Since when.
    pub at: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
}

/// Where an event stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is going on.
    Active(Running),
    /// Somebody ended it.
    Closed {
        /// When they did, as far as that is known; else when it was seen.
        at: Timestamp,
    },
    /// Its duration is over.
    Expired {
        /// Its end.
        at: Timestamp,
    },
    /// It never began.
    Refused(Refusal),
}

/// What becomes of an event that hasn't begun.
pub fn start(facts: &Facts<'_>, now: Timestamp) -> Start {
    if facts.closed {
        return Start::Become(State::Closed { at: now });
    }
    match may_begin(facts, now) {
        Ok(()) => Start::AskLedger,
        Err(refusal) => Start::Become(State::Refused(refusal)),
    }
}

/// What becomes of one that is going on, and was `closed` then, if somebody has closed it. A closing counts though nobody looks until
/// the end is past; one that comes after the end closes nothing.
pub fn run(running: Running, closed: Option<Timestamp>, now: Timestamp) -> State {
    // Clocks differ, and nobody closes what has not begun, or in the future.
    let closed = closed.map(|at| at.min(now).max(running.at));
    match closed {
        Some(at) if at < running.until => State::Closed { at },
        _ if now >= running.until => State::Expired { at: running.until },
        _ => State::Active(running),
    }
}

fn may_begin(facts: &Facts<'_>, now: Timestamp) -> Result<(), Refusal> {
    let Facts { emergency: Emergency { ask, code }, invoker, .. } = facts;
    if invoker.identity().is_service_account() {
        return Err(Refusal::ServiceAccount(invoker.identity().shown()));
    }
    if now >= PATIENCE.after(facts.created_at) {
        return Err(Refusal::Late { patience: PATIENCE });
    }
    let Governing { policy, rule } = facts.governing.as_ref().copied().map_err(Clone::clone)?;
    rule.check(&invoker.names(), *code, ask.duration(), now).map_err(|condition| Refusal::Rule {
        policy: policy.to_owned(),
        rule: rule.name.clone(),
        condition,
        asked: Box::new(asked(facts, rule, now)),
    })
}

fn asked(facts: &Facts<'_>, rule: &BreakGlassRule, now: Timestamp) -> Asked {
    Asked {
        who: facts.invoker.identity().shown(),
        code: facts.emergency.code,
        duration: facts.emergency.ask.duration(),
        longest: longest(rule),
        opens: rule.time.as_ref().and_then(|window| opens(window, now)),
        codes: rule.allowed_reason_codes.clone(),
    }
}

/// How long an emergency may last by `rule`.
pub fn longest(rule: &BreakGlassRule) -> GoDuration {
    let most = BreakGlassPolicy::MAX_DURATION;
    rule.max_duration.filter(|cap| !cap.is_zero()).unwrap_or(most).min(most)
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Active(running) => write!(f, "active until {}", running.until),
            Self::Closed { at } => write!(f, "closed at {at}"),
            Self::Expired { at } => write!(f, "expired at {at}"),
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}
