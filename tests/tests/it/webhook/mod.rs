//! The webhook behind a real API server, by the webhook configurations of the chart.

mod approvals;
mod bad_cases;
mod commands;
mod emergencies;
mod locks;
mod objects;
mod people;
mod pods;
mod preview;
mod revocations;
mod world;

pub use world::rendered;
