//! The decision log: one JSON line on standard output for each issue and each change of a decision.
//!
//! Field names are those of Sentinel's other tools, and Kubernetes' facts beside them. A denial is said once, and again
//! after some minutes if it is asked for still. Never a token, never a key.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus::IntCounter;
use sentinel_core::grant::Door;
use sentinel_core::identity::RequestId;
use sentinel_core::policy::Decision;
use sentinel_core::session::SessionId;
use sentinel_decision::{Caller, Cause, Permit};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::credentials::Issue;
use crate::identity::ClusterIdentity;
use crate::moment::Moment;

/// How long a denial that doesn't change is not repeated.
const SAID_FOR: Duration = Duration::from_mins(5);
/// Lines that wait for standard output.
const QUEUE: usize = 4096;

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
    lines: SyncSender<String>,
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

#[derive(Serialize)]
struct Line<'a> {
    timestamp: Timestamp,
    user: String,
    profile: &'a str,
    effect: &'static str,
    /// What the policy alone says, where an approval or an emergency went past it.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_effect: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    break_glass_event_id: Option<&'a str>,
    rule: &'a str,
    rule_index: i64,
    reason: &'a str,
    policy_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_duration_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    namespace: &'a str,
    service_account: &'a str,
    pod: &'a str,
    pod_uid: &'a str,
    session_id: &'a str,
    cluster: &'a str,
    cluster_name: &'a str,
    decision_id: String,
}

impl Journal {
    /// A log whose lines a thread of its own writes to standard output; `dropped` counts those that it can't keep up with.
    pub fn start(cluster: ClusterIdentity, dropped: IntCounter) -> std::io::Result<Self> {
        let (journal, queue) = Self::new(cluster, dropped);
        std::thread::Builder::new().name("decision-log".to_owned()).spawn(move || write_lines(&queue))?;
        Ok(journal)
    }

    /// A log whose lines wait to be read.
    pub fn new(cluster: ClusterIdentity, dropped: IntCounter) -> (Self, Receiver<String>) {
        let (lines, queue) = sync_channel(QUEUE);
        (Self { lines, said: Mutex::default(), cluster, dropped }, queue)
    }

    /// Credentials were issued.
    pub fn issued(&self, permit: &Permit, issue: &Issue, now: Moment) {
        let subject = Subject::of(permit);
        let (what, path) = (allowed(permit), policy_path(permit));
        let line = Line {
            source_identity: Some(&issue.request.source_identity),
            role_arn: Some(&issue.request.role_arn),
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
        self.say(&Line { message: Some(cause.to_string()), ..line });
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
    ) -> Line<'a> {
        let What { effect, rule, reason, opened } = what;
        let id_of = |wanted| opened.as_ref().filter(|(door, _)| *door == wanted).map(|(_, id)| id.as_str());
        let Subject { caller, profile, session_id } = subject;
        Line {
            timestamp: now.wall,
            user: caller.user(),
            profile,
            effect,
            policy_effect: decision.filter(|_| opened.is_some()).map(|decision| decision.effect.as_str()),
            approved_request_id: id_of(Door::Approval),
            break_glass_event_id: id_of(Door::BreakGlass),
            rule,
            rule_index: decision.map_or(-1, Decision::index),
            reason,
            policy_path,
            source_identity: None,
            role_arn: None,
            session_duration_seconds: None,
            message: None,
            namespace: &caller.namespace,
            service_account: &caller.service_account,
            pod: &caller.pod,
            pod_uid: &caller.pod_uid,
            session_id: session_id.as_str(),
            cluster: &self.cluster.id,
            cluster_name: &self.cluster.name,
            decision_id: decision_id(session_id, effect, now.wall),
        }
    }

    fn say(&self, line: &Line<'_>) {
        let text = match serde_json::to_string(line) {
            Ok(text) => text,
            Err(error) => return tracing::error!(%error, "a decision could not be written"),
        };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.lines.try_send(text) {
            self.dropped.inc();
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

fn write_lines(queue: &Receiver<String>) {
    for line in queue {
        // A closed standard output is no reason to stop issuing; the container's runtime is at fault.
        _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
