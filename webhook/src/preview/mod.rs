//! What a changed policy or profile would do to the sessions that live now.
//!
//! ```text
//!   request + view ─ asked() ─▶ [Change] and [Held] ─ preview(now) ─▶ Preview ─ words() ─▶ warnings
//! ```
//!
//! It only ever adds words: whatever isn't known, or takes too long, is one warning and never a refusal. It decides by the
//! access policy alone, as the broker would: a session that is open by an approval counts as one that needs it.

mod change;
mod decide;
mod words;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use change::{Asked, asked};
pub use decide::{Change, Held, Holder, Law, Preview, Turn, preview};
pub use words::{naming, unknown};

/// Far under the API server's patience; 10 000 users take about 130 ms on a busy machine (measured, optimized, 100 rules).
const LIMIT: Duration = Duration::from_secs(1);

/// The warnings for what is asked, and one word for the metrics. It takes its time: not for a thread that answers others meanwhile.
pub fn warnings(asked: Asked, at: Timestamp) -> (Vec<String>, &'static str) {
    let (what, changes, held) = match asked {
        Asked::Unknown(what) => return (vec![words::unknown(&what)], "unknown"),
        Asked::Change { what, changes, held } => (what, changes, held),
    };
    let until = Instant::now() + LIMIT;
    match preview(&changes, &held, at, || Instant::now() < until) {
        Some(preview) if preview.turns.is_empty() => (vec![], "unchanged"),
        Some(preview) => (words::words(&preview, &what), "changed"),
        None => (vec![words::unknown(&what)], "unknown"),
    }
}
