//! AccessLock: what the API server refuses without the webhook.

use kube::api::{Patch, PatchParams, PostParams};
use rstest::rstest;
use serde_json::{Value, json};

use super::{api, create, rejects, would_store};
use crate::world::{client, unique};

#[rstest]
#[case::nobody(json!({"reason": "r"}), "users, namespaces or profiles is required")]
#[case::no_reason(json!({"profiles": ["p"]}), "spec.reason")]
#[case::empty_reason(json!({"profiles": ["p"], "reason": ""}), "spec.reason")]
#[case::long_reason(json!({"profiles": ["p"], "reason": "r".repeat(1001)}), "spec.reason")]
#[case::empty_list(json!({"profiles": [], "reason": "r"}), "spec.profiles")]
#[case::empty_entry(json!({"users": [""], "reason": "r"}), "spec.users[0]")]
#[case::no_list(json!({"namespaces": "payments", "reason": "r"}), "spec.namespaces")]
#[case::no_zone(json!({"profiles": ["p"], "reason": "r", "expiresAt": "2026-11-22T10:00:00"}), "spec.expiresAt")]
#[case::no_moment(json!({"profiles": ["p"], "reason": "r", "expiresAt": "tomorrow"}), "spec.expiresAt")]
#[tokio::test]
async fn a_lock_is_refused_by_its_definition(#[case] spec: Value, #[case] message: &str) {
    rejects("AccessLock", spec, message).await;
}

#[tokio::test]
async fn unknown_keys_of_a_lock_are_kept_for_the_webhook() {
    let spec = json!({"user": ["x"], "profiles": ["p"], "reason": "r"});
    assert_eq!(would_store("AccessLock", &spec).await.unwrap(), spec);
}

#[rstest]
#[case::narrowed(json!({"users": ["system:serviceaccount:a:b"]}), "never change")]
#[case::another_list(json!({"profiles": ["q"]}), "never change")]
#[case::forged(json!({"createdBy": "mallory"}), "createdBy is who made the lock")]
#[case::nobodys(json!({"createdBy": null}), "createdBy is who made the lock")]
#[tokio::test]
async fn whom_a_lock_names_and_who_made_it_never_change(#[case] change: Value, #[case] message: &str) {
    let name = unique("nobody");
    let made =
        create("AccessLock", None, json!({"profiles": [name], "reason": "r", "createdBy": "dana"})).await.unwrap();
    let locks = api(&client().await, "AccessLock", None);
    let name = made.metadata.name.unwrap();
    let patch = Patch::Merge(json!({"spec": change}));
    let error = locks.patch(&name, &PatchParams::default(), &patch).await.unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
    let more = Patch::Merge(json!({"spec": {"reason": "r2", "expiresAt": "2026-11-22T10:00:00+02:00"}}));
    locks.patch(&name, &PatchParams::default(), &more).await.unwrap();
}

#[tokio::test]
async fn a_lock_has_a_name_for_people() {
    let spec = json!({"profiles": [unique("nobody")], "reason": "r"});
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": "l".repeat(64)}, "spec": spec});
    let locks = api(&client().await, "AccessLock", None);
    let error = locks.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("at most 63 characters"), "{error}");
}
