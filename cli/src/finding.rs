//! What was found, and where: one line for people, with the line of the file beneath it.

use std::fmt;

use sentinel_core::policy::lint::{Check, Lint};
use sentinel_core::policy::{Problem, Spot, is_invisible};
use serde::Serialize;

use crate::places::{Place, Text};

/// The widest excerpt of a line.
const WIDTH: usize = 120;

/// One thing that was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) file: String,
    /// `AccessPolicy prod`; empty for a document.
    pub(crate) object: String,
    /// From the root of the document or object.
    pub(crate) path: String,
    pub(crate) message: String,
    /// The lint that found it; none of a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<Check>,
    #[serde(flatten)]
    place: Option<Place>,
    #[serde(skip)]
    line: String,
}

/// Whose findings they are: an object or document within a text.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) file: &'a str,
    pub(crate) object: &'a str,
    pub(crate) text: &'a Text,
    /// The path of the object within the text: `items[2]`, or nothing.
    pub(crate) at: &'a str,
}

impl Origin<'_> {
    /// A problem that was found here.
    pub(crate) fn problem(&self, problem: &Problem) -> Finding {
        self.found(&problem.path, &problem.message, problem.spot.as_ref())
    }

    /// A lint that was found here; `below` is the path of its document in the object.
    pub(crate) fn lint(&self, below: &str, lint: &Lint) -> Finding {
        let found = self.found(&joined(below, &lint.path), &lint.message, None);
        Finding { check: Some(lint.check), ..found }
    }

    /// Anything else.
    pub(crate) fn found(&self, path: &str, message: &str, spot: Option<&Spot>) -> Finding {
        let place = self.text.place(&joined(self.at, path), spot);
        Finding {
            file: self.file.to_owned(),
            object: self.object.to_owned(),
            path: path.to_owned(),
            message: message.to_owned(),
            check: None,
            place,
            line: place.map(|place| self.text.line(place.line).to_owned()).unwrap_or_default(),
        }
    }
}

/// One path below another.
pub(crate) fn joined(path: &str, below: &str) -> String {
    match (path, below) {
        ("", path) | (path, "") => path.to_owned(),
        (path, below) if below.starts_with('[') => format!("{path}{below}"),
        (path, below) => format!("{path}.{below}"),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Place { line, column, .. }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        for part in [&self.object, &self.path, &self.message].into_iter().filter(|part| !part.is_empty()) {
            write!(f, ": {part}")?;
        }
        if let Some(check) = self.check {
            write!(f, " ({check})")?;
        }
        self.place.map_or(Ok(()), |place| excerpt(f, &self.line, place))
    }
}

/// The line, and beneath it a mark. Only a window of a long one, and nothing that would move the cursor.
fn excerpt(f: &mut fmt::Formatter<'_>, line: &str, place: Place) -> fmt::Result {
    if line.trim().is_empty() {
        return Ok(());
    }
    let before = place.column.saturating_sub(1);
    let skipped = before.saturating_sub(WIDTH / 2);
    let shown: String = line.chars().skip(skipped).take(WIDTH).map(printable).collect();
    let shown = shown.trim_end();
    let left = shown.chars().count().saturating_sub(before - skipped);
    let marks = "^".repeat(place.length.min(left).max(1));
    let indent = " ".repeat(before - skipped);
    write!(f, "\n{:>5} | {shown}\n      | {indent}{marks}", place.line)
}

fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_invisible(c) => '\u{FFFD}',
        c => c,
    }
}
