//! How a container or volume differs from ours. Values are never shown: they may be secret.

use serde_json::Value;

/// What others may set on our container: the API server, quotas and autoscalers do, and none of it is of our concern.
/// AlwaysPullImages even refuses a pod whose pull policy is not its own.
pub const LEFT_TO_OTHERS: [&str; 3] = ["resources", "resizePolicy", "imagePullPolicy"];

/// Every field of a container that Kubernetes 1.34 knows beside ours. A field of a later version may be defaulted by its
/// API server, so it passes; of these none is.
const KNOWN: [&str; 13] = [
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "volumeDevices",
    "livenessProbe",
    "readinessProbe",
    "lifecycle",
    "stdin",
    "stdinOnce",
    "tty",
    "restartPolicyRules",
];

/// The places where the container `found` is not `ours`; none: it is ours.
pub fn container_differences(ours: &Value, found: &Value) -> Vec<String> {
    let (Some(ours), Some(found)) = (ours.as_object(), found.as_object()) else { return vec!["container".to_owned()] };
    let judged = |key: &str| !LEFT_TO_OTHERS.contains(&key) && (ours.contains_key(key) || KNOWN.contains(&key));
    let pick = |object: &serde_json::Map<String, Value>| {
        object.iter().filter(|(key, _)| judged(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    differences(&Value::Object(pick(ours)), &Value::Object(pick(found)))
}

/// The places where `found` is not `wanted`.
pub fn differences(wanted: &Value, found: &Value) -> Vec<String> {
    let mut places = vec![];
    walk("", wanted, found, &mut places);
    places
}

fn walk(at: &str, wanted: &Value, found: &Value, places: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                walk(&join(at, key), value, found.get(key).unwrap_or(&Value::Null), places);
            }
            let extra = found.iter().filter(|(key, value)| !wanted.contains_key(*key) && !is_empty(value));
            places.extend(extra.map(|(key, _)| format!("{} is unexpected", join(at, key))));
        }
        (Value::Array(wanted), Value::Array(found)) => lists(at, wanted, found, places),
        (wanted, found) if wanted == found || is_empty(wanted) && is_empty(found) => {}
        (_, Value::Null) => places.push(format!("{at} is missing")),
        _ => places.push(format!("{at} differs")),
    }
}

fn lists(at: &str, wanted: &[Value], found: &[Value], places: &mut Vec<String>) {
    for (index, pair) in wanted.iter().zip(found).enumerate() {
        walk(&format!("{at}[{index}]"), pair.0, pair.1, places);
    }
    if wanted.len() != found.len() {
        places.push(format!("{at} has {} items instead of {}", found.len(), wanted.len()));
    }
}

/// What the API server drops when it writes an object.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!({"name": "s", "env": [{"name": "A", "value": "1"}]}), &[])]
    #[case(json!({"name": "s", "env": [{"name": "A", "value": "2"}]}), &["env[0].value differs"])]
    #[case(json!({"name": "s", "env": [{"name": "A", "value": "1"}, {"name": "B"}]}), &["env has 2 items instead of 1"])]
    #[case(json!({"name": "s"}), &["env is missing"])]
    #[case(json!({"name": "s", "env": [{"name": "A", "value": "1"}], "command": ["sh"]}), &["command is unexpected"])]
    #[case(json!({"name": "s", "env": [{"name": "A", "value": "1"}], "lifecycle": {"preStop": {}}}), &["lifecycle is unexpected"])]
    #[case(json!({"name": "s", "env": [{"name": "A", "value": "1"}], "resources": {"limits": {}}, "fieldOf2030": 1, "ports": []}), &[])]
    fn differences_of_containers(#[case] found: Value, #[case] places: &[&str]) {
        let ours = json!({"name": "s", "env": [{"name": "A", "value": "1"}], "imagePullPolicy": "Always"});
        assert_eq!(container_differences(&ours, &found), places);
    }
}
