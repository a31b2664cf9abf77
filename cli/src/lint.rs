//! `lint`: what is valid, and surely a mistake.

use std::collections::BTreeMap;

use sentinel_core::policy::lint::{KnownProfile, Surroundings};
use serde::Serialize;
use serde_json::Value;

use crate::args::LintArgs;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::kind::Policy;
use crate::parts::objects::{self, Judged};
use crate::parts::{Holds, Part, parts};
use crate::report::{Format, Report, lines};
use crate::source::Sources;
use crate::validate::{another_kind, judge, skipped};

#[derive(Default, Serialize)]
struct Findings {
    linted: usize,
    #[serde(rename = "findings")]
    found: Vec<Finding>,
    #[serde(skip)]
    notes: Vec<String>,
}

pub(crate) fn run(args: &LintArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let mut all = Vec::new();
    for file in &args.files {
        all.extend(parts(&sources.read(file)?));
    }
    let around = surroundings(args, &all);
    let mut findings = Findings::default();
    for part in &all {
        findings.add(part, args, &around);
    }
    let found = !findings.found.is_empty();
    Ok(Report { stdout: format.render(text(&findings), &findings)?, notes: findings.notes, found })
}

/// What is known beside the policies: the profiles of the same files, and what arguments say. Nothing said is nothing known.
fn surroundings(args: &LintArgs, parts: &[Part]) -> Surroundings {
    // Of a profile that is only named nobody knows whether it has a table, so none is missed.
    let named = args.profiles.iter().filter(|name| !name.is_empty());
    let named = named.map(|name| (name.clone(), KnownProfile { has_table: true }));
    let profiles: BTreeMap<_, _> = named.chain(parts.iter().filter_map(profile)).collect();
    Surroundings {
        profiles: (!profiles.is_empty()).then_some(profiles),
        default_table: args.session_table.as_ref().map(|table| !table.is_empty()),
    }
}

fn profile(part: &Part) -> Option<(String, KnownProfile)> {
    let Holds::Object(object) = &part.holds else { return None };
    let text = |place| objects::text(object, place);
    let has_table = object.pointer("/spec/sessionTable").and_then(Value::as_str).is_some_and(|table| !table.is_empty());
    (text("/kind") == "SentinelProfile").then(|| (text("/metadata/name").to_owned(), KnownProfile { has_table }))
}

impl Findings {
    fn add(&mut self, part: &Part, args: &LintArgs, around: &Surroundings) {
        match judge(part, args.kind) {
            Ok(Judged::Policy(policy)) => self.lint(part, &policy, around),
            Ok(Judged::Other) => {}
            Ok(Judged::Skipped(why)) => self.notes.push(skipped(part, why)),
            Err(problems) => {
                self.found.extend(part.problems(&problems));
                self.notes.extend(another_kind(part, args.kind));
            }
        }
    }

    fn lint(&mut self, part: &Part, policy: &Policy, around: &Surroundings) {
        self.linted += 1;
        let label = part.label();
        let below = if label.is_empty() { "" } else { "spec" };
        let origin = part.origin(&label);
        self.found.extend(policy.lint(around).iter().map(|lint| origin.lint(below, lint)));
    }
}

fn text(findings: &Findings) -> String {
    let (linted, found) = (findings.linted, findings.found.len());
    let sum = if found == 0 {
        format!("{linted} linted, nothing found")
    } else {
        format!("{linted} linted, findings: {found}")
    };
    lines(findings.found.iter().map(ToString::to_string).chain([sum]))
}
