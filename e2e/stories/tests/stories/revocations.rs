//! A session is stopped by `kubectl sentinel revoke`, and everybody can see who did it.

use std::time::Instant;

use serde_json::{Value, json};

use crate::cluster::{LEASE_AND_A_SECOND, Place, aws, kubectl, scale, sentinel, until};

/// As a person who may edit in the place.
fn patch_as(place: &Place, user: &str, session: &str, spec: &Value) -> Result<String, String> {
    let change = json!({"spec": spec}).to_string();
    place.kubectl(["--as", user, "patch", "sentinelsession", session, "--type=merge", "-p", &change])
}

fn editor(place: &Place) -> String {
    let user = format!("editor-of-{}", place.name);
    place.kubectl(["create", "rolebinding", "editor", "--clusterrole=edit", &format!("--user={user}")]).unwrap();
    user
}

#[test]
fn who_is_revoked_by_command_is_refused_within_the_lease_and_the_next_pod_is_not() {
    let place = Place::shared();
    place.running_pod("api");
    let account = format!("{}/api", place.name);
    until("the session to be listed", LEASE_AND_A_SECOND * 3, || {
        let (table, notes, _) = sentinel(&["sessions", "-A", "--user", &account, "--status", "active"]);
        if table.contains(&place.name) { Ok(()) } else { Err(table + &notes) }
    });

    let fixed = ["revoke", "-n", &place.name, "--pod", "api", "--reason", "key in a paste", "-o", "json"];
    let (told, notes, code) = sentinel(&fixed);
    assert_eq!(code, 0, "{told}{notes}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told[0]["outcome"], &told[0]["revokedReason"]), (&json!("Revoked"), &json!("key in a paste")));
    let by = told[0]["revokedBy"].as_str().unwrap();
    assert!(!by.is_empty() && !by.contains("unknown"), "{by}");
    assert!(notes.contains("the next pod is a new session") && notes.contains("kubectl sentinel lock"), "{notes}");

    let took = place.calls("api", "SessionRevoked", LEASE_AND_A_SECOND);
    println!("measured: first refusal {took:?} after the command had its confirmation");
    place.described("api", &format!("revoked by {by}"), LEASE_AND_A_SECOND * 3);
    place.pod("next", |pod| pod["spec"]["serviceAccountName"] = json!("api")).unwrap();
    place.ready("next");
    place.calls("next", "assumed-role", LEASE_AND_A_SECOND * 4);
    place.keeps_answering("api", "SessionRevoked", LEASE_AND_A_SECOND);
    let (again, _, code) = sentinel(&["revoke", "-n", &place.name, "--pod", "api", "--reason", "again"]);
    assert!(code == 0 && again.contains(&format!("by {by}: key in a paste")), "{again}");
}

#[test]
fn iam_denies_what_a_revoked_session_holds_where_the_profile_asks_for_it() {
    let place = Place::shared();
    let role = format!("role-{}", place.name);
    let make =
        format!("print(client.create_role(RoleName='{role}', AssumeRolePolicyDocument='{{}}')['Role']['Arn'], end='')");
    let arn = aws("iam", &make).expect("a role");
    place.profile(&json!({"roleArn": arn, "hardRevocation": "Session"}));
    place.policy(&json!([place.grants("api")]));
    place.service_account("api");
    place.pod("api", |_| ()).unwrap();
    place.ready("api");
    place.calls("api", "assumed-role", LEASE_AND_A_SECOND * 4);

    let session = place.session_name("api");
    let began = Instant::now();
    let (told, notes, code) = sentinel(&["revoke", &session, "-n", &place.name, "--reason", "key in a paste"]);
    assert_eq!(code, 0, "{told}{notes}");
    until("IAM to deny the session", LEASE_AND_A_SECOND * 3, || {
        let path = "jsonpath={.status.conditions[?(@.type=='HardRevoked')].reason} {.status.hardRevokedAt}";
        let said = place.kubectl(["get", "sentinelsession", &session, "-o", path])?;
        if said.starts_with("Denied 20") { Ok(()) } else { Err(said) }
    });
    println!("measured: in IAM {:?} after the command began", began.elapsed());
    let uid = kubectl(["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]).unwrap();
    let read = format!(
        "print(client.get_role_policy(RoleName='{role}', PolicyName='sentinel-revocations-{uid}')['PolicyDocument'], end='')"
    );
    let document = aws("iam", &read).expect("the policy");
    assert!(document.contains(&format!("'sentinel.*.{session}'")), "{document}");
}

#[test]
fn nobody_revokes_in_anothers_name() {
    let place = Place::shared();
    place.running_pod("api");
    let (editor, session) = (editor(&place), place.session_name("api"));
    let forged = json!({"revoked": true, "revokedReason": "mine", "revokedBy": "mallory"});
    patch_as(&place, &editor, &session, &forged).unwrap();
    until("the name of who did it", LEASE_AND_A_SECOND * 3, || {
        let said = place.session("api");
        let both = [&said["spec"]["revokedBy"], &said["status"]["revokedBy"]];
        if both == [&json!(editor), &json!(editor)] { Ok(()) } else { Err(said.to_string()) }
    });
}

#[test]
fn while_the_webhook_is_down_sessions_can_be_revoked_and_names_not_forged() {
    let place = Place::alone();
    place.running_pod("api");
    let (editor, session) = (editor(&place), place.session_name("api"));
    scale("sentinel-webhook", 0);
    let forged = json!({"revoked": true, "revokedBy": "mallory"});
    let refused = patch_as(&place, &editor, &session, &forged);
    let revoked = patch_as(&place, &editor, &session, &json!({"revoked": true, "revokedReason": "leak"}));
    let took = place.calls("api", "SessionRevoked", LEASE_AND_A_SECOND * 2);
    scale("sentinel-webhook", 2);
    println!("measured: first refusal {took:?} after the patch, without a webhook");
    assert!(refused.unwrap_err().contains("spec.revokedBy is who revokes the session"));
    revoked.unwrap();
    assert_eq!(place.session("api")["spec"].get("revokedBy"), None, "nobody knows, but it is stopped");
}

#[test]
fn an_audit_says_what_requires_sessions() {
    let place = Place::shared();
    place.running_pod("api");
    let (told, notes, code) = sentinel(&["audit", "-o", "json"]);
    assert!(code == 0 || code == 1, "{notes}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let line = told["profiles"].as_array().unwrap().iter().find(|one| one["name"] == place.name.as_str());
    let line = line.expect("a line for every profile");
    assert_eq!((&line["requiredBy"], &line["tables"]), (&json!(["grant"]), &json!(["sentinel-sessions"])));
    assert_eq!((&line["pods"], &line["findings"]), (&json!(1), &json!(0)), "{told}");
    until("the profile to say so", LEASE_AND_A_SECOND * 10, || {
        let path = "jsonpath={.status.conditions[?(@.type=='Compliant')].status}";
        let status = kubectl(["get", "sentinelprofile", &place.name, "-o", path])?;
        if status == "True" { Ok(()) } else { Err(status) }
    });
}
