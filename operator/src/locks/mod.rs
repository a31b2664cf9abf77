//! Locks say whether they can be read, whether they hold, and how many sessions they name. Nothing else: the broker needs no
//! word of the operator's to refuse.
//!
//! ```text
//!   AccessLock, SentinelSessions ─▶ plan ─▶ conditions Accepted and Active, status.sessions; again at its end
//!   AccessLock made, over, deleted ─▶ told ─▶ line of the audit log, status.told: not again
//! ```

mod plan;
mod reconcile;
mod teller;
mod told;

pub(crate) use reconcile::{Context, run};
pub(crate) use teller::LockTeller;
#[cfg(test)]
pub(crate) use told::Book;
pub(crate) use told::Untold;
