//! Policies go to SSM, stay there as written, and go with their object.

use kube::api::{Api, DeleteParams, PostParams};
use sentinel_api::names::{ADOPT_ANNOTATION, PARAMETER_FINALIZER};
use sentinel_api::{ConditionStatus, SentinelProfile};
use sentinel_aws::Tier;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::story::Story;
use super::world::{SOON, event, fail_over, while_dead};
use crate::world::{eventually, unique};

fn spec(effect: &str) -> Value {
    json!({"version": "1", "rules": [{"name": "all", "effect": effect, "conditions": {"profiles": ["prod"]}}]})
}

/// Written by hand, to the byte.
fn text(effect: &str) -> String {
    format!("version: \"1\"\nrules:\n- name: all\n  effect: {effect}\n  conditions:\n    profiles:\n    - prod\n")
}

#[tokio::test]
async fn a_policy_is_published_edited_and_deleted() {
    let story = Story::begin("life").await;
    story.apply(spec("allow")).await;
    story.holds(&text("allow")).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    story.says("Accepted", ConditionStatus::True, "Valid").await;
    let policy = story.policies.get(&story.name).await.unwrap();
    assert!(policy.metadata.finalizers.unwrap().contains(&PARAMETER_FINALIZER.to_owned()));
    let parameter = story.status().await.unwrap().parameter.unwrap();
    assert_eq!((parameter.name, parameter.version), (story.parameter(), 1));
    assert_eq!(parameter.hash, hex::encode(Sha256::digest(text("allow"))));
    let tags = story.ssm.tags(&story.parameter()).await.unwrap().unwrap();
    assert_eq!(
        (tags["sentinel-cluster"].as_str(), tags["sentinel-object"].as_str()),
        ("test cluster", format!("AccessPolicy/{}", story.name).as_str())
    );

    story.merge(json!({"spec": spec("deny")})).await;
    story.holds(&text("deny")).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    assert_eq!(story.version().await, Some(2));

    story.delete().await;
    story.is_absent().await;
}

#[tokio::test]
async fn what_others_do_to_our_parameter_is_undone_and_told() {
    let story = Story::begin("drift").await;
    story.apply(spec("deny")).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    story.ssm.overwrite(&story.parameter(), "version: \"1\"\nrules: []\n", Tier::Standard, "").await.unwrap();
    story.holds(&text("deny")).await;
    eventually("an Event to tell", SOON, async || event(&story.client, "default", &story.name, "DriftRepaired").await)
        .await;

    story.ssm.delete(&story.parameter()).await.unwrap();
    story.holds(&text("deny")).await;
    story.delete().await;
}

#[tokio::test]
async fn a_foreign_parameter_is_left_alone_until_it_is_adopted() {
    let story = Story::begin("foreign").await;
    let theirs = [
        ("sentinel-cluster-id".to_owned(), "another".to_owned()),
        ("sentinel-cluster".to_owned(), "prod-eu".to_owned()),
    ];
    story.ssm.create(&story.parameter(), "theirs", Tier::Standard, "", &theirs).await.unwrap();
    story.apply(spec("allow")).await;
    story.says("Published", ConditionStatus::False, "Conflict").await;
    assert!(story.condition("Published").await.unwrap().2.contains("cluster prod-eu (another)"));
    assert_eq!(story.value().await.as_deref(), Some("theirs"));

    story.merge(json!({"metadata": {"annotations": {ADOPT_ANNOTATION: "true"}}})).await;
    story.holds(&text("allow")).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    eventually("the annotation to be gone", SOON, async || {
        let policy = story.policies.get(&story.name).await.unwrap();
        policy.metadata.annotations.is_none_or(|all| !all.contains_key(ADOPT_ANNOTATION))
    })
    .await;
    story.delete().await;
    story.is_absent().await;
}

#[tokio::test]
async fn deleting_an_object_leaves_a_foreign_parameter() {
    let story = Story::begin("theirs").await;
    story.ssm.create(&story.parameter(), &text("allow"), Tier::Standard, "", &[]).await.unwrap();
    story.apply(spec("allow")).await;
    story.says("Published", ConditionStatus::True, "SameContent").await;
    story.delete().await;
    assert_eq!(story.value().await, Some(text("allow")));
    story.ssm.delete(&story.parameter()).await.unwrap();
}

#[tokio::test]
async fn what_is_refused_leaves_nothing_wider_behind() {
    let story = Story::begin("refused").await;
    story.apply(spec("allow")).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    let mut bad = spec("allow");
    bad["rules"][0]["conditions"]["user"] = json!(["alice"]);
    story.merge(json!({"spec": bad})).await;
    story.says("Accepted", ConditionStatus::False, "Invalid").await;
    story.says("Published", ConditionStatus::False, "Invalid").await;
    assert!(story.condition("Accepted").await.unwrap().2.contains("did you mean `users`?"));
    let value = story.value().await.unwrap();
    assert!(
        value.contains("effect: deny") && value.contains("did you mean") && !value.contains("effect: allow"),
        "{value}"
    );

    story.merge(json!({"spec": {"publish": false}})).await;
    story.says("Published", ConditionStatus::False, "Disabled").await;
    story.is_absent().await;
    story.delete().await;
}

