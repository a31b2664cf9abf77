//! The status of an event, for each thing that may become of it. Pure.

use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;
use sentinel_api::names::{GRANTED_CONDITION, REVIEWED_CONDITION};
use sentinel_api::{
    BreakGlassEventSpec, BreakGlassEventStatus, EventPhase, EventRefusal, PersonStamp, condition, set_condition,
};
use sentinel_core::break_glass::{self, Emergency, Refusal, Running, State, run};
use sentinel_core::governing::{Governing, Ungoverned, govern};
use sentinel_core::identity::RequestId;
use sentinel_core::ledger::Admitted;
use sentinel_core::person::Person;
use sentinel_core::policy::{BreakGlassPolicy, BreakGlassRule, RateLimitPolicy};
use sentinel_core::time::GoDuration;

use super::review::reviewed;
use crate::grants::{Says, again_in, granted, no};
use crate::happenings::moment;
use crate::law::{Ground, Named, named};

/// When to look again at what somebody has to mend first.
const PATIENT: Duration = Duration::from_secs(5);

/// An event and what governs it.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Its short name.
    pub id: RequestId,
    /// UID of the object: its name in the ledger.
    pub uid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody closed it, if they did and that is known.
    pub closed_at: Option<Timestamp>,
    /// The object's generation.
    pub generation: Option<i64>,
    /// What it says, or why that can't be read.
    pub spec: Result<BreakGlassEventSpec, String>,
    /// Its profile, and what a grant would be for.
    pub ground: Ground,
    /// The profile's BreakGlassPolicy.
    pub break_glass: Named<BreakGlassPolicy>,
    /// The profile's RateLimitPolicy.
    pub rate_limit: Named<RateLimitPolicy>,
    /// How far back any RateLimitPolicy looks, if that is known.
    pub longest: Option<GoDuration>,
}

/// What to write, when to look again, and whether it may be told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// The status.
    pub status: BreakGlassEventStatus,
    /// None: when something changes.
    pub again_in: Option<Duration>,
    /// Whether all is done that goes before telling.
    pub settled: bool,
}

/// What core asks for, all of it legal and stamped.
pub(super) struct Legible {
    /// The emergency.
    pub emergency: Emergency,
    /// Who broke the glass.
    pub invoker: Person,
    /// Whether somebody has closed it. Nobody need say who: it only ends something.
    pub closed: bool,
}

impl Facts {
    /// What can't be read, or was stamped by nobody, never begins: none of that can be mended later.
    pub(super) fn legible(&self) -> Result<Legible, EventRefusal> {
        let spec = self.spec.as_ref().map_err(|error| refusal("spec", error))?;
        let emergency = spec.resolve().map_err(|problems| refusal("spec", &problems))?;
        let unknown = "who made it is unknown: Sentinel's webhook did not see it; make another";
        let invoker = spec.invoker.as_ref().map(PersonStamp::person).ok_or_else(|| refusal("invoker", &unknown))?;
        Ok(Legible { emergency, invoker, closed: spec.closed })
    }

    /// As core asks for it.
    pub(super) fn of_core<'a>(&'a self, legible: &'a Legible) -> break_glass::Facts<'a> {
        break_glass::Facts {
            created_at: self.created_at,
            emergency: &legible.emergency,
            invoker: &legible.invoker,
            governing: self.governing(),
            closed: legible.closed,
        }
    }

