//! A pod gets policy-checked credentials, and loses them.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{LEASE_AND_A_SECOND, Place, dry_run, until};

#[test]
fn a_pod_acts_as_the_role_and_its_session_is_seen() {
    let place = Place::shared();
    place.running_pod("api");
    place.phase("api", "Active", Duration::from_secs(15));
    let session = place.session("api");
    assert_eq!(session["spec"]["user"], place.user("api"));
    assert_eq!(session["spec"]["profile"], place.name);
    assert_eq!(session["status"]["table"], "sentinel-sessions");
    assert!(session["status"]["sourceIdentity"].as_str().unwrap().starts_with("sentinel."), "{session}");
    let table = place.kubectl(["get", "sentinelsessions"]).unwrap();
    for column in ["USER", "PROFILE", "POD", "STATUS", "REQUESTS", "LAST-ACCESS", "EXPIRY", "AGE"] {
        assert!(table.contains(column), "{column} is not in\n{table}");
    }
    let annotations = place.kubectl(["get", "pod", "api", "-o", "jsonpath={.metadata.annotations}"]).unwrap();
    for part in ["\"sentinel.dev/mode\":\"server\"", "\"sentinel.dev/session-table\":\"sentinel-sessions\""] {
        assert!(annotations.contains(part), "{part} is not in {annotations}");
    }
}

#[test]
fn the_session_goes_with_its_pod() {
    let place = Place::shared();
    place.running_pod("api");
    place.kubectl(["delete", "pod", "api", "--wait"]).unwrap();
    crate::cluster::until("the session to be gone", Duration::from_secs(30), || {
        if place.session("api").is_null() { Ok(()) } else { Err(place.session("api").to_string()) }
    });
}

#[test]
fn a_policy_edit_bites_within_the_lease_and_the_pod_says_why() {
    let place = Place::shared();
    place.running_pod("api");
    place.policy(&json!([{"name": "freeze", "effect": "deny", "reason": "change freeze"}]));
    let took = place.calls("api", "AccessDenied", LEASE_AND_A_SECOND + Duration::from_secs(4));
    assert!(took <= LEASE_AND_A_SECOND, "refused only after {took:?}");
    println!("measured: first refusal {took:?} after the policy edit");
    assert!(place.call("api").contains("change freeze"));
    place.described("api", "CredentialsRefused", Duration::from_secs(15));
    place.policy(&json!([place.grants("api")]));
    place.calls("api", "assumed-role", LEASE_AND_A_SECOND + Duration::from_secs(4));
}

#[test]
fn a_dry_run_names_the_running_pods_service_account() {
    let place = Place::shared();
    place.running_pod("api");
    let freeze =
        place.policy_object(&json!([{"name": "freeze", "effect": "deny", "conditions": {"profiles": [place.name]}}]));
    let warning = format!("would refuse 1 of 1 live sessions: {}/api (1)", place.name);
    until("the preview", Duration::from_secs(5), || {
        let answer = dry_run(&freeze.to_string())?;
        if answer.contains(&warning) { Ok(()) } else { Err(answer) }
    });
    place.keeps_answering("api", "assumed-role", LEASE_AND_A_SECOND);
}

#[test]
fn a_revoked_session_stays_refused() {
    let place = Place::shared();
    place.running_pod("api");
    place.revoke("api", "seen in a paste");
    let took = place.calls("api", "SessionRevoked", LEASE_AND_A_SECOND + Duration::from_secs(4));
    assert!(took <= LEASE_AND_A_SECOND, "refused only after {took:?}");
    println!("measured: first refusal {took:?} after the revocation");
    place.phase("api", "Revoked", Duration::from_secs(15));
    assert!(place.call("api").contains("seen in a paste"));
    let undo = place.kubectl([
        "patch",
        "sentinelsession",
        &place.session_name("api"),
        "--type=merge",
        "-p",
        r#"{"spec":{"revoked":false}}"#,
    ]);
    assert!(undo.unwrap_err().contains("a revocation is for good"));
    // The sidecar forgets; the session does not.
    let sidecar = place.kubectl(["exec", "api", "-c", "app", "--", "/app", "whoami"]);
    assert!(sidecar.unwrap_err().contains("SessionRevoked"));
}

#[test]
fn another_service_account_never_gets_anything() {
    let place = Place::shared();
    place.profile(&json!({}));
    place.policy(&json!([place.grants("api")]));
    place.service_account("other");
    place.pod("other", |_| ()).unwrap();
    // A plain denial does not hold the pod back: the app starts and is told.
    place.ready("other");
    assert!(place.call("other").contains("no matching rule"), "{}", place.call("other"));
    place.described("other", "CredentialsRefused", Duration::from_secs(15));
    let logs = place.kubectl(["logs", "other", "-c", "app"]).unwrap();
    assert!(!logs.contains("assumed-role"), "{logs}");
}

#[test]
fn a_job_gets_credentials_and_finishes() {
    let place = Place::shared();
    place.profile(&json!({}));
    place.policy(&json!([place.grants("job")]));
    place.service_account("job");
    let mut spec = place.pod_object("job")["spec"].clone();
    spec["restartPolicy"] = json!("Never");
    spec["containers"][0]["args"] = json!(["whoami"]);
    // Init containers have credentials too.
    let mut init = spec["containers"][0].clone();
    init["name"] = json!("init");
    spec["initContainers"] = json!([init]);
    let template = json!({"metadata": {"annotations": {"sentinel.dev/profile": place.name}}, "spec": spec});
    crate::cluster::apply(&json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job", "namespace": place.name},
        "spec": {"backoffLimit": 0, "template": template}
    }))
    .unwrap();
    place.kubectl(["wait", "job/job", "--for=condition=Complete", "--timeout=60s"]).unwrap();
    for container in ["init", "app"] {
        let logs = place.kubectl(["logs", "job/job", "-c", container]).unwrap();
        assert!(logs.contains("assumed-role"), "{container}: {logs}");
    }
}
