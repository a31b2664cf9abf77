//! Doing what was planned for one session, in the API server and in the tables.

use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::PostParams;
use kube::{Api, Client, Resource as _, ResourceExt as _};
use sentinel_api::names::SESSION_PROFILE_LABEL;
use sentinel_api::{SentinelSession, SentinelSessionSpec, SessionStatus};
use sentinel_aws::AwsError;
use sentinel_core::identity::service_account_user;
use sentinel_core::session::SessionId;

use super::plan::Plan;
use super::pod::PodFacts;
use super::status::with_failure;
use super::tables::SessionTables;
use crate::events::Events;
use crate::report::{FIELD_MANAGER, exists_already, is_gone, write_status};

/// Label values end here; profile names need not.
const LABEL_LIMIT: usize = 63;

/// Makes the object of `pod` on `profile`; `before`: as it was, if somebody has deleted it under a live pod. The object, or
/// `None` if there is one already.
pub(crate) async fn create(
    client: &Client,
    id: &SessionId,
    pod: &PodFacts,
    profile: &str,
    before: Option<&SentinelSession>,
) -> kube::Result<Option<SentinelSession>> {
    let api: Api<SentinelSession> = Api::namespaced(client.clone(), &pod.namespace);
    let object = new_object(id, pod, profile, before);
    let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    let created = match api.create(&params, &object).await {
        Err(error) if exists_already(&error) => return Ok(None),
        result => result?,
    };
    tracing::info!(session = %id, namespace = pod.namespace, pod = pod.name, profile, "session made");
    let status = before.and_then(|before| before.status.clone()).unwrap_or_default();
    let written = write_status(&api, id.as_str(), &created.status, &status).await?;
    Ok(Some(written.unwrap_or(created)))
}

fn new_object(id: &SessionId, pod: &PodFacts, profile: &str, before: Option<&SentinelSession>) -> SentinelSession {
    let mut spec = SentinelSessionSpec {
        profile: profile.to_owned(),
        user: service_account_user(&pod.namespace, &pod.service_account),
        pod: pod.name.clone(),
        pod_uid: pod.uid.clone(),
        ..SentinelSessionSpec::default()
    };
    if let Some(before) = before {
        spec.revoked = before.spec.revoked;
        spec.revoked_reason.clone_from(&before.spec.revoked_reason);
        spec.revoked_by.clone_from(&before.spec.revoked_by);
    }
    let mut object = SentinelSession::new(id.as_str(), spec);
    object.metadata = metadata(id, pod, profile);
    object
}

fn metadata(id: &SessionId, pod: &PodFacts, profile: &str) -> ObjectMeta {
    let labels =
        (profile.len() <= LABEL_LIMIT).then(|| [(SESSION_PROFILE_LABEL.to_owned(), profile.to_owned())].into());
    ObjectMeta {
        name: Some(id.to_string()),
        namespace: Some(pod.namespace.clone()),
        labels,
        // No finalizer, and the pod's deletion waits for nothing of ours: no namespace is ever blocked.
        owner_references: Some(vec![OwnerReference {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            name: pod.name.clone(),
            uid: pod.uid.clone(),
            controller: None,
            block_owner_deletion: Some(false),
        }]),
        ..ObjectMeta::default()
    }
}

/// What came of a plan.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The object, if it was written.
    pub written: Option<SentinelSession>,
    /// Whether everything was done.
    pub complete: bool,
}

/// Writes rows and status. `exists`: whether there still is an object.
pub(crate) async fn apply(
    client: &Client,
    tables: &SessionTables,
    id: &SessionId,
    session: &SentinelSession,
    exists: bool,
    plan: &Plan,
) -> Applied {
    let now = Timestamp::now();
    let failure = write_rows(tables, id, plan, now).await;
    if !exists {
        return Applied { written: None, complete: failure.is_none() };
    }
    let status = match &failure {
        Some(error) => with_failure(plan.status.clone(), session.status.as_ref(), error, now),
        None => plan.status.clone(),
    };
    match report(client, session, &status).await {
        Ok(written) => Applied { written, complete: failure.is_none() },
        Err(error) => {
            tracing::warn!(session = %id, %error, "the status of a session could not be written; trying again");
            Applied { written: None, complete: false }
        }
    }
}

/// All row writes; the first failure, if any.
async fn write_rows(tables: &SessionTables, id: &SessionId, plan: &Plan, now: Timestamp) -> Option<AwsError> {
    let writes = plan.rows.iter().map(|(table, step)| tables.write(table, id, step, now));
    join_all(writes).await.into_iter().find_map(Result::err)
}

async fn report(
    client: &Client,
    session: &SentinelSession,
    status: &SessionStatus,
) -> kube::Result<Option<SentinelSession>> {
    let api: Api<SentinelSession> = Api::namespaced(client.clone(), &session.namespace().unwrap_or_default());
    match write_status(&api, &session.name_any(), &session.status, &status).await {
        Err(error) if is_gone(&error) => Ok(None),
        result => result,
    }
}

/// Notes that the revocation of `session` was told; the object, if that could be written.
pub(crate) async fn note_told(client: &Client, session: &SentinelSession) -> Option<SentinelSession> {
    let status = session.status.clone().unwrap_or_default();
    let told = SessionStatus { revocation_told: true, ..status };
    match report(client, session, &told).await {
        Ok(written) => written,
        Err(error) => {
            let session = session.name_any();
            tracing::warn!(session, %error, "that a revocation was told could not be written; it is told again");
            None
        }
    }
}

/// Tells people what they should know.
pub(crate) async fn tell(events: &Events, session: &SentinelSession, plan: &Plan) {
    if let Some(note) = &plan.pod_note {
        events.tell(&pod_reference(session), note).await;
    }
    if let Some(note) = &plan.session_note {
        events.tell(&session.object_ref(&()), note).await;
    }
}

fn pod_reference(session: &SentinelSession) -> ObjectReference {
    ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        namespace: session.namespace(),
        name: Some(session.spec.pod.clone()),
        uid: Some(session.spec.pod_uid.clone()),
        ..ObjectReference::default()
    }
}
