//! The webhook's process.

use std::process::ExitCode;

use clap::Parser as _;
use sentinel_runtime::{install_crypto_provider, logs, shutdown};
use sentinel_webhook::{Args, run};

#[tokio::main]
async fn main() -> ExitCode {
    install_crypto_provider();
    let args = Args::parse();
    if let Err(error) = logs::init(args.process.log_format) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    shutdown::exit_code(run(args).await)
}
