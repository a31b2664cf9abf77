//! `history`: who had what, until when, and by whose leave, from the lines of the audit log.
//!
//! ```text
//!   FILE, stdin ─▶ lines (unwrapped, one at a time) ─▶ check (signature, chain) ─▶ book: accesses, and what explains them ─▶ told
//! ```
//!
//! A log is read once, a line at a time, and never held: what stays are the accesses that the filters let through, with what they
//! were given by. More than [`book::MOST`] of either are refused, with a hint how to ask for less.

mod args;
mod book;
mod check;
mod door;
mod filter;
mod lines;
mod spans;
mod told;

pub(crate) use args::HistoryArgs;

use std::io::Read;

use jiff::Timestamp;

use crate::failure::Failure;
use crate::report::{Format, Report};
use crate::source::Sources;
use book::Book;
use check::{Checker, Place};
use filter::Filter;
use lines::{Found, LogLines};

/// What is known of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Counts {
    /// All.
    read: u64,
    /// That are no lines of an audit log.
    skipped: u64,
    /// That are signed; verified, where there is a key.
    signed: u64,
}

pub(crate) fn run(args: &HistoryArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let book = Book::new(Filter::of(args, Timestamp::now())?);
    let mut reading = Reading { checker: Checker::of(&args.keys)?, book, counts: Counts::default() };
    let stdin = ["-".to_owned()];
    let files = if args.files.is_empty() { &stdin[..] } else { &args.files };
    for file in files {
        let (name, reader) = sources.open(file)?;
        reading.read(&name, reader)?;
    }
    told::report(&reading.book.accesses(), reading.counts, &reading.checker, format)
}

/// Logs under way.
struct Reading {
    checker: Checker,
    book: Book,
    counts: Counts,
}

impl Reading {
    fn read(&mut self, file: &str, reader: Box<dyn Read + '_>) -> Result<(), Failure> {
        let mut lines = LogLines::of(file, reader)?;
        loop {
            let entry = match lines.next()? {
                Found::End => return Ok(()),
                Found::Other => None,
                Found::Json(json) => self.checker.entry(&json, Place { file, line: lines.number() }),
            };
            self.counts.read += 1;
            self.counts.skipped += u64::from(entry.is_none());
            if let Some(entry) = entry {
                self.counts.signed += u64::from(entry.signed);
                self.book.take(entry.line)?;
            }
        }
    }
}
