//! Hard revocation: IAM denies what revoked sessions hold already, by one inline policy of ours in each role.
//!
//! ```text
//!   revoked sessions, revoked rows ─▶ wanted ─┐
//!   our inline policy, as it is in IAM ───────┴▶ plan (pure) ─▶ the policy, whole ─▶ read back ─▶ verdicts
//!   verdicts ─▶ sessions: condition HardRevoked, hardRevokedAt          ─▶ profiles: condition RoleFull, deniedBefore
//! ```
//!
//! Everything that is known about a denial stands in the policy itself: whom it denies, and until when. So a kill at any moment,
//! an object or a row that is gone, and a second cluster that shares the role lose nothing. What others wrote into the role is
//! read, for its length, and never written.

mod document;
mod iam;
mod plan;
mod profile;
mod role;
mod run;
mod verdict;
mod wanted;

pub(crate) use iam::Iam;
pub(crate) use profile::{RoleStates, tell};
pub(crate) use run::{Denials, run};
pub(crate) use verdict::{Verdict, Verdicts};
pub(crate) use wanted::RevokedRow;
