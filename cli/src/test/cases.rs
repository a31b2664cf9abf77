//! The file of cases.

use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;
use sentinel_core::policy::{AccessPolicy, Mode, Problem, Request, Spot, unknown_key};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Difference, Outcome};
use crate::args::{self, TestArgs};
use crate::explain::Answer;
use crate::failure::Failure;
use crate::finding::{Finding, Origin};
use crate::parts::{Part, the_policy, the_policy_of};
use crate::places::Text;
use crate::source::{Source, Sources};

/// What a case may expect.
const FIELDS: [&str; 7] =
    ["effect", "rule", "ruleIndex", "reason", "requiresServerMode", "requiresSessionTracking", "sessionTable"];

/// A policy and its cases.
pub(super) struct Suite {
    name: String,
    text: Rc<Text>,
    policy: AccessPolicy,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    policy: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    request: Asked,
    expect: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    user: String,
    profile: String,
    mode: Option<Mode>,
    session_table: Option<String>,
    time: Option<String>,
}

impl Suite {
    /// Reads the file and its policy.
    pub(super) fn read(args: &TestArgs, sources: &mut Sources<'_>) -> Result<Self, Failure> {
        let Source { name, text } = sources.read(&args.file)?;
        let text = text.strip_prefix('\u{FEFF}').map(ToOwned::to_owned).unwrap_or(text);
        let text = Rc::new(Text::new(text));
        let Document { policy, cases } =
            serde_yaml::from_str(text.as_str()).map_err(|error| malformed(&name, &text, &error))?;
        let policy = read_policy(args, &name, &text, policy, sources)?;
        let suite = Self { name, text, policy, cases };
        if suite.cases.is_empty() {
            return Err(suite.refused(&Problem::new("cases", "there are none, so nothing is tested")));
        }
        Ok(suite)
    }

    /// What comes of each case.
    pub(super) fn outcomes(&self) -> Result<Vec<Outcome>, Failure> {
        let timed = self.policy.rules().iter().any(|rule| rule.conditions.time.is_some());
        let outcome = |(index, case): (usize, &Case)| {
            let at = case.check(timed).map_err(|problem| self.refused(&below_case(index, problem)))?;
            Ok(self.outcome(index, case, at))
        };
        self.cases.iter().enumerate().map(outcome).collect()
    }

    fn outcome(&self, index: usize, case: &Case, at: Timestamp) -> Outcome {
        let answer = case.answer(&self.policy, at);
        let difference = |(key, expected): (&String, &Value)| {
            let got = field(&answer, key);
            (got != *expected).then(|| self.difference(index, key, expected, got))
        };
        let differences: Vec<_> = case.expect.iter().filter_map(difference).collect();
        Outcome { name: case.name.clone(), ok: differences.is_empty(), differences }
    }

    fn difference(&self, index: usize, key: &str, expected: &Value, got: Value) -> Difference {
        let path = format!("cases[{index}].expect.{key}");
        let found = self.found(&Problem::new(path, format!("expected {expected}, got {got}")));
        Difference { field: key.to_owned(), expected: expected.clone(), got, found }
    }

    fn refused(&self, problem: &Problem) -> Failure {
        Failure::Usage(self.found(problem).to_string())
    }

    fn found(&self, problem: &Problem) -> Finding {
        Origin { file: &self.name, object: "", text: &self.text, at: "" }.problem(problem)
    }
}

fn below_case(index: usize, problem: Problem) -> Problem {
    Problem { path: format!("cases[{index}].{}", problem.path), ..problem }
}

fn malformed(name: &str, text: &Text, error: &serde_yaml::Error) -> Failure {
    let (mut message, mut spot) = (format!("not a file of cases: {error}"), None);
    if let Some((line, column)) = error.location().map(|place| (place.line(), place.column())) {
        message = message.replace(&format!(" at line {line} column {column}"), "");
        spot = Some(Spot::Text { line, column });
    }
    let origin = Origin { file: name, object: "", text, at: "" };
    Failure::Usage(origin.found("", &message, spot.as_ref()).to_string())
}

/// A text of one line is a file, relative to the file of cases; anything else is the policy itself.
fn read_policy(
    args: &TestArgs,
    name: &str,
    text: &Rc<Text>,
    policy: Value,
    sources: &mut Sources<'_>,
) -> Result<AccessPolicy, Failure> {
    let access = match policy {
        Value::String(path) if !path.trim().contains('\n') => {
            the_policy(&sources.read(&beside(&args.file, path.trim()))?, args.name.as_deref())
        }
        Value::String(text) => the_policy(&Source { name: format!("{name}: policy"), text }, args.name.as_deref()),
        inline => the_policy_of(Part::inline(name, Rc::clone(text), "policy", inline)),
    };
    Ok(access?.policy)
}

fn beside(file: &str, path: &str) -> String {
    let folder = Path::new(file).parent().filter(|_| file != "-").unwrap_or(Path::new(""));
    folder.join(path).to_string_lossy().into_owned()
}

impl Case {
    /// Whether it can be judged at all; and for when, which is any time where the policy has no windows.
    fn check(&self, timed: bool) -> Result<Timestamp, Problem> {
        if let Some(key) = self.expect.keys().find(|key| !FIELDS.contains(&key.as_str())) {
            return Err(Problem::new("expect", unknown_key(key, &FIELDS)).at_key(key));
        }
        if self.expect.is_empty() {
            return Err(Problem::new("expect", format!("nothing: write at least one of {}", FIELDS.join(", "))));
        }
        match &self.request.time {
            Some(time) => args::moment(time).map_err(|message| Problem::new("request.time", message)),
            None if timed => Err(Problem::new("request", "add a time: a rule of the policy has a time window")),
            None => Ok(Timestamp::default()),
        }
    }

    fn answer(&self, policy: &AccessPolicy, at: Timestamp) -> Answer {
        let Asked { user, profile, mode, session_table, time: _ } = &self.request;
        let mode = mode.unwrap_or(Mode::Server);
        let session_table = session_table.as_deref();
        Answer::of(policy.decide(&Request { user, profile, mode, session_table, at }))
    }
}

fn field(answer: &Answer, key: &str) -> Value {
    match key {
        "effect" => answer.effect.into(),
        "rule" => answer.rule.as_str().into(),
        "ruleIndex" => answer.rule_index.into(),
        "reason" => answer.reason.as_str().into(),
        "requiresServerMode" => answer.requires_server_mode.into(),
        "requiresSessionTracking" => answer.requires_session_tracking.into(),
        "sessionTable" => answer.session_table.as_str().into(),
        _ => Value::Null,
    }
}
