//! Measures a decision, plain and compiled, and the same decision in Cedar, in one run.
//!
//! ```text
//!   policy: rules of many teams ─┬▶ sentinel: plain, compiled ─┐
//!                                └▶ cedar: a translation ──────┴▶ agree: the same answers? ─▶ measure ─▶ report
//! ```
//!
//! Nothing is timed before both gave the same answers; other answers end the run with an error. Goals are printed as met or
//! not met and don't: how long something takes depends on who else is on the machine.

use std::process::ExitCode;

mod agree;
mod cedar;
mod measure;
mod policy;
mod report;
mod requests;
mod sentinel;

fn main() -> ExitCode {
    match measure::run() {
        Ok(measured) => {
            println!("{}", report::Report(&measured));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
