//! Pods: what is injected, what is refused, and what may change afterwards.
//!
//! ```text
//!   pod ─▶ requested_profile ─▶ Injection ─▶ refuse (all reasons) ─▶ inject ─▶ pod' ─▶ json_patch::diff
//!   pod ─▶ is inject(pod) == pod? ─▶ verified        old, new ─▶ frozen        ephemeral containers ─▶ refuse
//! ```
//!
//! Everything here is pure, over raw JSON: a typed pod would lose the fields that it doesn't know.

mod compare;
mod edit;
mod environment;
mod ephemeral;
mod frozen;
mod inject;
mod meshes;
mod pod;
mod profile;
mod refuse;
mod sidecar;
mod verify;
mod volumes;

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
pub(crate) mod samples;

pub use environment::{Rule, VARIABLES, Variable, table as variables_table};
pub use ephemeral::judge_ephemeral;
pub use frozen::judge_update;
pub use inject::{Injection, inject};
pub use pod::Pod;
pub use profile::requested_profile;
pub use refuse::{refusals, warnings};
pub use sidecar::{BrokerUrl, InvalidBrokerUrl, Resources, SidecarTemplate};
pub use verify::{verify, without_annotation};
