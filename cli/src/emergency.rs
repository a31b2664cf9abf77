//! `break-glass`, `close`, `review`, `events`: access in an emergency, past the policy, by BreakGlassEvents.

mod args;
mod end;
mod list;
mod make;
mod review;
mod told;

pub(crate) use args::{BreakGlassArgs, CloseArgs, EventsArgs, ReviewArgs};
pub(crate) use end::run as close;
pub(crate) use list::run as events;
pub(crate) use make::run as break_glass;
pub(crate) use review::run as review;

use sentinel_api::names::REVIEWED_CONDITION;
use sentinel_api::{BreakGlassEvent, ConditionStatus, EventPhase};

use crate::asking::Case as _;

fn phase(event: &BreakGlassEvent) -> EventPhase {
    event.status.as_ref().map(|status| status.phase).unwrap_or_default()
}

/// Whether it opens nothing any more, or never did.
fn is_over(event: &BreakGlassEvent) -> bool {
    !matches!(phase(event), EventPhase::Pending | EventPhase::Active)
}

/// Whether the operator knows that somebody has written what it was for; None where it says nothing of that.
fn reviewed(event: &BreakGlassEvent) -> Option<ConditionStatus> {
    event.conditions().iter().find(|condition| condition.type_ == REVIEWED_CONDITION).map(|condition| condition.status)
}
