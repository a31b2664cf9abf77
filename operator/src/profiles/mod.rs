//! Profiles say whether they can be used, and whether the policies that govern them are there.
//!
//! ```text
//!   SentinelProfile, policies of every kind ─▶ plan ─▶ conditions Accepted and …PolicyFound, status.accessPolicy
//!   what the rooms audit and tables have found ─────▶ conditions Compliant and TableReady
//! ```

mod plan;
mod policies;
mod reconcile;

pub(crate) use policies::{Policies, policy_changes};
pub(crate) use reconcile::{Context, run};
