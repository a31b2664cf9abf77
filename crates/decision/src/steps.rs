//! The steps, in the order in which [`super::decide`] takes them.
//!
//! A denial that nothing can take back (a revocation, the end of a pod) comes before the question whether a watch is
//! stale; everything else is believed only as long as its watch is. What is decided comes before what can't be: a denial is
//! 403 at once, while a sidecar serves on after a 503.

use std::sync::Arc;

use jiff::Timestamp;
use sentinel_api::Profile;
use sentinel_core::lock::Target;
use sentinel_core::policy::{AccessPolicy, CompiledPolicy, Decision, Mode, Request, Verdict};

use crate::cause::Cause;
use crate::entry::{LockEntry, PodEntry, PolicyEntry, ProfileEntry, SessionEntry};
use crate::facts::{Facts, PodSight};
use crate::sight::Sight;

/// The pod that the token is bound to is the one that we know, UID and service account alike.
pub fn pod_is_the_callers(facts: &Facts) -> Result<Arc<PodEntry>, Cause> {
    let caller = &facts.caller;
    let pod = match &facts.pod {
        PodSight::Seen(pod) => pod,
        PodSight::Gone => return Err(Cause::pod_gone(caller)),
        PodSight::Stale(stale) => return Err(Cause::Stale(*stale)),
        PodSight::Unknown(problem) => {
            return Err(Cause::PodUnknown { pod: caller.pod_path(), problem: problem.clone() });
        }
    };
    if pod.uid != caller.pod_uid || pod.name != caller.pod || pod.namespace != caller.namespace {
        return Err(Cause::pod_gone(caller));
    }
    if pod.service_account != caller.service_account {
        let (token, pod_has) = (caller.service_account.clone(), pod.service_account.clone());
        return Err(Cause::OtherServiceAccount { pod: caller.pod_path(), token, pod_has });
    }
    Ok(pod.clone())
}

/// It has not ended. A pod that is being deleted lives until its grace period is over, so that it can finish its work.
pub fn pod_lives(facts: &Facts, pod: &PodEntry) -> Result<(), Cause> {
    if pod.has_ended(facts.now) { Err(Cause::PodEnded { pod: facts.caller.pod_path() }) } else { Ok(()) }
}

/// It carries our label, our container, and the annotation that asks for this profile.
pub fn pod_asks_for_the_profile(facts: &Facts, pod: &PodEntry) -> Result<(), Cause> {
    if !pod.injected || !pod.has_sidecar {
        return Err(Cause::NotInjected { pod: facts.caller.pod_path() });
    }
    if pod.profile.as_deref() == Some(facts.profile_name.as_str()) {
        return Ok(());
    }
    let (asked, annotated) = (facts.profile_name.clone(), pod.profile.clone().unwrap_or_default());
    Err(Cause::OtherProfile { pod: facts.caller.pod_path(), asked, annotated })
}

/// The profile exists, is not being deleted, and makes sense.
pub fn profile_can_be_used(facts: &Facts) -> Result<Arc<Profile>, Cause> {
    usable_profile(&facts.profile_name, &facts.profile)
}

/// No lock that we know of stops this user, namespace or profile. A lock that we knew of a minute ago still counts: that it
/// has gone since can't be known either. Of several, the one that ends last speaks.
pub fn nothing_is_locked(facts: &Facts) -> Result<(), Cause> {
    let user = facts.caller.user();
    let target = Target { user: &user, namespace: &facts.caller.namespace, profile: &facts.profile_name };
    let Some(lock) = lock_on(&facts.locks, target, facts.now) else { return Ok(()) };
    let lock = Box::new(lock.clone());
    Err(Cause::Locked { lock, profile: facts.profile_name.clone(), pod: facts.caller.pod_path() })
}

/// What stops the caller for sure, whatever else isn't known: a lock, or the end of its session. Both are found by the token alone.
pub fn known_stop(facts: &Facts) -> Option<Cause> {
    let session = || session_is_this_pods(facts).and_then(|session| session_is_not_revoked(facts, session));
    nothing_is_locked(facts).and_then(|()| session()).err()
}

/// There are no locks that we don't know of.
pub fn locks_are_known(facts: &Facts) -> Result<(), Cause> {
    facts.locks_stale.map_or(Ok(()), |stale| Err(Cause::Stale(stale)))
}

/// The SentinelSession by this pod's name is this pod's, if there is one; whether there must be is asked last.
pub fn session_is_this_pods(facts: &Facts) -> Result<Option<&Arc<SessionEntry>>, Cause> {
    let session = || session_path(facts);
    let Some(entry) = &facts.session.object else { return Ok(None) };
    if let Some(problem) = &entry.problem {
        return Err(Cause::SessionInvalid { session: session(), problem: problem.clone() });
    }
    if !is_of(entry, facts) {
        return Err(Cause::SessionOfAnother { session: session(), pod: facts.caller.pod_path() });
    }
    Ok(Some(entry))
}

