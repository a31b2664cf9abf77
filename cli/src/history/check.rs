//! Whether a line may be believed.

use std::fs;

use sentinel_api::audit_log::Line;
use sentinel_core::audit::{Broken, Chains, Key, Link, SIGNED, Sealed};
use serde::Serialize;

use crate::failure::Failure;

/// So many problems are told one by one.
const SHOWN: usize = 100;
/// So many processes may have written a log.
const MOST_CHAINS: usize = 100_000;

/// Checks lines with keys; without any it believes them all.
pub(super) struct Checker {
    keys: Vec<(Option<String>, Key)>,
    chains: Chains,
    pub(super) problems: Vec<Problem>,
    /// How many problems there are.
    pub(super) found: u64,
    /// Chains whose beginning isn't here.
    pub(super) notes: Vec<String>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) message: String,
}

/// Where a line stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: u64,
}

/// A line that may be believed.
pub(super) struct Entry {
    pub(super) line: Line,
    pub(super) signed: bool,
}

impl Checker {
    /// With the keys of these files, as `[ID=]FILE`.
    pub(super) fn of(files: &[String]) -> Result<Self, Failure> {
        let keys = files.iter().map(|file| key(file)).collect::<Result<_, _>>()?;
        Ok(Self { keys, chains: Chains::default(), problems: vec![], found: 0, notes: vec![] })
    }

    /// Whether lines are verified.
    pub(super) fn verifies(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The line of an audit log that `json` is, if it may be believed.
    pub(super) fn entry(&mut self, json: &str, place: Place<'_>) -> Option<Entry> {
        match Sealed::read(json) {
            Some(sealed) if self.verifies() => self.verified(&sealed, place),
            Some(sealed) => entry(sealed.entry, true),
            None if !self.verifies() => entry(json, false),
            None => {
                self.add(unsigned(json)?.to_owned(), place);
                None
            }
        }
    }

    fn verified(&mut self, sealed: &Sealed<'_>, place: Place<'_>) -> Option<Entry> {
        let link = match self.signed(sealed) {
            Ok(link) => link,
            Err(problem) => {
                self.add(problem, place);
                return None;
            }
        };
        match self.chains.follow(link, sealed.signature).err() {
            Some(beginning @ Broken::Beginning(_)) => self.note(&beginning, place),
            Some(broken) => self.add(broken.to_string(), place),
            None => {}
        }
        entry(sealed.entry, true)
    }

    /// Its place in its chain, if one of the keys has signed it.
    fn signed(&self, sealed: &Sealed<'_>) -> Result<Link, String> {
        let id = sealed.key_id;
        let is_for = |wanted: &Option<String>| wanted.as_deref().is_none_or(|wanted| wanted == id);
        let mut usable = self.keys.iter().filter(|(wanted, _)| is_for(wanted)).peekable();
        if usable.peek().is_none() {
            return Err(format!("it is signed with key {id:?}, which no --key-file is for"));
        }
        if !usable.any(|(_, key)| sealed.is_by(key)) {
            return Err(format!("its signature (key {id:?}) is wrong: forged, or changed since"));
        }
        if self.chains.len() >= MOST_CHAINS {
            return Err(format!("more than {MOST_CHAINS} processes have written this log"));
        }
        serde_json::from_str(sealed.entry).map_err(|_| "it is signed, and no link of a chain".to_owned())
    }

    fn note(&mut self, beginning: &Broken, Place { file, line }: Place<'_>) {
        if self.notes.len() < SHOWN {
            self.notes.push(format!("{file}:{line}: {beginning}"));
        }
    }

    fn add(&mut self, message: String, Place { file, line }: Place<'_>) {
        self.found += 1;
        if self.problems.len() < SHOWN {
            self.problems.push(Problem { file: file.to_owned(), line, message });
        }
    }
}

/// What is wrong with what is no signed line; none: it is no line at all.
fn unsigned(json: &str) -> Option<&'static str> {
    if json.starts_with(SIGNED) {
        return Some("it was signed, and changed since");
    }
    Line::read(json).map(|_| "it is not signed")
}

fn entry(json: &str, signed: bool) -> Option<Entry> {
    Line::read(json).map(|line| Entry { line, signed })
}

fn key(argument: &str) -> Result<(Option<String>, Key), Failure> {
    let (id, file) = match argument.split_once('=') {
        Some((id, file)) => (Some(id), file),
        None => (None, argument),
    };
    let bytes = fs::read(file).map_err(|cause| Failure::File { name: file.to_owned(), cause })?;
    let key = Key::read(id.unwrap_or("any"), &bytes);
    let key = key.map_err(|why| Failure::Usage(format!("--key-file {argument}: it can't be used: {why}")))?;
    Ok((id.map(str::to_owned), key))
}
