//! A tenant with every right in its own namespace.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{LEASE_AND_A_SECOND, Place};

/// `kubectl` as a person who has `*` on `*` in the place.
fn as_tenant(place: &Place, arguments: &[&str]) -> Result<String, String> {
    let user = format!("tenant-of-{}", place.name);
    place.kubectl(["--as", &user].iter().chain(arguments))
}

fn place_with_tenant() -> Place {
    let place = Place::shared();
    let user = format!("--user=tenant-of-{}", place.name);
    place.kubectl(["create", "role", "everything", "--verb=*", "--resource=*.*"]).unwrap();
    place.kubectl(["create", "rolebinding", "everything", "--role=everything", &user]).unwrap();
    place.running_pod("api");
    place
}

fn refused(answer: Result<String, String>, message: &str) {
    let error = answer.expect_err("a tenant could do it");
    assert!(error.contains(message), "`{message}` is not in: {error}");
}

#[test]
fn a_tenant_cannot_write_status_or_make_or_delete_sessions() {
    let place = place_with_tenant();
    let session = place.session_name("api");
    let status = json!({"status": {"phase": "Active"}}).to_string();
    refused(
        as_tenant(
            &place,
            &["patch", "sentinelsession", &session, "--subresource=status", "--type=merge", "-p", &status],
        ),
        "operator",
    );
    refused(as_tenant(&place, &["delete", "sentinelsession", &session]), "operator");
    let owner = json!({"metadata": {"ownerReferences": null}}).to_string();
    refused(as_tenant(&place, &["patch", "sentinelsession", &session, "--type=merge", "-p", &owner]), "revoked");
}

#[test]
fn a_tenant_may_revoke_but_not_undo_it() {
    let place = place_with_tenant();
    let session = place.session_name("api");
    let revoke = json!({"spec": {"revoked": true, "revokedReason": "mine"}}).to_string();
    as_tenant(&place, &["patch", "sentinelsession", &session, "--type=merge", "-p", &revoke]).unwrap();
    let undo = json!({"spec": {"revoked": false}}).to_string();
    refused(as_tenant(&place, &["patch", "sentinelsession", &session, "--type=merge", "-p", &undo]), "for good");
    place.calls("api", "SessionRevoked", LEASE_AND_A_SECOND + Duration::from_secs(4));
}

#[test]
fn a_revocation_holds_while_the_session_is_collected_under_its_dying_pod() {
    let place = Place::shared();
    place.profile(&json!({}));
    place.policy(&json!([place.grants("api")]));
    place.service_account("api");
    place
        .pod("api", |pod| {
            pod["spec"]["terminationGracePeriodSeconds"] = json!(120);
            pod["spec"]["containers"][0]["lifecycle"] = json!({"preStop": {"sleep": {"seconds": 100}}});
        })
        .unwrap();
    place.ready("api");
    place.calls("api", "assumed-role", Duration::from_secs(20));
    place.revoke("api", "leaked");
    // The garbage collector takes the session, the pod lives on for its grace period.
    place.kubectl(["delete", "pod", "api", "--cascade=foreground", "--wait=false"]).unwrap();
    place.calls("api", "SessionRevoked", LEASE_AND_A_SECOND + Duration::from_secs(4));
    place.keeps_answering("api", "SessionRevoked", Duration::from_secs(12));
    place.kubectl(["delete", "pod", "api", "--grace-period=1", "--wait=false"]).unwrap();
}

#[test]
fn a_tenant_cannot_relabel_or_reannotate_its_pod() {
    let place = place_with_tenant();
    refused(as_tenant(&place, &["label", "pod", "api", "sentinel.dev/injected-"]), "sentinel.dev/injected");
    refused(
        as_tenant(&place, &["annotate", "pod", "api", "--overwrite", "sentinel.dev/profile=other"]),
        "sentinel.dev/profile",
    );
}

#[test]
fn an_annotation_asks_and_does_not_grant() {
    let place = place_with_tenant();
    // A service account of the tenant's own making, on the platform's profile.
    as_tenant(&place, &["create", "serviceaccount", "mine"]).unwrap();
    place.pod("mine", |_| ()).unwrap();
    place.ready("mine");
    assert!(place.call("mine").contains("no matching rule"));
}

#[test]
fn each_program_has_the_rights_of_the_golden_table_and_no_others() {
    let _place = Place::shared();
    for program in ["operator", "webhook", "broker"] {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let golden = std::fs::read_to_string(format!("{root}/tests/golden/rbac/{program}.txt")).unwrap();
        let output = std::process::Command::new(format!("{root}/charts/rights")).arg(program).output().unwrap();
        let rights = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            rights, golden,
            "{program}: if it is meant, `charts/rights {program} > tests/golden/rbac/{program}.txt`"
        );
    }
}
