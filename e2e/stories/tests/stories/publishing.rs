//! Policies reach SSM, to the byte, and nothing wider than what was said stays there.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{Place, aws, kubectl, until};

/// The value of a parameter, by the AWS SDK for Python that moto brings.
fn parameter(name: &str) -> Option<String> {
    aws("ssm", &format!("print(client.get_parameter(Name='/sentinel/policies/{name}')['Parameter']['Value'], end='')"))
}

fn published(name: &str, text: &str) {
    until(&format!("the parameter of {name} to hold `{text}`"), Duration::from_secs(20), || match parameter(name) {
        Some(value) if value.contains(text) => Ok(()),
        other => Err(format!("{other:?}\n{}", kubectl(["describe", "accesspolicy", name]).unwrap_or_default())),
    });
}

#[test]
fn a_policy_is_published_in_sentinels_own_format() {
    let place = Place::shared();
    let name = place.name.clone();
    place.profile(&json!({}));
    place.policy(&json!([{"name": "api", "effect": "require_server_session", "sessionTable": "t-1", "reason": "tracked",
        "conditions": {"profiles": [name], "users": ["alice"], "time": {"days": ["monday"], "hours": {"start": "09:00", "end": "17:00"}, "timezone": "Europe/London"}}}]));
    published(&name, "name: api");
    let text = parameter(&name).unwrap();
    for line in [
        "version: \"1\"",
        "effect: require_server_session",
        "session_table: t-1",
        "start: \"09:00\"",
        "timezone: Europe/London",
    ] {
        assert!(text.contains(line), "`{line}` is not in\n{text}");
    }
    let status =
        kubectl(["get", "accesspolicy", &name, "-o", "jsonpath={.status.parameter.name} {.status.parameter.version}"])
            .unwrap();
    assert_eq!(status, format!("/sentinel/policies/{name} 1"));
}

#[test]
fn what_cannot_be_published_is_replaced_by_a_denial() {
    let place = Place::shared();
    place.profile(&json!({}));
    place.policy(&json!([{"name": "wide", "effect": "allow"}]));
    published(&place.name, "effect: allow");
    // `{{` is not for SSM; the broker enforces the object all the same.
    place.policy(&json!([{"name": "braces", "effect": "allow", "reason": "{{ x }}"}]));
    published(&place.name, "effect: deny");
    let conditions = kubectl([
        "get",
        "accesspolicy",
        &place.name,
        "-o",
        "jsonpath={range .status.conditions[*]}{.type}={.status} {end}",
    ])
    .unwrap();
    assert!(conditions.contains("Accepted=True") && conditions.contains("Published=False"), "{conditions}");
}

#[test]
fn deleting_the_policy_deletes_the_parameter() {
    let place = Place::shared();
    place.profile(&json!({}));
    place.policy(&json!([{"name": "a", "effect": "deny"}]));
    published(&place.name, "effect: deny");
    kubectl(["delete", "accesspolicy", &place.name, "--timeout=30s"]).unwrap();
    assert_eq!(parameter(&place.name), None);
}

#[test]
fn a_policy_that_does_not_parse_is_refused_with_every_problem() {
    let place = Place::shared();
    let object = place.policy_object(&json!([
        {"name": "a", "effect": "allow", "conditions": {"user": ["alice"]}},
        {"name": "a", "effect": "deny", "conditions": {"time": {"timezone": "Mars/Olympus"}}},
    ]));
    let error = crate::cluster::apply(&object).expect_err("accepted");
    for part in ["did you mean `users`?", "invalid timezone 'Mars/Olympus'", "rules[1]"] {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}
