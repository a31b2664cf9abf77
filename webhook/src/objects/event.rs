//! BreakGlassEvent: who breaks the glass, who closes it, who reviews it.

use sentinel_api::{BreakGlassEvent, BreakGlassEventSpec, PersonStamp};
use sentinel_core::break_glass::{Facts, Start, State, start};
use sentinel_core::policy::{Problem, Problems};

use super::ask::{Governor, frozen, not_yet, stamp_problem, whole};
use super::{Around, Judged, No};

const ANOTHER: &str = "close this event and make another";

impl Judged for BreakGlassEvent {
    fn judge(&self, old: Option<&Self>, around: Around<'_>) -> Result<(), No> {
        match old {
            None => made(&self.spec, around),
            Some(old) => changed(&self.spec, &old.spec, around),
        }
    }
}

/// Whoever may not break the glass at all hears it at once. How often they may is for the operator to say, who counts.
fn made(spec: &BreakGlassEventSpec, around: Around<'_>) -> Result<(), No> {
    let mut problems = vec![];
    problems.extend(stamp_problem("invoker", spec.invoker.as_ref(), Some(around.by)));
    problems.extend(not_yet("closed", spec.closed, "an event that is closed never begins: leave it out"));
    problems.extend(not_yet("review", spec.review.is_some(), "it is written when the emergency is over: leave it out"));
    let (emergency, profile) = whole(problems, spec.resolve(), around)?;
    let named = profile.break_glass_policy.as_deref();
    let governor = Governor::of(profile, named, |name| around.view.break_glass_policy(name))?;
    let facts = Facts {
        created_at: around.at,
        emergency: &emergency,
        invoker: &around.by.person(),
        governing: governor.rule(),
        closed: false,
    };
    match start(&facts, around.at) {
        Start::Become(State::Refused(refusal)) => Err(No::forbidden(&refusal)),
        Start::Become(_) | Start::AskLedger => Ok(()),
    }
}

fn changed(new: &BreakGlassEventSpec, old: &BreakGlassEventSpec, around: Around<'_>) -> Result<(), No> {
    let mut problems: Vec<Problem> = new.resolve().err().into_iter().flatten().collect();
    problems.extend(frozen(
        [
            ("profile", &new.profile, &old.profile),
            ("serviceAccount", &new.service_account, &old.service_account),
            ("reasonCode", &new.reason_code, &old.reason_code),
            ("duration", &new.duration, &old.duration),
            ("justification", &new.justification, &old.justification),
        ],
        ANOTHER,
    ));
    problems.extend(stamp_problem("invoker", new.invoker.as_ref(), old.invoker.as_ref()));
    problems.extend(closing_problems(new, old, around));
    let reviews = old.review.is_none() && new.review.is_some();
    let reviewed_by = if reviews { Some(around.by) } else { old.reviewed_by.as_ref() };
    problems.extend(stamp_problem("reviewedBy", new.reviewed_by.as_ref(), reviewed_by));
    if old.review.is_some() {
        problems.extend(frozen([("review", &new.review, &old.review)], "what was found stays"));
    }
    Problems::refuse(problems, ())?;
    if reviews { may_review(new, around) } else { Ok(()) }
}

/// Whoever may update an event may close it: that takes power away and gives none. The stamp may have been missed, since an
/// emergency must end on the worst day, too.
fn closing_problems(new: &BreakGlassEventSpec, old: &BreakGlassEventSpec, around: Around<'_>) -> Vec<Problem> {
    if old.closed {
        let closed = frozen([("closed", new.closed, old.closed)], "what is closed stays closed: make another event");
        let reason = frozen([("closedReason", &new.closed_reason, &old.closed_reason)], "what was said stays");
        let by = stamp_problem("closedBy", new.closed_by.as_ref(), old.closed_by.as_ref());
        return closed.into_iter().chain(reason).chain(by).collect();
    }
    let expected = new.closed_by.as_ref().and(Some(around.by)).filter(|_| new.closed);
    stamp_problem("closedBy", new.closed_by.as_ref(), expected).into_iter().collect()
}

/// A person, and another one: who broke the glass says in closedReason what there is to say.
fn may_review(event: &BreakGlassEventSpec, around: Around<'_>) -> Result<(), No> {
    let reviewer = around.by.identity();
    if reviewer.is_service_account() {
        return Err(No::forbidden(&format!(
            "{} is a service account, and people review emergencies",
            reviewer.shown()
        )));
    }
    let invoker = event.invoker.as_ref().map(PersonStamp::identity);
    match invoker.filter(|invoker| invoker.is(&reviewer)) {
        Some(invoker) => Err(No::forbidden(&format!(
            "{} broke the glass, and nobody reviews their own emergency, by any of their names: somebody else writes the review (what you have to say goes into closedReason)",
            invoker.shown()
        ))),
        None => Ok(()),
    }
}
