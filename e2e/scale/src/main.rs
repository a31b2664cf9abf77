//! Scale: simulated nodes and pods (kwok), a real API server, DynamoDB Local, the real programs, and sidecars played by this one.
//!
//! ```text
//!   e2e/scale/run ─▶ control plane, kwok, operator, broker, webhook ─▶ this program
//!        place: nodes, profile, policy ─▶ pods through the webhook ─▶ tokens ─▶ crowd: the sidecar's own client, one for each pod
//!        gauge: /metrics and /proc of the programs ─▶ report: what was measured beside its limit, and the cost by counted calls
//! ```
//!
//! It measures and judges; it starts and ends nothing. The exit code says whether every limit was kept.

mod cost;
mod crowd;
mod gauge;
mod measure;
mod place;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use gauge::Process;

/// Measures the running programs with so many pods.
#[derive(Clone, Debug, Parser)]
#[command(name = "sentinel-scale", version)]
pub struct Args {
    /// Simulated pods.
    #[arg(long, default_value_t = 5000)]
    pods: usize,
    /// How long the steady state is measured, in seconds: a multiple of the touch interval. Credentials of 15 minutes are renewed in the same
    /// rhythm.
    #[arg(long, default_value = "450", value_parser = seconds)]
    window: Duration,
    /// How many sidecars may wait for their first credentials at once: new sessions are written often, and DynamoDB Local takes some 300
    /// writes a second.
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// A program to watch: NAME=PID:PORT of its metrics.
    #[arg(long = "process", required = true)]
    processes: Vec<Process>,
    /// Where sidecars find the broker: the name in its certificate, and its port.
    #[arg(long, default_value = "sentinel-broker.sentinel-system.svc")]
    broker: String,
    /// Its port.
    #[arg(long, default_value_t = 443)]
    port: u16,
    /// The broker's touch interval in this run, in seconds; the cost is reckoned for the default of two hours.
    #[arg(long, default_value = "450", value_parser = seconds)]
    touch_interval: Duration,
    /// The session table.
    #[arg(long, default_value = "sentinel-sessions")]
    table: String,
    /// For the sidecars' tokens.
    #[arg(long)]
    scratch: PathBuf,
    /// `kubectl-sentinel`.
    #[arg(long)]
    command: PathBuf,
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|error| format!("{error}"))
}

#[tokio::main]
async fn main() -> ExitCode {
    sentinel_runtime::install_crypto_provider();
    match measure::run(&Args::parse()).await {
        Ok(report) => {
            println!("{report}");
            if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("sentinel-scale: {error:#}");
            ExitCode::FAILURE
        }
    }
}
