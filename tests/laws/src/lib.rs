//! What holds for whatever anybody sends: any bytes as a document, an object or an admission review.
//!
//! ```text
//!   fuzz/fuzz_targets/X ── bytes ──▶ laws::X ─▶ Ok, or the law that is broken
//!   tests/seeds.rs ─ fuzz/seeds/X ────▶ laws::X          (every `make test`, without a fuzzer)
//! ```
//!
//! A law says nothing of what is refused, only that the answer comes, and much of what is accepted. Nothing here knows a
//! fuzzer, and nothing here is part of a program.

#[cfg(feature = "objects")]
mod admission;
mod asked;
mod cost;
mod decide;
mod document;
mod generated;
mod kind;
mod law;
#[cfg(feature = "objects")]
mod manifest;

#[cfg(feature = "objects")]
pub use admission::admission;
pub use cost::hostile_document;
pub use document::document;
pub use generated::decide;
pub use law::{Broken, Law};
#[cfg(feature = "objects")]
pub use manifest::manifest;
