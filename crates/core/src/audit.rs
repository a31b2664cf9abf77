//! Signed lines of the audit log: who reads them later can tell what was changed, made up, or taken out.
//!
//! ```text
//!   entry {…} ─▶ Sealer: + writer, seq, prev ─▶ HMAC ─▶ {"entry":{…},"signature":"…","key_id":"…","timestamp":"…"}
//!                                                             │
//!   Chains ◀─ seq, prev: is it the next one? ◀─ Sealed::is_by(key): is it as it was written?
//! ```
//!
//! What is signed is the compact JSON `{"entry":…,"timestamp":…,"key_id":…}`, with `<`, `>` and `&` as `\u003c`, `\u003e` and
//! `\u0026`, as Sentinel's other tools do it. An entry is written in the same spelling, so whoever checks may take it as it stands.

mod chain;
mod key;
mod sealed;
mod sealer;
#[cfg(test)]
mod tests;

pub use chain::{Broken, Chains, Link};
pub use key::{Key, KeyError, MIN_KEY};
pub use sealed::Sealed;
pub use sealer::Sealer;

use std::borrow::Cow;

/// What begins a signed line.
pub const SIGNED: &str = "{\"entry\":";

/// The characters that HTML means something by, and the two that JavaScript took for ends of lines, as escapes. JSON has them in
/// strings only, so nothing else changes; and what is escaped already stays as it is.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            c => text.push(c),
        }
    }
    Cow::Owned(text)
}

/// The bytes that are signed.
fn message(entry: &str, timestamp: &str, key_id: &str) -> String {
    let entry = escaped(entry);
    format!("{SIGNED}{entry},\"timestamp\":\"{timestamp}\",\"key_id\":\"{key_id}\"}}")
}
