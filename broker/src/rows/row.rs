//! A session's first row. Pure.

use jiff::Timestamp;
use sentinel_core::session::{KubernetesFacts, ROW_LIFETIME, RowStatus, SessionRow};
use sentinel_decision::Permit;

use super::bound::Bound;
use crate::identity::ClusterIdentity;

/// The row of a session that begins `now`, with what credentials may be about.
pub fn first(permit: &Permit, cluster: &ClusterIdentity, served: u64, bound: &Bound, now: Timestamp) -> SessionRow {
    let caller = &permit.caller;
    SessionRow {
        id: permit.session_id.clone(),
        user: caller.user(),
        profile: permit.profile.name.clone(),
        server_instance_id: caller.pod_path(),
        status: RowStatus::Active,
        started_at: now,
        last_access_at: now,
        expires_at: now.checked_add(ROW_LIFETIME).unwrap_or(Timestamp::MAX),
        created_at: now,
        updated_at: now,
        request_count: served,
        source_identity: bound.source_identity.clone(),
        ttl: None,
        revoked_by: None,
        revoked_reason: None,
        kubernetes: facts(permit, cluster),
        role_arn: Some(bound.role_arn.clone()),
        roles: [bound.role_arn.clone()].into(),
        credentials_until: Some(bound.until),
    }
}

fn facts(permit: &Permit, cluster: &ClusterIdentity) -> KubernetesFacts {
    let caller = permit.caller.clone();
    KubernetesFacts {
        cluster: cluster.id.clone(),
        namespace: caller.namespace,
        service_account: caller.service_account,
        pod: caller.pod,
        pod_uid: caller.pod_uid,
    }
}
