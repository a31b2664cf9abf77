//! The webhook: injects the sidecar into pods that ask for a profile, and judges what authors write.
//!
//! ```text
//!   API server ── AdmissionReview ──▶ admission ─▶ judge ─┬─ pods: inject, verify, frozen, ephemeral   (pure, raw JSON)
//!                                         ▲               ├─ objects: resolve(), all problems at once; stamps: who did it; lints as warnings
//!                                         │               └─ preview: live sessions under the old and the new text   (pure)
//!                                         └ answer        view: watches of profiles, policies, sessions, the broker's CA bundle
//! ```
//!
//! Admission decides only the shape of things: what a pod may have is decided by the broker, per request. No AWS here, and
//! no right but to read profiles, policies, sessions and one ConfigMap, and to keep its own certificate. A pod is never read through
//! a type: types lose the fields that they don't know. Whatever can't be decided is refused.

pub mod admission;
mod args;
mod desk;
mod freshness;
pub mod judge;
pub mod objects;
pub mod pods;
pub mod preview;
mod run;
mod stamps;
mod view;
#[cfg(test)]
mod view_samples;
mod warnings;

pub use args::Args;
pub use desk::{Desk, Desks};
pub use freshness::Freshness;
pub use run::run;
pub use view::{
    AnyPolicy, AnyProfile, AnySession, Known, Listing, LivePolicy, NoProfile, NotReady, ProfileLookup, ReadPolicy,
    View, What, read_policy,
};
