//! Nothing here makes a GitOps tool see a difference: what was applied stays as applied, and only status and finalizer are ours.

use rstest::rstest;
use sentinel_api::ConditionStatus;
use serde_json::Value;

use super::story::Story;
use super::world::SOON;
use crate::definitions::cases::{ACCESS, APPROVAL, BREAK_GLASS, Kind, RATE_LIMIT, good};
use crate::definitions::kubectl::kubectl;
use crate::world::eventually;

#[rstest]
#[case(ACCESS)]
#[case(APPROVAL)]
#[case(BREAK_GLASS)]
#[case(RATE_LIMIT)]
#[tokio::test]
async fn what_is_applied_stays_as_applied(#[case] kind: Kind, #[values(&["--server-side"][..], &[][..])] way: &[&str]) {
    let story = Story::of(kind, "drift-free").await;
    let manifest = story.manifest(&spec(kind));
    eventually("kubectl to apply", SOON, async || run("apply", way, &manifest).0 == 0).await;
    // Published, or told why not: the reference's globs can't be. Either way the operator is done.
    story.says("Accepted", ConditionStatus::True, "Valid").await;
    let settled = version(&story).await;
    let status = story.status().await;

    assert_eq!(run("diff", way, &manifest), (0, String::new()), "no difference after the operator");
    let (code, told) = run("apply", way, &manifest);
    assert_eq!(code, 0, "{told}");
    assert_eq!(run("diff", way, &manifest), (0, String::new()), "no difference after the second time");
    if way.is_empty() {
        assert!(told.contains("unchanged"), "{told}");
    }
    assert_eq!(story.status().await, status, "nothing new was said");
    assert_eq!(version(&story).await, settled, "nothing was written");

    let object = story.policies.get(&story.name).await.unwrap();
    let (ours, theirs): (Vec<_>, Vec<_>) = object
        .metadata
        .managed_fields
        .unwrap()
        .into_iter()
        .map(|entry| (entry.manager.unwrap(), entry.fields_v1.unwrap().0))
        .partition(|(manager, _)| manager == "sentinel-operator");
    assert!(!ours.is_empty());
    for (_, fields) in &ours {
        for (key, below) in fields.as_object().unwrap() {
            let only_finalizers = || below.as_object().unwrap().keys().all(|key| key == "f:finalizers");
            assert!(key == "f:status" || key == "f:metadata" && only_finalizers(), "{fields}");
        }
    }
    for (manager, fields) in &theirs {
        assert!(manager.starts_with("kubectl"), "{manager}: {fields}");
        assert!(fields.get("f:status").is_none() && fields.pointer("/f:metadata/f:finalizers").is_none(), "{fields}");
    }
    story.delete().await;
}

/// With globs here and there, as people write them, but published.
fn spec(kind: Kind) -> Value {
    good().into_iter().find(|(of, _)| *of == kind).unwrap().1
}

/// The version once the operator has nothing more to write.
async fn version(story: &Story) -> Option<String> {
    // Under load the emulator may not answer in time; the operator tries again then.
    let is_done = async || story.condition("Published").await.is_some_and(|(_, reason, _)| reason != "Unavailable");
    eventually("the operator to be done", SOON, is_done).await;
    story.policies.get(&story.name).await.unwrap().metadata.resource_version
}

fn run(verb: &str, way: &[&str], manifest: &Value) -> (i32, String) {
    kubectl(&[&[verb], way, &["-f", "-"]].concat(), Some(manifest))
}
