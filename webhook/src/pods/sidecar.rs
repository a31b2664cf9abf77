//! Our container.

use std::fmt;
use std::str::FromStr;

use sentinel_api::names::{
    BROKER_TOKEN_DIRECTORY, BROKER_TOKEN_FILE, BROKER_TOKEN_VOLUME, SIDECAR_CONTAINER, SIDECAR_PORT, SIDECAR_UID,
    TOKEN_DIRECTORY, TOKEN_FILE, TOKEN_VOLUME,
};
use serde_json::{Map, Value, json};

use super::compare::{LEFT_TO_OTHERS, container_differences};
use super::inject::Injection;

/// What is the same for every pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarTemplate {
    /// The version of Sentinel.
    pub version: String,
    /// Its image.
    pub image: String,
    /// Its pull policy.
    pub image_pull_policy: String,
    /// Its requests and limits.
    pub resources: Resources,
    /// Where it finds the broker.
    pub broker_url: BrokerUrl,
}

/// Requests and limits; an empty text is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Processor, requested.
    pub cpu_request: String,
    /// Processor, at most.
    pub cpu_limit: String,
    /// Memory, requested.
    pub memory_request: String,
    /// Memory, at most.
    pub memory_limit: String,
}

/// The broker's address: `https://host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUrl {
    text: String,
    port: u16,
}

/// Why a text is no address of a broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a broker: https://host or https://host:port is expected; there is no unverified TLS")]
pub struct InvalidBrokerUrl(String);

impl BrokerUrl {
    /// Its port, by which service meshes let it pass.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for BrokerUrl {
    type Err = InvalidBrokerUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidBrokerUrl(text.to_owned());
        let authority = text.strip_prefix("https://").ok_or_else(invalid)?.trim_end_matches('/');
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
        let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        let port = port.parse().ok().filter(|port| named && *port > 0).ok_or_else(invalid)?;
        Ok(Self { text: text.trim_end_matches('/').to_owned(), port })
    }
}

impl Resources {
    fn to_value(&self) -> Value {
        let some = |pairs: [(&str, &str); 2]| -> Map<String, Value> {
            pairs
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(key, text)| (key.to_owned(), text.into()))
                .collect()
        };
        json!({
            "requests": some([("cpu", &self.cpu_request), ("memory", &self.memory_request)]),
            "limits": some([("cpu", &self.cpu_limit), ("memory", &self.memory_limit)]),
        })
    }
}

/// The container for `injection`, with every field that the API server would default.
pub fn container(injection: &Injection) -> Value {
    let template = &injection.sidecar;
    json!({
        "name": SIDECAR_CONTAINER,
        "image": template.image,
        "imagePullPolicy": template.image_pull_policy,
        // Init containers with this policy are native sidecars: later init containers get credentials, and Jobs finish.
        "restartPolicy": "Always",
        "env": environment(injection),
        "resources": template.resources.to_value(),
        "startupProbe": startup_probe(),
        "securityContext": security_context(),
        "volumeMounts": [
            {"name": TOKEN_VOLUME, "mountPath": TOKEN_DIRECTORY},
            {"name": BROKER_TOKEN_VOLUME, "mountPath": BROKER_TOKEN_DIRECTORY, "readOnly": true},
        ],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    })
}

fn environment(injection: &Injection) -> Vec<Value> {
    let value = |name: &str, value: &str| json!({"name": name, "value": value});
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}});
    vec![
        value("SENTINEL_PROFILE", &injection.profile),
        value("SENTINEL_BROKER_URL", &injection.sidecar.broker_url.to_string()),
        value("SENTINEL_BROKER_CA", &injection.broker_ca),
        value("SENTINEL_BROKER_TOKEN_FILE", BROKER_TOKEN_FILE),
        value("SENTINEL_APP_TOKEN_FILE", TOKEN_FILE),
        value("SENTINEL_PORT", &SIDECAR_PORT.to_string()),
        field("POD_NAME", "metadata.name"),
        field("POD_NAMESPACE", "metadata.namespace"),
    ]
}

/// An exec of its own binary, since it listens on loopback only. It waits as long as it takes: while the broker is
/// unreachable or an approval is awaited the pod is not broken, and its Events say what it waits for.
fn startup_probe() -> Value {
    json!({
        "exec": {"command": ["/sentinel-sidecar", "ready"]},
        "periodSeconds": 1,
        "timeoutSeconds": 2,
        "successThreshold": 1,
        "failureThreshold": i32::MAX,
    })
}

/// Passes Pod Security *restricted*.
fn security_context() -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": SIDECAR_UID,
        "runAsGroup": SIDECAR_UID,
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// Puts our container first. One that is ours already stays as it is; one that another webhook has changed is made anew,
/// but for what is left to others.
pub fn place(containers: &mut Vec<Value>, mut ours: Value) {
    let index = containers.iter().position(|container| super::pod::text(container, "name") == Some(SIDECAR_CONTAINER));
    if let Some(found) = index.map(|index| containers.remove(index)) {
        if container_differences(&ours, &found).is_empty() {
            ours = found;
        } else if let (Some(ours), Some(found)) = (ours.as_object_mut(), found.as_object()) {
            let kept = found.iter().filter(|(key, _)| LEFT_TO_OTHERS.contains(&key.as_str()));
            ours.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    containers.insert(0, ours);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://sentinel-broker.sentinel-system.svc:8443", Some(8443))]
    #[case("https://sentinel-broker.sentinel-system.svc/", Some(443))]
    #[case("http://sentinel-broker:8443", None)]
    #[case("https://", None)]
    #[case("https://host:0", None)]
    #[case("https://host:99999", None)]
    #[case("https://user@host", None)]
    fn addresses_are_judged(#[case] text: &str, #[case] port: Option<u16>) {
        assert_eq!(text.parse().ok().map(|url: BrokerUrl| url.port()), port);
    }
}
