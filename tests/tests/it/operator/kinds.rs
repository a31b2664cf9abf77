//! The kinds beside the access policy are published like it.

use kube::api::{Api, PostParams};
use rstest::rstest;
use sentinel_api::{ConditionStatus, SentinelProfile};
use sentinel_aws::Tier;
use serde_json::{Value, json};

use super::story::Story;
use super::world::{SOON, event};
use crate::definitions::cases::{ACCESS, APPROVAL, BREAK_GLASS, KINDS, Kind, RATE_LIMIT};
use crate::world::{eventually, unique};

/// A rule of the kind, and another.
fn rules(kind: Kind) -> [Value; 2] {
    let monday = json!({"days": ["monday"]});
    match kind.name {
        "ApprovalPolicy" => {
            let auto = json!({"users": ["ops"], "time": monday, "maxDuration": "60m"});
            [json!({"profiles": ["prod"], "approvers": ["ann"], "autoApprove": auto}), json!({"approvers": ["bob"]})]
        }
        "BreakGlassPolicy" => [
            json!({"profiles": ["prod"], "users": ["ann"], "allowedReasonCodes": ["incident"], "time": monday, "maxDuration": "2h30m"}),
            json!({"users": ["bob"]}),
        ],
        _ => [
            json!({"profiles": ["prod"], "cooldown": "30m", "maxPerUser": 3, "maxPerProfile": 10, "quotaWindow": "24h", "escalationThreshold": 2}),
            json!({"cooldown": "90s"}),
        ],
    }
}

fn spec(kind: Kind, which: usize) -> Value {
    let mut rule = rules(kind)[which].clone();
    rule["name"] = json!("all");
    json!({"version": "1", "rules": [rule]})
}

/// What SSM holds of them, written by hand, to the byte.
fn texts(kind: Kind) -> [&'static str; 2] {
    match kind.name {
        "ApprovalPolicy" => [
            "version: \"1\"\nrules:\n- name: all\n  profiles:\n  - prod\n  approvers:\n  - ann\n  auto_approve:\n    users:\n    - ops\n    time:\n      days:\n      - monday\n      timezone: UTC\n    max_duration: \"1h0m0s\"\n- name: no-rule-for-this-profile\n  approvers:\n  - \"(nobody)\"\n",
            "version: \"1\"\nrules:\n- name: all\n  approvers:\n  - bob\n",
        ],
        "BreakGlassPolicy" => [
            "version: \"1\"\nrules:\n- name: all\n  profiles:\n  - prod\n  users:\n  - ann\n  allowed_reason_codes:\n  - incident\n  time:\n    days:\n    - monday\n    timezone: UTC\n  max_duration: \"2h30m0s\"\n- name: no-rule-for-this-profile\n  users:\n  - \"(nobody)\"\n",
            "version: \"1\"\nrules:\n- name: all\n  users:\n  - bob\n",
        ],
        _ => [
            "version: \"1\"\nrules:\n- name: all\n  profiles:\n  - prod\n  cooldown: \"30m0s\"\n  max_per_user: 3\n  max_per_profile: 10\n  quota_window: \"24h0m0s\"\n  escalation_threshold: 2\n",
            "version: \"1\"\nrules:\n- name: all\n  cooldown: \"1m30s\"\n",
        ],
    }
}

/// What stands in for a document that is refused, apart from why.
fn least(kind: Kind) -> &'static str {
    match kind.name {
        "ApprovalPolicy" => "  approvers:\n  - \"(nobody)\"\n",
        "BreakGlassPolicy" => "  users:\n  - \"(nobody)\"\n",
        _ => "  cooldown: \"87600h0m0s\"\n  max_per_user: 1\n  max_per_profile: 1\n",
    }
}

#[rstest]
#[case(APPROVAL)]
#[case(BREAK_GLASS)]
#[case(RATE_LIMIT)]
#[tokio::test]
async fn each_kind_is_published_guarded_and_deleted(#[case] kind: Kind) {
    let [first, second] = texts(kind);
    let story = Story::of(kind, "kind").await;
    story.apply(spec(kind, 0)).await;
    story.holds(first).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    story.says("Accepted", ConditionStatus::True, "Valid").await;
    let tags = story.ssm.tags(&story.parameter()).await.unwrap().unwrap();
    assert_eq!(tags["sentinel-object"], format!("{}/{}", kind.name, story.name));

    story.ssm.overwrite(&story.parameter(), "version: \"1\"\n", Tier::Standard, "").await.unwrap();
    story.holds(first).await;
    eventually("an Event to tell", SOON, async || event(&story.client, "default", &story.name, "DriftRepaired").await)
        .await;

    story.merge(json!({"spec": spec(kind, 1)})).await;
    story.holds(second).await;
    story.delete().await;
    story.is_absent().await;
}

