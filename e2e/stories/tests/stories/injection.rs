//! What is refused at the door, and what must never be.

use serde_json::{Value, json};

use crate::cluster::{Place, apply, dry_run, kubectl, scale};

/// A pod of a place whose profile and policy are in order is refused with `message` after `change`.
fn refused(change: impl FnOnce(&mut Value), message: &str) {
    let place = Place::shared();
    place.profile(&json!({}));
    place.policy(&json!([place.grants("api")]));
    place.service_account("api");
    let error = place.pod("api", change).expect_err("admitted");
    assert!(error.contains(message), "`{message}` is not in: {error}");
}

#[test]
fn an_unknown_profile_is_refused_by_name() {
    refused(|pod| pod["metadata"]["annotations"]["sentinel.dev/profile"] = json!("no-such"), "no-such");
}

#[test]
fn a_malformed_annotation_is_refused() {
    refused(
        |pod| pod["metadata"]["annotations"]["sentinel.dev/profile"] = json!("Prod Admin!"),
        "sentinel.dev/profile",
    );
}

#[test]
fn the_hosts_network_is_refused() {
    refused(|pod| pod["spec"]["hostNetwork"] = json!(true), "hostNetwork");
}

#[test]
fn a_shared_process_namespace_is_refused() {
    refused(|pod| pod["spec"]["shareProcessNamespace"] = json!(true), "shareProcessNamespace");
}

#[test]
fn credentials_that_would_win_over_ours_are_refused() {
    let keys = |pod: &mut Value| {
        let env = pod["spec"]["containers"][0]["env"].as_array_mut().unwrap();
        env.push(json!({"name": "AWS_ACCESS_KEY_ID", "value": "AKIA"}));
    };
    refused(keys, "AWS_ACCESS_KEY_ID");
}

#[test]
fn the_sidecars_user_is_refused_to_others() {
    refused(|pod| pod["spec"]["containers"][0]["securityContext"] = json!({"runAsUser": 64911}), "64911");
}

#[test]
fn a_debug_container_aimed_at_the_sidecar_is_refused() {
    let place = Place::shared();
    place.running_pod("api");
    let error = place
        .kubectl([
            "debug",
            "api",
            "--image=localhost/sentinel/app:dev",
            "--target=sentinel-sidecar",
            "--container=peek",
            "--attach=false",
        ])
        .expect_err("admitted");
    assert!(error.contains("sentinel-sidecar"), "{error}");
}

#[test]
fn injected_pods_pass_pod_security_restricted() {
    let place = Place::shared();
    kubectl(["label", "namespace", &place.name, "pod-security.kubernetes.io/enforce=restricted"]).unwrap();
    place.profile(&json!({}));
    place.policy(&json!([place.grants("api")]));
    place.service_account("api");
    place
        .pod("api", |pod| {
            pod["spec"]["securityContext"] =
                json!({"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}});
            pod["spec"]["containers"][0]["securityContext"] =
                json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
        })
        .unwrap();
    place.ready("api");
    place.calls("api", "assumed-role", std::time::Duration::from_secs(20));
}

#[test]
fn a_quota_that_demands_limits_is_met() {
    let place = Place::shared();
    apply(&json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": place.name},
        "spec": {"hard": {"requests.cpu": "1", "limits.cpu": "2", "requests.memory": "1Gi", "limits.memory": "1Gi"}}}))
    .unwrap();
    place.profile(&json!({}));
    place.policy(&json!([place.grants("api")]));
    place.service_account("api");
    let resources = json!({"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}});
    place.pod("api", |pod| pod["spec"]["containers"][0]["resources"] = resources).unwrap();
    place.ready("api");
}

#[test]
fn while_the_webhook_is_down_bare_pods_start_and_annotated_ones_do_not() {
    let place = Place::alone();
    place.profile(&json!({}));
    place.policy(&json!([place.grants("api")]));
    place.service_account("api");
    place.service_account("bare");
    scale("sentinel-webhook", 0);
    let bare = place.pod("bare", |pod| pod["metadata"]["annotations"] = json!({}));
    let annotated = place.pod("api", |_| ());
    scale("sentinel-webhook", 2);
    assert!(bare.is_ok(), "{bare:?}");
    assert!(annotated.unwrap_err().contains("webhook"), "refused by its absence");
    place.ready("bare");
    // Without hands.
    crate::cluster::until("the annotated pod to be admitted", std::time::Duration::from_secs(30), || {
        place.pod("api", |_| ()).map(|_| ())
    });
    place.ready("api");
}

#[test]
fn the_samples_are_accepted() {
    let place = Place::shared();
    // Requests and emergencies are judged by the policies that govern their profile.
    let me = kubectl(["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]).unwrap();
    place.profile(&json!({"policies": {"approval": place.name, "breakGlass": place.name}}));
    let rules = [
        ("ApprovalPolicy", json!({"name": "r", "profiles": [place.name], "approvers": ["somebody"]})),
        ("BreakGlassPolicy", json!({"name": "r", "profiles": [place.name], "users": [me]})),
    ];
    for (kind, rule) in rules {
        apply(&json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": place.name},
            "spec": {"version": "1", "rules": [rule]}}))
        .unwrap();
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/samples");
    let mut judged = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("namespace: payments", &format!("namespace: {}", place.name));
        let text = text.replace("profile: prod\n", &format!("profile: {}\n", place.name));
        judged += dry_run(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).lines().count();
        // Judged indeed: a slip of the pen in the same file is refused.
        dry_run(&text.replace("spec:", "specs:")).expect_err(&path.display().to_string());
    }
    assert!(judged >= 6, "{judged}");
}
