//! The steps, in the order in which [`super::decide`] takes them.
//!
//! A denial that nothing can take back (a revocation, the end of a pod) comes before the question whether a watch is
//! stale; everything else is believed only as long as its watch is.

use std::sync::Arc;

use sentinel_api::Profile;
use sentinel_core::policy::{AccessPolicy, Decision, Mode, Request, Verdict};

use super::cause::Cause;
use super::facts::{Facts, PodSight};
use crate::watch::{PodEntry, SessionEntry};

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
    let ended = pod.finished || pod.ends_at.is_some_and(|end| end < facts.now.wall);
    if ended { Err(Cause::PodEnded { pod: facts.caller.pod_path() }) } else { Ok(()) }
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
    let name = || facts.profile_name.clone();
    let Some(entry) = facts.profile.believed()? else { return Err(Cause::ProfileMissing { profile: name() }) };
    if entry.deleting {
        return Err(Cause::ProfileDeleting { profile: name() });
    }
    entry.judged.clone().map_err(|problems| Cause::ProfileInvalid { profile: name(), problems })
}

/// The place of AccessLocks, which come with a later version: before policy, approval and break-glass.
#[expect(clippy::unnecessary_wraps, reason = "locks will refuse here")]
pub fn nothing_is_locked(_: &Facts) -> Result<(), Cause> {
    Ok(())
}

/// The operator has made a SentinelSession for exactly this pod.
pub fn session_is_this_pods(facts: &Facts) -> Result<Arc<SessionEntry>, Cause> {
    let session = || format!("{}/{}", facts.caller.namespace, facts.session_id);
    let Some(entry) = facts.session.object.as_ref().filter(|entry| !entry.deleting) else {
        facts.session.believed()?;
        return Err(Cause::SessionMissing { session: session(), pod: facts.caller.pod_path() });
    };
    if let Some(problem) = &entry.problem {
        return Err(Cause::SessionInvalid { session: session(), problem: problem.clone() });
    }
    if !is_of(entry, facts) {
        return Err(Cause::SessionOfAnother { session: session(), pod: facts.caller.pod_path() });
    }
    Ok(entry.clone())
}

fn is_of(entry: &SessionEntry, facts: &Facts) -> bool {
    let caller = &facts.caller;
    entry.pod_uid == caller.pod_uid
        && entry.pod == caller.pod
        && entry.profile == facts.profile_name
        && entry.user == caller.user()
}

/// Nobody has stopped it, and it has not ended.
pub fn session_is_not_revoked(facts: &Facts, session: &SessionEntry) -> Result<(), Cause> {
    if let Some(revoked) = &session.revoked {
        return Err(Cause::Revoked { revoked: revoked.clone(), pod: facts.caller.pod_path() });
    }
    if session.expired { Err(Cause::SessionEnded { pod: facts.caller.pod_path() }) } else { Ok(()) }
}

/// We would know by now if it were revoked.
pub fn sessions_are_known(facts: &Facts) -> Result<(), Cause> {
    facts.session.believed()?;
    Ok(())
}

/// The access policy that governs the profile exists, is whole, and says something.
pub fn policy_decides(facts: &Facts, profile: &Profile) -> Result<Decision, Cause> {
    let policy = || profile.access_policy.clone();
    let profile_name = || profile.name.clone();
    let Some(entry) = facts.policy.believed()? else {
        return Err(Cause::PolicyMissing { policy: policy(), profile: profile_name() });
    };
    if entry.deleting {
        return Err(Cause::PolicyDeleting { policy: policy(), profile: profile_name() });
    }
    match &entry.judged {
        Ok(law) => Ok(ask(law, facts, profile)),
        Err(problems) => Err(Cause::PolicyInvalid { policy: policy(), problems: problems.clone() }),
    }
}

fn ask(law: &AccessPolicy, facts: &Facts, profile: &Profile) -> Decision {
    law.decide(&Request {
        user: &facts.caller.user(),
        profile: &profile.name,
        mode: Mode::Server,
        session_table: profile.session_table.as_deref().or(facts.default_table.as_deref()),
        at: facts.now.wall,
    })
}

/// It allows. Approvals and break-glass will be asked here where it doesn't; never past a `require_server…` denial.
pub fn policy_allows(decision: Decision, profile: &Profile) -> Result<Decision, Cause> {
    let (policy, profile) = (profile.access_policy.clone(), profile.name.clone());
    match decision.effect {
        Verdict::Allow => Ok(decision),
        Verdict::Deny => Err(Cause::Denied { decision: Box::new(decision), policy, profile }),
        Verdict::RequireApproval => Err(Cause::ApprovalRequired { decision: Box::new(decision), policy, profile }),
    }
}
