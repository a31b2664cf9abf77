//! What the broker would say, printed.

use std::time::Duration;

use jiff::Timestamp;
use sentinel_api::Profile;
use sentinel_core::policy::{AccessPolicy, Decision, Request};
use sentinel_core::time::GoDuration;
use sentinel_decision::{Cause, Kind, Opened, Permit};
use serde::Serialize;

use super::governors::OtherPolicy;
use super::{Answer, Step, doors, help, line, steps};
use crate::report::lines;

/// Who asks for what, and when.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) user: &'a str,
    pub(super) profile: &'a str,
    pub(super) at: Timestamp,
}

/// What the policy answers, whatever else stands in the way.
pub(super) struct Walked {
    pub(super) decision: Decision,
    rules: Vec<Step>,
    pub(super) by_rules: Vec<String>,
}

/// What the broker would say.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Said {
    /// `allowed`, `denied` (403) or `undecided` (503).
    outcome: &'static str,
    /// The broker's word for a refusal, and its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pod: Option<String>,
    user: String,
    profile: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    /// What the policy alone answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Answer>,
    /// Until when what is said surely holds, as far as time windows and grants say.
    #[serde(skip_serializing_if = "Option::is_none")]
    holds_until: Option<String>,
    /// What opens the door, where the policy alone keeps it shut.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<OpenedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Credentials>,
    rules: Vec<Step>,
    pub(super) would_help: Vec<String>,
    pub(super) other_policies: Vec<OtherPolicy>,
    at: String,
}

/// An approval or an emergency.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedBy {
    /// `approval` or `break_glass`.
    door: &'static str,
    name: String,
    request_id: String,
    until: String,
}

/// What a permit gives.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    longest_life: String,
    lease: String,
}

impl Walked {
    pub(super) fn of(law: &AccessPolicy, request: &Request<'_>) -> Self {
        let decision = law.decide(request);
        let rules = steps(law, request, &decision);
        let by_rules = doors::of(law, request, &decision);
        Self { decision, rules, by_rules }
    }
}

impl OpenedBy {
    fn of(opened: &Opened) -> Self {
        Self {
            door: opened.door.as_str(),
            name: opened.name.clone(),
            request_id: opened.id.to_string(),
            until: opened.until.to_string(),
        }
    }

    fn line(&self) -> String {
        let Self { door, name, request_id, until } = self;
        let kind = if *door == "approval" { "AccessRequest" } else { "BreakGlassEvent" };
        format!("{kind} {name} ({request_id}) until {until}")
    }
}

impl Credentials {
    fn of(permit: &Permit) -> Self {
        Self { longest_life: printed(permit.longest_life()), lease: printed(permit.profile.lease) }
    }
}

impl Said {
    pub(super) fn new(
        asked: Asked<'_>,
        profile: Option<&Profile>,
        walked: Option<Walked>,
        refusal: Option<&Cause>,
    ) -> Self {
        let (decision, rules) =
            walked.map(|Walked { decision, rules, .. }| (Some(decision), rules)).unwrap_or_default();
        Self {
            outcome: outcome(refusal),
            cause: refusal.map(Cause::word),
            code: refusal.map(Cause::code),
            message: refusal.map(ToString::to_string),
            pod: None,
            user: asked.user.to_owned(),
            profile: asked.profile.to_owned(),
            role_arn: profile.map(|profile| profile.role_arn.clone()),
            session: None,
            policy: profile.map(|profile| profile.access_policy.clone()),
            holds_until: decision.as_ref().and_then(|decision| decision.holds_until).map(|end| end.to_string()),
            decision: decision.map(Answer::of),
            opened: None,
            credentials: None,
            rules,
            would_help: vec![],
            other_policies: vec![],
            at: asked.at.to_string(),
        }
    }

    /// With what a permit gives.
    pub(super) fn permitted(mut self, permit: &Permit) -> Self {
        self.opened = permit.opened.as_ref().map(OpenedBy::of);
        self.holds_until = permit.holds_until().map(|end| end.to_string());
        self.credentials = Some(Credentials::of(permit));
        self
    }

    /// For people: the outcome first, what leads to it below.
    pub(super) fn text(&self) -> String {
        let head = self.head();
        let rules = self.rules.iter().map(line);
        let rules = rules
            .enumerate()
            .flat_map(|(index, rule)| (index == 0).then(|| "rules:".to_owned()).into_iter().chain([rule]));
        let others = self.other_policies.iter().map(OtherPolicy::line);
        let help = self.would_help.iter().map(help);
        lines(head.into_iter().chain(rules).chain(others).chain(help))
    }

    fn head(&self) -> Vec<String> {
        let answer = self.decision.as_ref();
        let credentials = self.credentials.as_ref();
        let rule =
            answer.map(|answer| if answer.rule.is_empty() { "(none matches)".to_owned() } else { answer.rule.clone() });
        let fields = [
            ("outcome", Some(self.outcome.to_owned())),
            ("cause", self.cause.map(str::to_owned)),
            ("message", self.message.clone()),
            ("pod", self.pod.clone()),
            ("user", Some(self.user.clone())),
            ("profile", Some(self.profile.clone())),
            ("roleArn", self.role_arn.clone()),
            ("session", self.session.clone()),
            ("policy", self.policy.as_ref().map(|policy| format!("AccessPolicy {policy}"))),
            ("policy's answer", answer.map(|answer| answer.effect.to_owned())),
            ("rule", rule),
            ("reason", answer.map(|answer| answer.reason.clone()).filter(|reason| !reason.is_empty())),
            ("sessionTable", answer.map(|answer| answer.session_table.clone()).filter(|table| !table.is_empty())),
            ("opened by", self.opened.as_ref().map(OpenedBy::line)),
            (
                "credentials",
                credentials.map(|one| format!("for {} at most, asked for again every {}", one.longest_life, one.lease)),
            ),
            ("holdsUntil", self.holds_until.clone()),
            ("at", Some(self.at.clone())),
        ];
        fields.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name}: {value}"))).collect()
    }
}

fn outcome(refusal: Option<&Cause>) -> &'static str {
    match refusal.map(Cause::kind) {
        None => "allowed",
        Some(Kind::Denied) => "denied",
        Some(Kind::Unavailable) => "undecided",
    }
}

fn printed(duration: Duration) -> String {
    GoDuration::from_nanos(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)).to_string()
}
