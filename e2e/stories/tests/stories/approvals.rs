//! A pod that waits for an approval goes on when it is given, and stops when it ends.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{LEASE_AND_A_SECOND, Place, apply, until};

const JUSTIFICATION: &str = "move the invoices table, ticket 7";

/// The policy wants an approval for `migrate`, and `approver` gives it.
pub fn governed(place: &Place, approver: &str) {
    place.profile(&json!({"policies": {"approval": place.name}}));
    place.policy(&json!([{"name": "migrate", "effect": "require_approval",
        "conditions": {"profiles": [place.name], "users": [place.user("migrate")], "mode": ["server"]}}]));
    let rule = json!({"name": "owners", "profiles": [place.name], "approvers": [approver]});
    apply(&json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "ApprovalPolicy", "metadata": {"name": place.name},
        "spec": {"version": "1", "rules": [rule]}}))
    .unwrap();
    place.service_account("migrate");
}

/// A user who may do in the place what a ClusterRole of the chart says.
pub fn person(place: &Place, role: &str) -> String {
    let user = format!("{role}-{}", place.name);
    place
        .kubectl(["create", "rolebinding", &user, &format!("--clusterrole={role}"), &format!("--user={user}")])
        .unwrap();
    user
}

fn request(place: &Place, user: &str, name: &str, duration: &str, more: &Value) -> Result<String, String> {
    let mut object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessRequest",
        "metadata": {"name": name, "namespace": place.name},
        "spec": {"profile": place.name, "serviceAccount": "migrate", "duration": duration, "justification": JUSTIFICATION}});
    json_merge(&mut object["spec"], more);
    place.apply_as(user, &object)
}

fn json_merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

fn decide(place: &Place, user: &str, name: &str, decision: &str) -> Result<String, String> {
    let patch = json!({"spec": {"decision": decision}}).to_string();
    place.kubectl(["--as", user, "patch", "accessrequest", name, "--type=merge", "-p", &patch])
}

fn granted(place: &Place, name: &str, status: &str) {
    until(&format!("Granted of {name} to be {status}"), LEASE_AND_A_SECOND * 3, || {
        let path = "jsonpath={.status.phase} {.status.conditions[?(@.type=='Granted')].status} {.status.conditions[?(@.type=='Granted')].message}";
        let said = place.kubectl(["get", "accessrequest", name, "-o", path])?;
        if said.split(' ').nth(1) == Some(status) { Ok(()) } else { Err(said) }
    });
}

#[test]
fn a_pod_waits_for_an_approval_goes_on_without_a_restart_and_stops_when_it_ends() {
    let place = Place::shared();
    let (asks, approves) = (person(&place, "sentinel-requester"), person(&place, "sentinel-approver"));
    governed(&place, &approves);
    place.pod("migrate", |_| ()).unwrap();
    place.described(
        "migrate",
        &format!("kubectl sentinel request --profile {} --service-account migrate", place.name),
        LEASE_AND_A_SECOND * 4,
    );

    request(&place, &asks, "ticket-7", "30s", &json!({"requester": {"user": "mallory"}})).unwrap();
    let requester =
        place.kubectl(["get", "accessrequest", "ticket-7", "-o", "jsonpath={.spec.requester.user}"]).unwrap();
    assert_eq!(requester, asks, "stamped");
    let refused = decide(&place, &asks, "ticket-7", "Approved").unwrap_err();
    assert!(refused.contains("nobody decides their own"), "{refused}");
    decide(&place, &approves, "ticket-7", "Approved").unwrap();
    granted(&place, "ticket-7", "True");
    place.ready("migrate");
    place.calls("migrate", "assumed-role", LEASE_AND_A_SECOND * 2);
    let restarts =
        "jsonpath={.status.containerStatuses[*].restartCount},{.status.initContainerStatuses[*].restartCount}";
    assert_eq!(place.kubectl(["get", "pod", "migrate", "-o", restarts]).unwrap(), "0,0");
    let id = place.kubectl(["get", "accessrequest", "ticket-7", "-o", "jsonpath={.status.requestId}"]).unwrap();
    until("the session to carry the request's id", LEASE_AND_A_SECOND * 4, || {
        let identity = place.session("migrate")["status"]["sourceIdentity"].to_string();
        if identity.contains(&format!(".{id}.")) { Ok(()) } else { Err(identity) }
    });

    let took = place.calls("migrate", "ApprovalRequired", Duration::from_secs(45));
    println!("measured: {took:?} after the first credentials, a grant of 30 s had ended");
    granted(&place, "ticket-7", "False");
}

#[test]
fn a_grant_is_void_when_the_profile_means_another_role() {
    let place = Place::shared();
    let (asks, approves) = (person(&place, "sentinel-requester"), person(&place, "sentinel-approver"));
    governed(&place, &approves);
    request(&place, &asks, "ticket-8", "1h", &json!({})).unwrap();
    decide(&place, &approves, "ticket-8", "Approved").unwrap();
    granted(&place, "ticket-8", "True");
    place.pod("migrate", |_| ()).unwrap();
    place.ready("migrate");
    place.calls("migrate", "assumed-role", LEASE_AND_A_SECOND * 4);

    place.profile(&json!({"policies": {"approval": place.name}, "roleArn": "arn:aws:iam::123456789012:role/other"}));
    place.calls("migrate", "ApprovalRequired", LEASE_AND_A_SECOND * 2);
    granted(&place, "ticket-8", "False");
}

#[test]
fn a_tenant_forges_neither_status_nor_names_nor_another_namespaces_service_account() {
    let place = Place::shared();
    let (asks, approves) = (person(&place, "sentinel-requester"), person(&place, "sentinel-approver"));
    let admin = person(&place, "admin");
    governed(&place, &approves);
    request(&place, &asks, "ticket-9", "1h", &json!({})).unwrap();
    let status = json!({"status": {"phase": "Approved"}}).to_string();
    for user in [&asks, &approves, &admin] {
        let forged = place.kubectl([
            "--as",
            user,
            "patch",
            "accessrequest",
            "ticket-9",
            "--subresource=status",
            "--type=merge",
            "-p",
            &status,
        ]);
        assert!(forged.is_err(), "{user}: {forged:?}");
    }
    let refused = decide(&place, &admin, "ticket-9", "Approved").unwrap_err();
    assert!(refused.contains("is no approver"), "{refused}");
    let elsewhere =
        request(&place, &asks, "ticket-10", "1h", &json!({"serviceAccount": "kube-system/default"})).unwrap_err();
    assert!(elsewhere.contains("serviceAccount"), "{elsewhere}");
}
