//! Facts, judged by the broker's own code, with what would help. Pure: nothing is read here.

use std::sync::Arc;

use jiff::Timestamp;
use sentinel_api::Profile;
use sentinel_core::lock::Target;
use sentinel_decision::{
    Cause, Facts, LockEntry, Standing, decide, lock_on, policy_allows, policy_in_force, request, usable_profile,
};

use super::governors::Governors;
use super::said::{Asked, Said, Walked};
use super::ways::Shut;

/// What the broker would say to a pod.
pub(super) fn pod(facts: &Facts, governors: &Governors) -> Said {
    let user = facts.caller.user();
    let profile = usable_profile(&facts.profile_name, &facts.profile).ok();
    let walked = profile.as_ref().and_then(|profile| {
        let law = policy_in_force(profile, &facts.policy).ok()?;
        Some(Walked::of(law, &request(facts, &user, profile)))
    });
    let asked = Asked { user: &user, profile: &facts.profile_name, at: facts.now };
    let decided = decide(facts);
    let would_help = match &decided {
        Ok(_) => vec![],
        Err(cause) => {
            let behind_locks = behind_locks(facts, cause);
            let target = Target { user: &user, namespace: &facts.caller.namespace, profile: &facts.profile_name };
            let locks = holding(&facts.locks, target, facts.now);
            let by_rules = by_rules(walked.as_ref());
            let behind_locks = behind_locks.as_ref();
            Shut { asked, cause, locks, behind_locks, pending: pending(facts), governors, by_rules }.ways()
        }
    };
    let mut said = Said::new(asked, profile.as_deref(), walked, decided.as_ref().err());
    if let Ok(permit) = &decided {
        said = said.permitted(permit);
    }
    said.pod = Some(facts.caller.pod_path());
    said.session = Some(facts.session_id.to_string());
    said.would_help = would_help;
    said.other_policies = governors.told(&facts.profile_name);
    said
}

/// What the live policy answers to a user, who need not have a pod.
pub(super) fn user(
    asked: Asked<'_>,
    profile: Result<Arc<Profile>, Cause>,
    walked: Result<Walked, Cause>,
    locks: &[Arc<LockEntry>],
    governors: &Governors,
) -> Said {
    let unlocked = unlocked(asked, locks);
    let allowed = match (&profile, &unlocked, &walked) {
        (Ok(profile), Ok(()), Ok(walked)) => policy_allows(walked.decision.clone(), profile).map(drop),
        (Err(cause), ..) | (_, Err(cause), _) | (.., Err(cause)) => Err(cause.clone()),
    };
    let (profile, walked) = (profile.ok(), walked.ok());
    let would_help = allowed.as_ref().err().map(|cause| {
        let target = Target::of_user(asked.user, asked.profile);
        let locks = target.map(|target| holding(locks, target, asked.at)).unwrap_or_default();
        let by_rules = by_rules(walked.as_ref());
        Shut { asked, cause, locks, behind_locks: None, pending: vec![], governors, by_rules }.ways()
    });
    let mut said = Said::new(asked, profile.as_deref(), walked, allowed.as_ref().err());
    said.would_help = would_help.unwrap_or_default();
    said.other_policies = governors.told(asked.profile);
    said
}

/// The lock that stops a pod of the user.
fn unlocked(asked: Asked<'_>, locks: &[Arc<LockEntry>]) -> Result<(), Cause> {
    let Asked { user, profile, at } = asked;
    let lock = Target::of_user(user, profile).and_then(|target| lock_on(locks, target, at)).cloned().map(Box::new);
    lock.map_or(Ok(()), |lock| Err(Cause::Locked { lock, profile: profile.to_owned(), pod: format!("of {user}") }))
}

fn holding<'a>(locks: &'a [Arc<LockEntry>], target: Target<'_>, at: Timestamp) -> Vec<&'a LockEntry> {
    locks.iter().map(Arc::as_ref).filter(|entry| entry.lock.holds(target, at)).collect()
}

/// What would stop it if no lock did.
fn behind_locks(facts: &Facts, cause: &Cause) -> Option<Cause> {
    matches!(cause, Cause::Locked { .. }).then(|| decide(&Facts { locks: vec![], ..facts.clone() }).err())?
}

/// The requests for its service account on this profile that wait for a decision.
fn pending(facts: &Facts) -> Vec<&str> {
    let entries = facts.requests.entries.iter().filter(|entry| {
        let is_its = entry.service_account == facts.caller.service_account && entry.profile == facts.profile_name;
        is_its && matches!(entry.standing, Standing::Pending { .. })
    });
    entries.map(|entry| entry.name.as_str()).collect()
}

fn by_rules(walked: Option<&Walked>) -> Vec<String> {
    walked.map(|walked| walked.by_rules.clone()).unwrap_or_default()
}

#[cfg(test)]
#[path = "judged_tests.rs"]
mod tests;
