//! A session's first row. Pure.

use jiff::Timestamp;
use sentinel_core::identity::SourceIdentity;
use sentinel_core::session::{KubernetesFacts, ROW_LIFETIME, RowStatus, SessionRow};
use sentinel_decision::Permit;

use crate::credentials::Issue;
use crate::identity::ClusterIdentity;

/// The row of a session that begins `now`.
pub fn first(
    permit: &Permit,
    cluster: &ClusterIdentity,
    served: u64,
    issue: Option<&Issue>,
    now: Timestamp,
) -> SessionRow {
    let (caller, id) = (&permit.caller, &permit.session_id);
    let identity = SourceIdentity::new(&caller.namespace, &caller.service_account, &permit.granted_by(), id);
    SessionRow {
        id: id.clone(),
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
        source_identity: identity.to_string(),
        ttl: None,
        revoked_by: None,
        revoked_reason: None,
        kubernetes: facts(permit, cluster),
        role_arn: issue.map(|issue| issue.request.role_arn.clone()),
        credentials_until: issue.map(|issue| issue.recorded_until),
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
