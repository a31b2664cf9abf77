//! `validate`: everything that is wrong, in every file.

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
            findings.add(&part, judge(&part, args.kind));
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
    format!("note: {}: {}: {why}", part.file, part.label())
}

impl Findings {
    fn add(&mut self, part: &Part, judged: Result<Judged, Problems>) {
        if let Ok(Judged::Skipped(why)) = judged {
            return self.notes.push(skipped(part, why));
        }
        self.judged += 1;
        self.problems.extend(judged.err().map(|problems| part.problems(&problems)).unwrap_or_default());
    }
}

fn text(findings: &Findings) -> String {
    let (judged, problems) = (findings.judged, findings.problems.len());
    let sum = if problems == 0 { format!("{judged} valid") } else { format!("{judged} judged, problems: {problems}") };
    lines(findings.problems.iter().map(ToString::to_string).chain([sum]))
}
