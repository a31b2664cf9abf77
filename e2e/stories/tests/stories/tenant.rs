//! A tenant with every right in its own namespace.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{LEASE_AND_A_SECOND, Place, kubectl, until};

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

/// The chart's ClusterRoles for people, each bound to somebody who may do nothing else.
#[test]
fn each_role_for_people_is_for_its_work_and_for_no_other() {
    let place = Place::shared();
    let roles: [(&str, &[&str], &[&str]); 10] = [
        ("sentinel-sessions-view", &["list sentinelsessions"], &["patch sentinelsessions", "list accesslocks"]),
        ("sentinel-sessions-revoke", &["patch sentinelsessions"], &["delete sentinelsessions", "create accesslocks"]),
        (
            "sentinel-locker",
            &["create accesslocks", "delete accesslocks", "list sentinelsessions"],
            &["patch sentinelsessions", "patch accesspolicies"],
        ),
        (
            "sentinel-requests-view",
            &["list accessrequests", "list breakglassevents"],
            &["create accessrequests", "create breakglassevents"],
        ),
        (
            "sentinel-requester",
            &["create accessrequests", "patch accessrequests"],
            &["delete accessrequests", "create breakglassevents", "patch accessrequests --subresource=status"],
        ),
        ("sentinel-approver", &["patch accessrequests"], &["create accessrequests", "patch approvalpolicies"]),
        ("sentinel-break-glass", &["create breakglassevents"], &["delete breakglassevents", "create accessrequests"]),
        ("sentinel-break-glass-close", &["patch breakglassevents"], &["create breakglassevents"]),
        (
            "sentinel-policy-admin",
            &["create accesspolicies", "patch sentinelprofiles", "delete ratelimitpolicies"],
            &["create accesslocks", "patch accessrequests", "get secrets"],
        ),
        (
            "sentinel-auditor",
            &["list accesspolicies", "list sentinelsessions", "list pods", "list accesslocks"],
            &["get secrets", "patch sentinelsessions", "create accesslocks"],
        ),
    ];
    for (role, own, others) in roles {
        let user = format!("{role}-of-{}", place.name);
        kubectl(["create", "clusterrolebinding", &user, "--clusterrole", role, "--user", &user]).unwrap();
        let may =
            |what: &&str| place.kubectl(["auth", "can-i", "--as", &user].into_iter().chain(what.split(' '))).is_ok();
        until(&format!("{role} to be bound"), LEASE_AND_A_SECOND, || {
            let lacking: Vec<_> = own.iter().filter(|what| !may(what)).collect();
            if lacking.is_empty() { Ok(()) } else { Err(format!("may not {lacking:?}")) }
        });
        assert_eq!(others.iter().filter(|what| may(what)).collect::<Vec<_>>(), Vec::<&&str>::new(), "{role}");
        kubectl(["delete", "clusterrolebinding", &user]).unwrap();
    }
}
