//! `locks`: every lock, and whom it stops now.

use jiff::Timestamp;
use sentinel_api::{AccessLock, AccessLockSpec};
use sentinel_decision::{Entry as _, LockEntry, Loose, SessionEntry};
use serde::Serialize;

use super::args::LocksArgs;
use super::hits::{counted, hits, live_sessions};
use super::scope;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::report::{Format, Report, lines};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    /// Holds, Expired or Invalid.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<String>,
    spec: Option<AccessLockSpec>,
    /// None: the sessions can't be read.
    sessions: Option<usize>,
}

pub(crate) fn run(args: &LocksArgs, format: Format) -> Result<Report, Failure> {
    let now = Timestamp::now();
    let cluster = Cluster::connect(&args.context.connect())?;
    let locks = cluster.all::<Loose<AccessLock>>()?;
    let (sessions, notes) = match live_sessions(&cluster) {
        Ok(sessions) => (Some(sessions), vec![]),
        Err(why) => (None, vec![format!("note: whom they hit can't be said: {why}")]),
    };
    let listed: Vec<Listed> = locks.iter().map(|lock| Listed::of(lock, sessions.as_deref(), now)).collect();
    Ok(Report { notes, ..Report::fine(format.render(text(&listed), &listed)?) })
}

impl Listed {
    fn of(lock: &Loose<AccessLock>, sessions: Option<&[SessionEntry]>, now: Timestamp) -> Self {
        let entry = LockEntry::keep(lock);
        let state = match (entry.lock.is_over(now), &entry.problems) {
            (true, _) => "Expired",
            (false, Some(_)) => "Invalid",
            (false, None) => "Holds",
        };
        let count = |sessions: &[SessionEntry]| hits(&entry.lock, sessions, now).iter().map(|hit| hit.sessions).sum();
        let sessions = sessions.map(count);
        Self { name: entry.name, state, problems: entry.problems, spec: lock.spec().ok(), sessions }
    }

    fn text(&self) -> String {
        let stops = self.sessions.map(|sessions| format!(", {}", counted(sessions))).unwrap_or_default();
        let mut text = vec![format!("{}: {}{stops}", self.name, self.state)];
        if let Some(spec) = &self.spec {
            let until = spec.expires_at.as_deref().map(|end| format!(", until {end}")).unwrap_or_default();
            let by = spec.created_by.as_deref().unwrap_or("unknown");
            text.push(format!("  {}", scope(spec)));
            text.push(format!("  by {by}{until}: {}", spec.reason));
        }
        text.extend(self.problems.as_ref().map(|problems| {
            format!("  can't be read, so it locks everything that it might mean; mend or delete it: {problems}")
        }));
        lines(text)
    }
}

fn text(listed: &[Listed]) -> String {
    if listed.is_empty() { "nothing is locked\n".to_owned() } else { listed.iter().map(Listed::text).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    use serde_json::{Value, json};

    fn listed(spec: &Value, sessions: Option<&[SessionEntry]>) -> String {
        let lock = serde_json::from_value(json!({"metadata": {"name": "leak"}, "spec": spec})).unwrap();
        text(&[Listed::of(&lock, sessions, "2026-03-02T12:00:00Z".parse().unwrap())])
    }

    #[test]
    fn a_lock_is_told_in_a_few_lines() {
        let api = SessionEntry {
            user: "system:serviceaccount:payments:api".into(),
            profile: "prod".into(),
            ..SessionEntry::default()
        };
        let spec = json!({"namespaces": ["payments"], "profiles": ["prod"], "reason": "key leaked", "createdBy": "dana", "expiresAt": "2026-03-02T13:00:00Z"});
        let expected = "leak: Holds, 1 live session\n  namespaces payments; profiles prod\n  by dana, until 2026-03-02T13:00:00Z: key leaked\n";
        assert_eq!(listed(&spec, Some(from_ref(&api))), expected);
        let over = json!({"namespaces": ["payments"], "reason": "r", "expiresAt": "2026-03-02T12:00:00Z"});
        assert!(listed(&over, Some(from_ref(&api))).starts_with("leak: Expired, 0 live sessions\n"));
        assert!(listed(&over, None).starts_with("leak: Expired\n"));
        let odd = listed(&json!({"namespace": ["x"], "profiles": ["prod"], "reason": "r"}), Some(from_ref(&api)));
        assert!(
            odd.starts_with("leak: Invalid, 1 live session\n") && odd.contains("did you mean `namespaces`?"),
            "{odd}"
        );
        assert_eq!(text(&[]), "nothing is locked\n");
    }
}
