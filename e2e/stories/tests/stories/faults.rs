//! What breaks, breaks towards "nothing new is issued", says so where the user looks, and mends itself.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{LEASE_AND_A_SECOND, Place, cluster, kubectl, scale, script, until};

const RECOVERY: Duration = Duration::from_mins(1);

#[test]
fn while_the_broker_is_down_running_pods_go_on_and_new_ones_wait() {
    let place = Place::alone();
    place.running_pod("api");
    place.service_account("new");
    place.policy(
        &json!([{"name": "grant", "effect": "require_server_session", "conditions": {"users": [place.user("*")]}}]),
    );
    scale("sentinel-broker", 0);
    place.pod("new", |_| ()).unwrap();
    // Beyond the lease, too: what is served then is what is held.
    place.keeps_answering("api", "assumed-role", LEASE_AND_A_SECOND + Duration::from_secs(1));
    place.described("new", "broker", Duration::from_secs(30));
    let phase = place.kubectl(["get", "pod", "new", "-o", "jsonpath={.status.phase}"]).unwrap();
    assert_eq!(phase, "Pending", "the app must not start without an answer");
    scale("sentinel-broker", 2);
    place.kubectl(["wait", "pod/new", "--for=condition=Ready", "--timeout=90s"]).unwrap();
    place.calls("new", "assumed-role", RECOVERY);
}

#[test]
fn while_dynamodb_is_down_nothing_new_is_issued() {
    let place = Place::alone();
    place.running_pod("api");
    place.service_account("new");
    place.policy(
        &json!([{"name": "grant", "effect": "require_server_session", "conditions": {"users": [place.user("*")]}}]),
    );
    cluster(&["stop", "dynamodb"]);
    place.pod("new", |_| ()).unwrap();
    place.described("new", "sentinel-sessions", Duration::from_secs(40));
    assert!(place.call("api").contains("assumed-role"), "{}", place.call("api"));
    cluster(&["start", "dynamodb"]);
    // It came back empty: its table is gone, and every row. Nothing may be taken for "never revoked".
    script("sentinel", &["aws"]);
    place.kubectl(["wait", "pod/new", "--for=condition=Ready", "--timeout=90s"]).unwrap();
    place.calls("new", "assumed-role", RECOVERY);
    place.calls("api", "assumed-role", RECOVERY);
    place.revoke("api", "after the outage");
    place.calls("api", "SessionRevoked", Duration::from_secs(15));
}

#[test]
fn while_sts_and_ssm_are_down_nothing_new_is_issued_and_policies_wait() {
    let place = Place::alone();
    place.running_pod("api");
    place.service_account("new");
    place.policy(
        &json!([{"name": "grant", "effect": "require_server_session", "conditions": {"users": [place.user("*")]}}]),
    );
    cluster(&["stop", "moto"]);
    place.pod("new", |_| ()).unwrap();
    place.described("new", "STS", Duration::from_secs(40));
    // Kept from the broker's cache and by lease: a renewal needs no STS.
    place.policy(
        &json!([{"name": "later", "effect": "require_server_session", "conditions": {"users": [place.user("*")]}}]),
    );
    until("the policy to say that SSM is away", Duration::from_secs(30), || {
        let conditions = kubectl(["get", "accesspolicy", &place.name, "-o", "jsonpath={.status.conditions}"]).unwrap();
        if conditions.contains("\"status\":\"False\"") { Ok(()) } else { Err(conditions) }
    });
    cluster(&["start", "moto"]);
    script("sentinel", &["aws"]);
    place.kubectl(["wait", "pod/new", "--for=condition=Ready", "--timeout=90s"]).unwrap();
    until("the policy to be published", RECOVERY, || {
        let table = kubectl(["get", "accesspolicy", &place.name]).unwrap();
        if table.contains("Published") { Ok(()) } else { Err(table) }
    });
}

#[test]
fn an_api_server_that_restarts_is_found_again() {
    let place = Place::alone();
    place.running_pod("api");
    cluster(&["restart", "apiserver"]);
    until("the API server", RECOVERY, || kubectl(["get", "--raw", "/readyz"]).map(|_| ()));
    place.calls("api", "assumed-role", RECOVERY);
    place.policy(&json!([{"name": "freeze", "effect": "deny"}]));
    place.calls("api", "AccessDenied", RECOVERY);
}

#[test]
fn every_program_may_be_killed_at_any_time() {
    let place = Place::alone();
    place.running_pod("api");
    for program in ["operator", "webhook", "broker", "sidecar"] {
        kill(program);
        place.calls("api", "assumed-role", RECOVERY);
    }
    // All of them are back at work: a new pod is injected, registered, decided.
    until("the webhook to be back", RECOVERY, || {
        place.pod("api-2", |pod| pod["spec"]["serviceAccountName"] = json!("api")).map(|_| ())
    });
    place.ready("api-2");
    place.calls("api-2", "assumed-role", RECOVERY);
    place.phase("api-2", "Active", RECOVERY);
    place.phase("api", "Active", RECOVERY);
}

/// kill -9 for every process of a program, as the kernel's OOM killer does it.
fn kill(program: &str) {
    let name = format!("/sentinel-{program}");
    cluster(&["enter", "pkill", "-9", "-f", &format!("^{name}")]);
}
