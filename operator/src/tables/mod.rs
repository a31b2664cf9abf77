//! Session tables: looked at one by one, seldom, and what is wrong with them told to the profiles that use them.
//!
//! ```text
//!   profiles, policies ─▶ tables that are named ─▶ DynamoDB: what they are like ─▶ Verdict (pure) ─▶ condition TableReady
//! ```

mod inspector;
mod schedule;
mod told;
mod verdict;

pub(crate) use inspector::{Inspector, run};
pub(crate) use told::{Named, Verdicts, tell};
