//! Who may decide a request.

use super::{Ruling, ServiceAccountRequests};
use crate::governing::{Governing, Ungoverned};
use crate::person::{Identity, Person};
use crate::policy::ApprovalRule;

/// By which right somebody decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// It is their own request.
    Requester,
    /// The policy names them by this entry: a user name, an extra value or a group.
    Approver(String),
}

/// Why a person may not decide a request so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A program.
    #[error("{} is a service account, and service accounts never approve or deny", .0)]
    ServiceAccount(String),
    /// Self-approval, by whichever name.
    #[error("{} made this request, and nobody decides their own, by any of their names: {} is wanted (to withdraw it, set decision: Cancelled)", .requester, somebody(.approvers))]
    OwnRequest {
        /// Who asked.
        requester: String,
        /// Who may decide it.
        approvers: Vec<String>,
    },
    /// A service account asked, and the profile doesn't let approvers decide that.
    #[error(
        "service account {0} made this request: only the policy's autoApprove approves those, unless the SentinelProfile says serviceAccountRequests: Approvers; a person may make the request instead"
    )]
    ServiceAccountRequest(String),
    /// No rule says who may.
    #[error("{0}: nobody can approve or deny")]
    Ungoverned(#[from] Ungoverned),
    /// Somebody else may.
    #[error("{who} is no approver of rule `{rule}` of ApprovalPolicy `{policy}`: {} is wanted", somebody(.approvers))]
    NotApprover {
        /// Who tried.
        who: String,
        /// The policy.
        policy: String,
        /// Its rule.
        rule: String,
        /// Who may.
        approvers: Vec<String>,
    },
    /// Only who asked may take it back.
    #[error("{requester} made this request, and only they can cancel it; an approver can deny it")]
    NotRequester {
        /// Who asked.
        requester: String,
    },
}

/// Whether `decider` may say `ruling` to a request of `requester`, and by which right.
pub fn may_decide(
    ruling: Ruling,
    decider: &Person,
    requester: &Identity,
    governing: Result<Governing<'_, ApprovalRule>, &Ungoverned>,
    service_accounts: ServiceAccountRequests,
) -> Result<Via, Refusal> {
    if ruling == Ruling::Cancelled {
        let refusal = Refusal::NotRequester { requester: requester.shown() };
        return if decider.identity().is(requester) { Ok(Via::Requester) } else { Err(refusal) };
    }
    if decider.identity().is_service_account() {
        return Err(Refusal::ServiceAccount(decider.identity().shown()));
    }
    let governing = governing.map_err(Clone::clone)?;
    if decider.identity().is(requester) {
        let approvers = governing.rule.approvers.clone();
        return Err(Refusal::OwnRequest { requester: requester.shown(), approvers });
    }
    let by_auto_approve_only = service_accounts == ServiceAccountRequests::AutoApproveOnly;
    if ruling == Ruling::Approved && requester.is_service_account() && by_auto_approve_only {
        return Err(Refusal::ServiceAccountRequest(requester.shown()));
    }
    approver(decider, governing)
}

fn approver(decider: &Person, governing: Governing<'_, ApprovalRule>) -> Result<Via, Refusal> {
    let names = decider.names();
    let entry = governing.rule.approvers.iter().find(|entry| names.contains(&entry.as_str()));
    entry.cloned().map(Via::Approver).ok_or_else(|| Refusal::NotApprover {
        who: decider.identity().shown(),
        policy: governing.policy.to_owned(),
        rule: governing.rule.name.clone(),
        approvers: governing.rule.approvers.clone(),
    })
}

/// Some of them: a policy may name a thousand.
pub(super) fn somebody(approvers: &[String]) -> String {
    const SHOWN: usize = 8;
    let some = approvers.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match approvers.len() {
        0..=1 => some,
        count if count > SHOWN => format!("one of {some} and {} more", count - SHOWN),
        _ => format!("one of {some}"),
    }
}
