//! Hard revocation, by moto's IAM: which documents come to stand in roles. That IAM obeys them is AWS's word, not moto's.

use std::time::Duration;

use aws_sdk_iam::Client as Iam;
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use sentinel_api::{Phase, SentinelProfile};
use sentinel_core::session::{SessionId, SessionRow};
use serde_json::{Value, json};

use super::sessions::{ROLE, Story, story};
use super::world::{SOON, fail_over, while_dead};
use crate::aws_wire::refuse_the_real_aws;
use crate::world::{eventually, unique};

/// A role of the emulator's account.
struct Role {
    iam: Iam,
    name: String,
    arn: String,
    /// Our policy in it.
    policy: String,
}

impl Role {
    async fn new(story: &Story) -> Self {
        refuse_the_real_aws();
        let iam = Iam::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await);
        let name = unique("role");
        let made =
            iam.create_role().path("/apps/").role_name(&name).assume_role_policy_document("{}").send().await.unwrap();
        let policy = format!("sentinel-revocations-{}", story.cluster);
        Self { iam, name, arn: made.role.unwrap().arn, policy }
    }

    async fn write(&self, policy: &str, document: &Value) {
        let request = self.iam.put_role_policy().role_name(&self.name).policy_name(policy);
        request.policy_document(document.to_string()).send().await.unwrap();
    }

    async fn remove(&self, policy: &str) {
        self.iam.delete_role_policy().role_name(&self.name).policy_name(policy).send().await.unwrap();
    }

    async fn read(&self, policy: &str) -> Option<String> {
        let answer = self.iam.get_role_policy().role_name(&self.name).policy_name(policy).send().await.ok()?;
        Some(percent_decode(&answer.policy_document))
    }

    async fn denies(&self, id: &SessionId) -> bool {
        self.read(&self.policy).await.is_some_and(|text| text.contains(&format!("\"sentinel.*.{id}\"")))
    }

    async fn denies_soon(&self, id: &SessionId) {
        eventually(&format!("role {} to deny {id}", self.name), SOON, async || self.denies(id).await).await;
    }

    /// Takes all the room but so much, with a policy of somebody else.
    async fn leave_room(&self, room: usize) {
        let fixed = allows("").to_string().len();
        self.write("somebody-elses", &allows(&"x".repeat(10_240 - room - fixed))).await;
    }
}

/// A policy of somebody else.
fn allows(object: &str) -> Value {
    let statement =
        json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::b/{object}")});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn percent_decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next().unwrap()).to_digit(16).unwrap();
        decoded.push(if byte == b'%' { u8::try_from(digit() * 16 + digit()).unwrap() } else { byte });
    }
    String::from_utf8(decoded).unwrap()
}

/// A profile of `role` that asks for hard revocation, with a table.
async fn profile(story: &Story, role: &Role, how: &str) {
    story.tables.create_table(&story.table).await.unwrap();
    story.with_profile(json!({"sessionTable": story.table, "roleArn": role.arn, "hardRevocation": how})).await;
}

/// A pod with credentials of `role`.
async fn active(story: &Story, role: &str, pod: &str) -> SessionId {
    let id = story.pod(pod).await;
    story.reaches(&id, Phase::Pending).await;
    let uid = story.session(&id).await.unwrap().spec.pod_uid;
    let row =
        SessionRow { role_arn: Some(role.to_owned()), roles: [role.to_owned()].into(), ..story.row(&id, pod, &uid) };
    story.tables.create(&story.table, &row).await.unwrap();
    story.reaches(&id, Phase::Active).await;
    id
}

/// The condition HardRevoked: status, reason, message.
async fn hard_revoked(story: &Story, id: &SessionId) -> Option<(String, String, String)> {
    let status = story.status(id).await;
    let found = status.conditions.iter().find(|condition| condition.type_ == "HardRevoked")?;
    Some((format!("{:?}", found.status), found.reason.clone(), found.message.clone()))
}

async fn becomes(story: &Story, id: &SessionId, status: &str, reason: &str) {
    eventually(&format!("HardRevoked of {id} to be {status}, {reason}"), SOON, async || {
        hard_revoked(story, id).await.is_some_and(|(is, why, _)| is == status && why == reason)
    })
    .await;
}

