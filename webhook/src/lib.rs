//! The webhook: injects the sidecar into pods that ask for a profile, and judges what authors write.
//!
//! ```text
//!   API server ── AdmissionReview ──▶ admission ─▶ judge ─┬─ pods: inject, verify, frozen, ephemeral   (pure, raw JSON)
//!                                         ▲               └─ objects: resolve(), all problems at once
//!                                         └ answer        view: watches of profiles, policy names, the broker's CA bundle
//! ```
//!
//! Admission decides only the shape of things: what a pod may have is decided by the broker, per request. No AWS here, and
//! no right but to read profiles, policies and one ConfigMap, and to keep its own certificate. A pod is never read through
//! a type: types lose the fields that they don't know. Whatever can't be decided is refused.

pub mod admission;
mod args;
mod freshness;
pub mod judge;
pub mod objects;
pub mod pods;
mod run;
mod view;
#[cfg(test)]
mod view_samples;

pub use args::Args;
pub use freshness::Freshness;
pub use run::run;
pub use view::{AnyProfile, NoProfile, NotReady, PolicyName, View};
