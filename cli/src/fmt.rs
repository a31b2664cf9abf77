//! `fmt`: the canonical document.

use crate::args::FmtArgs;
use crate::failure::Failure;
use crate::kind::Canonical;
use crate::parts::{Part, parts};
use crate::report::{Format, Report};
use crate::source::{self, Source, Sources};

pub(crate) fn run(args: &FmtArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let source = sources.read(&args.file)?;
    let text = the_document(&source)?;
    let invalid = |problems| Failure::Invalid { name: source.name.clone(), problems };
    let canonical = args.kind.read(&text).map_err(invalid)?;
    match (args.check, args.write) {
        (true, _) => Ok(check(&source, &canonical)),
        (_, true) => write(args, &source, &canonical),
        _ => {
            let text = if format == Format::Yaml { Format::Text } else { format };
            Ok(Report::fine(text.render(canonical.text.clone(), &canonical.value)?))
        }
    }
}

fn the_document(source: &Source) -> Result<String, Failure> {
    let refuse = |what: &str| Err(Failure::Usage(format!("{}: {what}", source.name)));
    let mut parts = parts(&source.text).into_iter();
    match (parts.next(), parts.next()) {
        (Some(Part::Document(text)), None) => Ok(text),
        (_, Some(_)) => refuse("fmt takes one document, and here are several"),
        _ => refuse("fmt takes a document, and this is an object: `kubectl sentinel convert` makes a document of it"),
    }
}

fn check(source: &Source, canonical: &Canonical) -> Report {
    let found = source.text != canonical.text;
    let note = || format!("{}: not canonical: `kubectl sentinel fmt --write` makes it so", source.name);
    Report { stdout: String::new(), notes: found.then(note).into_iter().collect(), found }
}

fn write(args: &FmtArgs, source: &Source, canonical: &Canonical) -> Result<Report, Failure> {
    if args.file == "-" {
        return Err(Failure::Usage("--write needs a file: stdin can't be written to".to_owned()));
    }
    if source.text == canonical.text {
        return Ok(Report::fine(String::new()));
    }
    if !args.drop_comments && source.text.lines().any(may_hold_comment) {
        let name = &source.name;
        let message =
            format!("{name}: seems to have comments, which --write would drop: add --drop-comments if they may go");
        return Err(Failure::Usage(message));
    }
    source::replace(&args.file, &canonical.text)?;
    Ok(Report { notes: vec![format!("{}: written", source.name)], ..Report::fine(String::new()) })
}

/// Blind to quotes: rather ask once too often.
fn may_hold_comment(line: &str) -> bool {
    line.trim_start().starts_with('#') || line.contains(" #") || line.contains("\t#")
}
