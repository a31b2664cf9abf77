//! A session is as long as its pod, whatever makes pods and whatever dies under it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{LEASE_AND_A_SECOND, Place, apply, cluster, kubectl, scale, script, until};

/// After the pod is gone, its row says so within this.
const BOUND: Duration = Duration::from_secs(30);
/// As long as whatever was killed needs to be back on a busy machine.
const RECOVERY: Duration = Duration::from_mins(1);

/// Every session of the place by its name: its pod and its phase.
fn sessions(place: &Place) -> BTreeMap<String, (String, String)> {
    let list: Value = serde_json::from_str(&place.kubectl(["get", "sentinelsessions", "-o", "json"]).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |session: &Value| {
        (text(&session["metadata"]["name"]), (text(&session["spec"]["pod"]), text(&session["status"]["phase"])))
    };
    list["items"].as_array().unwrap().iter().map(one).collect()
}

/// The status of a row of the cluster's session table; empty: there is none.
fn row(session: &str) -> String {
    let rows = script("sentinel", &["rows"]);
    let line = rows.lines().find_map(|line| line.strip_prefix(session));
    line.unwrap_or_default().trim().to_owned()
}

fn row_is(session: &str, status: &str) {
    until(&format!("the row of {session} to be {status}"), BOUND, || {
        let found = row(session);
        if found == status { Ok(()) } else { Err(found) }
    });
}

/// The template of a controller's pods.
fn template(place: &Place, account: &str) -> Value {
    let pod = place.pod_object(account);
    json!({"metadata": {"annotations": pod["metadata"]["annotations"], "labels": {"app": account}}, "spec": pod["spec"]})
}

fn granted(account: &str) -> Place {
    let place = Place::shared();
    place.profile(&json!({}));
    place.policy(&json!([place.grants(account)]));
    place.service_account(account);
    place
}

#[test]
fn a_stateful_pod_that_comes_back_by_its_name_is_a_new_session() {
    let place = granted("db");
    apply(&json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": place.name},
        "spec": {"serviceName": "db", "replicas": 1, "selector": {"matchLabels": {"app": "db"}}, "template": template(&place, "db")},
    }))
    .unwrap();
    place.kubectl(["rollout", "status", "statefulset/db", "--timeout=60s"]).unwrap();
    place.phase("db-0", "Active", LEASE_AND_A_SECOND * 3);
    let first = place.session_name("db-0");
    place.revoke("db-0", "seen in a paste");
    place.calls("db-0", "SessionRevoked", LEASE_AND_A_SECOND * 2);
    place.kubectl(["delete", "pod", "db-0", "--wait"]).unwrap();
    until("the name to be another pod's session", RECOVERY, || {
        let all = sessions(&place);
        let second = all.iter().find(|(name, (pod, phase))| **name != first && pod == "db-0" && phase == "Active");
        second.map(drop).ok_or_else(|| format!("{all:?}"))
    });
    // The same name, another UID: what was revoked was that pod, and its row stays revoked.
    place.calls("db-0", "assumed-role", LEASE_AND_A_SECOND * 3);
    until("the old session to be gone", BOUND, || {
        let all = sessions(&place);
        if all.contains_key(&first) { Err(format!("{all:?}")) } else { Ok(()) }
    });
    assert_eq!(row(&first), "revoked");
}

#[test]
fn each_run_of_a_cron_job_is_a_session_that_ends_with_it() {
    let place = granted("nightly");
    let mut template = template(&place, "nightly");
    template["spec"]["restartPolicy"] = json!("Never");
    template["spec"]["containers"][0]["args"] = json!(["whoami"]);
    apply(&json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly", "namespace": place.name},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"backoffLimit": 0, "template": template}}},
    }))
    .unwrap();
    for run in ["run-1", "run-2"] {
        place.kubectl(["create", "job", run, "--from=cronjob/nightly"]).unwrap();
    }
    for run in ["job/run-1", "job/run-2"] {
        place.kubectl(["wait", run, "--for=condition=Complete", "--timeout=60s"]).unwrap();
    }
    until("two sessions, both ended", BOUND, || {
        let all = sessions(&place);
        let ended = all.len() == 2 && all.values().all(|(_, phase)| phase == "Expired");
        if ended { Ok(()) } else { Err(format!("{all:?}")) }
    });
    for session in sessions(&place).keys() {
        row_is(session, "expired");
    }
}

fn both_were_restarted(place: &Place) {
    until("app and sidecar to have been restarted", RECOVERY, || {
        let counts =
            "jsonpath={.status.containerStatuses[0].restartCount} {.status.initContainerStatuses[0].restartCount}";
        let counts = place.kubectl(["get", "pod", "api", "-o", counts])?;
        if counts.split(' ').all(|count| count != "0") { Ok(()) } else { Err(counts) }
    });
}

/// Everything that runs on the node dies: the pod's containers and sandbox, and Sentinel itself.
#[test]
fn a_session_outlives_the_restart_of_its_node() {
    let place = Place::alone();
    place.running_pod("api");
    let session = place.session_name("api");
    cluster(&["stop", "kubelet"]);
    let kill = "for task in $(ctr -n k8s.io tasks ls -q); do ctr -n k8s.io tasks kill --all --signal KILL $task; done";
    cluster(&["enter", "sh", "-c", kill]);
    cluster(&["restart", "containerd"]);
    cluster(&["start", "kubelet"]);
    let took = place.calls("api", "assumed-role", RECOVERY * 2);
    println!("measured: credentials {took:?} after the node was up");
    both_were_restarted(&place);
    for name in ["operator", "webhook", "broker"] {
        let deployment = format!("deployment/sentinel-{name}");
        kubectl(["-n", "sentinel-system", "rollout", "status", &deployment, "--timeout=120s"]).unwrap();
    }
    let all = sessions(&place);
    assert_eq!(all.keys().collect::<Vec<_>>(), [&session], "one pod, one session");
    place.phase("api", "Active", LEASE_AND_A_SECOND);
    assert_eq!(row(&session), "active");
}

#[test]
fn a_session_outlives_its_app_its_sidecar_and_the_kubelet() {
    let place = Place::alone();
    place.running_pod("api");
    let session = place.session_name("api");
    for program in ["/app loop", "/sentinel-sidecar"] {
        cluster(&["enter", "pkill", "-9", "-f", &format!("^{program}")]);
        place.calls("api", "assumed-role", RECOVERY);
    }
    cluster(&["restart", "kubelet"]);
    place.calls("api", "assumed-role", RECOVERY);
    both_were_restarted(&place);
    let all = sessions(&place);
    assert_eq!(all.keys().collect::<Vec<_>>(), [&session], "one pod, one session");
    place.phase("api", "Active", LEASE_AND_A_SECOND);
    assert_eq!(row(&session), "active");
}

#[test]
fn a_namespace_goes_while_no_operator_runs_and_its_rows_end_when_it_is_back() {
    let place = Place::alone();
    place.running_pod("api");
    let session = place.session_name("api");
    place.phase("api", "Active", LEASE_AND_A_SECOND * 3);
    assert_eq!(row(&session), "active");
    scale("sentinel-operator", 0);
    let deleted = kubectl(["delete", "namespace", &place.name, "--timeout=60s"]);
    let then = row(&session);
    scale("sentinel-operator", 2);
    assert!(deleted.is_ok(), "nothing of ours may hold a namespace: {deleted:?}");
    assert_eq!(then, "active", "nobody was there to end it");
    // A new leader waits for the lease of the one that went without a word.
    until("the row to end", RECOVERY, || {
        let found = row(&session);
        if found == "expired" { Ok(()) } else { Err(found) }
    });
}