fn session_path(facts: &Facts) -> String {
    format!("{}/{}", facts.caller.namespace, facts.session_id)
}

fn is_of(entry: &SessionEntry, facts: &Facts) -> bool {
    let caller = &facts.caller;
    entry.pod_uid == caller.pod_uid
        && entry.pod == caller.pod
        && entry.profile == facts.profile_name
        && entry.user == caller.user()
}

/// Nobody has stopped it, and it has not ended. What was revoked stays so when its object is gone: whoever owns the pod can
/// have the garbage collector take the object (by deleting the pod in the foreground, with a long grace period).
pub fn session_is_not_revoked(facts: &Facts, session: Option<&Arc<SessionEntry>>) -> Result<(), Cause> {
    let revoked = session.and_then(|session| session.revoked.as_ref()).or(facts.revoked_before.as_ref());
    if let Some(revoked) = revoked {
        return Err(Cause::Revoked { revoked: revoked.clone(), pod: facts.caller.pod_path() });
    }
    let expired = session.is_some_and(|session| session.expired);
    if expired { Err(Cause::SessionEnded { pod: facts.caller.pod_path() }) } else { Ok(()) }
}

/// The operator has made the session, and we would know by now if it were revoked. Comes after the policy, so that a pod
/// whose session is missing is told a denial that is known: 503 would let its sidecar serve on.
pub fn session_is_known(facts: &Facts, session: Option<&Arc<SessionEntry>>) -> Result<Arc<SessionEntry>, Cause> {
    facts.session.believed()?;
    let missing = || Cause::SessionMissing { session: session_path(facts), pod: facts.caller.pod_path() };
    session.filter(|session| !session.deleting).cloned().ok_or_else(missing)
}

/// The access policy that governs the profile exists, is whole, and says something.
pub fn policy_decides(facts: &Facts, profile: &Profile) -> Result<Decision, Cause> {
    let law = law_in_force(profile, &facts.policy)?;
    Ok(law.decide(&request(facts, &facts.caller.user(), profile)))
}

/// It allows by itself: for those who ask about somebody without a pod, whom no approval or emergency can be about.
pub fn policy_allows(decision: Decision, profile: &Profile) -> Result<Decision, Cause> {
    let (policy, profile) = (profile.access_policy.clone(), profile.name.clone());
    match decision.effect {
        Verdict::Allow => Ok(decision),
        Verdict::Deny => Err(Cause::Denied { decision: Box::new(decision), policy, profile, tried: Box::default() }),
        Verdict::RequireApproval => {
            Err(Cause::ApprovalRequired { decision: Box::new(decision), policy, profile, tried: Box::default() })
        }
    }
}

/// The profile `name`, if it can be used.
pub fn usable_profile(name: &str, sight: &Sight<ProfileEntry>) -> Result<Arc<Profile>, Cause> {
    let profile = || name.to_owned();
    let Some(entry) = sight.believed()? else { return Err(Cause::ProfileMissing { profile: profile() }) };
    if entry.deleting {
        return Err(Cause::ProfileDeleting { profile: profile() });
    }
    entry.judged.clone().map_err(|problems| Cause::ProfileInvalid { profile: profile(), problems })
}

/// The access policy that governs `profile`, if it can be asked.
pub fn policy_in_force<'a>(profile: &Profile, sight: &'a Sight<PolicyEntry>) -> Result<&'a AccessPolicy, Cause> {
    law_in_force(profile, sight).map(CompiledPolicy::policy)
}

fn law_in_force<'a>(profile: &Profile, sight: &'a Sight<PolicyEntry>) -> Result<&'a CompiledPolicy, Cause> {
    let policy = || profile.access_policy.clone();
    let Some(entry) = sight.believed()? else {
        return Err(Cause::PolicyMissing { policy: policy(), profile: profile.name.clone() });
    };
    if entry.deleting {
        return Err(Cause::PolicyDeleting { policy: policy(), profile: profile.name.clone() });
    }
    entry.judged.as_ref().map_err(|problems| Cause::PolicyInvalid { policy: policy(), problems: problems.clone() })
}

/// What the policy is asked: `user` is the caller's, which nobody else keeps.
pub fn request<'a>(facts: &'a Facts, user: &'a str, profile: &'a Profile) -> Request<'a> {
    Request {
        user,
        profile: &profile.name,
        mode: Mode::Server,
        session_table: profile.session_table.as_deref().or(facts.default_table.as_deref()),
        at: facts.now,
    }
}

/// The lock that stops `target` for longest.
pub fn lock_on<'a>(locks: &'a [Arc<LockEntry>], target: Target<'_>, at: Timestamp) -> Option<&'a LockEntry> {
    let holding = locks.iter().filter(|entry| entry.lock.holds(target, at));
    holding.max_by_key(|entry| entry.ends_last()).map(Arc::as_ref)
}
