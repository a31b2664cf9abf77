//! What happens to requests and emergencies, told to people: each phase that an object comes to, once its status says so.
//!
//! ```text
//!   reconciler ─ status is written ─▶ Happening ─▶ announcer ─┬─▶ line of the audit log (standard output), metric
//!                                                    │         └─▶ letter to whoever is to be notified
//!                                                    └─▶ Event on the object
//!              ◀─ status.told: not again ────────────┘
//! ```
//!
//! Of what is deleted a watch of its own tells: no reconciler hears of that.
//!
//! Told at least once: whoever is killed between the status and `told` tells again, in the same words and with the same times.
//! `Happening::key` is the same, too.

mod departures;
mod happening;
mod line;
mod note;
#[cfg(test)]
mod reference;
mod subject;
mod teller;
mod written;

pub(crate) use departures::{Departures, Left};
pub(crate) use happening::{Emergency, EmergencyChange, Happening, Request, RequestChange, Subject};
pub(crate) use subject::{Asked, moment};
pub(crate) use teller::Teller;
pub(crate) use written::written_at;
