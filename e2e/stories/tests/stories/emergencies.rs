//! Somebody breaks the glass: a pod that the policy denies gets credentials, until it is closed; and not too often.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{LEASE_AND_A_SECOND, Place, apply, kubectl, scale, until};
use crate::people::Person;

/// The policy denies `api`; `oncall` may break the glass, once a day.
pub fn governed(place: &Place, oncall: &str) {
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

fn event(place: &Place, who: &Person, name: &str, more: &Value) -> Result<String, String> {
    let mut object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "BreakGlassEvent",
        "metadata": {"name": name, "namespace": place.name},
        "spec": {"profile": place.name, "serviceAccount": "api", "reasonCode": "incident", "duration": "30m",
            "justification": "invoices fail since 10:02, drain the queue by hand"}});
    for (key, value) in more.as_object().into_iter().flatten() {
        object["spec"][key] = value.clone();
    }
    who.apply(place, &object)
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
    let oncall = Person::who_is("sentinel-break-glass", &place);
    governed(&place, &oncall.user);
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    place.calls("api", "frozen", LEASE_AND_A_SECOND);

    event(&place, &oncall, "invoices", &json!({"invoker": {"user": "mallory"}})).unwrap();
    becomes(&place, "invoices", "Active");
    let took = place.calls("api", "assumed-role", LEASE_AND_A_SECOND * 2);
    println!("measured: credentials {took:?} after the event was active");
    let invoker = place.kubectl(["get", "breakglassevent", "invoices", "-o", "jsonpath={.spec.invoker.user}"]).unwrap();
    assert_eq!(invoker, oncall.user, "stamped");

    let close = json!({"spec": {"closed": true, "closedReason": "queue is drained"}}).to_string();
    oncall.kubectl(&place, ["patch", "breakglassevent", "invoices", "--type=merge", "-p", &close]).unwrap();
    let took = place.calls("api", "frozen", LEASE_AND_A_SECOND * 2);
    assert!(took <= LEASE_AND_A_SECOND, "refused only after {took:?}");
    becomes(&place, "invoices", "Closed");

    place.kubectl(["delete", "breakglassevent", "invoices"]).unwrap();
    event(&place, &oncall, "again", &json!({})).unwrap();
    let refused = becomes(&place, "again", "Refused");
    assert!(refused.contains("maxPerProfile 20"), "which limit, and when to come back: {refused}");
    place.keeps_answering("api", "frozen", LEASE_AND_A_SECOND);

    kubectl(["delete", "namespace", &place.name, "--timeout=90s"]).unwrap();
    kubectl(["create", "namespace", &place.name]).unwrap();
    place.service_account("api");
    let oncall = Person::who_is("sentinel-break-glass", &place);
    event(&place, &oncall, "once-more", &json!({})).unwrap();
    becomes(&place, "once-more", "Refused");
}

#[test]
fn who_is_not_named_breaks_no_glass_and_a_lock_beats_who_is() {
    let place = Place::shared();
    let oncall = Person::who_is("sentinel-break-glass", &place);
    governed(&place, &oncall.user);
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    let admin = Person::who_is("admin", &place);
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

/// Minutes of a day, as a policy writes them.
fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute.rem_euclid(1440) / 60, minute.rem_euclid(60))
}

#[test]
fn at_the_edge_of_its_window_the_glass_is_hard_again() {
    let place = Place::shared();
    let oncall = Person::who_is("sentinel-break-glass", &place);
    governed(&place, &oncall.user);
    kubectl(["delete", "ratelimitpolicy", &place.name]).unwrap();
    place.profile(&json!({"policies": {"breakGlass": place.name}}));
    // Another story may just have killed the operator: the next leads some 15 s later.
    until("an operator to lead", Duration::from_mins(1), || {
        let said = kubectl(["get", "breakglasspolicy", &place.name, "-o", "jsonpath={.status.conditions[*].type}"])?;
        if said.contains("Accepted") { Ok(()) } else { Err(said) }
    });
    let minute = window_with_room();
    let edge = minute + 1;
    let window = json!({"hours": {"start": clock(minute - 1), "end": clock(edge)}, "timezone": "Etc/UTC"});
    let rule = json!({"name": "tonight", "profiles": [place.name], "users": [oncall.user], "time": window});
    apply(&json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "BreakGlassPolicy", "metadata": {"name": place.name},
        "spec": {"version": "1", "rules": [rule]}}))
    .unwrap();
    event(&place, &oncall, "before", &json!({"duration": "10s"})).unwrap();
    becomes(&place, "before", "Active");
    until("the minute to be over", Duration::from_mins(1), || {
        if minutes() >= edge { Ok(()) } else { Err(clock(minutes())) }
    });
    let refused = event(&place, &oncall, "after", &json!({})).unwrap_err();
    assert!(refused.contains("`tonight`") && refused.contains("for other times"), "which rule, and why: {refused}");
    becomes(&place, "before", "Expired");
}

fn minutes() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs() / 60).unwrap()
}

/// The minute that it is, once some seconds of it are left, and not the last two of a day: a window never passes midnight.
fn window_with_room() -> i64 {
    until("a minute with room", Duration::from_secs(200), || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (second, minute) = (since % 60, since / 60 % 1440);
        if second < 35 && (1..1438).contains(&minute) { Ok(()) } else { Err(format!("second {second}")) }
    });
    minutes()
}

#[test]
fn an_emergency_begun_before_the_webhook_and_the_operator_went_is_closed_without_them() {
    let place = Place::alone();
    let oncall = Person::who_is("sentinel-break-glass", &place);
    governed(&place, &oncall.user);
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    event(&place, &oncall, "invoices", &json!({})).unwrap();
    becomes(&place, "invoices", "Active");
    place.calls("api", "assumed-role", LEASE_AND_A_SECOND * 2);
    scale("sentinel-webhook", 0);
    let begun = event(&place, &oncall, "another", &json!({})).unwrap_err();
    assert!(begun.contains("stamps.sentinel.dev"), "{begun}");
    scale("sentinel-operator", 0);
    // Who ends it takes power away: for that nobody has to be asked.
    let close = json!({"spec": {"closed": true, "closedReason": "queue is drained"}}).to_string();
    oncall.kubectl(&place, ["patch", "breakglassevent", "invoices", "--type=merge", "-p", &close]).unwrap();
    place.calls("api", "frozen", LEASE_AND_A_SECOND * 2);
    scale("sentinel-webhook", 2);
    scale("sentinel-operator", 2);
    becomes(&place, "invoices", "Closed");
}

#[test]
fn an_operator_that_is_killed_while_the_glass_breaks_admits_it_once() {
    let place = Place::alone();
    let oncall = Person::who_is("sentinel-break-glass", &place);
    governed(&place, &oncall.user);
    scale("sentinel-operator", 0);
    for name in ["one", "two"] {
        event(&place, &oncall, name, &json!({})).unwrap();
    }
    scale("sentinel-operator", 2);
    // Whoever leads is killed while both are before it; the next has to find what was done.
    kubectl([
        "-n",
        "sentinel-system",
        "delete",
        "pod",
        "-l",
        "app.kubernetes.io/name=sentinel-operator",
        "--grace-period=0",
        "--force",
    ])
    .unwrap();
    let phases = || {
        ["one", "two"].map(|name| {
            place.kubectl(["get", "breakglassevent", name, "-o", "jsonpath={.status.phase}"]).unwrap_or_default()
        })
    };
    until("both to be decided", Duration::from_secs(90), || {
        let mut found = phases();
        found.sort();
        if found == ["Active", "Refused"] { Ok(()) } else { Err(format!("{found:?}")) }
    });
}
