//! What is to be told of a session. Pure.

use jiff::Timestamp;
use kube::ResourceExt as _;
use sentinel_api::audit_log::{RevocationLine, UNKNOWN};
use sentinel_api::{Phase, SentinelSession};
use sentinel_core::identity::parse_service_account_user;

use crate::cluster::Cluster;

/// The line about the revocation of `session`, if its status says so, and not yet that it was told.
pub(crate) fn untold<'a>(session: &'a SentinelSession, cluster: &'a Cluster) -> Option<RevocationLine<'a>> {
    let status = session.status.as_ref().filter(|status| status.phase == Phase::Revoked && !status.revocation_told)?;
    let spec = &session.spec;
    let moment = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok();
    Some(RevocationLine {
        timestamp: moment(&status.revoked_at)?,
        event: "session.revoked".into(),
        session_id: session.name_any().into(),
        actor: status.revoked_by.as_deref().unwrap_or(UNKNOWN).into(),
        reason: status.revoked_reason.as_deref().unwrap_or_default().into(),
        credentials_until: moment(&status.credentials_until),
        user: spec.user.as_str().into(),
        profile: spec.profile.as_str().into(),
        namespace: session.namespace().unwrap_or_default().into(),
        service_account: parse_service_account_user(&spec.user).map_or("", |(_, name)| name).into(),
        pod: spec.pod.as_str().into(),
        pod_uid: spec.pod_uid.as_str().into(),
        cluster: cluster.id.as_str().into(),
        cluster_name: cluster.name.as_str().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told_of(status: &Value) -> Option<Value> {
        let cluster = Cluster { id: "c".to_owned(), name: "eu-1".to_owned() };
        let session = serde_json::from_value::<SentinelSession>(json!({
            "apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession",
            "metadata": {"name": "0123456789abcdef", "namespace": "payments"},
            "spec": {"profile": "prod", "user": "system:serviceaccount:payments:api", "pod": "api-0", "podUID": "uid-0"},
            "status": status,
        }))
        .unwrap();
        untold(&session, &cluster).map(|line| serde_json::to_value(line).unwrap())
    }

    #[test]
    fn a_revocation_is_told_until_the_status_says_that_it_was() {
        let mut status = json!({"phase": "Revoked", "revokedAt": "2026-03-02T02:00:00Z", "revokedBy": "dana", "revokedReason": "leak"});
        let line = told_of(&status).unwrap();
        assert_eq!((&line["actor"], &line["reason"]), (&json!("dana"), &json!("leak")));
        assert_eq!((&line["service_account"], &line["timestamp"]), (&json!("api"), &json!("2026-03-02T02:00:00Z")));
        status["revocationTold"] = true.into();
        assert_eq!(told_of(&status), None);
        for phase in ["Pending", "Active", "Expired"] {
            assert_eq!(told_of(&json!({"phase": phase, "revokedAt": "2026-03-02T02:00:00Z"})), None, "{phase}");
        }
    }
}
