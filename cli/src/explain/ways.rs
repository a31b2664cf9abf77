//! What would help whoever is refused: what stops them says which of it counts.
//!
//! | what stops it                     | what would help                                                          |
//! |-----------------------------------|--------------------------------------------------------------------------|
//! | a lock                            | its end; the policy isn't asked before, whatever it says                 |
//! | the end of the session, or pod    | a new pod                                                                |
//! | the policy                        | an approval, breaking the glass, a rule that nearly matches              |
//! | the policy, for want of a session | what its rule requires: neither an approval nor an emergency goes past it |
//! | anything else                     | the refusal itself says it                                               |

use std::fmt::Display;

use jiff::Timestamp;
use sentinel_core::break_glass::{longest, opens};
use sentinel_core::governing::Governing;
use sentinel_core::grant::Door;
use sentinel_core::identity::parse_service_account_user;
use sentinel_core::policy::{ApprovalRule, AutoApprove, BreakGlassRule, Decision, ReasonCode};
use sentinel_core::time::GoDuration;
use sentinel_decision::{Cause, LockEntry};

use super::governors::Governors;
use super::said::Asked;

/// As many names as a line has.
const NAMED: usize = 20;
const HOUR: GoDuration = GoDuration::from_secs(3600);

/// A door that is shut, and who stands before it.
pub(super) struct Shut<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) cause: &'a Cause,
    /// The locks that hold.
    pub(super) locks: Vec<&'a LockEntry>,
    /// What stops it once they have ended.
    pub(super) behind_locks: Option<&'a Cause>,
    /// Its requests that wait for a decision.
    pub(super) pending: Vec<&'a str>,
    pub(super) governors: &'a Governors,
    /// What the rules of the AccessPolicy would take.
    pub(super) by_rules: Vec<String>,
}

impl Shut<'_> {
    /// What would open it, a line each.
    pub(super) fn ways(self) -> Vec<String> {
        match self.cause {
            Cause::Locked { .. } => {
                let behind = self.behind_locks.and_then(|cause| new_pod(cause, self.asked.profile));
                std::iter::once(unlock(&self.locks)).chain(behind).collect()
            }
            Cause::Denied { decision, .. } | Cause::ApprovalRequired { decision, .. } => {
                let doors = self.doors(decision);
                doors.into_iter().chain(self.by_rules).collect()
            }
            other => new_pod(other, self.asked.profile).into_iter().collect(),
        }
    }

    /// Approvals and emergencies are for service accounts.
    fn doors(&self, decision: &Decision) -> Vec<String> {
        let Asked { user, profile, at } = self.asked;
        let Some((namespace, account)) = parse_service_account_user(user) else { return vec![] };
        let whom = format!("--profile {profile} --service-account {account} -n {namespace}");
        let approvers = self.governors.approvers(profile).filter(|_| Door::Approval.opens(decision));
        let breakers = self.governors.breakers(profile).filter(|_| Door::BreakGlass.opens(decision));
        let approval = approvers.map(|governing| match self.pending.first() {
            Some(name) => decide(&governing, name, namespace),
            None => request(&governing, &whom),
        });
        let emergency = breakers.and_then(|governing| break_glass(&governing, &whom, at));
        approval.into_iter().chain(emergency).collect()
    }
}

/// What would help where only the AccessPolicy is known, and no profile.
pub(super) fn of_file(decision: &Decision) -> Vec<String> {
    let doors = [
        (Door::Approval, "an approval, if an ApprovalPolicy of the profile says who approves"),
        (Door::BreakGlass, "breaking the glass, if a BreakGlassPolicy of the profile says who may"),
    ];
    doors.into_iter().filter(|(door, _)| door.opens(decision)).map(|(_, way)| way.to_owned()).collect()
}

