//! The two volumes: the application's token in memory, and the sidecar's service-account token.

use sentinel_api::names::{BROKER_TOKEN_VOLUME, TOKEN_DIRECTORY, TOKEN_VOLUME};
use sentinel_core::policy::Problem;
use sentinel_core::protocol::BROKER_AUDIENCE;
use serde_json::{Value, json};

use super::edit;
use super::pod::text;

/// The least that the API server gives. Kubelet renews it at 80 %.
const TOKEN_LIFETIME_SECONDS: u32 = 600;

/// Our volumes, with every field that the API server would default.
pub fn ours() -> [Value; 2] {
    [
        json!({"name": TOKEN_VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}),
        json!({"name": BROKER_TOKEN_VOLUME, "projected": {
            // 0644 lets the sidecar's UID read it whatever the pod's fsGroup is; with an fsGroup kubelet makes it 0640 and
            // gives the sidecar that group. Nobody else mounts it.
            "defaultMode": 0o644,
            "sources": [{"serviceAccountToken": {
                "audience": BROKER_AUDIENCE, "expirationSeconds": TOKEN_LIFETIME_SECONDS, "path": "token",
            }}],
        }}),
    ]
}

/// The mount of the token in the author's containers.
pub fn token_mount() -> Value {
    json!({"name": TOKEN_VOLUME, "mountPath": TOKEN_DIRECTORY, "readOnly": true})
}

/// Adds our volumes where they are absent.
pub fn add(spec: &mut Value) -> Result<(), Problem> {
    let volumes = edit::list(spec, "volumes")?;
    for ours in ours() {
        if !volumes.iter().any(|volume| text(volume, "name") == text(&ours, "name")) {
            volumes.push(ours);
        }
    }
    Ok(())
}

/// Mounts the token in a container of the author, unless it is.
pub fn mount(container: &mut Value) -> Result<(), Problem> {
    let mounts = edit::list(container, "volumeMounts")?;
    if !mounts.iter().any(|mount| text(mount, "name") == Some(TOKEN_VOLUME)) {
        mounts.push(token_mount());
    }
    Ok(())
}
