//! What the sidecar knows, and what follows from it. Pure: moments are passed in.
//!
//! ```text
//!                      ┌── lease over ──▶ Ask
//!   answer(now) ───────┤
//!                      └── lease holds ─▶ settled(now): Serve │ Refuse
//!   learn(asked_at, answer):  granted ─▶ hold    403, 401 ─▶ drop    429, could not decide ─▶ keep within the grace
//! ```

use std::sync::Arc;
use std::time::Duration;

use sentinel_core::protocol::{Credentials, Grant, Refusal, code};

use crate::clock::Moment;

/// For how long an outage is believed without asking again: callers must not wait for the deadline each time.
const OUTAGE_PAUSE: Duration = Duration::from_secs(1);
const STATUS_UNAVAILABLE: u16 = 503;
const STATUS_THROTTLED: u16 = 429;

/// What came of asking the broker.
#[derive(Clone, Debug)]
pub enum BrokerAnswer {
    /// 200.
    Granted(Grant),
    /// 403 or 401: decided.
    Refused(Denial),
    /// 429.
    Throttled(Denial),
    /// 503, or no readable answer at all: nobody decided.
    Undecided(Denial),
}

/// Anything but credentials, as it goes to the SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub refusal: Refusal,
    /// Seconds after which asking again makes sense.
    pub retry_after: Option<u64>,
}

/// What to do with a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Answer from memory.
    Serve(Arc<Credentials>),
    /// Ask the broker first.
    Ask,
    /// Say no, or not now.
    Refuse(Arc<Denial>),
}

/// What the broker said last.
#[derive(Clone, Debug)]
enum Word {
    Nothing,
    Granted,
    Refused(Arc<Denial>),
    Throttled(Arc<Denial>),
    Undecided(Arc<Denial>),
}

/// Credentials in memory.
#[derive(Clone, Debug)]
struct Held {
    credentials: Arc<Credentials>,
    /// When they were asked for, on the clock that never steps.
    good_at: Duration,
    /// When they end on that clock.
    ends_at: Duration,
    /// From `good_at` on; absent: as long as they live.
    grace: Option<Duration>,
}

/// What the sidecar knows.
#[derive(Clone, Debug)]
pub struct State {
    word: Word,
    lease_until: Duration,
    held: Option<Held>,
}

impl Default for State {
    fn default() -> Self {
        Self { word: Word::Nothing, lease_until: Duration::ZERO, held: None }
    }
}

impl State {
    /// What to do with a caller who comes now.
    pub fn answer(&self, now: Moment) -> Answer {
        let fresh = !matches!(self.word, Word::Nothing) && now.elapsed < self.lease_until;
        // A lease on credentials that have ended is worth nothing.
        let worthless = matches!(self.word, Word::Granted) && self.usable(now).is_none();
        if fresh && !worthless { self.settled(now) } else { Answer::Ask }
    }

    /// What to do with a caller for whom the broker was asked just now: never [`Answer::Ask`].
    pub fn settled(&self, now: Moment) -> Answer {
        match &self.word {
            Word::Nothing => refuse(unavailable("the broker has not been asked yet")),
            Word::Refused(denial) => Answer::Refuse(Arc::clone(denial)),
            Word::Granted => self.usable(now).map_or_else(|| refuse(ended()), serve),
            Word::Throttled(denial) | Word::Undecided(denial) => {
                self.in_grace(now).map_or_else(|| Answer::Refuse(Arc::clone(denial)), serve)
            }
        }
    }

    /// Takes in what the broker said to a question of `asked_at`.
    pub fn learn(&mut self, asked_at: Moment, now: Moment, answer: BrokerAnswer) {
        let (word, lease) = match answer {
            BrokerAnswer::Granted(grant) => {
                let lease = Duration::from_millis(grant.lease_ms);
                self.held = Some(hold(asked_at, grant));
                (Word::Granted, lease)
            }
            BrokerAnswer::Refused(denial) => {
                self.held = None;
                let lease = lease(&denial.refusal);
                (Word::Refused(passed_on(denial)), lease)
            }
            BrokerAnswer::Throttled(denial) => {
                let lease = lease(&denial.refusal).max(Duration::from_secs(denial.retry_after.unwrap_or(1)));
                (Word::Throttled(passed_on(denial)), lease)
            }
            BrokerAnswer::Undecided(denial) => {
                // From now on, not from the question: most of that time may have been spent waiting.
                let lease = (now.elapsed.saturating_sub(asked_at.elapsed)).saturating_add(OUTAGE_PAUSE);
                (Word::Undecided(passed_on(denial)), lease)
            }
        };
        self.word = word;
        self.lease_until = asked_at.elapsed.saturating_add(lease);
    }

