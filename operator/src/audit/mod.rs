//! Audits: every five minutes, what doesn't comply, counted for Prometheus and told to each profile. The law is
//! `sentinel_api::audit`, which `kubectl sentinel audit` asks too.
//!
//! ```text
//!   watches ─┐
//!   pods that ask and have no sidecar (metadata, a page at a time) ─┴▶ Evidence ─ audit() ─▶ gauge, condition Compliant
//! ```

mod compliance;
mod gather;
mod run;

pub(crate) use compliance::{Compliance, tell};
pub(crate) use run::{Audit, run};
