//! The webhook behind a real API server, by the webhook configurations of the chart.

mod bad_cases;
mod locks;
mod objects;
mod pods;
mod preview;
mod revocations;
mod world;

pub use world::rendered;
