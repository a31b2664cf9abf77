//! The broker's process.

use std::process::ExitCode;

use clap::Parser as _;
use sentinel_broker::{Args, run};
use sentinel_runtime::{install_crypto_provider, logs, shutdown};

// Few threads, however many cores the node has: each brings a heap of its own.
#[tokio::main(worker_threads = 4)]
async fn main() -> ExitCode {
    install_crypto_provider();
    let args = Args::parse();
    if let Err(error) = logs::init(args.process.log_format) {
        return shutdown::exit_code(Err(error.into()));
    }
    shutdown::exit_code(start(args).await)
}

async fn start(args: Args) -> anyhow::Result<()> {
    run(args, shutdown::on_signal()?).await
}