    /// Whether the startup probe may pass: there are credentials, or a plain denial. Otherwise what is awaited.
    pub fn readiness(&self, now: Moment) -> Result<(), String> {
        match &self.word {
            Word::Granted if self.usable(now).is_some() => Ok(()),
            Word::Refused(denial) if is_plain(&denial.refusal) => Ok(()),
            Word::Throttled(_) | Word::Undecided(_) if self.in_grace(now).is_some() => Ok(()),
            Word::Nothing => Err("waiting for the broker's first answer".to_owned()),
            Word::Granted => Err(format!("waiting: {}", ended().refusal.message)),
            Word::Refused(denial) if denial.refusal.code == code::APPROVAL_REQUIRED => {
                Err(format!("waiting for approval: {}", denial.refusal.message))
            }
            Word::Refused(denial) => {
                Err(format!("waiting: the broker refuses this pod's token: {}", denial.refusal.message))
            }
            Word::Throttled(denial) | Word::Undecided(denial) => Err(format!("waiting for {}", denial.refusal.message)),
        }
    }

    /// For how long the broker wants not to be asked again after a refusal.
    pub fn refused_for(&self, now: Moment) -> Duration {
        match self.word {
            Word::Refused(_) | Word::Throttled(_) => self.lease_until.saturating_sub(now.elapsed),
            _ => Duration::ZERO,
        }
    }

    /// One word for the log, which changes when the log should say so.
    pub fn summary(&self) -> (&'static str, Option<&Refusal>) {
        match &self.word {
            Word::Nothing => ("waiting", None),
            Word::Granted => ("granted", None),
            Word::Refused(denial) => ("refused", Some(&denial.refusal)),
            Word::Throttled(denial) => ("throttled", Some(&denial.refusal)),
            Word::Undecided(denial) => ("undecided", Some(&denial.refusal)),
        }
    }

    /// The credentials, if they live by both clocks.
    fn usable(&self, now: Moment) -> Option<&Held> {
        self.held.as_ref().filter(|held| now.elapsed < held.ends_at && now.wall < held.credentials.expiration)
    }

    /// The credentials, if they live and may be served while nobody can decide.
    fn in_grace(&self, now: Moment) -> Option<&Held> {
        let in_grace = |held: &&Held| held.grace.is_none_or(|grace| now.elapsed < held.good_at.saturating_add(grace));
        self.usable(now).filter(in_grace)
    }
}

impl Denial {
    /// Nobody could decide, because of `why`.
    pub fn undecided(why: impl Into<String>) -> Self {
        unavailable(why)
    }
}

fn serve(held: &Held) -> Answer {
    Answer::Serve(Arc::clone(&held.credentials))
}

fn refuse(denial: Denial) -> Answer {
    Answer::Refuse(Arc::new(denial))
}

fn hold(asked_at: Moment, grant: Grant) -> Held {
    let life = grant.credentials.expiration.duration_since(asked_at.wall);
    let life = Duration::try_from(life).unwrap_or_default();
    Held {
        credentials: Arc::new(grant.credentials),
        good_at: asked_at.elapsed,
        ends_at: asked_at.elapsed.saturating_add(life),
        grace: grant.outage_grace_ms.map(Duration::from_millis),
    }
}

fn lease(refusal: &Refusal) -> Duration {
    Duration::from_millis(refusal.lease_ms.unwrap_or(0))
}

/// Without what is between broker and sidecar.
fn passed_on(mut denial: Denial) -> Arc<Denial> {
    denial.refusal.lease_ms = None;
    denial.refusal.trust_bundle = None;
    let waits = matches!(denial.status, STATUS_UNAVAILABLE | STATUS_THROTTLED);
    denial.retry_after = denial.retry_after.or(waits.then_some(OUTAGE_PAUSE.as_secs()));
    Arc::new(denial)
}

fn unavailable(message: impl Into<String>) -> Denial {
    let refusal = Refusal::new(code::UNAVAILABLE, message);
    Denial { status: STATUS_UNAVAILABLE, refusal, retry_after: Some(OUTAGE_PAUSE.as_secs()) }
}

fn ended() -> Denial {
    unavailable(
        "the credentials that the broker granted have ended already; compare this node's clock with the broker's",
    )
}

/// A denial that no waiting mends. An approval may come, and a token may be renewed.
fn is_plain(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), code::ACCESS_DENIED | code::ACCESS_LOCKED | code::SESSION_REVOKED)
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
