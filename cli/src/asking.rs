//! What `request` and `break-glass` have in common, and what is said to their objects afterwards.
//!
//! ```text
//!   arguments ─▶ judged by the law ─▶ made, with a stamp ─▶ wait (one watch) ─▶ told
//!   names ─▶ found, all of them ─▶ a question ─▶ a merge patch each ─▶ wait ─▶ told
//! ```

mod args;
mod case;
mod make;
mod me;
mod say;
mod when;

pub(crate) use args::{AskArgs, note};
pub(crate) use case::{Case, Told, age_of, beneath_the_first, granted, names, opens_nothing, person, place};
pub(crate) use make::run as ask_for;
pub(crate) use me::{Me, stamped};
pub(crate) use say::{Outcome, Said, Word, find, is_late, notes, say, text};
pub(crate) use when::when;
