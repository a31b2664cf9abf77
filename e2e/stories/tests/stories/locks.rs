//! A lock stops a namespace, and unlocking lets it go on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{LEASE_AND_A_SECOND, Place, apply, kubectl};

fn lock(place: &Place, extra: &Value) -> Result<String, String> {
    let mut spec = json!({"namespaces": [place.name], "reason": "key in a paste"});
    for (key, value) in extra.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    apply(
        &json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": place.name}, "spec": spec}),
    )
}

/// How often the containers of a pod have been restarted.
fn restarts(place: &Place, pod: &str) -> String {
    let path = "jsonpath={.status.containerStatuses[*].restartCount},{.status.initContainerStatuses[*].restartCount}";
    place.kubectl(["get", "pod", pod, "-o", path]).unwrap()
}

#[test]
fn a_locked_namespace_is_refused_within_the_lease_and_goes_on_when_it_is_unlocked() {
    let place = Place::shared();
    place.running_pod("api");
    let before = restarts(&place, "api");
    let warned = lock(&place, &json!({"createdBy": "mallory"})).unwrap();
    println!("{warned}");
    let by = kubectl(["get", "accesslock", &place.name, "-o", "jsonpath={.spec.createdBy}"]).unwrap();
    assert!(!by.is_empty() && by != "mallory", "stamped: {by}");

    let took = place.calls("api", "AccessLocked", LEASE_AND_A_SECOND + Duration::from_secs(4));
    assert!(took <= LEASE_AND_A_SECOND, "refused only after {took:?}");
    println!("measured: first refusal {took:?} after the lock");
    assert!(place.call("api").contains("key in a paste"));
    place.described("api", &format!("AccessLock `{}`", place.name), Duration::from_secs(15));

    // A new pod starts, as with any plain denial, and is told.
    place.pod("late", |pod| pod["spec"]["serviceAccountName"] = json!("api")).unwrap();
    place.ready("late");
    assert!(place.call("late").contains("AccessLocked"), "{}", place.call("late"));
    place.described("late", &format!("AccessLock `{}`", place.name), Duration::from_secs(15));
    place.keeps_answering("api", "AccessLocked", LEASE_AND_A_SECOND);

    kubectl(["delete", "accesslock", &place.name]).unwrap();
    for pod in ["api", "late"] {
        let took = place.calls(pod, "assumed-role", LEASE_AND_A_SECOND + Duration::from_secs(4));
        assert!(took <= LEASE_AND_A_SECOND, "{pod} goes on only after {took:?}");
    }
    assert_eq!(restarts(&place, "api"), before, "without a restart");
}

#[test]
fn a_lock_ends_by_itself() {
    let place = Place::shared();
    place.running_pod("api");
    let end = jiff::Timestamp::now() + Duration::from_secs(15);
    lock(&place, &json!({"expiresAt": end.to_string()})).unwrap();
    place.calls("api", "AccessLocked", LEASE_AND_A_SECOND + Duration::from_secs(4));
    place.calls("api", "assumed-role", Duration::from_secs(30));
    assert!(jiff::Timestamp::now() >= end, "not before its end");
    crate::cluster::until("Expired", Duration::from_secs(10), || {
        let path = "jsonpath={.status.conditions[?(@.type=='Active')].reason}";
        let reason = kubectl(["get", "accesslock", &place.name, "-o", path])?;
        if reason == "Expired" { Ok(()) } else { Err(reason) }
    });
}

#[test]
fn a_tenant_makes_and_ends_no_locks() {
    let place = Place::shared();
    lock(&place, &json!({})).unwrap();
    place.service_account("tenant");
    let user = place.user("tenant");
    place
        .kubectl([
            "create",
            "rolebinding",
            "tenant",
            "--clusterrole=admin",
            &format!("--serviceaccount={}:tenant", place.name),
        ])
        .unwrap();
    for verb in ["create", "update", "patch", "delete"] {
        let answer = kubectl(["auth", "can-i", verb, "accesslocks", "--as", &user]);
        assert!(answer.is_err(), "{verb}: {answer:?}");
    }
    // Whoever may write locks still doesn't write their status.
    let status = kubectl([
        "patch",
        "accesslock",
        &place.name,
        "--subresource=status",
        "--type=merge",
        "-p",
        r#"{"status":{"sessions":0,"conditions":[]}}"#,
    ]);
    assert!(status.unwrap_err().contains("only the Sentinel operator writes the status"));
}
