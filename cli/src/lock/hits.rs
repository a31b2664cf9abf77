//! Whom a lock hits now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sentinel_api::SentinelSession;
use sentinel_core::identity::parse_service_account_user;
use sentinel_core::lock::{AccessLock, Target};
use sentinel_decision::{Entry as _, Loose, SessionEntry};
use serde::Serialize;

use crate::cluster::Cluster;
use crate::failure::Failure;

/// The sessions of one service account on one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Hit {
    pub namespace: String,
    pub service_account: String,
    pub profile: String,
    pub sessions: usize,
}

/// The sessions that may get credentials now.
pub(super) fn live_sessions(cluster: &Cluster) -> Result<Vec<SessionEntry>, Failure> {
    let all = cluster.everywhere::<Loose<SentinelSession>>()?;
    let entries = all.iter().map(SessionEntry::keep);
    Ok(entries.filter(|one| !one.deleting && !one.expired && one.revoked.is_none()).collect())
}

/// Those of them that `lock` stops.
pub(super) fn hits(lock: &AccessLock, sessions: &[SessionEntry], at: Timestamp) -> Vec<Hit> {
    let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for session in sessions {
        let (user, profile) = (session.user.as_str(), session.profile.as_str());
        if let Some(target) = Target::of_user(user, profile)
            && lock.holds(target, at)
        {
            let (namespace, account) = parse_service_account_user(user).unwrap_or_default();
            *counts.entry((namespace, account, profile)).or_default() += 1;
        }
    }
    counts.into_iter().map(Hit::of).collect()
}

/// `1 live session`, `12 live sessions`.
pub(super) fn counted(sessions: usize) -> String {
    format!("{sessions} live session{}", if sessions == 1 { "" } else { "s" })
}

impl Hit {
    fn of(((namespace, account, profile), sessions): ((&str, &str, &str), usize)) -> Self {
        let (namespace, service_account) = (namespace.to_owned(), account.to_owned());
        Self { namespace, service_account, profile: profile.to_owned(), sessions }
    }

    /// `payments/api on prod: 2`
    pub fn line(&self) -> String {
        format!("  {}/{} on {}: {}", self.namespace, self.service_account, self.profile, self.sessions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_core::lock::LockDraft;

    fn session(account: &str, profile: &str) -> SessionEntry {
        let user = format!("system:serviceaccount:{account}");
        SessionEntry { user, profile: profile.to_owned(), ..SessionEntry::default() }
    }

    #[test]
    fn sessions_are_grouped_and_others_left_out() {
        let draft = LockDraft {
            namespaces: Some(vec!["pay*".into()]),
            reason: "r".into(),
            expires_at: Some("2026-03-02T12:00:00Z".into()),
            ..LockDraft::default()
        };
        let lock = AccessLock::read(&draft).unwrap();
        let sessions = [
            session("payments:web", "prod"),
            session("payments:api", "prod"),
            session("payments:web", "prod"),
            session("payments:web", "dev"),
            session("billing:web", "prod"),
        ];
        let end: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let before = end - jiff::SignedDuration::from_secs(1);
        let lines: Vec<String> = hits(&lock, &sessions, before).iter().map(Hit::line).collect();
        assert_eq!(lines, ["  payments/api on prod: 1", "  payments/web on dev: 1", "  payments/web on prod: 2"]);
        assert_eq!(hits(&lock, &sessions, end), []);
    }
}
