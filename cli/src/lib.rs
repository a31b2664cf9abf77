//! `kubectl sentinel`: policies checked, formatted, converted, explained, compared and tested, without a cluster; what the broker
//! would say to a pod of a cluster; who has access there, who asks for it, and who is stopped.
//!
//! ```text
//!   FILE, stdin ─▶ source ─▶ parts (documents, objects) ─▶ validate, lint, fmt, convert, explain, diff, test ─▶ Report ─▶ Output
//!                              └─▶ places (lines and columns) ─▶ Finding
//!   API server ─▶ cluster (reads, pages, watches) ─▶ sentinel-decision ─▶ explain
//!                                               ├─▶ sessions, revoke, audit, lock, unlock, locks ─▶ terminal: a question
//!                                               └─▶ asking ─▶ request, approve, …; break-glass, close, …
//! ```
//!
//! What a policy means is said by `sentinel-core` alone, and what the broker would say by `sentinel-decision`; here are only
//! arguments, files and words. Only `cluster` talks to a network; what is written is AccessLocks, AccessRequests,
//! BreakGlassEvents, and that a SentinelSession is revoked. Lists are all told by `listing`, and what comes of writing is awaited by
//! `until`. The clock is read where a command begins.

use std::ffi::OsString;
use std::io::{Read, Write};

use clap::Parser as _;

mod args;
mod asking;
mod audit;
mod cluster;
mod complete;
mod convert;
mod diff;
mod emergency;
mod examples;
mod explain;
mod failure;
mod finding;
mod fmt;
mod history;
mod kind;
mod lint;
mod listing;
mod lock;
mod parts;
mod places;
#[cfg(test)]
mod reference;
mod report;
mod request;
mod revoke;
mod sessions;
mod source;
mod terminal;
mod test;
mod until;
mod validate;
mod words;

use args::{Args, Command};
use failure::Failure;
use report::Report;
use source::Sources;

/// What the process says, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// For the next program, or the reader.
    pub stdout: String,
    /// Notes and failures.
    pub stderr: String,
    /// 0 fine, 1 something was found, 2 wrong usage or unreadable.
    pub code: u8,
}

/// Runs one command, with nobody to ask; `args` begins with the program's name.
pub fn run<A: Into<OsString> + Clone>(args: impl IntoIterator<Item = A>, stdin: &mut dyn Read) -> Output {
    run_with(args, stdin, terminal::nobody, &mut std::io::sink())
}

/// Runs one command, with nobody to ask; what it tells as it comes (`--watch`) goes to `out`.
pub fn run_to<A: Into<OsString> + Clone>(
    args: impl IntoIterator<Item = A>,
    stdin: &mut dyn Read,
    out: &mut dyn Write,
) -> Output {
    run_with(args, stdin, terminal::nobody, out)
}

/// Runs one command, and asks the person at the terminal, if there is one, before it does what is hard to take back.
pub fn run_at_terminal<A: Into<OsString> + Clone>(args: impl IntoIterator<Item = A>, stdin: &mut dyn Read) -> Output {
    run_with(args, stdin, terminal::ask, &mut std::io::stdout())
}

fn run_with<A: Into<OsString> + Clone>(
    args: impl IntoIterator<Item = A>,
    stdin: &mut dyn Read,
    ask: terminal::Ask,
    out: &mut dyn Write,
) -> Output {
    match Args::try_parse_from(args) {
        Ok(args) => output(command(&args, &mut Sources::new(stdin), ask, out)),
        Err(error) if error.use_stderr() => failed(&error),
        Err(help) => Output { stdout: help.to_string(), stderr: String::new(), code: 0 },
    }
}

fn command(args: &Args, sources: &mut Sources<'_>, ask: terminal::Ask, out: &mut dyn Write) -> Result<Report, Failure> {
    let format = args.output;
    match &args.command {
        Command::Validate(args) => validate::run(args, format, sources),
        Command::Lint(args) => lint::run(args, format, sources),
        Command::Fmt(args) => fmt::run(args, format, sources),
        Command::Convert(args) => convert::run(args, format, sources),
        Command::Explain(args) => explain::run(args, format, sources),
        Command::Diff(args) => diff::run(args, format, sources),
        Command::Sessions(args) => sessions::run(args, format, out),
        Command::Revoke(args) => revoke::run(args, format),
        Command::Audit(args) => audit::run(args, format),
        Command::History(args) => history::run(args, format, sources),
        Command::Lock(args) => lock::lock(args, format, ask),
        Command::Unlock(args) => lock::unlock(args, format),
        Command::Locks(args) => lock::locks(args, format),
        Command::Request(args) => request::request(args, format, out),
        Command::Approve(args) => request::approve(args, format, ask),
        Command::Deny(args) => request::deny(args, format),
        Command::Cancel(args) => request::cancel(args, format),
        Command::Requests(args) => request::requests(args, format, out),
        Command::BreakGlass(args) => emergency::break_glass(args, format, ask, out),
        Command::Close(args) => emergency::close(args, format),
        Command::Review(args) => emergency::review(args, format),
        Command::Events(args) => emergency::events(args, format, out),
        Command::Test(args) => test::run(args, format, sources),
        Command::Completions { shell } => Ok(Report::fine(args::completions(*shell))),
        Command::Complete { words } => Ok(Report::fine(complete::answer(words))),
    }
}

fn output(result: Result<Report, Failure>) -> Output {
    match result {
        Ok(report) => {
            let stderr = report::lines(report.notes);
            Output { stdout: report.stdout, stderr, code: u8::from(report.found) }
        }
        Err(failure) => {
            Output { stdout: String::new(), stderr: format!("error: {failure}\n"), code: failure.exit_code() }
        }
    }
}

fn failed(error: &clap::Error) -> Output {
    Output { stdout: String::new(), stderr: error.to_string(), code: 2 }
}
