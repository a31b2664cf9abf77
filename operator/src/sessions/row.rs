//! A row made again from what the object remembers. Pure.

use jiff::{SignedDuration, Timestamp};
use sentinel_core::identity::{GrantedBy, SourceIdentity, parse_service_account_user};
use sentinel_core::session::{ENDED_ROW_KEPT, KubernetesFacts, ROW_LIFETIME, RowStatus, SessionRow};

use super::facts::{Facts, Reading};
use super::status::{Revocation, rows};

/// The row of a live session that has been lost from `table`.
pub(crate) fn restored(facts: &Facts<'_>, table: &str, revocation: Option<&Revocation>) -> SessionRow {
    let (status, now) = (facts.status, facts.now);
    let started_at = time(status.started_at.as_deref()).unwrap_or(now);
    SessionRow {
        id: facts.id.clone(),
        user: facts.spec.user.clone(),
        profile: facts.spec.profile.clone(),
        server_instance_id: format!("{}/{}", facts.namespace, facts.spec.pod),
        status: if revocation.is_some() { RowStatus::Revoked } else { RowStatus::Active },
        started_at,
        last_access_at: time(status.last_access.as_deref()).unwrap_or(started_at),
        expires_at: extended(now),
        created_at: started_at,
        updated_at: now,
        request_count: lost_count(facts, table),
        source_identity: status.source_identity.clone().unwrap_or_else(|| source_identity(facts)),
        ttl: revocation.map(|_| ttl(now)),
        revoked_by: revocation.map(|revocation| revocation.by.clone()),
        revoked_reason: revocation.map(|revocation| revocation.reason.clone()),
        kubernetes: kubernetes(facts),
        role_arn: status.role_arn.clone(),
        roles: status.roles.iter().cloned().collect(),
        credentials_until: time(status.credentials_until.as_deref()),
    }
}

/// Until when a row that is written now is promised to be active.
pub(crate) fn extended(now: Timestamp) -> Timestamp {
    later(now, ROW_LIFETIME)
}

/// When DynamoDB may remove a row that ends now.
pub(crate) fn ttl(now: Timestamp) -> i64 {
    later(now, ENDED_ROW_KEPT).as_second()
}

/// A time of a status.
pub(crate) fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// The count of the row that was lost: what the status knows and the other rows don't say. Nothing where that can't be told,
/// since the status sums the rows up, and nothing may be counted twice.
fn lost_count(facts: &Facts<'_>, table: &str) -> u64 {
    let used = |name: &String| facts.status.tables.contains(name);
    let mut lost = facts.readings.iter().filter(|(name, reading)| used(name) && **reading == Reading::Missing);
    let is_first = lost.next().is_some_and(|(name, _)| name == table);
    let silent = |reading: &Reading| matches!(reading, Reading::Unread | Reading::Failed(_));
    if !is_first || facts.readings.values().any(silent) {
        return 0;
    }
    let total = facts.status.requests.and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
    rows(facts.readings).fold(total, |left, (_, row)| left.saturating_sub(row.request_count))
}

fn later(now: Timestamp, by: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

fn source_identity(facts: &Facts<'_>) -> String {
    SourceIdentity::new(facts.namespace, service_account(facts), &GrantedBy::Direct, facts.id).to_string()
}

fn kubernetes(facts: &Facts<'_>) -> KubernetesFacts {
    KubernetesFacts {
        cluster: facts.cluster.to_owned(),
        namespace: facts.namespace.to_owned(),
        service_account: service_account(facts).to_owned(),
        pod: facts.spec.pod.clone(),
        pod_uid: facts.spec.pod_uid.clone(),
    }
}

fn service_account<'a>(facts: &Facts<'a>) -> &'a str {
    parse_service_account_user(&facts.spec.user).map_or("", |(_, name)| name)
}
