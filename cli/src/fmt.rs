//! `fmt`: the canonical document.

use sentinel_core::policy::Spelling;

use crate::args::FmtArgs;
use crate::failure::Failure;
use crate::kind::Policy;
use crate::parts::{Holds, parts};
use crate::report::{Format, Report};
use crate::source::{self, Source, Sources};

pub(crate) fn run(args: &FmtArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let source = sources.read(&args.file)?;
    let policy = the_document(&source, args)?;
    let canonical = policy.to_yaml(Spelling::Document);
    match (args.check, args.write) {
        (true, _) => Ok(check(&source, &canonical)),
        (_, true) => write(args, &source, &canonical),
        _ => {
            let text = if format == Format::Yaml { Format::Text } else { format };
            Ok(Report::fine(text.render(canonical, &policy.to_value(Spelling::Document))?))
        }
    }
}

fn the_document(source: &Source, args: &FmtArgs) -> Result<Policy, Failure> {
    let refuse = |what: &str| Err(Failure::Usage(format!("{}: {what}", source.name)));
    let mut parts = parts(source).into_iter();
    let (Some(part), None) = (parts.next(), parts.next()) else {
        return refuse("fmt takes one document, and here are several");
    };
    let Holds::Document(text) = &part.holds else {
        return refuse(
            "fmt takes a document, and this is an object: `kubectl sentinel convert` makes a document of it",
        );
    };
    args.kind.read(text).map_err(|problems| Failure::Invalid(part.problems(&problems)))
}

fn check(source: &Source, canonical: &str) -> Report {
    let found = source.text != canonical;
    let note = || format!("{}: not canonical: `kubectl sentinel fmt --write` makes it so", source.name);
    Report { stdout: String::new(), notes: found.then(note).into_iter().collect(), found }
}

fn write(args: &FmtArgs, source: &Source, canonical: &str) -> Result<Report, Failure> {
    if args.file == "-" {
        return Err(Failure::Usage("--write needs a file: stdin can't be written to".to_owned()));
    }
    if source.text == canonical {
        return Ok(Report::fine(String::new()));
    }
    if !args.drop_comments && source.text.lines().any(may_hold_comment) {
        let name = &source.name;
        let message =
            format!("{name}: seems to have comments, which --write would drop: add --drop-comments if they may go");
        return Err(Failure::Usage(message));
    }
    source::replace(&args.file, canonical)?;
    Ok(Report { notes: vec![format!("{}: written", source.name)], ..Report::fine(String::new()) })
}

/// Blind to quotes: rather ask once too often.
fn may_hold_comment(line: &str) -> bool {
    line.trim_start().starts_with('#') || line.contains(" #") || line.contains("\t#")
}
