//! The status of a request. Pure.

use std::time::Duration;

use jiff::Timestamp;
use sentinel_api::names::GRANTED_CONDITION;
use sentinel_api::{AccessRequestSpec, AccessRequestStatus, RequestPhase, condition, set_condition};
use sentinel_core::access_request::{self, Decided, LIFETIME, Ruling, ServiceAccountRequests, State, step};
use sentinel_core::governing::govern;
use sentinel_core::identity::RequestId;
use sentinel_core::policy::ApprovalPolicy;

use crate::grants::{Says, again_in, granted, no};
use crate::law::{Ground, Named, named};

/// So many approvers a status shows.
const SHOWN: usize = 20;

/// A request and what governs it.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Its short name.
    pub id: RequestId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody decided, if they did and that is known.
    pub decided_at: Option<Timestamp>,
    /// The object's generation.
    pub generation: Option<i64>,
    /// What it says, or why that can't be read.
    pub spec: Result<AccessRequestSpec, String>,
    /// Its profile, and what a grant would be for.
    pub ground: Ground,
    /// The profile's ApprovalPolicy.
    pub policy: Named<ApprovalPolicy>,
}

/// What to write, and when to look again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// The status.
    pub status: AccessRequestStatus,
    /// None: when something changes.
    pub again_in: Option<Duration>,
}

/// Whether nothing will become of it any more, whatever changes.
pub(crate) fn is_over(status: &AccessRequestStatus, now: Timestamp) -> bool {
    match status.phase {
        RequestPhase::Pending => false,
        RequestPhase::Approved => status.conditions.iter().any(|one| one.reason == "RunOut") && end_of(status) <= now,
        RequestPhase::Denied | RequestPhase::Expired | RequestPhase::Cancelled => true,
    }
}

/// The status of the request after `old`.
pub(crate) fn plan(facts: &Facts, old: &AccessRequestStatus, now: Timestamp) -> Plan {
    let mut status = old.clone();
    if old.phase == RequestPhase::Pending {
        status = AccessRequestStatus {
            observed_generation: facts.generation,
            request_id: Some(facts.id.to_string()),
            told: old.told,
            conditions: old.conditions.clone(),
            ..AccessRequestStatus::default()
        };
        let says = judge(facts, &mut status, now);
        say(&mut status, says, facts.generation, now);
    }
    if status.phase == RequestPhase::Approved {
        let says = grant(&status, facts, now);
        say(&mut status, says, facts.generation, now);
    }
    let open = matches!(status.phase, RequestPhase::Pending | RequestPhase::Approved);
    let again_in = open.then(|| again_in(end_of(&status), now)).flatten();
    Plan { status, again_in }
}

fn say(status: &mut AccessRequestStatus, (holds, reason, message): Says, generation: Option<i64>, now: Timestamp) {
    set_condition(&mut status.conditions, condition(GRANTED_CONDITION, holds, reason, message, generation, now));
}

/// The end of what it is: pending, or granted. What can't be read has ended.
fn end_of(status: &AccessRequestStatus) -> Timestamp {
    status.expires_at.as_deref().and_then(|at| at.parse().ok()).unwrap_or(Timestamp::MIN)
}

/// Decides a pending request, as far as it can be decided.
fn judge(facts: &Facts, status: &mut AccessRequestStatus, now: Timestamp) -> Says {
    let until = LIFETIME.after(facts.created_at);
    if now >= until {
        return decided(status, Decided::Expired { at: until });
    }
    status.expires_at = Some(until.to_string());
    match legible(facts).map(|legible| legible.step(facts, status, now)) {
        Err(says) => says,
        Ok(State::Pending { waiting, .. }) => no("Pending", &waiting.to_string()),
        Ok(State::Decided(verdict)) => match (&verdict, &facts.ground.pins) {
            (Decided::Approved { .. }, Err(missing)) => no(
                "Pending",
                &format!(
                    "it would be {verdict}, but {missing}: it counts as soon as that is mended, and ends when it would have"
                ),
            ),
            (Decided::Approved { .. }, Ok(pins)) => {
                status.pins = Some(pins.clone());
                decided(status, verdict)
            }
            _ => decided(status, verdict),
        },
    }
}

/// What core asks for, all of it legal and stamped.
struct Legible {
    ask: sentinel_core::ask::Ask,
    requester: sentinel_core::person::Person,
    ruling: Option<(Ruling, sentinel_core::person::Person)>,
}