#[rstest]
#[case(APPROVAL)]
#[case(BREAK_GLASS)]
#[case(RATE_LIMIT)]
#[tokio::test]
async fn what_is_refused_gives_way_to_what_allows_least(#[case] kind: Kind) {
    let story = Story::of(kind, "refused").await;
    story.apply(spec(kind, 1)).await;
    story.says("Published", ConditionStatus::True, "Published").await;
    let mut bad = spec(kind, 1);
    bad["rules"][0]["profile"] = json!(["prod"]);
    story.merge(json!({"spec": bad})).await;
    story.says("Accepted", ConditionStatus::False, "Invalid").await;
    story.says("Published", ConditionStatus::False, "Invalid").await;
    story.says("Linted", ConditionStatus::Unknown, "Invalid").await;
    let value = story.value().await.unwrap();
    assert!(value.contains("did you mean `profiles`?") && value.contains(least(kind)), "{value}");

    let mut glob = spec(kind, 1);
    glob["rules"][0]["profiles"] = json!(["prod-*"]);
    glob["deletionPolicy"] = json!("Retain");
    story.merge(json!({"spec": glob})).await;
    story.says("Published", ConditionStatus::False, "NotPortable").await;
    story.says("Accepted", ConditionStatus::True, "Valid").await;
    story.delete().await;
    let left = story.value().await.expect("a retained parameter");
    assert!(left.contains("prod-*") && left.contains(least(kind)), "{left}");
    story.ssm.delete(&story.parameter()).await.unwrap();
}

/// All four kinds tell of a profile that doesn't exist, and no longer once it does; the profile tells of policies.
#[tokio::test]
async fn lints_and_profiles_follow_each_other() {
    let client = Story::begin("lints").await.client;
    let name = unique("lints");
    let mut stories = vec![];
    for kind in KINDS {
        let mut story = Story::of(kind, "lints").await;
        story.name.clone_from(&name);
        story.apply(naming(kind, &name)).await;
        stories.push(story);
    }
    for story in &stories {
        story.says("Linted", ConditionStatus::False, "Lints").await;
        assert!(unknown_profile(story).await.unwrap(), "{:?}", story.condition("Linted").await);
    }
    let profiles: Api<SentinelProfile> = Api::all(client);
    let profile = json!({
        "apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": name},
        "spec": {
            "roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1",
            "policies": {"approval": name, "breakGlass": name, "rateLimit": "nowhere"},
        },
    });
    profiles.create(&PostParams::default(), &serde_json::from_value(profile).unwrap()).await.unwrap();
    for story in &stories {
        eventually(&format!("{} to know the profile", story.kind.name), SOON, async || {
            unknown_profile(story).await == Some(false)
        })
        .await;
    }
    for (type_, reason) in [
        ("PolicyFound", "Found"),
        ("ApprovalPolicyFound", "Found"),
        ("BreakGlassPolicyFound", "Found"),
        ("RateLimitPolicyFound", "PolicyMissing"),
    ] {
        eventually(&format!("{type_} to say {reason}"), SOON, async || {
            says(&profiles, &name, type_).await.as_deref() == Some(reason)
        })
        .await;
    }
    stories[1].delete().await;
    eventually("the profile to miss its approval policy", SOON, async || {
        says(&profiles, &name, "ApprovalPolicyFound").await.as_deref() == Some("PolicyMissing")
    })
    .await;
    profiles.delete(&name, &kube::api::DeleteParams::default()).await.unwrap();
    for story in stories.iter().filter(|story| story.kind != APPROVAL) {
        eventually("the profile to be missed again", SOON, async || unknown_profile(story).await == Some(true)).await;
        story.delete().await;
    }
}

fn naming(kind: Kind, profile: &str) -> Value {
    let mut rule = kind.rule();
    if kind == ACCESS {
        rule["conditions"] = json!({"profiles": [profile], "users": ["ann"]});
    } else {
        rule["profiles"] = json!([profile]);
    }
    json!({"version": "1", "rules": [rule]})
}

/// Whether `Linted` tells of a profile that doesn't exist; nothing: it says nothing yet.
async fn unknown_profile(story: &Story) -> Option<bool> {
    story.condition("Linted").await.map(|(_, _, message)| message.contains("unknown-profile"))
}

async fn says(profiles: &Api<SentinelProfile>, name: &str, type_: &str) -> Option<String> {
    let status = profiles.get(name).await.unwrap().status?;
    status.conditions.into_iter().find(|one| one.type_ == type_).map(|one| one.reason)
}
