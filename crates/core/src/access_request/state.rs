//! What becomes of a request.

use jiff::Timestamp;

use super::decide::{Refusal, Via, may_decide, somebody};
use super::{Ruling, ServiceAccountRequests};
use crate::ask::Ask;
use crate::governing::{Governing, Ungoverned};
use crate::person::{Identity, Person};
use crate::policy::ApprovalRule;
use crate::time::GoDuration;

/// For how long a request waits for a decision.
pub const LIFETIME: GoDuration = GoDuration::from_secs(24 * 3600);

/// What is known of a request.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// When it was made, as the API server says.
    pub created_at: Timestamp,
    /// What it asks for.
    pub ask: &'a Ask,
    /// Who made it.
    pub requester: &'a Person,
    /// What somebody says to it, and who.
    pub ruling: Option<(Ruling, &'a Person)>,
    /// When they said it; none: that is not known, and it counts from when it is seen.
    pub ruled_at: Option<Timestamp>,
    /// The rule that governs its profile now.
    pub governing: Result<Governing<'a, ApprovalRule>, Ungoverned>,
    /// Who decides where a service account asks.
    pub service_accounts: ServiceAccountRequests,
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has decided.
    Pending {
        /// When it expires.
        until: Timestamp,
        /// What it waits for.
        waiting: Waiting,
    },
    /// Decided, for good.
    Decided(Decided),
}

/// What a request waits for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Waiting {
    /// For one of the approvers.
    #[error("waits for {}, by rule `{rule}` of ApprovalPolicy `{policy}`", somebody(.approvers))]
    Approver {
        /// The policy.
        policy: String,
        /// Its rule.
        rule: String,
        /// Who may decide.
        approvers: Vec<String>,
    },
    /// Nobody may decide as things are.
    #[error("{0}: nobody can decide")]
    Ungoverned(Ungoverned),
    /// Somebody decided who may not. It counts as soon as they may.
    #[error("the decision of {who} does not count: {refusal}")]
    Refused {
        /// Who decided.
        who: String,
        /// Why it doesn't count.
        refusal: Refusal,
    },
}

/// A decision, and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Access is granted from `at` on.
    Approved {
        /// The decision.
        at: Timestamp,
        /// The end of the grant, exclusive.
        until: Timestamp,
        /// The policy.
        policy: String,
        /// Its rule.
        rule: String,
        /// Who, and the entry that names them; none: autoApprove.
        by: Option<(Identity, String)>,
    },
    /// No.
    Denied {
        /// The decision.
        at: Timestamp,
        /// Who; none: a service account's request that didn't approve itself.
        by: Option<Identity>,
    },
    /// Nobody decided in time.
    Expired {
        /// When its time was over.
        at: Timestamp,
    },
    /// The requester took it back.
    Cancelled {
        /// The decision.
        at: Timestamp,
    },
}

/// Where the request stands at `now`. What is decided is not decided again: whoever has a [`Decided`] need not ask.
pub fn step(facts: &Facts<'_>, now: Timestamp) -> State {
    let until = LIFETIME.after(facts.created_at);
    if now >= until {
        return State::Decided(Decided::Expired { at: until });
    }
    let waiting = match ruled(facts, now) {
        Some(Ok(decided)) => return State::Decided(decided),
        Some(Err(waiting)) => waiting,
        None => match decided_by_law(facts, now) {
            Ok(decided) => return State::Decided(decided),
            Err(waiting) => waiting,
        },
    };
    State::Pending { until, waiting }
}

/// What a person decided, if one did, and from when they did: whoever looks late makes no grant last longer, and none begin later than
/// anybody expects. A denial that came before anybody looked goes before autoApprove.
fn ruled(facts: &Facts<'_>, now: Timestamp) -> Option<Result<Decided, Waiting>> {
    let (ruling, decider) = facts.ruling?;
    let governing = facts.governing.as_ref().copied();
    let via = may_decide(ruling, decider, facts.requester.identity(), governing, facts.service_accounts);
    let who = decider.identity();
    // Clocks differ, and nobody decides what has not been asked, or in the future.
    let at = facts.ruled_at.map_or(now, |at| at.min(now).max(facts.created_at));
    Some(match (via, ruling) {
        (Err(refusal), _) => Err(Waiting::Refused { who: who.shown(), refusal }),
        (Ok(_), Ruling::Cancelled) => Ok(Decided::Cancelled { at }),
        (Ok(_), Ruling::Denied) => Ok(Decided::Denied { at, by: Some(who.clone()) }),
        (Ok(via), Ruling::Approved) => approved(facts, at, Some((who.clone(), entry(via)))),
    })
}

fn entry(via: Via) -> String {
    match via {
        Via::Approver(entry) => entry,
        Via::Requester => String::new(),
    }
}

/// Without a person: autoApprove as of the making of the request, so that it doesn't hang on how soon anybody looks.
fn decided_by_law(facts: &Facts<'_>, now: Timestamp) -> Result<Decided, Waiting> {
    let governing = facts.governing.as_ref().map_err(|why| Waiting::Ungoverned(why.clone()))?;
    let auto = governing.rule.auto_approve.as_ref();
    let names = facts.requester.names();
    if auto.is_some_and(|auto| auto.check(&names, facts.ask.duration(), facts.created_at).is_ok()) {
        return approved(facts, facts.created_at, None);
    }
    let identity = facts.requester.identity();
    if identity.is_service_account() && facts.service_accounts == ServiceAccountRequests::AutoApproveOnly {
        return Ok(Decided::Denied { at: now, by: None });
    }
    let (policy, rule) = (governing.policy.to_owned(), governing.rule.name.clone());
    Err(Waiting::Approver { policy, rule, approvers: governing.rule.approvers.clone() })
}

fn approved(facts: &Facts<'_>, at: Timestamp, by: Option<(Identity, String)>) -> Result<Decided, Waiting> {
    let governing = facts.governing.as_ref().map_err(|why| Waiting::Ungoverned(why.clone()))?;
    let (policy, rule) = (governing.policy.to_owned(), governing.rule.name.clone());
    Ok(Decided::Approved { at, until: facts.ask.duration().after(at), policy, rule, by })
}

impl std::fmt::Display for Decided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Approved { until, policy, rule, by: Some((who, entry)), .. } => write!(
                f,
                "approved by {}, whom rule `{rule}` of ApprovalPolicy `{policy}` names as `{entry}`, until {until}",
                who.shown()
            ),
            Self::Approved { until, policy, rule, by: None, .. } => {
                write!(f, "approved by autoApprove of rule `{rule}` of ApprovalPolicy `{policy}`, until {until}")
            }
            Self::Denied { by: Some(who), .. } => write!(f, "denied by {}", who.shown()),
            Self::Denied { by: None, .. } => f.write_str(
                "denied: a service account made it and autoApprove does not approve it; a person may make the request, or the SentinelProfile may say serviceAccountRequests: Approvers",
            ),
            Self::Expired { at } => write!(f, "expired: nobody decided until {at}; make another"),
            Self::Cancelled { .. } => f.write_str("cancelled by who made it"),
        }
    }
}
