//! The sidecar on the wire: the real server, against a broker that speaks real TLS and says what a test tells it to.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is the report of a test")]

mod broker;
mod pod;

mod answers;
mod outages;
mod process;
mod refusals;
mod trust;
