//! `validate`: everything that is wrong, in every file.

use clap::ValueEnum as _;
use sentinel_core::policy::Problems;
use serde::Serialize;

use crate::args::ValidateArgs;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::parts::objects::{self, Judged};
use crate::parts::{Holds, Part, parts};
use crate::report::{Format, Report, lines};
use crate::source::Sources;

#[derive(Default, Serialize)]
struct Findings {
    judged: usize,
    problems: Vec<Finding>,
    #[serde(skip)]
    notes: Vec<String>,
}

pub(crate) fn run(args: &ValidateArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let mut findings = Findings::default();
    for file in &args.files {
        for part in parts(&sources.read(file)?) {
            findings.add(&part, args.kind);
        }
    }
    let found = !findings.problems.is_empty();
    Ok(Report { stdout: format.render(text(&findings), &findings)?, notes: findings.notes, found })
}

/// What came of a part; documents are of this kind.
pub(crate) fn judge(part: &Part, kind: Kind) -> Result<Judged, Problems> {
    match &part.holds {
        Holds::Document(text) => kind.read(text).map(Judged::Policy),
        Holds::Object(object) => objects::judge(object),
        Holds::Unreadable(problems) => Err(problems.clone()),
        Holds::Foreign(_) => Ok(Judged::Skipped("skipped: not an object of sentinel.dev")),
    }
}

/// The note on a part that isn't judged.
pub(crate) fn skipped(part: &Part, why: &str) -> String {
    let label = part.label();
    let what = if label.is_empty() { &part.at } else { &label };
    format!("note: {}: {what}: {why}", part.file)
}

/// The note on a document that was read as what it isn't.
pub(crate) fn another_kind(part: &Part, kind: Kind) -> Option<String> {
    let Holds::Document(text) = &part.holds else { return None };
    let rather = kind.rather(text)?.to_possible_value()?;
    Some(format!("note: {}: is a document of another kind: add --kind {}", part.file, rather.get_name()))
}

impl Findings {
    fn add(&mut self, part: &Part, kind: Kind) {
        match judge(part, kind) {
            Ok(Judged::Skipped(why)) => return self.notes.push(skipped(part, why)),
            Ok(Judged::Policy(_) | Judged::Other) => {}
            Err(problems) => {
                self.problems.extend(part.problems(&problems));
                self.notes.extend(another_kind(part, kind));
            }
        }
        self.judged += 1;
    }
}

fn text(findings: &Findings) -> String {
    let (judged, problems) = (findings.judged, findings.problems.len());
    let sum = if problems == 0 { format!("{judged} valid") } else { format!("{judged} judged, problems: {problems}") };
    lines(findings.problems.iter().map(ToString::to_string).chain([sum]))
}
