//! The chart's ValidatingAdmissionPolicies over every kind, tried by somebody whom RBAC lets do everything.

use std::time::Duration;

use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::{Client, Config, ResourceExt as _};
use serde_json::{Value, json};

use super::{api, cases, create, policy, profile};
use crate::webhook::rendered;
use crate::world::{client, eventually, unique, with_namespace};

const SOON: Duration = Duration::from_secs(20);

async fn as_user(user: &str) -> Client {
    let mut config = Config::infer().await.unwrap();
    config.auth_info.impersonate = Some(user.to_owned());
    config.auth_info.impersonate_groups = Some(vec!["system:masters".to_owned()]);
    Client::try_from(config).unwrap()
}

/// Puts the chart's policy `name` in force for `user` alone: other tests write what they like.
async fn guard(name: &str, user: &str) {
    let (client, own) = (client().await, unique(name));
    for mut object in rendered("templates/admission/policies.yaml") {
        if object["metadata"]["name"] != name {
            continue;
        }
        object["metadata"] = json!({"name": own});
        if object["kind"] == "ValidatingAdmissionPolicy" {
            assert!(object["spec"].get("matchConditions").is_none(), "{name} has conditions of its own");
            let mine = format!("request.userInfo.username == '{user}'");
            object["spec"]["matchConditions"] = json!([{"name": "mine", "expression": mine}]);
        } else {
            object["spec"]["policyName"] = json!(own);
        }
        let kind = object["kind"].as_str().unwrap().to_owned();
        let gvk = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", &kind);
        let policies: Api<DynamicObject> = Api::all_with(client.clone(), &ApiResource::from_gvk(&gvk));
        policies.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    }
}

/// One object of each kind; policies that nobody publishes.
fn specs() -> Vec<(&'static str, Value)> {
    let policies = cases::KINDS.into_iter().map(|kind| {
        let mut spec = policy(&kind.rule());
        spec["publish"] = json!(false);
        (kind.name, spec)
    });
    let session = json!({"profile": "prod", "user": "system:serviceaccount:a:b", "pod": "p", "podUID": unique("uid")});
    let others = [
        ("SentinelProfile", profile(&json!({}))),
        ("AccessLock", json!({"profiles": [unique("nobody")], "reason": "r"})),
        ("SentinelSession", session),
        ("AccessRequest", super::requests::request()),
        ("BreakGlassEvent", super::requests::event()),
    ];
    policies.chain(others).collect()
}

#[tokio::test]
async fn nobody_writes_the_status_of_any_kind_whatever_rbac_says() {
    with_namespace(async |client, namespace| {
        let user = unique("tenant");
        let tenant = as_user(&user).await;
        guard("sentinel-status", &user).await;
        for (kind, spec) in specs() {
            let namespaced = ["SentinelSession", "AccessRequest", "BreakGlassEvent"].contains(&kind);
            let namespace = namespaced.then_some(namespace.as_str());
            let made = create(kind, namespace, spec).await.unwrap();
            let (name, theirs) = (made.name_any(), api(&tenant, kind, namespace));
            let status = json!({"status": {"observedGeneration": 7}});
            let merge =
                async || theirs.patch_status(&name, &PatchParams::default(), &Patch::Merge(&status)).await.map(drop);
            eventually("the policy to be in force", SOON, async || merge().await.is_err()).await;
            // An operator of other tests may write between: a conflict is no answer of the policy.
            let (mut whole, replaced) = loop {
                let mut whole = theirs.get(&name).await.unwrap();
                whole.data["status"] = status["status"].clone();
                match theirs.replace_status(&name, &PostParams::default(), &whole).await.map(drop) {
                    Err(kube::Error::Api(status)) if status.code == 409 => {}
                    replaced => break (whole, replaced),
                }
            };
            whole.metadata.managed_fields = None;
            whole.metadata.resource_version = None;
            let applied =
                theirs.patch_status(&name, &PatchParams::apply("tenant").force(), &Patch::Apply(&whole)).await;
            for answer in [merge().await, replaced, applied.map(drop)] {
                let error = answer.expect_err(kind).to_string();
                assert!(error.contains("only the Sentinel operator writes the status"), "{kind}: {error}");
            }
            let _gone = api(&client, kind, namespace).delete(&name, &DeleteParams::default()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_deletes_sessions_one_by_one_or_all_at_once() {
    with_namespace(async |_, namespace| {
        let user = unique("tenant");
        let theirs = api(&as_user(&user).await, "SentinelSession", Some(&namespace));
        guard("sentinel-session-life", &user).await;
        let spec = json!({"profile": "prod", "user": "system:serviceaccount:a:b", "pod": "p", "podUID": "u"});
        let mut kept = vec![];
        for spec in [spec.clone(), spec] {
            kept.push(create("SentinelSession", Some(&namespace), spec).await.unwrap().name_any());
        }
        let dry = DeleteParams { dry_run: true, ..DeleteParams::default() };
        eventually("the policy to be in force", SOON, async || theirs.delete(&kept[0], &dry).await.is_err()).await;
        let error = theirs.delete(&kept[0], &DeleteParams::default()).await.map(drop).unwrap_err().to_string();
        assert!(error.contains("only the Sentinel operator deletes SentinelSessions"), "{error}");
        let all = theirs.delete_collection(&DeleteParams::default(), &ListParams::default()).await.map(drop);
        let error = all.unwrap_err().to_string();
        assert!(error.contains("only the Sentinel operator deletes SentinelSessions"), "{error}");
        for name in &kept {
            assert!(theirs.get(name).await.unwrap().metadata.deletion_timestamp.is_none());
        }
    })
    .await;
}
