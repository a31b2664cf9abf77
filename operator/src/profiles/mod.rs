//! Profiles say whether they can be used, and whether the policy that governs them is there.
//!
//! ```text
//!   SentinelProfile, AccessPolicy ─▶ plan ─▶ conditions Accepted and PolicyFound, status.accessPolicy
//! ```

mod plan;
mod reconcile;

pub(crate) use reconcile::{Context, run};
