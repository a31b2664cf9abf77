//! The CA bundle of the webhook, from its ConfigMap into the webhook configurations.
//!
//! ```text
//!   ConfigMap sentinel-webhook-ca ─┐
//!   webhook configurations ────────┴▶ plan ─▶ caBundle where it differs
//! ```

mod plan;
mod run;

pub(crate) use run::run;