#[tokio::test]
async fn too_large_and_not_portable_are_told_and_still_enforced() {
    let story = Story::begin("large").await;
    let rules: Vec<Value> =
        (0..40).map(|n| json!({"name": format!("rule-{n}"), "effect": "deny", "reason": "x".repeat(100)})).collect();
    story.apply(json!({"version": "1", "rules": rules})).await;
    story.says("Published", ConditionStatus::False, "TooLarge").await;
    story.says("Accepted", ConditionStatus::True, "Valid").await;
    let glob = json!([{"name": "all", "effect": "deny", "conditions": {"profiles": ["prod-*"]}}]);
    story.merge(json!({"spec": {"rules": glob}})).await;
    story.says("Published", ConditionStatus::False, "NotPortable").await;
    story.says("Accepted", ConditionStatus::True, "Valid").await;
    assert_eq!(story.value().await, None, "there was never anything to replace");
    story.delete().await;
}

#[tokio::test]
async fn a_retained_parameter_outlives_its_object_and_is_ours_again() {
    let story = Story::begin("retained").await;
    let retained = || {
        let mut spec = spec("deny");
        spec["deletionPolicy"] = json!("Retain");
        spec
    };
    story.apply(retained()).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    story.delete().await;
    assert_eq!(story.value().await, Some(text("deny")));
    story.apply(spec("allow")).await;
    story.holds(&text("allow")).await;
    story.delete().await;
    story.is_absent().await;
}

#[tokio::test]
async fn a_kill_loses_nothing_and_repeats_nothing() {
    let (edited, deleted) = (Story::begin("killed-edit").await, Story::begin("killed-delete").await);
    for story in [&edited, &deleted] {
        story.apply(spec("deny")).await;
        story.says("Published", ConditionStatus::True, "Published").await;
    }
    while_dead(async || {
        edited.merge(json!({"spec": spec("allow")})).await;
        deleted.policies.delete(&deleted.name, &DeleteParams::default()).await.unwrap();
        assert!(deleted.policies.get_opt(&deleted.name).await.unwrap().is_some(), "the finalizer holds it");
    })
    .await;
    edited.holds(&text("allow")).await;
    deleted.is_absent().await;
    eventually("the deleted policy to go", SOON, async || {
        deleted.policies.get_opt(&deleted.name).await.unwrap().is_none()
    })
    .await;
    edited.says("Published", ConditionStatus::True, "Published").await;
    while_dead(async || {}).await;
    edited.merge(json!({"metadata": {"labels": {"seen": "again"}}})).await;
    // Another policy that goes all the way shows that the new operator is at work.
    let other = Story::begin("after-the-kill").await;
    other.apply(spec("deny")).await;
    other.says("Published", ConditionStatus::True, "Published").await;
    assert_eq!(edited.version().await, Some(2), "equal content is not written again");
    edited.delete().await;
    other.delete().await;
}

#[tokio::test]
async fn globs_follow_the_profiles_that_come() {
    let story = Story::begin("globs").await;
    let prefix = unique("glob");
    let rule = json!([{"name": "all", "effect": "allow", "conditions": {"profiles": [format!("{prefix}-*")], "users": ["alice"]}}]);
    story.apply(json!({"version": "1", "rules": rule})).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    assert!(story.value().await.unwrap().contains("effect: deny"));
    let profiles: Api<SentinelProfile> = Api::all(story.client.clone());
    let profile = json!({
        "apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": format!("{prefix}-a")},
        "spec": {"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"},
    });
    profiles.create(&PostParams::default(), &serde_json::from_value(profile).unwrap()).await.unwrap();
    eventually("the glob to name the profile", SOON, async || {
        story
            .value()
            .await
            .is_some_and(|value| value.contains(&format!("{prefix}-a")) && value.contains("effect: allow"))
    })
    .await;
    eventually("the profile to miss its policy", SOON, async || {
        let profile = profiles.get_status(&format!("{prefix}-a")).await.unwrap();
        let found =
            profile.status.and_then(|status| status.conditions.into_iter().find(|one| one.type_ == "PolicyFound"));
        found.is_some_and(|found| (found.status, found.reason.as_str()) == (ConditionStatus::False, "PolicyMissing"))
    })
    .await;
    profiles.delete(&format!("{prefix}-a"), &DeleteParams::default()).await.unwrap();
    eventually("the glob to name nobody", SOON, async || {
        story.value().await.is_some_and(|value| value.contains("effect: deny"))
    })
    .await;
    story.delete().await;
}

#[tokio::test]
async fn another_replica_takes_over() {
    let story = Story::begin("takeover").await;
    story.apply(spec("deny")).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    fail_over().await;
    story.merge(json!({"spec": spec("allow")})).await;
    story.holds(&text("allow")).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    story.delete().await;
}
