//! A pod that waits for an approval goes on when it is given, and stops when it ends.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{LEASE_AND_A_SECOND, Place, apply, run, scale, until};
use crate::people::Person;

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

pub fn request(place: &Place, who: &Person, name: &str, duration: &str, more: &Value) -> Result<String, String> {
    let mut object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessRequest",
        "metadata": {"name": name, "namespace": place.name},
        "spec": {"profile": place.name, "serviceAccount": "migrate", "duration": duration, "justification": JUSTIFICATION}});
    json_merge(&mut object["spec"], more);
    who.apply(place, &object)
}

fn json_merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

pub fn decide(place: &Place, who: &Person, name: &str, decision: &str) -> Result<String, String> {
    let patch = json!({"spec": {"decision": decision}}).to_string();
    who.kubectl(place, ["patch", "accessrequest", name, "--type=merge", "-p", &patch])
}

pub fn granted(place: &Place, name: &str, status: &str) {
    until(&format!("Granted of {name} to be {status}"), LEASE_AND_A_SECOND * 3, || {
        let path = "jsonpath={.status.phase} {.status.conditions[?(@.type=='Granted')].status} {.status.conditions[?(@.type=='Granted')].message}";
        let said = place.kubectl(["get", "accessrequest", name, "-o", path])?;
        if said.split(' ').nth(1) == Some(status) { Ok(()) } else { Err(said) }
    });
}

#[test]
fn a_pod_waits_for_an_approval_goes_on_without_a_restart_and_stops_when_it_ends() {
    let place = Place::shared();
    let (asks, approves) = (Person::who_is("sentinel-requester", &place), Person::who_is("sentinel-approver", &place));
    governed(&place, &approves.user);
    place.pod("migrate", |_| ()).unwrap();
    place.described(
        "migrate",
        &format!("kubectl sentinel request --profile {} --service-account migrate", place.name),
        LEASE_AND_A_SECOND * 4,
    );

    request(&place, &asks, "ticket-7", "30s", &json!({"requester": {"user": "mallory"}})).unwrap();
    let requester =
        place.kubectl(["get", "accessrequest", "ticket-7", "-o", "jsonpath={.spec.requester.user}"]).unwrap();
    assert_eq!(requester, asks.user, "stamped");
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
    let (asks, approves) = (Person::who_is("sentinel-requester", &place), Person::who_is("sentinel-approver", &place));
    governed(&place, &approves.user);
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
    let (asks, approves) = (Person::who_is("sentinel-requester", &place), Person::who_is("sentinel-approver", &place));
    let admin = Person::who_is("admin", &place);
    governed(&place, &approves.user);
    request(&place, &asks, "ticket-9", "1h", &json!({})).unwrap();
    let status = json!({"status": {"phase": "Approved"}}).to_string();
    for user in [&asks, &approves, &admin] {
        let forge = ["patch", "accessrequest", "ticket-9", "--subresource=status", "--type=merge", "-p", &status];
        let forged = user.kubectl(&place, forge);
        assert!(forged.is_err(), "{}: {forged:?}", user.user);
    }
    let refused = decide(&place, &admin, "ticket-9", "Approved").unwrap_err();
    assert!(refused.contains("is no approver"), "{refused}");
    let elsewhere =
        request(&place, &asks, "ticket-10", "1h", &json!({"serviceAccount": "kube-system/default"})).unwrap_err();
    assert!(elsewhere.contains("serviceAccount"), "{elsewhere}");
}

