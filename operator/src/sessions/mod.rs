//! Sessions: one object for each injected pod × profile, which says what its row in the session table says.
//!
//! ```text
//!   pods, sessions, profiles, policies ─▶ tracker: gather ─▶ read rows (batched) ─▶ plan (pure) ─▶ rows, status, Events
//!   revocations: every 8 s, what others revoked ─▶ tracker, denials         orphans: rows whose pod is gone ─▶ strays: those that stay
//!   denials: what IAM denies ─▶ tracker       status Revoked ─▶ told ─▶ line of the audit log, status.revocationTold: not again
//! ```
//!
//! Pending → Active → Revoked | Expired, and never back. The row is the truth for counters; a revocation is one wherever it
//! is said, in the object or in any table.

mod apply;
mod cadence;
mod desk;
mod facts;
mod governance;
mod memo;
mod orphans;
mod plan;
mod pod;
mod revocations;
mod row;
mod shared;
mod status;
mod strays;
mod subject;
mod tables;
mod told;
mod tracker;

pub(crate) use desk::Desk;
pub(crate) use governance::Governance;
pub(crate) use orphans::Scan;
pub(crate) use pod::{PodFacts, PodObject, PodState};
pub(crate) use revocations::Revocations;
pub(crate) use shared::SharedSession;
pub(crate) use strays::{Strays, tell as tell_strays};
pub(crate) use tables::SessionTables;
#[cfg(test)]
pub(crate) use told::untold;
pub(crate) use tracker::run;
