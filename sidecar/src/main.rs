//! `sentinel-sidecar [serve]` serves credentials; `sentinel-sidecar ready` is the startup probe.

use std::process::ExitCode;

use sentinel_runtime::{logs, shutdown};
use sentinel_sidecar::{config, program, ready};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None | Some("serve") => serve(),
        Some("ready") => ready::probe(config::port(&config::environment)),
        Some(other) => {
            eprintln!("`{other}` is not a command of sentinel-sidecar; `serve` (the default) and `ready` are");
            ExitCode::from(2)
        }
    }
}

fn serve() -> ExitCode {
    if let Err(error) = logs::init(logs::Format::Json) {
        eprintln!("{error}");
        return ExitCode::from(2);
    }
    sentinel_runtime::install_crypto_provider();
    shutdown::exit_code(program::run())
}