#[test]
fn one_person_with_two_user_names_is_one_person_and_a_group_approves() {
    let place = Place::shared();
    let name = |role: &str| format!("{role}-{}", place.name);
    let (works, leads) = (name("works"), name("leads"));
    // The same session behind both: EKS names a role's session after its person.
    let asks = Person::through_gateway(&works, "eve@example.com", "sentinel-requester", &place);
    let same = Person::through_gateway(&leads, "eve@example.com", "sentinel-approver", &place);
    let ann = Person::through_gateway(&name("ann"), "ann@example.com", "sentinel-approver", &place);
    let team = name("team");
    let of_team = Person::named(&name("tom"), "sentinel-approver", &[&team], &place);
    governed(&place, &leads);
    let rule = json!({"name": "owners", "profiles": [place.name], "approvers": [leads, "ann@example.com", team]});
    apply(&json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "ApprovalPolicy", "metadata": {"name": place.name},
        "spec": {"version": "1", "rules": [rule]}}))
    .unwrap();

    request(&place, &asks, "ticket-1", "1h", &json!({})).unwrap();
    let refused = decide(&place, &same, "ticket-1", "Approved").unwrap_err();
    assert!(
        refused.contains("nobody decides their own"),
        "named an approver, and the requester all the same: {refused}"
    );
    decide(&place, &ann, "ticket-1", "Approved").unwrap();
    granted(&place, "ticket-1", "True");
    let stamp = place.kubectl(["get", "accessrequest", "ticket-1", "-o", "jsonpath={.spec.decidedBy}"]).unwrap();
    assert!(stamp.contains("ann@example.com") && stamp.contains(&ann.user), "{stamp}");

    request(&place, &asks, "ticket-2", "1h", &json!({})).unwrap();
    decide(&place, &of_team, "ticket-2", "Approved").unwrap();
    granted(&place, "ticket-2", "True");
    let changed = decide(&place, &of_team, "ticket-2", "Denied").unwrap_err();
    assert!(changed.contains("never change"), "immutable: {changed}");
}

/// A moment in UTC, as the API has it.
fn date(arguments: &[&str]) -> String {
    let text = run(Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).args(arguments), None).unwrap();
    text.trim().to_owned()
}

#[test]
fn a_request_decided_while_no_operator_leads_is_granted_from_its_decision_by_the_next() {
    let place = Place::alone();
    let (asks, approves) = (Person::who_is("sentinel-requester", &place), Person::who_is("sentinel-approver", &place));
    governed(&place, &approves.user);
    place.pod("migrate", |_| ()).unwrap();
    request(&place, &asks, "ticket-3", "1h", &json!({})).unwrap();
    granted(&place, "ticket-3", "False");
    scale("sentinel-operator", 0);
    decide(&place, &approves, "ticket-3", "Approved").unwrap();
    let decided = place.kubectl(["get", "accessrequest", "ticket-3", "-o", "jsonpath={.status.phase}"]).unwrap();
    assert_eq!(decided, "Pending", "nobody is there to grant it");
    // The hour runs from now on, and not from when somebody grants it.
    let latest = date(&["-d", "+3602 seconds"]);
    until("some seconds to pass", LEASE_AND_A_SECOND * 2, || {
        if date(&["-d", "+3595 seconds"]) > latest { Ok(()) } else { Err(latest.clone()) }
    });
    scale("sentinel-operator", 2);
    granted(&place, "ticket-3", "True");
    let end = place.kubectl(["get", "accessrequest", "ticket-3", "-o", "jsonpath={.status.expiresAt}"]).unwrap();
    assert!(end <= latest, "{end} is after {latest}");
    place.ready("migrate");
    place.calls("migrate", "assumed-role", LEASE_AND_A_SECOND * 4);
}

#[test]
fn while_the_webhook_is_down_nobody_asks_or_decides_and_what_was_granted_goes_on() {
    let place = Place::alone();
    let (asks, approves) = (Person::who_is("sentinel-requester", &place), Person::who_is("sentinel-approver", &place));
    governed(&place, &approves.user);
    place.pod("migrate", |_| ()).unwrap();
    for name in ["ticket-4", "ticket-5"] {
        request(&place, &asks, name, "1h", &json!({})).unwrap();
    }
    decide(&place, &approves, "ticket-4", "Approved").unwrap();
    granted(&place, "ticket-4", "True");
    place.ready("migrate");
    scale("sentinel-webhook", 0);
    let forged = json!({"requester": {"user": "mallory"}});
    let attempts = [
        request(&place, &asks, "ticket-6", "1h", &json!({})),
        request(&place, &asks, "ticket-6", "1h", &forged),
        decide(&place, &approves, "ticket-5", "Approved"),
    ];
    all_name_the_webhook(&attempts);
    place.keeps_answering("migrate", "assumed-role", LEASE_AND_A_SECOND);
    scale("sentinel-webhook", 2);
    decide(&place, &approves, "ticket-5", "Approved").unwrap();
    granted(&place, "ticket-5", "True");
}

/// Each is refused, by the name of the webhook that can't be asked.
fn all_name_the_webhook(attempts: &[Result<String, String>]) {
    for attempt in attempts {
        let refused = attempt.as_ref().unwrap_err();
        assert!(refused.contains("stamps.sentinel.dev"), "{refused}");
    }
}
