//! What opens a door that the policy keeps shut: an approval, or an emergency where no approval does.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use sentinel_api::{Pins, Profile};
use sentinel_core::grant::Door;
use sentinel_core::identity::{GrantedBy, RequestId};
use sentinel_core::policy::{Decision, Verdict};

use crate::cause::Cause;
use crate::entry::{GrantEntry, Open, Standing};
use crate::facts::{Facts, Grants};
use crate::sight::Stale;

/// What opened the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which.
    pub door: Door,
    /// Name of its object.
    pub name: String,
    /// Its id.
    pub id: RequestId,
    /// The end of the grant, exclusive.
    pub until: Timestamp,
}

/// What was tried in vain, and what to do: for whoever is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// What stands in its way, request by request.
    pub notes: Vec<String>,
    /// The command that asks for what is missing; none where asking doesn't help, or was done.
    pub ask: Option<String>,
}

/// As many requests and events as a refusal tells of.
const TOLD: usize = 3;

impl Opened {
    /// As SourceIdentity has it.
    pub fn granted_by(&self) -> GrantedBy {
        GrantedBy::Request(self.id.clone())
    }
}

/// The policy allows it, or something opens the door.
pub fn policy_or_grant(facts: &Facts, decision: &Decision, profile: &Profile) -> Result<Option<Opened>, Cause> {
    if decision.effect == Verdict::Allow {
        return Ok(None);
    }
    let tries = [(Door::Approval, &facts.requests), (Door::BreakGlass, &facts.events)];
    let usable = tries.into_iter().filter(|(door, _)| door.opens(decision));
    let wanted = Wanted::of(facts, profile);
    let mut unsure = None;
    for (_, grants) in usable {
        match (wanted.best(grants), grants.stale) {
            (Some(opened), None) => return Ok(Some(opened)),
            (Some(_), Some(stale)) => unsure = unsure.or(Some(stale)),
            (None, Some(stale)) if may_be_unknown(decision, grants, stale) => unsure = unsure.or(Some(stale)),
            (None, _) => {}
        }
    }
    match unsure {
        Some(stale) => Err(Cause::Stale(stale)),
        None => Err(refusal(facts, decision, profile, &wanted)),
    }
}

/// Whether what isn't known may be what opens the door. A deny is a deny until an emergency is seen: an old watch of events
/// must not keep it from being told, but a broker that has never seen any can't tell.
fn may_be_unknown(decision: &Decision, grants: &Grants, stale: Stale) -> bool {
    let is_asked_for = decision.effect == Verdict::RequireApproval && grants.door == Door::Approval;
    is_asked_for || stale.age.is_none()
}

/// What a grant must be for.
struct Wanted<'a> {
    facts: &'a Facts,
    pins: Pins,
}

impl<'a> Wanted<'a> {
    fn of(facts: &'a Facts, profile: &Profile) -> Self {
        let uid = facts.profile.object.as_ref().map(|entry| entry.uid.as_str()).unwrap_or_default();
        Self { facts, pins: Pins::of(profile, uid, &facts.caller.service_account_uid) }
    }

