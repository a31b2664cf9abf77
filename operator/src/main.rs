//! `sentinel-operator`: see the library.

use std::process::ExitCode;

use clap::Parser as _;
use sentinel_operator::{Args, run};
use sentinel_runtime::{install_crypto_provider, logs, shutdown};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = logs::init(args.process.log_format) {
        eprintln!("sentinel-operator: {error}");
        return ExitCode::FAILURE;
    }
    install_crypto_provider();
    shutdown::exit_code(run(args).await)
}
