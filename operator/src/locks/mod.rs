//! Locks say whether they can be read, whether they hold, and how many sessions they name. Nothing else: the broker needs no
//! word of the operator's to refuse.
//!
//! ```text
//!   AccessLock, SentinelSessions ─▶ plan ─▶ conditions Accepted and Active, status.sessions; again at its end
//! ```

mod plan;
mod reconcile;

pub(crate) use reconcile::{Context, run};
