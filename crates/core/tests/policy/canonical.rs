//! How policies are written.

use sentinel_core::policy::{AccessPolicy, Spelling};
use serde_json::json;

use crate::support::policy;

const EVERYTHING: &str = r#"
rules:
- max_server_duration: 15m
  reason: 'Careful: "prod"'
  conditions:
    device: {require_encryption: true, min_os_version: "14.0", allowed_os_types: [darwin], require_firewall: false}
    time: {timezone: Europe/London, hours: {end: "18:00", start: "09:00"}, days: [friday, monday]}
    mode: [cli, server]
    users: ["system:serviceaccount:payments:*", alice, "123", "null"]
    profiles: [prod-*, "*"]
  session_table: sessions
  effect: require_server_session
  name: everything
- {name: least, effect: deny}
- {name: always, effect: allow, conditions: {time: {}, users: []}, reason: ""}
version: 1
"#;

#[test]
fn a_document_is_written_one_way() {
    insta::assert_snapshot!(policy(EVERYTHING).to_yaml());
}

#[test]
fn a_manifest_is_written_in_camel_case() {
    // Compared as a tree: the order of a JSON object's keys hangs on a feature that any crate of a build may switch on.
    let expected = json!({"version": "1", "rules": [
        {
            "name": "everything",
            "effect": "require_server_session",
            "sessionTable": "sessions",
            "conditions": {
                "profiles": ["prod-*", "*"],
                "users": ["system:serviceaccount:payments:*", "alice", "123", "null"],
                "mode": ["cli", "server"],
                "time": {
                    "days": ["friday", "monday"],
                    "hours": {"start": "09:00", "end": "18:00"},
                    "timezone": "Europe/London",
                },
                "device": {
                    "requireEncryption": true,
                    "requireFirewall": false,
                    "minOsVersion": "14.0",
                    "allowedOsTypes": ["darwin"],
                },
            },
            "reason": "Careful: \"prod\"",
            "maxServerDuration": "15m0s",
        },
        {"name": "least", "effect": "deny", "conditions": {}},
        {"name": "always", "effect": "allow", "conditions": {"time": {}}},
    ]});
    assert_eq!(policy(EVERYTHING).to_value(Spelling::Manifest), expected);
}

#[test]
fn the_complete_example_of_the_reference() {
    insta::assert_snapshot!(policy(include_str!("../../testdata/reference/complete.yaml")).to_yaml());
}

#[test]
fn what_is_written_is_read_back() {
    let policy = policy(EVERYTHING);
    assert_eq!(AccessPolicy::from_yaml(&policy.to_yaml()).unwrap(), policy);
    for spelling in [Spelling::Document, Spelling::Manifest] {
        assert_eq!(AccessPolicy::from_value(&policy.to_value(spelling), spelling).unwrap(), policy);
    }
}
