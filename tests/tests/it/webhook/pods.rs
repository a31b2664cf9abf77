//! Pods.

use axum::routing::post;
use axum::{Json, Router};
use k8s_openapi::api::core::v1::{LimitRange, Namespace, Pod};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::world::{SOON, with_webhook};
use crate::world::eventually;

fn names<'a>(pod: &'a Value, list: &str) -> Vec<&'a str> {
    pod["spec"][list].as_array().unwrap().iter().map(|container| container["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_pod_that_asks_is_injected() {
    with_webhook(async |world| {
        let changes = json!({"spec": {"initContainers": [{"name": "prepare", "image": "app:1"}]}});
        let pod = world.create_pod("app", changes).await.unwrap();
        assert_eq!(names(&pod, "initContainers"), ["sentinel-sidecar", "prepare"]);
        assert_eq!(pod["metadata"]["labels"]["sentinel.dev/injected"], "true");
        assert_eq!(pod["metadata"]["annotations"]["sentinel.dev/session-table"], "sentinel-sessions");
        assert_eq!(pod["spec"]["containers"][0]["volumeMounts"][0]["readOnly"], true);
        // What the API server wrote is what was injected, to the field: it defaults nothing that we left out.
        let sidecar = &pod["spec"]["initContainers"][0];
        let defaulted: Vec<_> = sidecar.as_object().unwrap().keys().collect();
        let ours = [
            "env",
            "image",
            "imagePullPolicy",
            "name",
            "resources",
            "restartPolicy",
            "securityContext",
            "startupProbe",
            "terminationMessagePath",
            "terminationMessagePolicy",
            "volumeMounts",
        ];
        assert_eq!(defaulted, ours);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_told_to_whoever_asks() {
    with_webhook(async |world| {
        let changes =
            json!({"metadata": {"annotations": {"sentinel.dev/profile": "nowhere"}}, "spec": {"hostNetwork": true}});
        let error = world.create_pod("app", changes).await.unwrap_err();
        for part in ["denied the request", "there is no SentinelProfile `nowhere`", "spec.hostNetwork"] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
    })
    .await;
}

/// Adds a variable to every container and a container of its own, as meshes and agents do.
async fn meddle(Json(review): Json<Value>) -> Json<Value> {
    let before = review["request"]["object"].clone();
    let mut after = before.clone();
    for list in ["initContainers", "containers"] {
        for container in after["spec"][list].as_array_mut().into_iter().flatten() {
            let mut env = container["env"].as_array().cloned().unwrap_or_default();
            env.push(json!({"name": "AGENT", "value": "1"}));
            container["env"] = json!(env);
        }
    }
    after["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "agent", "image": "agent:1"}));
    let patch = serde_json::to_vec(&json_patch::diff(&before, &after)).unwrap();
    let response = json!({"uid": review["request"]["uid"], "allowed": true, "patchType": "JSONPatch", "patch": k8s_openapi::ByteString(patch)});
    Json(json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}))
}

#[tokio::test]
async fn what_another_webhook_does_later_is_repaired_and_what_it_adds_is_connected() {
    with_webhook(async |world| {
        world.another_mutator(Router::new().route("/", post(meddle))).await;
        eventually("the other webhook to be called", SOON, async || {
            let pod = world.create_pod("app", json!({})).await.unwrap();
            let done = names(&pod, "containers").len() == 2;
            if done {
                let text = pod["spec"]["initContainers"].to_string();
                assert!(!text.contains("AGENT"), "{text}");
                assert!(pod["spec"]["containers"][1]["volumeMounts"].to_string().contains("sentinel-token"));
            }
            world.pods().delete("app", &DeleteParams::default().grace_period(0)).await.unwrap();
            done
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_limit_range_may_set_what_it_likes() {
    with_webhook(async |world| {
        let limits: LimitRange = serde_json::from_value(json!({
            "metadata": {"name": "limits"},
            "spec": {"limits": [{"type": "Container", "default": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"}, "defaultRequest": {"ephemeral-storage": "1Mi"}}]},
        }))
        .unwrap();
        Api::namespaced(world.client.clone(), &world.namespace).create(&PostParams::default(), &limits).await.unwrap();
        eventually("the limits to be applied", SOON, async || {
            let pod = world.create_pod("app", json!({})).await.unwrap();
            world.pods().delete("app", &DeleteParams::default().grace_period(0)).await.unwrap();
            let resources = &pod["spec"]["initContainers"][0]["resources"];
            assert_eq!(resources["limits"]["cpu"], "200m", "ours stays");
            resources["limits"]["ephemeral-storage"] == "1Gi"
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_pod_that_only_looks_injected_is_refused() {
    with_webhook(async |world| {
        let changes = json!({
            "metadata": {"annotations": null},
            "spec": {"initContainers": [{"name": "sentinel-sidecar", "image": "example.test/sentinel-sidecar:1", "restartPolicy": "Always"}]},
        });
        let error = world.create_pod("app", changes).await.unwrap_err();
        assert!(error.contains("is Sentinel's own: remove it"), "{error}");
        let changes = json!({"metadata": {"annotations": null, "labels": {"sentinel.dev/injected": "true"}}});
        assert!(world.create_pod("app", changes).await.unwrap_err().contains("is Sentinel's own: remove it"));
    })
    .await;
}

#[tokio::test]
async fn an_ephemeral_container_can_not_aim_at_the_sidecar() {
    with_webhook(async |world| {
        world.create_pod("app", json!({})).await.unwrap();
        let pods: Api<Pod> = Api::namespaced(world.client.clone(), &world.namespace);
        let debug = async |name: &str, target: &str| {
            let container = json!({"name": name, "image": "busybox:1", "targetContainerName": target});
            let patch = json!({"spec": {"ephemeralContainers": [container]}});
            pods.patch_ephemeral_containers("app", &PatchParams::default(), &Patch::Strategic(patch)).await
        };
        let error = debug("d1", "sentinel-sidecar").await.unwrap_err().to_string();
        assert!(error.contains("would share the processes of the sidecar"), "{error}");
        debug("d2", "app").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn while_the_webhook_is_down_bare_pods_start_and_injected_ones_can_go() {
    with_webhook(async |world| {
        world.create_pod("app", json!({"metadata": {"finalizers": ["example.test/kept"]}})).await.unwrap();
        world.go_down().await;
        let bare = json!({"metadata": {"annotations": null}});
        world.create_pod("bare", bare).await.unwrap();
        let odd = json!({"metadata": {"name": "odd", "annotations": {"x": ""}, "labels": {}}, "spec": {"initContainers": [{"name": "i", "image": "i:1"}]}});
        world.create_pod("odd", json!({"metadata": {"annotations": null}})).await.unwrap();
        let other = world.create_pod("odd-two", json!({"metadata": {"annotations": {"sentinel.dev/profile": null, "x": ""}}, "spec": odd["spec"]})).await;
        other.unwrap();
        let error = world.create_pod("asks", json!({})).await.unwrap_err();
        assert!(error.contains("failed calling webhook"), "{error}");
        world.merge_pod("app", &json!({"metadata": {"labels": {"app": "x"}}})).await.unwrap();
        world.pods().delete("app", &DeleteParams::default().grace_period(0)).await.unwrap();
        world.merge_pod("app", &json!({"metadata": {"finalizers": null}})).await.unwrap();
        eventually("the pod to be gone", SOON, async || world.pods().get_opt("app").await.unwrap().is_none()).await;
    })
    .await;
}

#[tokio::test]
async fn an_injected_pod_passes_pod_security_restricted() {
    with_webhook(async |world| {
        let namespaces: Api<Namespace> = Api::all(world.client.clone());
        let labels = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
        namespaces.patch(&world.namespace, &PatchParams::default(), &Patch::Merge(labels)).await.unwrap();
        let lax = json!({"spec": {"containers": [{"name": "app", "image": "app:1"}]}});
        eventually("the namespace to be restricted", SOON, async || {
            let made = world.create_pod("lax", lax.clone()).await;
            let _ = world.pods().delete("lax", &DeleteParams::default().grace_period(0)).await;
            made.is_err()
        })
        .await;
        let refusal = world.create_pod("lax", lax).await.unwrap_err();
        assert!(refusal.contains("PodSecurity \"restricted") && !refusal.contains("sentinel-sidecar"), "{refusal}");
        let security = json!({"runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}});
        world.create_pod("app", json!({"spec": {"containers": [{"name": "app", "image": "app:1", "securityContext": security}]}})).await.unwrap();
    })
    .await;
}
