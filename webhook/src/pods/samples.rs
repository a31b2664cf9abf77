//! Pods for tests.

use serde_json::{Value, json};

use super::{Injection, Resources, SidecarTemplate};

/// A bundle.
pub const CA: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

/// An ordinary pod that asks for `prod`.
pub fn pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app", "namespace": "payments", "annotations": {"sentinel.dev/profile": "prod"}},
        "spec": {"serviceAccountName": "api", "containers": [{"name": "app", "image": "app:1"}]},
    })
}

/// [`pod`] with `value` at `pointer`.
pub fn pod_with(pointer: &str, value: Value) -> Value {
    with(pod(), pointer, value)
}

/// `object` with `value` at `pointer`, whose parents are made where absent.
pub fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let mut place = &mut object;
    for key in pointer.split('/').skip(1).map(|key| key.replace("~1", "/")) {
        place = match key.parse::<usize>() {
            Ok(index) => {
                let list = if place.is_null() {
                    *place = json!([]);
                    place
                } else {
                    place
                }
                .as_array_mut()
                .unwrap();
                while list.len() <= index {
                    list.push(Value::Null);
                }
                &mut list[index]
            }
            Err(_) => &mut place[key],
        };
    }
    *place = value;
    object
}

/// What every sample pod gets.
pub fn injection() -> Injection {
    Injection {
        profile: "prod".into(),
        region: "eu-west-1".into(),
        session_table: "sentinel-sessions".into(),
        broker_ca: CA.into(),
        sidecar: template(),
    }
}

/// The template of tests.
pub fn template() -> SidecarTemplate {
    SidecarTemplate {
        version: "1.2.3".into(),
        image: "example.test/sentinel-sidecar:1".into(),
        image_pull_policy: "IfNotPresent".into(),
        resources: Resources {
            cpu_request: "5m".into(),
            cpu_limit: "200m".into(),
            memory_request: "16Mi".into(),
            memory_limit: "32Mi".into(),
        },
        broker_url: "https://sentinel-broker.sentinel-system.svc:8443".parse().unwrap(),
    }
}
