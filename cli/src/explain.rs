//! `explain`: a decision, and what became of each rule; of a file, or of a cluster in the words of the broker.

use jiff::Timestamp;
use sentinel_core::policy::{AccessPolicy, Decision, Request, RuleOutcome, Spelling, Unmet};
use serde::Serialize;
use serde_json::Value;

use crate::args::ExplainArgs;
use crate::failure::Failure;
use crate::parts::objects::is_name;
use crate::parts::the_policy;
use crate::report::{Format, Report, lines};
use crate::source::Sources;

mod doors;
mod governors;
mod grants;
mod judged;
mod live;
mod said;
mod ways;

/// A decision in the words of every tool.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) effect: &'static str,
    pub(crate) rule: String,
    pub(crate) rule_index: i64,
    pub(crate) reason: String,
    pub(crate) requires_server_mode: bool,
    pub(crate) requires_session_tracking: bool,
    pub(crate) session_table: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation {
    #[serde(flatten)]
    answer: Answer,
    at: String,
    rules: Vec<Step>,
    would_help: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    rule_index: usize,
    rule: String,
    matches: bool,
    decides: bool,
    /// The first condition that fails, by its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_condition: Option<&'static str>,
    /// What that condition asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<Value>,
}

pub(crate) fn run(args: &ExplainArgs, format: Format, sources: &mut Sources<'_>) -> Result<Report, Failure> {
    let at = args.at.unwrap_or_else(Timestamp::now);
    match (&args.file, args.target.is_empty()) {
        (Some(file), _) => of_file(file, args, at, format, sources),
        (None, true) => live::of_user(args, at, format),
        (None, false) => live::of_pod(args, at, format),
    }
}

fn of_file(
    file: &str,
    args: &ExplainArgs,
    at: Timestamp,
    format: Format,
    sources: &mut Sources<'_>,
) -> Result<Report, Failure> {
    let policy = the_policy(&sources.read(file)?, args.name.as_deref())?.policy;
    let request = args.request(args.session_table.as_deref(), at);
    let decision = policy.decide(&request);
    let rules = steps(&policy, &request, &decision);
    let by_rules = doors::of(&policy, &request, &decision);
    let would_help = ways::of_file(&decision).into_iter().chain(by_rules).collect();
    let explanation = Explanation { answer: Answer::of(decision), at: at.to_string(), rules, would_help };
    let notes = no_pod(request.user).into_iter().collect();
    Ok(Report { notes, ..Report::fine(format.render(text(&explanation), &explanation)?) })
}

/// The note on a user that looks like a pod's, and isn't one: elsewhere `payments/api` is understood, policies take names as they are.
fn no_pod(user: &str) -> Option<String> {
    let (namespace, name) =
        user.split_once(['/', ':']).filter(|(namespace, name)| is_name(namespace) && is_name(name))?;
    Some(format!("note: {user} is the user of no pod: a pod's is system:serviceaccount:{namespace}:{name}"))
}

impl ExplainArgs {
    /// What was asked; clap has seen to it that user and profile are there where no pod is.
    fn request<'a>(&'a self, session_table: Option<&'a str>, at: Timestamp) -> Request<'a> {
        let (user, profile) = (self.user.as_deref().unwrap_or_default(), self.profile.as_deref().unwrap_or_default());
        Request { user, profile, mode: self.mode, session_table, at }
    }
}

impl Answer {
    /// The decision, printed.
    pub(crate) fn of(decision: Decision) -> Self {
        Self {
            effect: decision.effect.as_str(),
            rule_index: decision.index(),
            reason: decision.reason.to_string(),
            rule: decision.rule,
            requires_server_mode: decision.requires_server_mode,
            requires_session_tracking: decision.requires_session_tracking,
            session_table: decision.session_table.unwrap_or_default(),
        }
    }
}

fn steps(policy: &AccessPolicy, request: &Request<'_>, decision: &Decision) -> Vec<Step> {
    let document = policy.to_value(Spelling::Document);
    let wanted = |index, key| document.pointer(&format!("/rules/{index}/conditions/{key}")).cloned();
    let step = |(rule_index, outcome): (usize, RuleOutcome<'_>)| Step {
        rule_index,
        rule: outcome.rule.name.clone(),
        matches: outcome.unmet.is_none(),
        decides: decision.rule_index == Some(rule_index),
        failed_condition: outcome.unmet.map(Unmet::as_str),
        wanted: outcome.unmet.and_then(|unmet| wanted(rule_index, unmet.as_str())),
    };
    policy.walk(request).enumerate().map(step).collect()
}

fn text(explanation: &Explanation) -> String {
    let Answer { effect, rule, rule_index, reason, requires_server_mode, requires_session_tracking, session_table } =
        &explanation.answer;
    let at = &explanation.at;
    let head = format!(
        "effect: {effect}\nrule: {rule}\nruleIndex: {rule_index}\nreason: {reason}\nrequiresServerMode: {requires_server_mode}\n\
         requiresSessionTracking: {requires_session_tracking}\nsessionTable: {session_table}\nat: {at}\nrules:\n"
    );
    let head = head.lines().map(|line| line.trim_end().to_owned());
    lines(head.chain(explanation.rules.iter().map(line)).chain(explanation.would_help.iter().map(help)))
}

fn line(step: &Step) -> String {
    let outcome = match (step.failed_condition, &step.wanted) {
        _ if step.decides => "matches, and decides".to_owned(),
        (Some(key), Some(wanted)) => format!("fails on {key}: {wanted}"),
        (Some(key), None) => format!("fails on {key}"),
        (None, _) => "matches, but an earlier rule decided".to_owned(),
    };
    format!("  {} {}: {outcome}", step.rule_index, step.rule)
}

fn help(way: &String) -> String {
    format!("would help: {way}")
}
