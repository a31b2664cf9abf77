//! Who is to be denied in which role. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use kube::ResourceExt as _;
use sentinel_api::{ConditionStatus, HardRevocation, Phase, Profile, SentinelSession, SessionStatus};
use sentinel_core::session::{SessionId, SessionRow};

use super::plan::{Wanted, until};
use super::verdict::Verdict;

/// A revoked row whose credentials may still live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RevokedRow {
    /// The session.
    pub id: SessionId,
    /// Its profile.
    pub profile: String,
    /// The roles of its credentials.
    pub roles: BTreeSet<String>,
    /// When it was revoked.
    pub revoked_at: Timestamp,
    /// Until when it is to be denied.
    pub until: Timestamp,
}

impl RevokedRow {
    /// Of a row, unless nothing that was issued for it can live.
    pub fn of(row: &SessionRow, now: Timestamp) -> Option<Self> {
        let until = until(row.credentials_until, row.updated_at);
        let roles: BTreeSet<String> = row.roles.iter().chain(&row.role_arn).cloned().collect();
        let found = Self { id: row.id.clone(), profile: row.profile.clone(), roles, revoked_at: row.updated_at, until };
        Some(found).filter(|row| row.until > now && !row.roles.is_empty())
    }
}

/// Everybody who was revoked under a profile that asks for hard revocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Everybody {
    /// Whom to deny, by role.
    pub roles: BTreeMap<String, BTreeMap<SessionId, Wanted>>,
    /// Those who need no denial.
    pub settled: HashMap<SessionId, Verdict>,
}

impl Everybody {
    /// Adds a session with an object.
    pub fn add_session(&mut self, session: &SentinelSession, profile: &Profile, now: Timestamp) {
        let (Some(how), Some(status)) = (profile.hard_revocation, session.status.as_ref()) else { return };
        let Ok(id) = session.name_any().parse::<SessionId>() else { return };
        if status.phase != Phase::Revoked {
            return;
        }
        if never_began(status) {
            self.settled.insert(id, Verdict::NothingIssued);
            return;
        }
        let revoked_at = time(status.revoked_at.as_deref()).unwrap_or(now);
        let until = end(session, status, revoked_at);
        if until <= now {
            self.settled.insert(id, Verdict::Over);
            return;
        }
        let wanted = wanted(revoked_at, until, how);
        self.add(&id, roles(session, status, profile), wanted);
    }

    /// Adds a session of which there is only a row.
    pub fn add_row(&mut self, row: &RevokedRow, profile: &Profile, now: Timestamp) {
        if let Some(how) = profile.hard_revocation.filter(|_| row.until > now) {
            self.add(&row.id, row.roles.clone(), wanted(row.revoked_at, row.until, how));
        }
    }

    fn add(&mut self, id: &SessionId, roles: BTreeSet<String>, wanted: Wanted) {
        for role in roles {
            self.roles.entry(role).or_default().insert(id.clone(), wanted);
        }
    }
}

fn wanted(revoked_at: Timestamp, until: Timestamp, how: HardRevocation) -> Wanted {
    Wanted { revoked_at, until, or_role: how == HardRevocation::SessionOrRole }
}

/// The row precedes the credentials: where there is none for sure, there were none.
fn never_began(status: &SessionStatus) -> bool {
    let tracked = status.conditions.iter().find(|condition| condition.type_ == "Tracked");
    status.started_at.is_none() && tracked.is_some_and(|tracked| tracked.reason == "NoRow")
}

/// Until when to deny it. What is recorded counts where it was read when the session was revoked. Others who revoke may write
/// the row without what they don't know, so that what the status remembers may be old.
fn end(session: &SentinelSession, status: &SessionStatus, revoked_at: Timestamp) -> Timestamp {
    let recorded = time(status.credentials_until.as_deref());
    let tracked = status.conditions.iter().find(|condition| condition.type_ == "Tracked");
    let is_sure = session.spec.revoked && tracked.is_some_and(|tracked| tracked.status == ConditionStatus::True);
    until(recorded.filter(|_| is_sure), revoked_at)
}

/// The roles of its credentials; and today's of the profile, where what the status remembers may be old.
fn roles(session: &SentinelSession, status: &SessionStatus, profile: &Profile) -> BTreeSet<String> {
    let mut roles: BTreeSet<String> = status.roles.iter().chain(&status.role_arn).cloned().collect();
    if roles.is_empty() || !session.spec.revoked {
        roles.insert(profile.role_arn.clone());
    }
    roles
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

#[cfg(test)]
#[path = "wanted_tests.rs"]
mod tests;
