//! The decision log: one JSON line on standard output for each issue and each change of a decision.
//!
//! Field names are those of Sentinel's other tools, and Kubernetes' facts beside them. A denial is said once, and again
//! after some minutes if it is asked for still. Never a token, never a key.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus::IntCounter;
use sentinel_api::audit_log::DecisionLine;
use sentinel_core::grant::Door;
use sentinel_core::identity::RequestId;
use sentinel_core::policy::Decision;
use sentinel_core::session::SessionId;
use sentinel_decision::{Caller, Cause, Permit};
use sentinel_runtime::lines::Lines;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::credentials::Issue;
use crate::identity::ClusterIdentity;
use crate::moment::Moment;

/// How long a denial that doesn't change is not repeated.
const SAID_FOR: Duration = Duration::from_mins(5);

/// Whom a decision is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Who asks.
    pub caller: Caller,
    /// For which profile.
    pub profile: String,
    /// In which session.
    pub session_id: SessionId,
}

/// The decision log.
pub struct Journal {
    lines: Lines,
    said: Mutex<HashMap<SessionId, Said>>,
    cluster: ClusterIdentity,
    dropped: IntCounter,
}

/// The last line about a session.
#[derive(Debug)]
struct Said {
    what: What,
    at: Instant,
}

/// What a line says, as far as another line would be another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct What {
    effect: &'static str,
    rule: String,
    reason: String,
    /// What opened the door, where the policy alone kept it shut.
    opened: Option<(Door, RequestId)>,
}

impl Journal {
    /// The log of `cluster` in `lines`; `dropped` counts those that they can't keep up with.
    pub fn new(cluster: ClusterIdentity, dropped: IntCounter, lines: Lines) -> Self {
        Self { lines, said: Mutex::default(), cluster, dropped }
    }

    /// Credentials were issued.
    pub fn issued(&self, permit: &Permit, issue: &Issue, now: Moment) {
        let subject = Subject::of(permit);
        let (what, path) = (allowed(permit), policy_path(permit));
        let line = DecisionLine {
            source_identity: Some(issue.request.source_identity.as_str().into()),
            role_arn: Some(issue.request.role_arn.as_str().into()),
            session_duration_seconds: Some(issue.until.duration_since(issue.at).as_secs()),
            ..self.line(&subject, &what, Some(&permit.decision), &path, now)
        };
        self.say(&line);
        self.remember(&subject.session_id, what, now);
    }

    /// Held credentials were given out: said only if the last line was another.
    pub fn allowed(&self, permit: &Permit, now: Moment) {
        let what = allowed(permit);
        if self.is_new(&permit.session_id, &what, Duration::MAX, now) {
            let subject = Subject::of(permit);
            self.say(&self.line(&subject, &what, Some(&permit.decision), &policy_path(permit), now));
            self.remember(&permit.session_id, what, now);
        }
    }

    /// Nothing was given out, by decision.
    pub fn denied(&self, subject: &Subject, cause: &Cause, policy: Option<&str>, now: Moment) {
        let decision = cause.decision();
        let effect = if matches!(cause, Cause::ApprovalRequired { .. }) { "require_approval" } else { "deny" };
        let rule = decision.map(|decision| decision.rule.clone()).unwrap_or_default();
        let what = What { effect, rule, reason: cause.reason(), opened: None };
        let key = self.key(subject, cause);
        if !self.is_new(&key, &what, SAID_FOR, now) {
            return;
        }
        let path = policy.map(|name| format!("accesspolicies/{name}")).unwrap_or_default();
        let line = self.line(subject, &what, decision, &path, now);
        self.say(&DecisionLine { message: Some(cause.to_string().into()), ..line });
        self.remember(&key, what, now);
    }

    /// What a denial is remembered by. A pod that makes up names of profiles is one liar, not many.
    fn key(&self, subject: &Subject, cause: &Cause) -> SessionId {
        match cause {
            Cause::OtherProfile { .. } => SessionId::derive(&self.cluster.id, &subject.caller.pod_uid, ""),
            _ => subject.session_id.clone(),
        }
    }

    /// Forgets the sessions that `is_live` doesn't know, once their last line is old.
    pub fn forget(&self, now: Moment, is_live: impl Fn(&SessionId) -> bool) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|session, said| is_live(session) || now.since(said.at) < SAID_FOR);
    }

    fn is_new(&self, session: &SessionId, what: &What, repeat: Duration, now: Moment) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.get(session).is_none_or(|said| said.what != *what || now.since(said.at) >= repeat)
    }

    fn remember(&self, session: &SessionId, what: What, now: Moment) {
        let said = Said { what, at: now.steady };
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(session.clone(), said);
    }

    fn line<'a>(
        &'a self,
        subject: &'a Subject,
        what: &'a What,
        decision: Option<&Decision>,
        policy_path: &'a str,
        now: Moment,
    ) -> DecisionLine<'a> {
        let What { effect, rule, reason, opened } = what;
        let id_of = |wanted| opened.as_ref().filter(|(door, _)| *door == wanted).map(|(_, id)| id.as_str().into());
        let Subject { caller, profile, session_id } = subject;
        DecisionLine {
            timestamp: now.wall,
            user: caller.user().into(),
            profile: profile.into(),
            effect: (*effect).into(),
            policy_effect: decision.filter(|_| opened.is_some()).map(|decision| decision.effect.as_str().into()),
            approved_request_id: id_of(Door::Approval),
            break_glass_event_id: id_of(Door::BreakGlass),
            rule: rule.into(),
            rule_index: decision.map_or(-1, Decision::index),
            reason: reason.into(),
            policy_path: policy_path.into(),
            source_identity: None,
            role_arn: None,
            session_duration_seconds: None,
            message: None,
            namespace: caller.namespace.as_str().into(),
            service_account: caller.service_account.as_str().into(),
            pod: caller.pod.as_str().into(),
            pod_uid: caller.pod_uid.as_str().into(),
            session_id: session_id.as_str().into(),
            cluster: self.cluster.id.as_str().into(),
            cluster_name: self.cluster.name.as_str().into(),
            decision_id: decision_id(session_id, effect, now.wall).into(),
        }
    }

    fn say(&self, line: &DecisionLine<'_>) {
        match serde_json::to_string(line) {
            Err(error) => tracing::error!(%error, "a decision could not be written"),
            Ok(text) => {
                if !self.lines.write(text) {
                    self.dropped.inc();
                }
            }
        }
    }
}

impl Subject {
    /// Whom a permit is about.
    pub fn of(permit: &Permit) -> Self {
        let (profile, session_id) = (permit.profile.name.clone(), permit.session_id.clone());
        Self { caller: permit.caller.clone(), profile, session_id }
    }
}

fn allowed(permit: &Permit) -> What {
    let opened = permit.opened.as_ref().map(|opened| (opened.door, opened.id.clone()));
    What { effect: "allow", rule: permit.decision.rule.clone(), reason: permit.decision.reason.to_string(), opened }
}

fn policy_path(permit: &Permit) -> String {
    format!("accesspolicies/{}", permit.profile.access_policy)
}

fn decision_id(session: &SessionId, effect: &str, at: Timestamp) -> String {
    let mut id = hex::encode(Sha256::digest(format!("{session} {effect} {}", at.as_nanosecond())));
    id.truncate(16);
    id
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
