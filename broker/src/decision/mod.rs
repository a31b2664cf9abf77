//! The decision: facts in, a permit or a cause out. Pure; no clock, no network, nothing remembered.
//!
//! ```text
//!   Facts ─▶ pod ─▶ profile ─▶ lock ─▶ revoked? ─▶ access policy ─▶ approval ─▶ session known? ─▶ Permit
//!              └──────────┴────────┴─────────┴────────────┴────────────┴─────────────┴─────▶ Cause (denied or could not decide)
//! ```
//!
//! The session row and the credentials come after it (`rows`, `credentials`).

mod cause;
mod facts;
mod permit;
mod steps;
#[cfg(test)]
pub(crate) mod tests;

pub use cause::{Cause, Kind};
pub use facts::{Caller, Facts, PodSight};
pub use permit::Permit;

/// The law of the broker: each line may say no, and none is skipped.
pub fn decide(facts: &Facts) -> Result<Permit, Cause> {
    let pod = steps::pod_is_the_callers(facts)?;
    steps::pod_lives(facts, &pod)?;
    steps::pod_asks_for_the_profile(facts, &pod)?;
    let profile = steps::profile_can_be_used(facts)?;
    steps::nothing_is_locked(facts)?;
    let session = steps::session_is_this_pods(facts)?;
    steps::session_is_not_revoked(facts, session)?;
    let decision = steps::policy_decides(facts, &profile)?;
    let decision = steps::policy_allows(decision, &profile)?;
    let session = steps::session_is_known(facts, session)?;
    Ok(Permit::new(facts, profile, session, decision))
}
