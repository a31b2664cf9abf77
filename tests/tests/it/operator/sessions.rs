//! Sessions follow their pods and rows, and what is revoked stays so.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION, SIDECAR_CONTAINER};
use sentinel_api::{Phase, SentinelProfile, SentinelSession, SessionStatus};
use sentinel_aws::Sessions;
use sentinel_core::session::{KubernetesFacts, RowStatus, SessionId, SessionRow};
use serde_json::{Value, json};

use super::world::{SOON, event, operator, while_alive, while_dead};
use crate::aws_wire::emulators;
use crate::world::{client, eventually, unique, with_namespace};

/// Of an account that isn't the emulators'.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/prod";

/// One pod on one profile with a table of its own.
pub struct Story {
    pub client: Client,
    pub namespace: String,
    pub profile: String,
    pub table: String,
    pub tables: Sessions,
    pub cluster: String,
}

pub async fn story(test: impl AsyncFnOnce(&Story)) {
    with_namespace(async |client, namespace| {
        operator();
        let tables = emulators().await.sessions();
        let table = unique("sessions");
        let cluster = Api::<Namespace>::all(client.clone()).get("kube-system").await.unwrap().metadata.uid.unwrap();
        let story = Story { client, profile: namespace.clone(), namespace, table, tables, cluster };
        test(&story).await;
        let profiles: Api<SentinelProfile> = Api::all(story.client.clone());
        profiles.delete(&story.profile, &DeleteParams::default()).await.unwrap();
    })
    .await;
}

impl Story {
    pub async fn with_table(&self) {
        self.tables.create_table(&self.table).await.unwrap();
        self.with_profile(json!({"sessionTable": self.table})).await;
    }

