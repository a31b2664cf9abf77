//! Somebody breaks the glass: a pod that the policy denies gets credentials, until it is closed; and not too often.

use serde_json::{Value, json};

use crate::approvals::person;
use crate::cluster::{LEASE_AND_A_SECOND, Place, apply, until};

/// The policy denies `api`; `oncall` may break the glass, once a day.
fn governed(place: &Place, oncall: &str) {
    let name = &place.name;
    place.profile(&json!({"policies": {"breakGlass": name, "rateLimit": name}}));
    place
        .policy(&json!([{"name": "nobody", "effect": "deny", "reason": "frozen", "conditions": {"profiles": [name]}}]));
    let policies = [
        ("BreakGlassPolicy", json!({"name": "oncall", "profiles": [name], "users": [oncall], "maxDuration": "1h"})),
        ("RateLimitPolicy", json!({"name": "seldom", "profiles": [name], "maxPerProfile": 1, "quotaWindow": "24h"})),
    ];
    for (kind, rule) in policies {
        apply(&json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": name},
            "spec": {"version": "1", "rules": [rule]}}))
        .unwrap();
    }
    place.service_account("api");
}

fn event(place: &Place, user: &str, name: &str, more: &Value) -> Result<String, String> {
    let mut object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "BreakGlassEvent",
        "metadata": {"name": name, "namespace": place.name},
        "spec": {"profile": place.name, "serviceAccount": "api", "reasonCode": "incident", "duration": "30m",
            "justification": "invoices fail since 10:02, drain the queue by hand"}});
    for (key, value) in more.as_object().into_iter().flatten() {
        object["spec"][key] = value.clone();
    }
    place.apply_as(user, &object)
}

fn becomes(place: &Place, name: &str, phase: &str) -> String {
    let path = "jsonpath={.status.phase} {.status.refusal.limit} {.status.refusal.comeBackAt}";
    let mut last = String::new();
    until(&format!("{name} to be {phase}"), LEASE_AND_A_SECOND * 3, || {
        last = place.kubectl(["get", "breakglassevent", name, "-o", path])?;
        if last.starts_with(phase) { Ok(()) } else { Err(last.clone()) }
    });
    last
}

#[test]
fn the_glass_is_broken_closed_and_not_broken_again() {
    let place = Place::shared();
    let oncall = person(&place, "sentinel-break-glass");
    governed(&place, &oncall);
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    place.calls("api", "frozen", LEASE_AND_A_SECOND);

    event(&place, &oncall, "invoices", &json!({"invoker": {"user": "mallory"}})).unwrap();
    becomes(&place, "invoices", "Active");
    let took = place.calls("api", "assumed-role", LEASE_AND_A_SECOND * 2);
    println!("measured: credentials {took:?} after the event was active");
    let invoker = place.kubectl(["get", "breakglassevent", "invoices", "-o", "jsonpath={.spec.invoker.user}"]).unwrap();
    assert_eq!(invoker, oncall, "stamped");

    let close = json!({"spec": {"closed": true, "closedReason": "queue is drained"}}).to_string();
    place.kubectl(["--as", &oncall, "patch", "breakglassevent", "invoices", "--type=merge", "-p", &close]).unwrap();
    let took = place.calls("api", "frozen", LEASE_AND_A_SECOND * 2);
    assert!(took <= LEASE_AND_A_SECOND, "refused only after {took:?}");
    becomes(&place, "invoices", "Closed");

    place.kubectl(["delete", "breakglassevent", "invoices"]).unwrap();
    event(&place, &oncall, "again", &json!({})).unwrap();
    let refused = becomes(&place, "again", "Refused");
    assert!(refused.contains("maxPerProfile 20"), "which limit, and when to come back: {refused}");
    place.keeps_answering("api", "frozen", LEASE_AND_A_SECOND);
}

#[test]
fn who_is_not_named_breaks_no_glass_and_a_lock_beats_who_is() {
    let place = Place::shared();
    let oncall = person(&place, "sentinel-break-glass");
    governed(&place, &oncall);
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    let admin = person(&place, "admin");
    let refused = event(&place, &admin, "mine", &json!({})).unwrap_err();
    assert!(refused.contains("forbidden") || refused.contains("does not name"), "{refused}");
    event(&place, &oncall, "invoices", &json!({})).unwrap();
    becomes(&place, "invoices", "Active");
    place.calls("api", "assumed-role", LEASE_AND_A_SECOND * 2);
    apply(&json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": place.name},
        "spec": {"namespaces": [place.name], "reason": "key in a paste"}}))
    .unwrap();
    place.calls("api", "AccessLocked", LEASE_AND_A_SECOND * 2);
}