    fn governing(&self) -> Result<Governing<'_, BreakGlassRule>, Ungoverned> {
        let profile = self.ground.profile.as_ref().map_err(Clone::clone)?;
        govern(&profile.name, named(&self.break_glass))
    }

    /// It has not begun, and may yet.
    pub(super) fn waiting(&self, old: &BreakGlassEventStatus, says: Says, now: Timestamp) -> Plan {
        let mut status = self.status(old);
        self.say(&mut status, GRANTED_CONDITION, says, now);
        Plan { status, again_in: Some(PATIENT), settled: false }
    }

    /// What the ledger alone knows is not known.
    pub(super) fn without_ledger(&self, old: &BreakGlassEventStatus, why: &str, now: Timestamp) -> Plan {
        if old.phase == EventPhase::Pending {
            return self.waiting(old, no("LedgerUnusable", &format!("nobody breaks the glass for now: {why}")), now);
        }
        Plan { again_in: Some(PATIENT), settled: false, ..self.over(old, now) }
    }

    /// It never begins, by the law.
    pub(super) fn refused(&self, old: &BreakGlassEventStatus, why: &Refusal, now: Timestamp) -> Plan {
        let come_back_at = why.come_back().map(|at| at.to_string());
        let refusal = EventRefusal { limit: why.word().to_owned(), message: why.to_string(), come_back_at };
        self.refused_for(old, refusal, now)
    }

    /// It never begins.
    pub(super) fn refused_for(&self, old: &BreakGlassEventStatus, refusal: EventRefusal, now: Timestamp) -> Plan {
        let mut status = self.status(old);
        self.say(&mut status, GRANTED_CONDITION, no("Refused", &format!("refused: {}", refusal.message)), now);
        (status.phase, status.refusal) = (EventPhase::Refused, Some(refusal));
        self.name_rule(&mut status);
        Plan { status, again_in: None, settled: true }
    }

    /// The ledger has it.
    pub(super) fn begun(&self, old: &BreakGlassEventStatus, admitted: &Admitted, now: Timestamp) -> Plan {
        let mut status = self.status(old);
        let entry = &admitted.entry;
        status.activated_at = Some(entry.at.to_string());
        status.expires_at = Some(entry.until.to_string());
        status.escalated = admitted.escalates.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        self.name_rule(&mut status);
        match &self.ground.pins {
            _ if now >= entry.until => self.ended(&status, &State::Expired { at: entry.until }, now),
            Err(missing) => {
                let (until, mended) = (entry.until, "it opens as soon as that is mended");
                self.waiting(&status, no("Pending", &format!("it counts, until {until}, but {missing}: {mended}")), now)
            }
            Ok(pins) => {
                (status.phase, status.pins) = (EventPhase::Active, Some(pins.clone()));
                self.going_on(&status, now)
            }
        }
    }

    /// It has begun.
    pub(super) fn going_on(&self, old: &BreakGlassEventStatus, now: Timestamp) -> Plan {
        let running = Running {
            at: moment(old.activated_at.as_deref()).unwrap_or(Timestamp::MIN),
            until: moment(old.expires_at.as_deref()).unwrap_or(Timestamp::MIN),
        };
        let closed = self.spec.as_ref().is_ok_and(|spec| spec.closed).then(|| self.closed_at.unwrap_or(now));
        let state = run(running, closed, now);
        let State::Active(Running { until, .. }) = state else { return self.ended(old, &state, now) };
        let mut status = self.status(old);
        let (given, stands) = (status.pins.as_ref(), self.ground.pins.as_ref().map_err(String::as_str));
        let says = granted(given, stands, until, now, "Active", || self.open(old, &state));
        self.say(&mut status, GRANTED_CONDITION, says, now);
        Plan { status, again_in: again_in(until, now), settled: true }
    }

    fn open(&self, status: &BreakGlassEventStatus, state: &State) -> String {
        let who = self.spec.as_ref().ok().and_then(|spec| spec.invoker.as_ref()).map(|who| who.identity().shown());
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        let (rule, policy) = (name(&status.rule), name(&status.policy));
        format!("{state}, for {}, by rule `{rule}` of BreakGlassPolicy `{policy}`", who.unwrap_or_default())
    }

    /// It has ended. Where the ledger must hear of that, it does before anybody is told.
    pub(super) fn ended(&self, old: &BreakGlassEventStatus, state: &State, now: Timestamp) -> Plan {
        let mut status = self.status(old);
        let (reason, message) = if let State::Closed { at } = state {
            (status.phase, status.closed_at) = (EventPhase::Closed, Some(at.to_string()));
            ("Closed", self.closing(state))
        } else {
            status.phase = EventPhase::Expired;
            ("Expired", state.to_string())
        };
        self.say(&mut status, GRANTED_CONDITION, no(reason, &message), now);
        let plan = self.over(&status, now);
        let settled = status.phase == EventPhase::Expired;
        Plan { settled, again_in: (!settled).then_some(Duration::ZERO), ..plan }
    }

    fn closing(&self, state: &State) -> String {
        let Ok(spec) = &self.spec else { return state.to_string() };
        let by = spec.closed_by.as_ref().map(|by| format!(" by {}", by.identity().shown())).unwrap_or_default();
        let why = spec.closed_reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{state}{by}{why}")
    }

    /// It has ended before.
    pub(super) fn over(&self, old: &BreakGlassEventStatus, now: Timestamp) -> Plan {
        let mut status = self.status(old);
        if let (Ok(spec), Some(_)) = (&self.spec, &old.activated_at) {
            self.say(&mut status, REVIEWED_CONDITION, reviewed(spec), now);
        }
        Plan { status, again_in: None, settled: true }
    }

    fn status(&self, old: &BreakGlassEventStatus) -> BreakGlassEventStatus {
        let request_id = Some(self.id.to_string());
        BreakGlassEventStatus { observed_generation: self.generation, request_id, ..old.clone() }
    }

    fn name_rule(&self, status: &mut BreakGlassEventStatus) {
        if let Ok(Governing { policy, rule }) = self.governing() {
            (status.policy, status.rule) = (Some(policy.to_owned()), Some(rule.name.clone()));
        }
    }

    fn say(&self, status: &mut BreakGlassEventStatus, type_: &str, (holds, reason, message): Says, now: Timestamp) {
        set_condition(&mut status.conditions, condition(type_, holds, reason, message, self.generation, now));
    }
}

fn refusal(limit: &str, message: &dyn Display) -> EventRefusal {
    EventRefusal { limit: limit.to_owned(), message: message.to_string(), come_back_at: None }
}