    pub async fn with_profile(&self, extra: Value) {
        let mut spec = json!({"roleArn": ROLE, "region": "eu-west-1"});
        spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let profile = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": self.profile}, "spec": spec});
        let profile = serde_json::from_value(profile).unwrap();
        Api::<SentinelProfile>::all(self.client.clone()).create(&PostParams::default(), &profile).await.unwrap();
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub fn sessions(&self) -> Api<SentinelSession> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// An injected pod; the id of its session.
    pub async fn pod(&self, name: &str) -> SessionId {
        let pod = json!({
            "metadata": {"name": name, "labels": {INJECTED_LABEL: "true"}, "annotations": {PROFILE_ANNOTATION: self.profile}},
            "spec": {
                "serviceAccountName": "api",
                "initContainers": [{"name": SIDECAR_CONTAINER, "image": "sidecar:1", "restartPolicy": "Always"}],
                "containers": [{"name": "app", "image": "app:1"}],
            },
        });
        let pod = self.pods().create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
        SessionId::derive(&self.cluster, &pod.metadata.uid.unwrap(), &self.profile)
    }

    async fn pod_status(&self, name: &str, status: Value) {
        self.pods()
            .patch_status(name, &PatchParams::default(), &Patch::Merge(json!({"status": status})))
            .await
            .unwrap();
    }

    /// As no kubelet runs it, a pod goes at once.
    pub async fn delete_pod(&self, name: &str) {
        self.pods().delete(name, &DeleteParams::default().grace_period(0)).await.unwrap();
    }

    pub async fn session(&self, id: &SessionId) -> Option<SentinelSession> {
        self.sessions().get_opt(id.as_str()).await.unwrap()
    }

    pub async fn status(&self, id: &SessionId) -> SessionStatus {
        self.session(id).await.and_then(|session| session.status).unwrap_or_default()
    }

    /// An injected pod that has had credentials; the id of its session.
    pub async fn active_pod(&self, name: &str) -> SessionId {
        let id = self.pod(name).await;
        self.reaches(&id, Phase::Pending).await;
        self.broker_issues(&id, name).await;
        self.reaches(&id, Phase::Active).await;
        id
    }

    pub async fn reaches(&self, id: &SessionId, phase: Phase) {
        eventually(&format!("session {id} to be {phase:?}"), SOON, async || {
            self.session(id).await.is_some_and(|session| session.status.unwrap_or_default().phase == phase)
        })
        .await;
    }

    /// What the broker writes with the first credentials.
    async fn broker_issues(&self, id: &SessionId, pod: &str) {
        let uid = self.session(id).await.unwrap().spec.pod_uid;
        self.tables.create(&self.table, &self.row(id, pod, &uid)).await.unwrap();
    }

    pub fn row(&self, id: &SessionId, pod: &str, uid: &str) -> SessionRow {
        let now = Timestamp::now();
        SessionRow {
            id: id.clone(),
            user: format!("system:serviceaccount:{}:api", self.namespace),
            profile: self.profile.clone(),
            server_instance_id: format!("{}/{pod}", self.namespace),
            status: RowStatus::Active,
            started_at: now,
            last_access_at: now,
            // Soon to be extended.
            expires_at: now + SignedDuration::from_hours(2),
            created_at: now,
            updated_at: now,
            request_count: 1,
            source_identity: format!("sentinel.api@{}.direct.{id}", self.namespace),
            ttl: None,
            revoked_by: None,
            revoked_reason: None,
            kubernetes: KubernetesFacts {
                cluster: self.cluster.clone(),
                namespace: self.namespace.clone(),
                service_account: "api".to_owned(),
                pod: pod.to_owned(),
                pod_uid: uid.to_owned(),
            },
            role_arn: Some(ROLE.to_owned()),
            roles: [ROLE.to_owned()].into(),
            credentials_until: Some(now + SignedDuration::from_mins(15)),
        }
    }

    pub async fn row_is(&self, id: &SessionId, status: RowStatus) -> SessionRow {
        eventually(&format!("the row of {id} to be {status:?}"), SOON, async || {
            self.tables.get(&self.table, id).await.unwrap().is_some_and(|row| row.status == status)
        })
        .await;
        self.tables.get(&self.table, id).await.unwrap().unwrap()
    }

    pub async fn revoke(&self, id: &SessionId) {
        let patch = json!({"spec": {"revoked": true, "revokedReason": "laptop stolen", "revokedBy": "dana"}});
        self.sessions().patch(id.as_str(), &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }
}

fn tracked(status: &SessionStatus) -> Option<&str> {
    status.conditions.iter().find(|one| one.type_ == "Tracked").map(|one| one.reason.as_str())
}

#[tokio::test]
async fn a_session_follows_its_row_and_a_revocation_is_for_good() {
    story(async |story| {
        story.with_table().await;
        let id = story.pod("api-0").await;
        story.reaches(&id, Phase::Pending).await;
        let session = story.session(&id).await.unwrap();
        let owner = &session.metadata.owner_references.unwrap()[0];
        assert_eq!(
            (owner.kind.as_str(), owner.name.as_str(), owner.block_owner_deletion),
            ("Pod", "api-0", Some(false))
        );
        assert_eq!(session.spec.user, format!("system:serviceaccount:{}:api", story.namespace));

        story.broker_issues(&id, "api-0").await;
        story.reaches(&id, Phase::Active).await;
        let status = story.status(&id).await;
        assert_eq!((status.table.as_deref(), status.requests), (Some(story.table.as_str()), Some(1)));
        assert_eq!(tracked(&status), Some("RowFound"));
        let extended = story.tables.get(&story.table, &id).await.unwrap().unwrap().expires_at;
        assert!(extended > Timestamp::now() + SignedDuration::from_hours(11), "a row past its half-life is extended");

        story.tables.touch(&story.table, &id, Timestamp::now(), 41).await.unwrap();
        eventually("the count to show", SOON, async || story.status(&id).await.requests == Some(42)).await;

        story.revoke(&id).await;
        story.reaches(&id, Phase::Revoked).await;
        let row = story.row_is(&id, RowStatus::Revoked).await;
        assert_eq!((row.revoked_by.as_deref(), row.revoked_reason.as_deref()), (Some("dana"), Some("laptop stolen")));
        assert!(row.ttl.is_some());
        eventually("an Event on the pod", SOON, async || {
            event(&story.client, &story.namespace, "api-0", "SessionRevoked").await
        })
        .await;

        story.sessions().delete(id.as_str(), &DeleteParams::default()).await.unwrap();
        eventually("the session to be there again, revoked", SOON, async || {
            story.session(&id).await.is_some_and(|session| {
                session.spec.revoked
                    && session.spec.revoked_by.as_deref() == Some("dana")
                    && session.status.unwrap_or_default().phase == Phase::Revoked
            })
        })
        .await;
    })
    .await;
}

/// Of the 15 s within which it is refused, a lease is 5.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_others_revoke_is_revoked_here() {
    story(async |story| {
        story.with_table().await;
        let mut revoked = None;
        while_alive(async || {
            let id = story.active_pod("api-0").await;
            story.tables.revoke(&story.table, &id, "dana", "left the company", Timestamp::now(), 0).await.unwrap();
            let start = Instant::now();
            story.reaches(&id, Phase::Revoked).await;
            assert!(start.elapsed() < SEEN_WITHIN, "{:?}", start.elapsed());
            revoked = Some(id);
        })
        .await;
        let status = story.status(&revoked.unwrap()).await;
        assert_eq!(
            (status.revoked_by.as_deref(), status.revoked_reason.as_deref()),
            (Some("dana"), Some("left the company"))
        );
        assert!(status.revoked_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_finished_pod_expires_its_session() {
    story(async |story| {
        story.with_table().await;
        let id = story.active_pod("job-0").await;
        story.pod_status("job-0", json!({"phase": "Succeeded"})).await;
        story.reaches(&id, Phase::Expired).await;
        assert!(story.row_is(&id, RowStatus::Expired).await.ttl.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_pod_that_goes_takes_its_row_along_even_while_no_operator_runs() {
    story(async |story| {
        story.with_table().await;
        let (gone, orphan) = (story.pod("gone").await, story.pod("orphan").await);
        for (id, pod) in [(&gone, "gone"), (&orphan, "orphan")] {
            story.reaches(id, Phase::Pending).await;
            story.broker_issues(id, pod).await;
            story.reaches(id, Phase::Active).await;
        }
        // As the garbage collector does it: the object goes with its pod.
        story.delete_pod("gone").await;
        story.sessions().delete(gone.as_str(), &DeleteParams::default()).await.unwrap();
        story.row_is(&gone, RowStatus::Expired).await;
        assert!(story.session(&gone).await.is_none(), "nobody makes it again");
        while_dead(async || {
            story.delete_pod("orphan").await;
            story.sessions().delete(orphan.as_str(), &DeleteParams::default()).await.unwrap();
        })
        .await;
        story.row_is(&orphan, RowStatus::Expired).await;
    })
    .await;
}

#[tokio::test]
async fn a_revocation_outlives_the_death_of_the_operator() {
    story(async |story| {
        story.with_table().await;
        let id = story.active_pod("api-0").await;
        while_dead(async || story.revoke(&id).await).await;
        story.row_is(&id, RowStatus::Revoked).await;
        story.reaches(&id, Phase::Revoked).await;
    })
    .await;
}

#[tokio::test]
async fn a_table_that_is_not_there_is_told_and_waited_for() {
    story(async |story| {
        story.with_profile(json!({"sessionTable": story.table})).await;
        let id = story.pod("api-0").await;
        eventually("the missing table to show", SOON, async || {
            tracked(&story.status(&id).await) == Some("TableNotFound")
        })
        .await;
        story.tables.create_table(&story.table).await.unwrap();
        story.broker_issues(&id, "api-0").await;
        story.reaches(&id, Phase::Active).await;
        assert_eq!(tracked(&story.status(&id).await), Some("RowFound"));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_row_is_restored() {
    story(async |story| {
        story.with_table().await;
        let id = story.active_pod("api-0").await;
        let before = story.status(&id).await;
        delete_row(&story.table, &id).await;
        let row = story.row_is(&id, RowStatus::Active).await;
        assert_eq!(row.request_count, 1);
        assert_eq!(Some(row.source_identity), before.source_identity);
        assert_eq!(row.role_arn, before.role_arn);
        eventually("an Event on the session", SOON, async || {
            event(&story.client, &story.namespace, id.as_str(), "RowRestored").await
        })
        .await;
    })
    .await;
}

/// No tool of ours deletes a row; an attacker would.
async fn delete_row(table: &str, id: &SessionId) {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let key = aws_sdk_dynamodb::types::AttributeValue::S(id.to_string());
    aws_sdk_dynamodb::Client::new(&config).delete_item().table_name(table).key("id", key).send().await.unwrap();
}

#[tokio::test]
async fn without_a_table_a_session_is_active_once_its_sidecar_has_started() {
    story(async |story| {
        story.with_profile(json!({})).await;
        let policy = json!({
            "apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": story.profile},
            "spec": {"version": "1", "publish": false, "rules": [{"name": "all", "effect": "allow", "conditions": {"profiles": [story.profile]}}]},
        });
        let policies: Api<sentinel_api::AccessPolicy> = Api::all(story.client.clone());
        policies.create(&PostParams::default(), &serde_json::from_value(policy).unwrap()).await.unwrap();
        let id = story.pod("api-0").await;
        story.reaches(&id, Phase::Pending).await;
        let sidecar = json!({"name": SIDECAR_CONTAINER, "started": true, "ready": true, "restartCount": 0, "image": "s", "imageID": "s"});
        story.pod_status("api-0", json!({"phase": "Running", "initContainerStatuses": [sidecar]})).await;
        story.reaches(&id, Phase::Active).await;
        let status = story.status(&id).await;
        assert_eq!((status.table.as_deref(), tracked(&status)), (None, Some("NoTable")));
        policies.delete(&story.profile, &DeleteParams::default()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_pod_waits_for_its_profile() {
    story(async |story| {
        let id = story.pod("api-0").await;
        let other = client().await;
        assert!(
            Api::<SentinelSession>::namespaced(other, &story.namespace).get_opt(id.as_str()).await.unwrap().is_none()
        );
        story.with_table().await;
        story.reaches(&id, Phase::Pending).await;
    })
    .await;
}
