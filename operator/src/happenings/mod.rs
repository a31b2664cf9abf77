//! What happens to requests and emergencies, told to people: each phase that an object comes to, once its status says so.
//!
//! ```text
//!   reconciler ─ status is written ─▶ Happening ─┬─▶ line of the audit log (standard output)
//!                                                ├─▶ Event on the object
//!                                                └─▶ metric
//!              ◀─ status.told: not again ────────┘
//! ```
//!
//! Told at least once: whoever is killed between the status and `told` tells again, in the same words and with the same times.
//! `Happening::key` is the same, too. More listeners go into [`Teller::tell`].

mod happening;
mod line;
mod note;
#[cfg(test)]
mod reference;
mod subject;
mod teller;

pub(crate) use happening::{Emergency, EmergencyChange, Happening, Request, RequestChange, Subject};
pub(crate) use subject::{Asked, moment};
pub(crate) use teller::Teller;