/// What nobody has stamped counts for nothing, for good: the stamp can't be added later.
fn legible(facts: &Facts) -> Result<Legible, Says> {
    let spec = facts
        .spec
        .as_ref()
        .map_err(|error| no("Invalid", &format!("it can't be read, so it never counts: {error}")))?;
    let ask =
        spec.resolve().map_err(|problems| no("Invalid", &format!("it never counts; make another: {problems}")))?;
    let requester = spec.requester.as_ref().ok_or_else(|| {
        no("Unstamped", "who made it is unknown, so it never counts: Sentinel's webhook did not see it; make another")
    })?;
    let ruling = match (spec.decision, &spec.decided_by) {
        (None, _) => None,
        (Some(ruling), Some(by)) => Some((ruling, by.person())),
        (Some(_), None) => {
            return Err(no(
                "Unstamped",
                "who decided is unknown, so the decision never counts: Sentinel's webhook did not see it; make another request",
            ));
        }
    };
    Ok(Legible { ask, requester: requester.person(), ruling })
}

impl Legible {
    fn step(&self, facts: &Facts, status: &mut AccessRequestStatus, now: Timestamp) -> State {
        let profile = &facts.ground.profile;
        let governing = match profile {
            Ok(profile) => govern(&profile.name, named(&facts.policy)),
            Err(why) => Err(why.clone()),
        };
        if let Ok(governing) = &governing {
            status.policy = Some(governing.policy.to_owned());
            status.rule = Some(governing.rule.name.clone());
            status.approvers = governing.rule.approvers.iter().take(SHOWN).cloned().collect();
        }
        let by_law = ServiceAccountRequests::AutoApproveOnly;
        let facts = access_request::Facts {
            created_at: facts.created_at,
            ask: &self.ask,
            requester: &self.requester,
            ruling: self.ruling.as_ref().map(|(ruling, who)| (*ruling, who)),
            ruled_at: facts.decided_at,
            governing,
            service_accounts: profile.as_ref().map_or(by_law, |profile| profile.service_account_requests),
        };
        step(&facts, now)
    }
}

/// Puts a decision into the status.
fn decided(status: &mut AccessRequestStatus, decided: Decided) -> Says {
    let message = decided.to_string();
    status.approvers.clear();
    let (phase, at, reason) = match decided {
        Decided::Approved { at, until, policy, rule, by } => {
            status.expires_at = Some(until.to_string());
            (status.policy, status.rule) = (Some(policy), Some(rule));
            status.auto_approved = by.is_none();
            status.approved_as = by.map(|(_, entry)| entry);
            (RequestPhase::Approved, at, "Approved")
        }
        Decided::Denied { at, .. } => (RequestPhase::Denied, at, "Denied"),
        Decided::Expired { at } => (RequestPhase::Expired, at, "Expired"),
        Decided::Cancelled { at } => (RequestPhase::Cancelled, at, "Cancelled"),
    };
    if phase != RequestPhase::Approved {
        status.expires_at = None;
    }
    (status.phase, status.decided_at) = (phase, Some(at.to_string()));
    no(reason, &message)
}

/// Whether an approved request opens the door now.
fn grant(status: &AccessRequestStatus, facts: &Facts, now: Timestamp) -> Says {
    let (given, stands) = (status.pins.as_ref(), facts.ground.pins.as_ref().map_err(String::as_str));
    granted(given, stands, end_of(status), now, "Approved", || approval(status, facts).to_string())
}

/// The decision again, as status and stamp have it.
fn approval(status: &AccessRequestStatus, facts: &Facts) -> Decided {
    let stamp = facts.spec.as_ref().ok().and_then(|spec| spec.decided_by.as_ref());
    let by = stamp.zip(status.approved_as.clone()).map(|(stamp, entry)| (stamp.identity(), entry));
    let text = |name: &Option<String>| name.clone().unwrap_or_default();
    let (policy, rule) = (text(&status.policy), text(&status.rule));
    Decided::Approved { at: decided_at(status), until: end_of(status), policy, rule, by }
}

fn decided_at(status: &AccessRequestStatus) -> Timestamp {
    status.decided_at.as_deref().and_then(|at| at.parse().ok()).unwrap_or(Timestamp::MIN)
}
