//! The webhook behind a real API server, by the webhook configurations of the chart.

mod objects;
mod pods;
mod world;
