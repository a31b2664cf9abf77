//! The front door: AdmissionReviews over HTTPS. It reads, asks the rooms, answers, counts, and logs a refusal once.

mod answer;
mod metrics;
mod request;
mod room;
mod server;
#[cfg(test)]
mod wire_tests;

pub use answer::{Answer, Refused};
pub use metrics::AdmissionMetrics;
pub use request::{AdmissionRequest, Operation, Unreadable, UserInfo, read_review};
pub use server::router;
