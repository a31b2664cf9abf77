//! What an audit says of a profile shows in its status.

use kube::api::{Api, DeleteParams, PostParams};
use sentinel_api::names::PROFILE_ANNOTATION;
use sentinel_api::{AccessPolicy, ConditionStatus, SentinelProfile};
use serde_json::json;

use super::sessions::{Story, story};
use super::world::SOON;
use crate::world::eventually;

async fn says(story: &Story, status: ConditionStatus, reason: &str) {
    let profiles: Api<SentinelProfile> = Api::all(story.client.clone());
    eventually(&format!("Compliant to be {status:?}, {reason}"), SOON * 3, async || {
        let profile = profiles.get(&story.profile).await.unwrap();
        let conditions = profile.status.map(|status| status.conditions).unwrap_or_default();
        conditions.iter().any(|one| one.type_ == "Compliant" && one.status == status && one.reason == reason)
    })
    .await;
}

#[tokio::test]
async fn a_profile_says_whether_all_of_it_complies() {
    story(async |story| {
        story.with_table().await;
        says(story, ConditionStatus::False, "ProfileUnusable").await;
        let policy = json!({"metadata": {"name": story.profile}, "spec": {"version": "1", "publish": false, "rules": [{"name": "api", "effect": "require_server_session"}]}});
        let policies: Api<AccessPolicy> = Api::all(story.client.clone());
        policies.create(&PostParams::default(), &serde_json::from_value(policy).unwrap()).await.unwrap();
        says(story, ConditionStatus::True, "NothingFound").await;
        // Injected before versions were noted.
        story.pod("api-0").await;
        let profiles: Api<SentinelProfile> = Api::all(story.client.clone());
        let asks = json!({"metadata": {"annotations": {PROFILE_ANNOTATION: "again"}}});
        let patch = kube::api::Patch::Merge(asks);
        profiles.patch(&story.profile, &kube::api::PatchParams::default(), &patch).await.unwrap();
        says(story, ConditionStatus::False, "OldSidecar").await;
        policies.delete(&story.profile, &DeleteParams::default()).await.unwrap();
    })
    .await;
}