    /// Those for this service account and profile; the facts hold those of the caller's namespace alone.
    fn among<'g>(&self, grants: &'g Grants) -> impl Iterator<Item = &'g Arc<GrantEntry>> {
        let (account, profile) = (self.facts.caller.service_account.clone(), self.facts.profile_name.clone());
        grants.entries.iter().filter(move |entry| entry.service_account == account && entry.profile == profile)
    }

    /// The one that ends last.
    fn best(&self, grants: &Grants) -> Option<Opened> {
        let open = self.among(grants).filter_map(|entry| {
            let Open { id, until, .. } = entry.open_at(self.facts.now).filter(|open| self.fits(open))?;
            Some(Opened { door: entry.door, name: entry.name.clone(), id: id.clone(), until: *until })
        });
        open.max_by(|one, other| (one.until, &other.name).cmp(&(other.until, &one.name)))
    }

    /// An empty UID is one that we don't know, and so nobody's.
    fn fits(&self, open: &Open) -> bool {
        let known = !self.pins.service_account_uid.is_empty() && !self.pins.profile_uid.is_empty();
        known && open.pins == self.pins
    }

    /// What is to be told of an entry that opens nothing.
    fn note(&self, entry: &GrantEntry) -> Option<String> {
        let label = entry.label();
        let colon = |said: &str| if said.is_empty() { String::new() } else { format!(": {said}") };
        match &entry.standing {
            Standing::Pending { approvers, said } => {
                let since = entry.since.map(|since| format!(" since {since}")).unwrap_or_default();
                let told =
                    if approvers.is_empty() { colon(said) } else { format!(": {} may decide", any_of(approvers)) };
                Some(format!("{label} is pending{since}{told}"))
            }
            Standing::Open(open) if open.until <= self.facts.now => Some(format!("{label} ended at {}", open.until)),
            Standing::Open(open) => {
                let changes = open.pins.changes(&self.pins).join("; ");
                Some(format!("{label} is void, for what it was given for has changed: {changes}"))
            }
            Standing::Shut { phase, said } => Some(format!("{label} is {phase}{}", colon(said))),
            Standing::Invalid(_) => None,
        }
    }
}

fn any_of(approvers: &[String]) -> String {
    let some = approvers.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    if approvers.len() > 5 { format!("{some} and others") } else { some }
}

fn refusal(facts: &Facts, decision: &Decision, profile: &Profile, wanted: &Wanted<'_>) -> Cause {
    let (policy, name) = (profile.access_policy.clone(), profile.name.clone());
    let tried = Box::new(tried(facts, decision, profile, wanted));
    let decision = Box::new(decision.clone());
    match decision.effect {
        Verdict::RequireApproval => Cause::ApprovalRequired { decision, policy, profile: name, tried },
        _ => Cause::Denied { decision, policy, profile: name, tried },
    }
}

/// What waits first, then what opens no more, then what was refused; of each the newest first.
fn tried(facts: &Facts, decision: &Decision, profile: &Profile, wanted: &Wanted<'_>) -> Tried {
    let doors = [&facts.requests, &facts.events];
    let usable = doors.into_iter().filter(|grants| grants.door.opens(decision));
    let mut entries: Vec<&Arc<GrantEntry>> = usable.flat_map(|grants| wanted.among(grants)).collect();
    entries.sort_by_key(|entry| (rank(&entry.standing), Reverse(entry.since), entry.name.clone()));
    let is_pending =
        entries.iter().any(|entry| matches!(entry.standing, Standing::Pending { .. }) && entry.door == Door::Approval);
    let mut notes: Vec<String> = entries.iter().filter_map(|entry| wanted.note(entry)).take(TOLD).collect();
    let approvable = profile.approval_policy.is_some();
    let wants_approval = decision.effect == Verdict::RequireApproval;
    if wants_approval && !approvable {
        let profile = &profile.name;
        notes.push(format!(
            "SentinelProfile `{profile}` names no ApprovalPolicy (spec.policies.approval), so nobody can approve"
        ));
    }
    let asks = wants_approval && approvable && !is_pending;
    Tried { notes, ask: asks.then(|| ask(facts)) }
}

fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Pending { .. } => 0,
        Standing::Open(_) => 1,
        Standing::Shut { phase: "denied" | "refused", .. } => 2,
        Standing::Shut { .. } | Standing::Invalid(_) => 3,
    }
}

/// The command of our own plugin, ready to be pasted.
fn ask(facts: &Facts) -> String {
    let (caller, profile) = (&facts.caller, &facts.profile_name);
    format!(
        "kubectl sentinel request --profile {profile} --service-account {} -n {} --duration 1h --justification '…'",
        caller.service_account, caller.namespace
    )
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            write!(f, "; {note}")?;
        }
        self.ask.as_ref().map_or(Ok(()), |ask| write!(f, ". Ask for it: {ask}"))
    }
}

#[cfg(test)]
#[path = "opened_tests.rs"]
mod tests;
