//! What it was for, in hindsight.

use sentinel_api::{BreakGlassEventSpec, PersonStamp};

use crate::grants::Says;

/// Whether somebody has written it.
pub(super) fn reviewed(spec: &BreakGlassEventSpec) -> Says {
    match (&spec.review, &spec.reviewed_by) {
        (None, _) => {
            let wanted = "the emergency is over: write in spec.review what it was for, and what was done";
            (false, "ReviewWanted", wanted.to_owned())
        }
        (Some(_), Some(by)) if is_own(spec, by) => (
            false,
            "OwnReview",
            format!("{} broke the glass, and nobody reviews their own emergency", by.identity().shown()),
        ),
        (Some(_), Some(by)) => (true, "Reviewed", format!("reviewed by {}", by.identity().shown())),
        (Some(_), None) => {
            let unknown = "who reviewed it is unknown: Sentinel's webhook did not see it";
            (true, "ReviewedUnstamped", unknown.to_owned())
        }
    }
}

fn is_own(spec: &BreakGlassEventSpec, reviewer: &PersonStamp) -> bool {
    spec.invoker.as_ref().is_some_and(|invoker| invoker.identity().is(&reviewer.identity()))
}
