//! Credentials: what is asked of STS, and what is kept.
//!
//! ```text
//!   Permit ─▶ Template ─▶ key ─▶ Cache ─┬─ fresh ─▶ answer
//!                 │                     ├─ aging ─▶ answer, and renew behind it
//!                 └─ at(now) ─▶ Issue ◀─┴─ nothing: one flight for all who wait
//! ```

mod cache;
#[cfg(test)]
pub mod examples;
mod issuer;
mod template;

pub use cache::{Cache, Lookup};
pub use issuer::{CountedIssuer, Issuer};
pub use template::{Issue, Key, Template};
