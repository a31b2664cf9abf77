//! What an operator of Sentinel sees from outside: probes and metrics.

mod metrics;
mod readiness;
mod server;

pub use metrics::Metrics;
pub use readiness::{Gate, Readiness};
pub use server::serve;
