//! What to do with an event, one command at a time. Pure: whoever runs it says what came of each.

use jiff::Timestamp;
use sentinel_api::{BreakGlassEventStatus, EventPhase};
use sentinel_core::break_glass::{PATIENCE, Refusal, Start, State, start};
use sentinel_core::governing::limits;
use sentinel_core::ledger::{Admitted, Candidate, Ledger};
use sentinel_core::policy::RateLimitRule;

use super::plan::{Facts, Legible, Plan};
use super::room::fitted;
use crate::grants::no;
use crate::law::named;

/// The ledger as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    /// What it remembers.
    pub ledger: Ledger,
    /// What it must still be when it is written.
    pub version: String,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Read the ledger.
    Read,
    /// Write it, if it still is of this version.
    Write(Page),
    /// Write the status. This is the last one.
    Report(Box<Plan>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// The ledger, or why it can't be used.
    Page(Result<Page, String>),
    /// Whether it was written; `false`: somebody else came first.
    Written(bool),
}

/// One pass over an event.
#[derive(Debug)]
pub(crate) struct Errand<'a> {
    facts: &'a Facts,
    old: &'a BreakGlassEventStatus,
    /// What the ledger says as soon as it is written.
    admitted: Option<Admitted>,
}

impl<'a> Errand<'a> {
    /// Of the event `facts` that stands at `old`.
    pub fn new(facts: &'a Facts, old: &'a BreakGlassEventStatus) -> Self {
        Self { facts, old, admitted: None }
    }

    /// The first command.
    pub fn begin(&self, now: Timestamp) -> Command {
        match self.old.phase {
            EventPhase::Pending => match self.facts.legible() {
                Err(refusal) => report(self.facts.refused_for(self.old, refusal, now)),
                Ok(legible) if legible.closed => report(self.facts.ended(self.old, &State::Closed { at: now }, now)),
                Ok(_) => Command::Read,
            },
            EventPhase::Active => report(self.facts.going_on(self.old, now)),
            EventPhase::Closed if self.old.told != Some(EventPhase::Closed) => Command::Read,
            EventPhase::Closed | EventPhase::Expired | EventPhase::Refused => report(self.facts.over(self.old, now)),
        }
    }

    /// The next one.
    pub fn next(&mut self, answer: Answer, now: Timestamp) -> Command {
        match (answer, self.old.phase) {
            (Answer::Written(false), _) => Command::Read,
            (Answer::Page(Err(why)), _) => report(self.facts.without_ledger(self.old, &why, now)),
            (Answer::Page(Ok(page)), EventPhase::Closed) => self.release(page, now),
            (Answer::Page(Ok(page)), _) => self.ask(&page, now),
            (Answer::Written(true), EventPhase::Closed) => report(self.facts.over(self.old, now)),
            (Answer::Written(true), _) => match self.admitted.take() {
                Some(admitted) => report(self.facts.begun(self.old, &admitted, now)),
                None => Command::Read,
            },
        }
    }

    /// May it begin?
    fn ask(&mut self, page: &Page, now: Timestamp) -> Command {
        let legible = match self.facts.legible() {
            Ok(legible) => legible,
            Err(refusal) => return report(self.facts.refused_for(self.old, refusal, now)),
        };
        let limits = limits(legible.emergency.ask.profile(), named(&self.facts.rate_limit));
        // Whoever was killed between ledger and status: it has begun, as the ledger says.
        if page.ledger.entries().iter().any(|entry| entry.event == self.facts.uid) {
            let rule = limits.ok().flatten().map(|governing| governing.rule);
            return self.admit(&legible, page, rule, now);
        }
        match start(&self.facts.of_core(&legible), now) {
            Start::Become(State::Refused(refusal)) => report(self.facts.refused(self.old, &refusal, now)),
            Start::Become(state) => report(self.facts.ended(self.old, &state, now)),
            Start::AskLedger => match (&self.facts.ground.pins, limits) {
                (Err(missing), _) => {
                    let wait =
                        format!("{missing}: it begins as soon as that is mended, within {PATIENCE} of its making");
                    report(self.facts.waiting(self.old, no("Pending", &wait), now))
                }
                (Ok(_), Err(unknown)) => report(self.facts.refused(self.old, &Refusal::LimitsUnknown(unknown), now)),
                (Ok(_), Ok(limits)) => self.admit(&legible, page, limits.map(|governing| governing.rule), now),
            },
        }
    }

    fn admit(&mut self, legible: &Legible, page: &Page, rule: Option<&RateLimitRule>, now: Timestamp) -> Command {
        let candidate = Candidate {
            event: self.facts.uid.clone(),
            invoker: legible.invoker.identity().clone(),
            profile: legible.emergency.ask.profile().to_owned(),
            duration: legible.emergency.ask.duration(),
        };
        let admitted = match page.ledger.admit(&candidate, rule, now) {
            Ok(admitted) => admitted,
            Err(refused) => return report(self.facts.refused(self.old, &Refusal::Limited(refused), now)),
        };
        if admitted.ledger == page.ledger {
            return report(self.facts.begun(self.old, &admitted, now));
        }
        match fitted(&admitted.ledger, self.facts.longest, now) {
            Err(full) => report(self.facts.refused_for(self.old, full, now)),
            Ok(ledger) => {
                self.admitted = Some(admitted);
                Command::Write(Page { ledger, version: page.version.clone() })
            }
        }
    }

    /// Another of the same invoker may begin, though this one counts on.
    fn release(&self, page: Page, now: Timestamp) -> Command {
        let closed_at = self.old.closed_at.as_deref().and_then(|at| at.parse().ok()).unwrap_or(now);
        let ledger = page.ledger.closed(&self.facts.uid, closed_at);
        if ledger == page.ledger {
            return report(self.facts.over(self.old, now));
        }
        Command::Write(Page { ledger, version: page.version })
    }
}

fn report(plan: Plan) -> Command {
    Command::Report(Box::new(plan))
}
