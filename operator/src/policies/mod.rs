//! Policy objects become SSM parameters: one reconciler for every kind.
//!
//! ```text
//!   object ─▶ source (judged, linted, what SSM should hold) ─┐
//!   SSM ────▶ remote (what it holds, whose it is) ──────────┴▶ plan ─▶ apply ─▶ conditions, Event
//! ```

mod apply;
mod condition;
mod context;
mod controller;
mod desired;
mod finalizer;
mod kind;
mod plan;
mod reconcile;
mod source;
mod ssm;
mod surroundings;

pub(crate) use context::{Context, Settings};
pub(crate) use controller::run;
pub(crate) use kind::{AccessPolicies, ApprovalPolicies, BreakGlassPolicies, PolicyKind, RateLimitPolicies};
pub(crate) use ssm::Ssm;
