//! The inline policy that denies revoked sessions, as a document of IAM. Pure.
//!
//! Sessions that are denied until the same time share a statement, and its `Sid` says until when: the document is all the
//! memory that there is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sentinel_core::identity::SourceIdentity;
use sentinel_core::session::SessionId;
use serde_json::{Value, json};

const SESSIONS: &str = "SentinelUntil";
const OLDER: &str = "SentinelOlderUntil";
/// Denials end at whole marks of the clock, so that many share a statement: each statement costs room.
const MARK: i64 = 600;

/// Who is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    /// Each session, and until when.
    pub sessions: BTreeMap<SessionId, Timestamp>,
    /// Whatever the role issued through Sentinel before a moment.
    pub older: Option<Older>,
}

/// A denial of everything that was issued before a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Older {
    /// The moment.
    pub than: Timestamp,
    /// Until when it is denied.
    pub until: Timestamp,
}

impl Document {
    /// Whether nobody is denied.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.older.is_none()
    }

    /// All that either denies, for as long as either does.
    pub fn and(mut self, other: &Self) -> Self {
        for (id, until) in &other.sessions {
            let kept = self.sessions.entry(id.clone()).or_insert(*until);
            *kept = (*kept).max(*until);
        }
        self.older = match (self.older, other.older) {
            (Some(one), Some(two)) => Some(Older { than: one.than.max(two.than), until: one.until.max(two.until) }),
            (one, two) => one.or(two),
        };
        self
    }

    /// The text for IAM: without white space, and the same for the same sessions.
    pub fn text(&self) -> String {
        let mut statements: Vec<Value> =
            self.by_end().into_iter().map(|(until, sessions)| deny_sessions(until, &sessions)).collect();
        statements.extend(self.older.as_ref().map(deny_older));
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    }

    /// What `text` says; nothing of what isn't ours.
    pub fn parse(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let mut found = Self::default();
        for statement in document.get("Statement").and_then(Value::as_array).into_iter().flatten() {
            found.read(statement);
        }
        found
    }

    fn read(&mut self, statement: &Value) {
        let sid = statement.get("Sid").and_then(Value::as_str).unwrap_or_default();
        let condition = |operator: &str, key: &str| statement.get("Condition")?.get(operator)?.get(key).cloned();
        if let Some(until) = sid.strip_prefix(OLDER).and_then(time) {
            let than = condition("DateLessThan", "aws:TokenIssueTime");
            let than = than.as_ref().and_then(Value::as_str).and_then(|text| text.parse().ok());
            self.older = than.map(|than| Older { than, until }).or(self.older);
        } else if let Some(until) = sid.strip_prefix(SESSIONS).and_then(time) {
            let patterns = condition("StringLike", "aws:SourceIdentity").unwrap_or_default();
            let ids = patterns.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(session);
            self.sessions.extend(ids.map(|id| (id, until)));
        }
    }

    fn by_end(&self) -> BTreeMap<Timestamp, BTreeSet<&SessionId>> {
        let mut ends: BTreeMap<Timestamp, BTreeSet<&SessionId>> = BTreeMap::new();
        for (id, until) in &self.sessions {
            ends.entry(*until).or_default().insert(id);
        }
        ends
    }
}

/// The mark at or after `at`.
pub(crate) fn mark(at: Timestamp) -> Timestamp {
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    let marked = second.saturating_add(MARK - 1).div_euclid(MARK).saturating_mul(MARK);
    Timestamp::from_second(marked).unwrap_or(Timestamp::MAX)
}

/// How many characters IAM counts: all but white space.
pub(crate) fn length(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// What one more session in a statement adds: its pattern in quotes, and a comma.
pub(crate) const NEXT_SESSION: usize = 30;

/// What the first session of a statement adds, with a comma.
pub(crate) fn first_session(id: &SessionId, until: Timestamp) -> usize {
    length(&deny_sessions(until, &[id].into()).to_string()) + 1
}

fn deny_sessions(until: Timestamp, sessions: &BTreeSet<&SessionId>) -> Value {
    let patterns: Vec<String> = sessions.iter().map(|id| SourceIdentity::pattern(id)).collect();
    deny(SESSIONS, until, &json!({"StringLike": {"aws:SourceIdentity": patterns}}))
}

fn deny_older(older: &Older) -> Value {
    let than = json!({"aws:TokenIssueTime": older.than.to_string()});
    // Whoever else uses the role is left alone.
    deny(OLDER, older.until, &json!({"StringLike": {"aws:SourceIdentity": "sentinel.*"}, "DateLessThan": than}))
}

fn deny(sid: &str, until: Timestamp, condition: &Value) -> Value {
    let sid = format!("{sid}{}", until.strftime("%Y%m%dT%H%M%SZ"));
    json!({"Sid": sid, "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition})
}

fn time(text: &str) -> Option<Timestamp> {
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn session(pattern: &str) -> Option<SessionId> {
    pattern.rsplit('.').next()?.parse().ok().filter(|id| SourceIdentity::pattern(id) == pattern)
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
