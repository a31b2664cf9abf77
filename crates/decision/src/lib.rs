//! What the broker decides: facts in, a permit or a cause out. Its own room, so that `kubectl sentinel explain` says what the
//! broker would say, in the same words.
//!
//! ```text
//!   objects ─ Entry::keep ─▶ entries (judged, pruned) ─▶ Facts
//!
//!   Facts ─▶ pod ─▶ profile ─▶ lock ─▶ revoked? ─▶ access policy ─▶ approval, break-glass ─▶ locks, session known? ─▶ Permit
//!              └──────────┴────────┴─────────┴────────────┴────────────┴───────────────────────┴─────▶ Cause: denied, or could not decide
//!                                                     could not decide ─▶ a lock or a revocation that is known? ─▶ denied
//! ```
//!
//! Pure: no clock, no network, nothing remembered; whoever gathers the facts says what time it is. The session row and the
//! credentials come after it, in the broker, and can still fail; their causes are here, so that all words are in one place.

mod cause;
mod entry;
#[cfg(any(test, feature = "examples"))]
pub mod examples;
mod facts;
mod opened;
mod permit;
mod sight;
mod slim;
mod steps;
#[cfg(test)]
mod tests;

pub use cause::{Cause, Kind};
pub use entry::{
    Entry, EventEntry, GrantEntry, LockEntry, Open, PodEntry, PodObject, PolicyEntry, ProfileEntry, RequestEntry,
    Revoked, SessionEntry, Standing,
};
pub use facts::{Caller, Facts, Grants, PodSight};
pub use opened::{Opened, Tried};
pub use permit::Permit;
pub use sight::{Sight, Stale};
pub use slim::Loose;
pub use steps::{lock_on, policy_allows, policy_in_force, request, usable_profile};

/// The law of the broker. Where a step can't decide, a lock or a revocation that is known still does: after "could not decide" a
/// sidecar serves on what it holds.
pub fn decide(facts: &Facts) -> Result<Permit, Cause> {
    every_step(facts).map_err(|cause| match cause.kind() {
        Kind::Denied => cause,
        Kind::Unavailable => steps::known_stop(facts).unwrap_or(cause),
    })
}

/// Each line may say no, and none is skipped.
fn every_step(facts: &Facts) -> Result<Permit, Cause> {
    let pod = steps::pod_is_the_callers(facts)?;
    steps::pod_lives(facts, &pod)?;
    steps::pod_asks_for_the_profile(facts, &pod)?;
    let profile = steps::profile_can_be_used(facts)?;
    steps::nothing_is_locked(facts)?;
    let session = steps::session_is_this_pods(facts)?;
    steps::session_is_not_revoked(facts, session)?;
    let decision = steps::policy_decides(facts, &profile)?;
    let opened = opened::policy_or_grant(facts, &decision, &profile)?;
    steps::locks_are_known(facts)?;
    let session = steps::session_is_known(facts, session)?;
    Ok(Permit::new(facts, profile, session, decision, opened))
}
