//! Access requests: pending until an approver or autoApprove says yes, an approver says no, the requester cancels, or a day
//! has passed. The broker gives what an approved one is for, and reads nothing but its status.
//!
//! ```text
//!   AccessRequest, SentinelProfile, ApprovalPolicy, UID of the ServiceAccount ─▶ plan ─▶ status; then Events and log
//! ```

mod plan;
#[cfg(test)]
mod plan_tests;
mod reconcile;
mod told;

pub(crate) use reconcile::{Context, run};
#[cfg(test)]
pub(crate) use told::{left, untold};
