//! The policy language: what a document says, and what that means for a request.
//!
//! ```text
//!   text ─▶ yaml ─▶ walk ─▶ AccessPolicy ─▶ decide(request) ─▶ Decision
//!                    │            │
//!        every problem at once    └─▶ print ─▶ canonical text, custom resource, publish
//! ```

mod access;
mod decide;
mod document;
mod effect;
mod node;
mod path;
mod pattern;
mod problem;
pub mod publish;
mod reason;
mod rule;
mod spelling;
mod text;
mod unknown;
mod walk;
mod window;
pub(crate) mod words;
mod yaml;

pub use access::AccessPolicy;
pub use decide::{Decision, Request};
pub use effect::{Effect, Mode, Verdict};
pub use pattern::Pattern;
pub use problem::{Problem, Problems};
pub use reason::Reason;
pub use rule::{Conditions, DeviceCondition, Rule};
pub use spelling::Spelling;
pub use text::InvalidText;
pub use unknown::unknown_key;
pub use words::UnknownWord;