async fn role_full(story: &Story) -> Option<String> {
    let profiles: Api<SentinelProfile> = Api::all(story.client.clone());
    let status = profiles.get(&story.profile).await.unwrap().status?;
    Some(status.conditions.iter().find(|condition| condition.type_ == "RoleFull")?.reason.clone())
}

#[tokio::test]
async fn iam_denies_a_revoked_session_and_what_others_wrote_stays() {
    story(async |story| {
        let role = Role::new(story).await;
        let others = [("app", allows("app")), ("sentinel-revocations-another-cluster", allows("a+b%20c"))];
        for (name, document) in &others {
            role.write(name, document).await;
        }
        profile(story, &role, "Session").await;
        let (revoked, lives) = (active(story, &role.arn, "api-0").await, active(story, &role.arn, "api-1").await);
        let before = Timestamp::now();
        story.revoke(&revoked).await;
        becomes(story, &revoked, "True", "Denied").await;
        assert!(role.denies(&revoked).await && !role.denies(&lives).await);
        let at: Timestamp = story.status(&revoked).await.hard_revoked_at.unwrap().parse().unwrap();
        assert!(at >= before - SignedDuration::from_secs(1) && at <= Timestamp::now(), "{at}");
        assert_eq!(hard_revoked(story, &lives).await, None);
        for (name, document) in &others {
            assert_eq!(role.read(name).await, Some(document.to_string()), "{name}");
        }

        role.remove(&role.policy).await;
        role.denies_soon(&revoked).await;
    })
    .await;
}

#[tokio::test]
async fn a_denial_outlives_object_pod_and_operator() {
    story(async |story| {
        let role = Role::new(story).await;
        profile(story, &role, "Session").await;
        let (before, meanwhile) = (active(story, &role.arn, "api-0").await, active(story, &role.arn, "api-1").await);
        story.revoke(&before).await;
        role.denies_soon(&before).await;
        while_dead(async || {
            for (id, pod) in [(&before, "api-0"), (&meanwhile, "api-1")] {
                story.delete_pod(pod).await;
                story.sessions().delete(id.as_str(), &DeleteParams::default()).await.unwrap();
            }
            // All that is left of it is its row, as the operator or others have revoked it.
            story.tables.revoke(&story.table, &meanwhile, "dana", "stolen", Timestamp::now(), 0).await.unwrap();
        })
        .await;
        role.denies_soon(&meanwhile).await;
        assert!(role.denies(&before).await, "what the policy says is kept, though nothing else knows of it");
    })
    .await;
}

#[tokio::test]
async fn every_role_that_the_session_had_denies_it() {
    story(async |story| {
        let (first, second) = (Role::new(story).await, Role::new(story).await);
        profile(story, &first, "Session").await;
        let id = active(story, &first.arn, "api-0").await;
        let (now, until) = (Timestamp::now(), Timestamp::now() + SignedDuration::from_mins(15));
        story.tables.record_issue(&story.table, &id, now, &second.arn, until, "s", 0).await.unwrap();
        story.revoke(&id).await;
        becomes(story, &id, "True", "Denied").await;
        assert!(first.denies(&id).await && second.denies(&id).await);
    })
    .await;
}

