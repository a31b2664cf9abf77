//! `test`: what a policy answers, against what a file of cases expects.

use serde::Serialize;
use serde_json::Value;

use crate::args::TestArgs;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::report::{Format, Report, lines};
use crate::source::{self, Sources};

mod cases;
mod junit;

use cases::Suite;

#[derive(Serialize)]
struct Results {
    cases: usize,
    differing: usize,
    outcomes: Vec<Outcome>,
}

/// What came of one case.
#[derive(Serialize)]
struct Outcome {
    name: String,
    ok: bool,
    differences: Vec<Difference>,
}

/// A field that isn't what is expected.
#[derive(Serialize)]
struct Difference {
    field: String,
    expected: Value,
    got: Value,
    /// Where it is expected.
    #[serde(flatten)]
    found: Finding,
}

pub(crate) fn run(args: &TestArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let suite = Suite::read(args, sources)?;
    let results = Results::of(suite.outcomes()?);
    if let Some(junit) = &args.junit {
        source::write(junit, &junit::report(&args.file, &results))?;
    }
    let found = results.differing > 0;
    Ok(Report { found, ..Report::fine(format.render(text(&results), &results)?) })
}

impl Results {
    fn of(outcomes: Vec<Outcome>) -> Self {
        let differing = outcomes.iter().filter(|outcome| !outcome.ok).count();
        Self { cases: outcomes.len(), differing, outcomes }
    }
}

fn text(results: &Results) -> String {
    let Results { cases, differing, outcomes } = results;
    let differing_ones = outcomes.iter().filter(|outcome| !outcome.ok);
    lines(differing_ones.flat_map(told).chain([format!("{cases} cases, differing: {differing}")]))
}

fn told(outcome: &Outcome) -> Vec<String> {
    let differences = outcome.differences.iter().map(|difference| difference.found.to_string());
    [format!("differs: {}", outcome.name)].into_iter().chain(differences).collect()
}
