//! AccessRequest: who asks and who decides.

use jiff::Timestamp;
use sentinel_api::{AccessRequest, AccessRequestSpec, Profile, RequestPhase};
use sentinel_core::access_request::{
    Decided, Facts, LIFETIME, Ruling, ServiceAccountRequests, State, Waiting, may_decide, step,
};
use sentinel_core::policy::{ApprovalPolicy, Problem, Problems};

use super::ask::{Governor, asked_profile, frozen, not_yet, stamp_problem, whole};
use super::{Around, Judged, No};
use crate::view::NotReady;

const ANOTHER: &str = "make another request";

impl Judged for AccessRequest {
    fn judge(&self, old: Option<&Self>, around: Around<'_>) -> Result<(), No> {
        match old {
            None => made(&self.spec, around),
            Some(old) => changed(&self.spec, old, around),
        }
    }
}

/// A request that nobody could ever approve is refused at once, and its author hears why.
fn made(spec: &AccessRequestSpec, around: Around<'_>) -> Result<(), No> {
    let mut problems = vec![];
    problems.extend(stamp_problem("requester", spec.requester.as_ref(), Some(around.by)));
    let later = "it is set later, by an approver: leave it out";
    problems.extend(not_yet("decision", spec.decision.is_some(), later));
    let (ask, profile) = whole(problems, spec.resolve(), around)?;
    let (governor, requester) = (governor(profile, around)?, around.by.person());
    let facts = Facts {
        created_at: around.at,
        ask: &ask,
        requester: &requester,
        ruling: None,
        ruled_at: None,
        governing: governor.rule(),
        service_accounts: profile.service_account_requests,
    };
    match step(&facts, around.at) {
        State::Pending { waiting: nobody @ Waiting::Ungoverned(_), .. } => Err(No::forbidden(&nobody)),
        State::Decided(denied @ Decided::Denied { .. }) => Err(No::forbidden(&denied)),
        State::Pending { .. } | State::Decided(_) => Ok(()),
    }
}

fn changed(new: &AccessRequestSpec, old: &AccessRequest, around: Around<'_>) -> Result<(), No> {
    let was = &old.spec;
    let mut problems: Vec<Problem> = new.resolve().err().into_iter().flatten().collect();
    problems.extend(frozen(
        [
            ("profile", &new.profile, &was.profile),
            ("serviceAccount", &new.service_account, &was.service_account),
            ("duration", &new.duration, &was.duration),
            ("justification", &new.justification, &was.justification),
        ],
        ANOTHER,
    ));
    problems.extend(stamp_problem("requester", new.requester.as_ref(), was.requester.as_ref()));
    let decides = was.decision.is_none() && new.decision.is_some();
    if was.decision.is_some() {
        problems.extend(frozen([("decision", new.decision, was.decision)], ANOTHER));
        problems.extend(frozen([("comment", &new.comment, &was.comment)], ANOTHER));
    }
    let decided_by = if decides { Some(around.by) } else { was.decided_by.as_ref() };
    problems.extend(stamp_problem("decidedBy", new.decided_by.as_ref(), decided_by));
    Problems::refuse(problems, ())?;
    new.decision.filter(|_| decides).map_or(Ok(()), |ruling| may(ruling, old, around))
}

fn may(ruling: Ruling, request: &AccessRequest, around: Around<'_>) -> Result<(), No> {
    is_open(request, around.at)?;
    let stamp = request.spec.requester.as_ref();
    let requester = stamp.ok_or_else(|| No::forbidden(&format!("nobody knows who asked: {ANOTHER}")))?.identity();
    let (governor, service_accounts) = match (governed(&request.spec.profile, around), ruling) {
        (Ok(governed), _) => governed,
        // Nothing has to be known to take a request back.
        (Err(why), Ruling::Cancelled) => {
            (Governor::nobody(&request.spec.profile, &why), ServiceAccountRequests::AutoApproveOnly)
        }
        (Err(why), Ruling::Approved | Ruling::Denied) => return Err(why.into()),
    };
    let governing = governor.rule();
    let governing = governing.as_ref().copied();
    may_decide(ruling, &around.by.person(), &requester, governing, service_accounts)
        .map(drop)
        .map_err(|refusal| No::forbidden(&refusal))
}

/// What is decided stays so, and what nobody decided in time is too late: whether or not the operator has noticed.
fn is_open(request: &AccessRequest, at: Timestamp) -> Result<(), No> {
    let phase = request.status.as_ref().map_or(RequestPhase::Pending, |status| status.phase);
    let made = request.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let over = made.is_some_and(|made| at >= LIFETIME.after(made));
    match (phase, over) {
        (RequestPhase::Pending, false) => Ok(()),
        (RequestPhase::Pending | RequestPhase::Expired, _) => {
            Err(No::forbidden(&format!("nobody decided it within 24 hours, and it has expired: {ANOTHER}")))
        }
        (decided, _) => Err(No::forbidden(&format!("it is {decided:?}, and what is decided stays so: {ANOTHER}"))),
    }
}

/// What governs the profile `name`, whether or not that is any good.
fn governed(name: &str, around: Around<'_>) -> Result<(Governor<ApprovalPolicy>, ServiceAccountRequests), NotReady> {
    match asked_profile(around)? {
        Ok(profile) => Ok((governor(profile, around)?, profile.service_account_requests)),
        Err(problem) => Ok((Governor::nobody(name, &problem.message), ServiceAccountRequests::AutoApproveOnly)),
    }
}

fn governor(profile: &Profile, around: Around<'_>) -> Result<Governor<ApprovalPolicy>, NotReady> {
    Governor::of(profile, profile.approval_policy.as_deref(), |name| around.view.approval_policy(name))
}