/// All of them must end: each is enough to stop it.
fn unlock(locks: &[&LockEntry]) -> String {
    let (what, when) = if locks.len() == 1 { ("the lock", "it ends") } else { ("every lock", "they end") };
    let commands = locks.iter().map(|lock| format!("kubectl sentinel unlock {}", lock.name));
    let ends: Option<Vec<Timestamp>> = locks.iter().map(|lock| lock.lock.expires_at()).collect();
    let itself = ends.and_then(|ends| ends.into_iter().max()).map(|end| format!(" ({when} by itself at {end})"));
    let (commands, itself) = (commands.collect::<Vec<_>>().join(" && "), itself.unwrap_or_default());
    format!("the end of {what}{itself}: {commands}; before that nothing goes past it, and then the policy is asked")
}

/// What has ended for good, or was never begun, begins with a new pod only.
fn new_pod(cause: &Cause, profile: &str) -> Option<String> {
    match cause {
        Cause::Revoked { .. } | Cause::SessionEnded { .. } | Cause::SessionOfAnother { .. } => {
            Some("a new pod, which gets a new session: nothing else goes past the end of this one".to_owned())
        }
        Cause::PodEnded { .. } | Cause::PodGone { .. } => Some("a new pod".to_owned()),
        Cause::NotInjected { .. } | Cause::OtherProfile { .. } => {
            Some(format!("a new pod with the annotation sentinel.dev/profile: {profile}"))
        }
        _ => None,
    }
}

fn request(governing: &Governing<'_, ApprovalRule>, whom: &str) -> String {
    let Governing { policy, rule } = governing;
    let (by, name) = (any_of(&rule.approvers), &rule.name);
    let itself = rule.auto_approve.as_ref().map(approves_itself).unwrap_or_default();
    format!(
        "an approval by {by} (rule `{name}` of ApprovalPolicy `{policy}`){itself}. Ask for it: kubectl sentinel request {whom} --duration 1h --justification '…'"
    )
}

fn decide(governing: &Governing<'_, ApprovalRule>, request: &str, namespace: &str) -> String {
    let Governing { policy, rule } = governing;
    let (by, name) = (any_of(&rule.approvers), &rule.name);
    format!(
        "an approval of AccessRequest {request}, which waits for {by} (rule `{name}` of ApprovalPolicy `{policy}`): kubectl sentinel approve {request} -n {namespace}"
    )
}

fn approves_itself(auto: &AutoApprove) -> String {
    let by = if auto.users.is_empty() { "anybody".to_owned() } else { any_of(&auto.users) };
    let longest = auto.max_duration.filter(|longest| !longest.is_zero());
    let most = longest.map(|longest| format!(", for {longest} at most")).unwrap_or_default();
    let time = if auto.time.is_some() { ", within its time window" } else { "" };
    format!("; what {by} asks for is approved by itself{most}{time}")
}

/// None where the window doesn't open: nobody can.
fn break_glass(governing: &Governing<'_, BreakGlassRule>, whom: &str, at: Timestamp) -> Option<String> {
    let Governing { policy, rule } = governing;
    let from = match &rule.time {
        Some(window) if !window.contains(at) => format!(", from {} on (its time window)", opens(window, at)?),
        _ => String::new(),
    };
    let (by, name, most) = (any_of(&rule.users), &rule.name, longest(rule));
    let (codes, duration) = (&rule.allowed_reason_codes, most.min(HOUR));
    let code = codes.first().copied().unwrap_or(ReasonCode::Incident);
    let reasons = if codes.is_empty() { String::new() } else { format!(", because of {}", any_of(codes)) };
    Some(format!(
        "breaking the glass, by {by} (rule `{name}` of BreakGlassPolicy `{policy}`){reasons}, for {most} at most{from}: kubectl sentinel break-glass {whom} --reason-code {code} --duration {duration} --justification '…'"
    ))
}

fn any_of<T: Display>(names: &[T]) -> String {
    let shown = names.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match names.len() {
        1 => shown,
        count if count > NAMED => format!("one of {shown} and {} more", count - NAMED),
        _ => format!("one of {shown}"),
    }
}
