//! Break-glass events: who may break the glass, and what becomes of the emergency.
//!
//! ```text
//!   pending ─ may it be? ─▶ does the ledger admit it? ─▶ active ─┬─ somebody closes it ─▶ closed
//!      │           └──────────────────┴─▶ refused                └─ its duration ───────▶ expired
//!      ├─ nobody could judge it for 15 minutes ─▶ refused
//!      └─ closed before it began ─▶ closed
//! ```
//!
//! It runs from the moment at which it becomes active. What has ended begins no more.

mod opening;
mod refusal;
mod state;
#[cfg(test)]
mod tests;

pub use opening::opens;
pub use refusal::Refusal;
pub use state::{Emergency, Facts, PATIENCE, Running, Start, State, longest, run, start};