#[tokio::test]
async fn a_role_of_another_account_is_not_taken_for_one_of_ours() {
    story(async |story| {
        let role = Role::new(story).await;
        let elsewhere = role.arn.replace(":role/apps/", ":role/others/");
        profile(story, &role, "Session").await;
        for (pod, arn) in [("api-0", elsewhere.as_str()), ("api-1", ROLE)] {
            let id = active(story, arn, pod).await;
            story.revoke(&id).await;
            becomes(story, &id, "False", "RoleNotFound").await;
            let (_, _, message) = hard_revoked(story, &id).await.unwrap();
            assert!(message.contains("roles of other accounts can't be reached"), "{message}");
        }
        assert_eq!(role.read(&role.policy).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_full_role_says_so_and_goes_on_when_there_is_room() {
    story(async |story| {
        let role = Role::new(story).await;
        role.leave_room(250).await;
        profile(story, &role, "Session").await;
        let (one, other) = (active(story, &role.arn, "api-0").await, active(story, &role.arn, "api-1").await);
        let third = active(story, &role.arn, "api-2").await;
        for id in [&one, &other, &third] {
            story.revoke(id).await;
        }
        eventually("one session to find no room", SOON, async || role_full(story).await.as_deref() == Some("RoleFull"))
            .await;
        let mut denied = 0;
        for id in [&one, &other, &third] {
            denied += usize::from(role.denies(id).await);
        }
        assert!((1..3).contains(&denied), "{denied} of 3 have room");
        role.remove("somebody-elses").await;
        for id in [&one, &other, &third] {
            becomes(story, id, "True", "Denied").await;
        }
        eventually("the profile to say so", SOON, async || role_full(story).await.as_deref() == Some("RoomLeft")).await;
    })
    .await;
}

#[tokio::test]
async fn where_the_profile_allows_it_a_full_role_denies_all_that_was_issued_before() {
    story(async |story| {
        let role = Role::new(story).await;
        role.leave_room(270).await;
        profile(story, &role, "SessionOrRole").await;
        let profiles: Api<SentinelProfile> = Api::all(story.client.clone());
        let neighbour = unique("neighbour");
        let spec = json!({"roleArn": role.arn, "region": "eu-west-1"});
        let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": neighbour}, "spec": spec});
        profiles.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
        let mut ids = Vec::new();
        for pod in ["api-0", "api-1", "api-2", "api-3"] {
            ids.push(active(story, &role.arn, pod).await);
        }
        for id in &ids {
            story.revoke(id).await;
        }
        for id in &ids {
            eventually("it to be denied", SOON, async || {
                hard_revoked(story, id).await.is_some_and(|found| found.0 == "True")
            })
            .await;
        }
        let text = role.read(&role.policy).await.unwrap();
        assert!(text.contains("aws:TokenIssueTime") && text.len() <= 270, "{text}");
        for name in [&story.profile, &neighbour] {
            eventually("every profile on the role to say since when", SOON, async || {
                let status = profiles.get(name).await.unwrap().status.unwrap_or_default();
                status.denied_before.is_some_and(|than| text.contains(&than))
            })
            .await;
        }
        profiles.delete(&neighbour, &DeleteParams::default()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn five_hundred_sessions_revoked_at_once_while_operators_take_turns() {
    story(async |story| {
        let role = Role::new(story).await;
        profile(story, &role, "Session").await;
        let pods: Vec<String> = (0..500).map(|number| format!("api-{number}")).collect();
        let made = pods.iter().map(|pod| async {
            let id = story.pod(pod).await;
            eventually("its object", SOON * 3, async || story.session(&id).await.is_some()).await;
            let uid = story.session(&id).await.unwrap().spec.pod_uid;
            let row = SessionRow {
                role_arn: Some(role.arn.clone()),
                roles: [role.arn.clone()].into(),
                ..story.row(&id, pod, &uid)
            };
            story.tables.create(&story.table, &row).await.unwrap();
            id
        });
        let ids: Vec<SessionId> = stream::iter(made.collect::<Vec<_>>()).buffer_unordered(16).collect().await;
        let patch = Patch::Merge(json!({"spec": {"revoked": true, "revokedReason": "all of them"}}));
        let (sessions, params) = (story.sessions(), PatchParams::default());
        let revoke = ids.iter().map(|id| sessions.patch(id.as_str(), &params, &patch));
        let revoked = stream::iter(revoke.collect::<Vec<_>>()).buffer_unordered(16).map(Result::unwrap).count();
        let (count, ()) = tokio::join!(revoked, fail_over());
        assert_eq!(count, 500);
        eventually("each of them to be denied, or told that there is no room", Duration::from_mins(4), async || {
            let list = sessions.list(&kube::api::ListParams::default()).await.unwrap();
            let said = |session: &sentinel_api::SentinelSession| {
                let status = session.status.clone().unwrap_or_default();
                let found = status.conditions.into_iter().find(|condition| condition.type_ == "HardRevoked");
                found.is_some_and(|found| ["Denied", "RoleFull"].contains(&found.reason.as_str()))
            };
            list.iter().all(said)
        })
        .await;
        let text = role.read(&role.policy).await.unwrap();
        let denied = ids.iter().filter(|id| text.contains(id.as_str())).count();
        assert!(denied > 300 && text.len() <= 10_240, "{denied} denied in {} characters", text.len());
        assert_eq!(role_full(story).await.as_deref(), Some("RoleFull"));
    })
    .await;
}
