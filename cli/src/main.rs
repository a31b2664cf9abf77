//! The program `kubectl-sentinel`.

use std::io::{Write as _, stderr, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let output = sentinel_cli::run_at_terminal(std::env::args_os(), &mut stdin());
    // A reader that has gone away has read all that it wants.
    let _ = stdout().write_all(output.stdout.as_bytes());
    let _ = stderr().write_all(output.stderr.as_bytes());
    ExitCode::from(output.code)
}
