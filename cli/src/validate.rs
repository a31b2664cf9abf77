//! `validate`: everything that is wrong, in every file.

use sentinel_core::policy::Problems;
use serde::Serialize;

use crate::args::ValidateArgs;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::parts::{Part, objects, parts};
use crate::report::{Format, Report, lines};
use crate::source::{Source, Sources};

#[derive(Serialize)]
struct Findings {
    judged: usize,
    problems: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    file: String,
    object: String,
    path: String,
    message: String,
}

struct Judging<'a> {
    source: &'a Source,
    kind: Kind,
    findings: &'a mut Findings,
    notes: &'a mut Vec<String>,
}

pub(crate) fn run(args: &ValidateArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let mut findings = Findings { judged: 0, problems: Vec::new() };
    let mut notes = Vec::new();
    for file in &args.files {
        let source = sources.read(file)?;
        let mut judging = Judging { source: &source, kind: args.kind, findings: &mut findings, notes: &mut notes };
        for part in parts(&source.text) {
            judging.judge(part);
        }
    }
    let found = !findings.problems.is_empty();
    Ok(Report { stdout: format.render(text(&findings), &findings)?, notes, found })
}

impl Judging<'_> {
    fn judge(&mut self, part: Part) {
        match part {
            Part::Document(text) => self.note("", self.kind.read(&text).map(|_| None)),
            Part::Object(object) => self.note(&objects::label(&object), objects::judge(&object)),
            Part::Unreadable(problems) => self.note("", Err(problems)),
            Part::Foreign(kind) => self.skip(&kind, "skipped: not an object of sentinel.dev"),
        }
    }

    fn note(&mut self, object: &str, judged: Result<Option<&'static str>, Problems>) {
        match judged {
            Ok(None) => self.findings.judged += 1,
            Ok(Some(note)) => self.skip(object, note),
            Err(problems) => {
                self.findings.judged += 1;
                let file = &self.source.name;
                self.findings.problems.extend(problems.into_iter().map(|problem| Finding {
                    file: file.clone(),
                    object: object.to_owned(),
                    path: problem.path,
                    message: problem.message,
                }));
            }
        }
    }

    fn skip(&mut self, object: &str, note: &str) {
        self.notes.push(format!("note: {}: {object}: {note}", self.source.name));
    }
}

fn text(findings: &Findings) -> String {
    let (judged, problems) = (findings.judged, findings.problems.len());
    let sum = if problems == 0 { format!("{judged} valid") } else { format!("{judged} judged, problems: {problems}") };
    lines(findings.problems.iter().map(line).chain([sum]))
}

fn line(finding: &Finding) -> String {
    let Finding { file, object, path, message } = finding;
    let places = [file, object, path, message].into_iter().map(String::as_str).filter(|place| !place.is_empty());
    places.collect::<Vec<_>>().join(": ")
}
