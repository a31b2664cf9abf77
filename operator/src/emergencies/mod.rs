//! Break-glass events: the policy says whether one may begin, the ledger whether it may begin now; then it is active until
//! somebody closes it or its time is over. Afterwards somebody writes what it was for.
//!
//! ```text
//!   BreakGlassEvent, what governs it ─▶ errand ─┬─ read, write ─▶ ledger (a ConfigMap)
//!                                               └─ report ──────▶ status; then Events and log
//! ```
//!
//! The order is what counts: the ledger first, then `Active`; `Closed` first, then the ledger. The errand gives the commands
//! one at a time and does nothing itself, so a test may kill it between any two.

mod errand;
#[cfg(test)]
mod errand_tests;
mod ledger;
mod plan;
#[cfg(test)]
mod plan_tests;
mod reconcile;
mod review;
mod room;
mod told;

pub(crate) use ledger::Shelf;
pub(crate) use reconcile::{Context, run};
#[cfg(test)]
pub(crate) use told::{left, untold};
