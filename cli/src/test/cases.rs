//! The file of cases.

use std::path::Path;

use jiff::Timestamp;
use sentinel_core::policy::{AccessPolicy, Mode, Request, unknown_key};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Outcome;
use crate::explain::Answer;
use crate::failure::Failure;
use crate::parts::objects::the_policy;
use crate::source::{Source, Sources};

/// What a case may expect.
const FIELDS: [&str; 7] =
    ["effect", "rule", "ruleIndex", "reason", "requiresServerMode", "requiresSessionTracking", "sessionTable"];

/// A policy and its cases.
pub(super) struct Suite {
    name: String,
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
    time: Option<Timestamp>,
}

impl Suite {
    /// Reads the file and its policy.
    pub(super) fn read(file: &str, sources: &mut Sources<'_>) -> Result<Self, Failure> {
        let source = sources.read(file)?;
        let malformed = |error| Failure::Usage(format!("{}: not a file of cases: {error}", source.name));
        let Document { policy, cases } = serde_yaml::from_str(&source.text).map_err(malformed)?;
        if cases.is_empty() {
            return Err(Failure::Usage(format!("{}: cases: there are none, so nothing is tested", source.name)));
        }
        let policy = the_policy(&policy_source(file, &source, policy, sources)?, None)?.policy;
        Ok(Self { name: source.name, policy, cases })
    }

    /// What comes of each case.
    pub(super) fn outcomes(&self) -> Result<Vec<Outcome>, Failure> {
        let timed = self.policy.rules().iter().any(|rule| rule.conditions.time.is_some());
        let outcome = |(index, case): (usize, &Case)| {
            let wrong = |what| Failure::Usage(format!("{}: cases[{index}] {}: {what}", self.name, case.name));
            case.check(timed).map_err(wrong)?;
            Ok(case.outcome(&self.policy))
        };
        self.cases.iter().enumerate().map(outcome).collect()
    }
}

/// A text of one line is a file, relative to the file of cases; anything else is the policy itself.
fn policy_source(file: &str, cases: &Source, policy: Value, sources: &mut Sources<'_>) -> Result<Source, Failure> {
    let name = format!("{}: policy", cases.name);
    match policy {
        Value::String(path) if !path.trim().contains('\n') => sources.read(&beside(file, path.trim())),
        Value::String(text) => Ok(Source { name, text }),
        inline => Ok(Source { name, text: inline.to_string() }),
    }
}

fn beside(file: &str, path: &str) -> String {
    let folder = Path::new(file).parent().filter(|_| file != "-").unwrap_or(Path::new(""));
    folder.join(path).to_string_lossy().into_owned()
}

impl Case {
    /// Whether it can be judged at all.
    fn check(&self, timed: bool) -> Result<(), String> {
        if let Some(key) = self.expect.keys().find(|key| !FIELDS.contains(&key.as_str())) {
            return Err(format!("expect: {}", unknown_key(key, &FIELDS)));
        }
        if self.expect.is_empty() {
            return Err(format!("expect: nothing: write at least one of {}", FIELDS.join(", ")));
        }
        if timed && self.request.time.is_none() {
            return Err("request: add a time: a rule of the policy has a time window".to_owned());
        }
        Ok(())
    }

    fn outcome(&self, policy: &AccessPolicy) -> Outcome {
        let Asked { user, profile, mode, session_table, time } = &self.request;
        let (mode, at) = (mode.unwrap_or(Mode::Server), time.unwrap_or_default());
        let session_table = session_table.as_deref();
        let answer = Answer::of(policy.decide(&Request { user, profile, mode, session_table, at }));
        let differences = self.differences(&answer);
        Outcome { name: self.name.clone(), ok: differences.is_empty(), differences }
    }

    fn differences(&self, answer: &Answer) -> Vec<String> {
        let differs = |(key, expected): (&String, &Value)| {
            let got = field(answer, key);
            (got != *expected).then(|| format!("{key}: expected {expected}, got {got}"))
        };
        self.expect.iter().filter_map(differs).collect()
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
