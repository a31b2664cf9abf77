//! Times everything, one engine after the other, with criterion.

use std::fs::File;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use cedar_policy::{Authorizer, PolicySet};
use criterion::Criterion;
use sentinel_core::policy::{Rule, RuleIndex, decide};
use serde::Deserialize;

use crate::agree::{self, Compared};
use crate::cedar::{self, Question};
use crate::requests::{self, Asked};
use crate::{policy, sentinel};

/// The sizes.
pub const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// Nanoseconds for one decision each.
#[derive(Clone, Copy, Debug)]
pub struct Decisions {
    pub compiled: f64,
    pub plain: f64,
    pub cedar: f64,
}

/// Everything about one size, in nanoseconds.
#[derive(Debug)]
pub struct Measured {
    pub rules: usize,
    pub compared: Compared,
    /// The first match is the last rule.
    pub last: Decisions,
    /// No rule matches.
    pub none: Decisions,
    /// The profile is one for which each team has rules.
    pub shared: Decisions,
    pub read: f64,
    pub compile: f64,
    pub read_cedar: f64,
}

/// Everything that decides, made ready.
struct Engines {
    rules: Vec<Rule>,
    index: RuleIndex,
    authorizer: Authorizer,
    policies: PolicySet,
}

struct Stopwatch {
    criterion: Criterion,
    folder: PathBuf,
}

/// Criterion's own record of its samples.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// Compares all answers, of all sizes, and only then measures.
pub fn run() -> Result<Vec<Measured>> {
    let engines = SIZES.iter().map(|size| Engines::new(*size).map(|engines| (*size, engines)));
    let engines = engines.collect::<Result<Vec<_>>>()?;
    let compared = engines.iter().map(|(size, engines)| engines.compare(*size)).collect::<Result<Vec<_>>>()?;
    let mut stopwatch = Stopwatch::new();
    let measure =
        |((size, engines), compared): (&(usize, Engines), Compared)| measure(*size, engines, compared, &mut stopwatch);
    engines.iter().zip(compared).map(measure).collect()
}

fn measure(rules: usize, engines: &Engines, compared: Compared, stopwatch: &mut Stopwatch) -> Result<Measured> {
    let written = policy::rules(rules);
    let (documents, texts) = (sentinel::documents(&written), cedar::texts(&written));
    Ok(Measured {
        rules,
        compared,
        last: engines.time(stopwatch, &format!("{rules}-last"), &requests::for_the_last_rule(rules)?)?,
        none: engines.time(stopwatch, &format!("{rules}-none"), &requests::for_no_rule(rules)?)?,
        shared: engines.time(stopwatch, &format!("{rules}-shared"), &requests::for_the_shared_profile(rules)?)?,
        read: stopwatch.time(&format!("{rules}-read"), || sentinel::read(&documents))?,
        compile: stopwatch.time(&format!("{rules}-compile"), || RuleIndex::of(&engines.rules))?,
        read_cedar: stopwatch.time(&format!("{rules}-read-cedar"), || cedar::read(&texts))?,
    })
}

impl Engines {
    fn new(size: usize) -> Result<Self> {
        let written = policy::rules(size);
        let rules = sentinel::read(&sentinel::documents(&written))?;
        let index = RuleIndex::of(&rules);
        Ok(Self { rules, index, authorizer: Authorizer::new(), policies: cedar::read(&cedar::texts(&written))? })
    }

    fn compare(&self, size: usize) -> Result<Compared> {
        let mut asked = requests::to_compare(size)?;
        asked.extend([
            requests::for_the_last_rule(size)?,
            requests::for_no_rule(size)?,
            requests::for_the_shared_profile(size)?,
        ]);
        agree::check(&asked, &self.rules, &self.index, &self.policies)
    }

    fn time(&self, stopwatch: &mut Stopwatch, name: &str, asked: &Asked) -> Result<Decisions> {
        let request = asked.request();
        let question = Question::new(asked)?;
        Ok(Decisions {
            compiled: stopwatch
                .time(&format!("{name}-compiled"), || self.index.decide(&self.rules, black_box(&request)))?,
            plain: stopwatch.time(&format!("{name}-plain"), || decide(&self.rules, black_box(&request)))?,
            cedar: stopwatch
                .time(&format!("{name}-cedar"), || black_box(&question).ask(&self.authorizer, &self.policies))?,
        })
    }
}

impl Stopwatch {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/criterion");
        let criterion = Criterion::default()
            .output_directory(&folder)
            .sample_size(40)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_millis(1200))
            .without_plots();
        Self { criterion, folder }
    }

    fn time<T>(&mut self, name: &str, mut what: impl FnMut() -> T) -> Result<f64> {
        self.criterion.bench_function(name, |bencher| bencher.iter(&mut what));
        self.least(name)
    }

    /// The least of the samples: what else runs on the machine only ever adds.
    fn least(&self, name: &str) -> Result<f64> {
        let path = self.folder.join(name).join("new/sample.json");
        let file = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
        let Sample { iters, times } = serde_json::from_reader(file).context("reading criterion's samples")?;
        Ok(times.iter().zip(iters).map(|(time, count)| time / count).fold(f64::INFINITY, f64::min))
    }
}
