//! Access requests: who may decide one, and what becomes of it.
//!
//! ```text
//!             ┌─ the approvers, or autoApprove as of the request's making ─▶ approved, until decision + duration
//!   pending ──┼─ the approvers; a service account's by nobody else ────────▶ denied
//!             ├─ the requester ────────────────────────────────────────────▶ cancelled
//!             └─ 24 hours ─────────────────────────────────────────────────▶ expired
//! ```
//!
//! What is decided stays so. An approved request whose time has run out is still approved: it is its grant that is over.

mod decide;
mod state;
#[cfg(test)]
mod tests;

use crate::policy::words::words;

pub use decide::{Refusal, Via, may_decide};
pub use state::{Decided, Facts, LIFETIME, State, Waiting, step};

words! {
    /// What a person says to a request, in the words of `spec.decision`.
    pub enum Ruling {
        /// An approver: yes.
        Approved = "Approved",
        /// An approver: no.
        Denied = "Denied",
        /// The requester: never mind.
        Cancelled = "Cancelled",
    }
}

words! {
    /// Who decides the requests of service accounts for a profile, in the words of its `spec.serviceAccountRequests`.
    pub enum ServiceAccountRequests {
        /// The policy's autoApprove or nobody: whoever can act as a service account could otherwise ask, and approve as
        /// themselves.
        AutoApproveOnly = "AutoApproveOnly",
        /// The approvers, too.
        Approvers = "Approvers",
    }
}
