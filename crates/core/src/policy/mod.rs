//! The policy language: what a document says, and what that means for a request.
//!
//! ```text
//!   text ─▶ yaml ─▶ walk ─┬▶ AccessPolicy [─▶ CompiledPolicy] ─▶ decide(request) ─▶ Decision
//!                    │    └▶ ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy ─▶ rule_for(profile)
//!                    │            │
//!        every problem at once    └─▶ print ─▶ canonical text, custom resource, publish
//! ```

mod access;
mod approval;
mod break_glass;
mod by_profile;
mod compiled;
mod condition;
mod decide;
mod document;
mod effect;
pub mod import;
mod kind;
pub mod lint;
mod node;
mod outcome;
mod path;
mod pattern;
mod problem;
pub mod publish;
mod rate_limit;
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
pub use approval::{ApprovalPolicy, ApprovalRule, AutoApprove};
pub use break_glass::{BreakGlassPolicy, BreakGlassRule, ReasonCode};
pub use compiled::{CompiledPolicy, RuleIndex};
pub use condition::Condition;
pub use decide::{Decision, Request, decide};
pub use effect::{Effect, Mode, Verdict};
pub use outcome::{RuleOutcome, Unmet};
pub use pattern::Pattern;
pub use problem::{Problem, Problems, Spot};
pub use rate_limit::{RateLimitPolicy, RateLimitRule};
pub use reason::Reason;
pub use rule::{Conditions, DeviceCondition, Rule};
pub use spelling::Spelling;
pub use text::{InvalidText, is_invisible};
pub use unknown::unknown_key;
pub use words::UnknownWord;
pub use yaml::tree;
