//! SentinelSessions: who they are for, whether they are revoked, and what the operator has seen of their rows.

use sentinel_api::{Phase, SentinelSession, SentinelSessionSpec, SessionStatus};

use super::Entry;
use crate::slim::Loose;

/// What is kept of a SentinelSession.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionEntry {
    /// Whether it is being deleted.
    pub deleting: bool,
    /// What is wrong with it, if something is.
    pub problem: Option<String>,
    /// Profile that it is for.
    pub profile: String,
    /// User that it is for.
    pub user: String,
    /// Pod that it is for.
    pub pod: String,
    /// UID of that pod.
    pub pod_uid: String,
    /// Who revoked it and why, if somebody did.
    pub revoked: Option<Revoked>,
    /// The operator has seen its pod go.
    pub expired: bool,
    /// It has had credentials, as far as the operator knows.
    pub ever_active: bool,
    /// Every table that the operator has seen a row of it in.
    pub tables: Vec<String>,
}

/// A revocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// By whom, where that is known.
    pub by: Option<String>,
    /// Why, where somebody said.
    pub reason: Option<String>,
}

impl Entry for SessionEntry {
    type Object = Loose<SentinelSession>;
    const WATCH: &'static str = "SentinelSessions";

    fn keep(object: &Self::Object) -> Self {
        let read = object.spec().and_then(|spec| Ok(keep(spec, object.status()?)));
        let entry = read.unwrap_or_else(|problem| Self { problem: Some(problem), ..Self::default() });
        Self { deleting: object.is_deleting(), ..entry }
    }
}

impl SessionEntry {
    /// Whether a row may be made in `table`: never where there has been one, since a missing row may be a revocation that
    /// somebody wants to undo.
    pub fn may_start_in(&self, table: &str) -> bool {
        !self.ever_active || (!self.tables.is_empty() && !self.tables.iter().any(|known| known == table))
    }
}

fn keep(spec: SentinelSessionSpec, status: SessionStatus) -> SessionEntry {
    let problems: Vec<String> = spec.unknown_keys().iter().map(ToString::to_string).collect();
    let revoked = (spec.revoked || status.phase == Phase::Revoked).then(|| Revoked {
        by: spec.revoked_by.or(status.revoked_by),
        reason: spec.revoked_reason.or(status.revoked_reason),
    });
    let mut tables = status.tables;
    tables.extend(status.table);
    SessionEntry {
        deleting: false,
        problem: (!problems.is_empty()).then(|| problems.join("; ")),
        profile: spec.profile,
        user: spec.user,
        pod: spec.pod,
        pod_uid: spec.pod_uid,
        revoked,
        expired: status.phase == Phase::Expired,
        ever_active: status.phase != Phase::Pending || status.started_at.is_some(),
        tables,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn session(spec: &Value, status: &Value) -> SessionEntry {
        let mut object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession", "metadata": {"name": "s"},
            "spec": {"profile": "prod", "user": "u", "pod": "api-0", "podUID": "1"}, "status": status});
        for (key, value) in spec.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        SessionEntry::keep(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_revocation_is_seen_in_spec_and_in_status() {
        let by_spec = session(&json!({"revoked": true, "revokedReason": "leak"}), &json!({"phase": "Active"}));
        assert_eq!(by_spec.revoked, Some(Revoked { by: None, reason: Some("leak".into()) }));
        let stamped = session(&json!({"revoked": true, "revokedBy": "dana"}), &json!({"phase": "Active"}));
        assert_eq!(stamped.revoked, Some(Revoked { by: Some("dana".into()), reason: None }));
        let by_status = session(&json!({}), &json!({"phase": "Revoked", "revokedBy": "dana"}));
        assert_eq!(by_status.revoked, Some(Revoked { by: Some("dana".into()), reason: None }));
        assert_eq!(session(&json!({}), &json!({"phase": "Active"})).revoked, None);
    }

    #[test]
    fn what_cannot_be_read_is_a_problem_and_no_error() {
        assert!(session(&json!({"revoked": "yes"}), &json!({})).problem.is_some());
        let misspelt = session(&json!({"revokd": true}), &json!({}));
        assert!(misspelt.problem.unwrap().contains("did you mean `revoked`?"));
    }

    #[test]
    fn a_row_is_made_only_where_there_has_never_been_one() {
        for (status, table, may) in [
            (json!({}), "t", true),
            (json!({"phase": "Pending"}), "t", true),
            (json!({"phase": "Active"}), "t", false),
            (json!({"phase": "Active", "table": "t"}), "t", false),
            (json!({"phase": "Active", "table": "u", "tables": ["t", "u"]}), "t", false),
            (json!({"phase": "Active", "table": "u"}), "t", true),
            (json!({"phase": "Pending", "startedAt": "2026-11-22T10:00:00Z"}), "t", false),
        ] {
            assert_eq!(session(&json!({}), &status).may_start_in(table), may, "{status}");
        }
    }
}
