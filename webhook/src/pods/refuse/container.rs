//! One container of the author.

use sentinel_api::names::{
    BROKER_TOKEN_VOLUME, SIDECAR_CONTAINER, SIDECAR_PORT, SIDECAR_UID, TOKEN_DIRECTORY, TOKEN_VOLUME,
};
use sentinel_core::policy::Problem;
use serde_json::Value;

use super::host::reserved_uid;
use crate::pods::compare::differences;
use crate::pods::pod::{Container, Group, text};
use crate::pods::volumes::token_mount;

/// With these a process gets out of its container, or into another's.
const CAPABILITIES: [&str; 9] = [
    "ALL",
    "SYS_ADMIN",
    "SYS_PTRACE",
    "SYS_MODULE",
    "SYS_RAWIO",
    "DAC_READ_SEARCH",
    "BPF",
    "PERFMON",
    "CHECKPOINT_RESTORE",
];

/// What lets a container into the sidecar, whichever list it stands in.
pub fn hardening(container: &Container<'_>) -> Vec<Problem> {
    let at = container.described();
    let mut problems = vec![];
    let mut refuse = |place: &str, message: String| problems.push(Problem::new(format!("{at}.{place}"), message));
    if container.get("/securityContext/privileged").and_then(Value::as_bool) == Some(true) {
        refuse("securityContext.privileged", "it could read the sidecar's token on the node: remove it".to_owned());
    }
    if container.get("/securityContext/runAsUser").and_then(Value::as_i64) == Some(SIDECAR_UID) {
        refuse("securityContext.runAsUser", reserved_uid());
    }
    for capability in dangerous_capabilities(container) {
        refuse(
            "securityContext.capabilities.add",
            format!("{capability} lets a process into other containers: remove it"),
        );
    }
    if container.mounts_of(BROKER_TOKEN_VOLUME).next().is_some() {
        refuse("volumeMounts", format!("`{BROKER_TOKEN_VOLUME}` holds the sidecar's own token: remove the mount"));
    }
    if container.mounts_of(TOKEN_VOLUME).any(|mount| !differences(&token_mount(), mount).is_empty()) {
        let message = format!(
            "`{TOKEN_VOLUME}` can be mounted read-only at {TOKEN_DIRECTORY} only: remove the mount, Sentinel adds it"
        );
        refuse("volumeMounts", message);
    }
    problems
}

/// What gets in the sidecar's way.
pub(super) fn clashes(container: &Container<'_>) -> Vec<Problem> {
    let at = container.described();
    let mut problems = vec![];
    if container.name() == SIDECAR_CONTAINER {
        problems.push(Problem::new(&at, "the name is Sentinel's own: rename the container"));
    }
    let port = |port: &Value| port.get("containerPort").and_then(Value::as_u64) == Some(SIDECAR_PORT.into());
    if container.group != Group::Ephemeral && container.list("ports").any(port) {
        problems.push(Problem::new(
            format!("{at}.ports"),
            format!("{SIDECAR_PORT} is the sidecar's own port: use another"),
        ));
    }
    if container.list("volumeMounts").any(covers_token) {
        let message = format!("{TOKEN_DIRECTORY} is Sentinel's own: mount the volume elsewhere");
        problems.push(Problem::new(format!("{at}.volumeMounts"), message));
    }
    problems
}

/// A container of our name in our place, but not of our image: not the work of this webhook.
pub(super) fn foreign_image(container: &Container<'_>, image: &str) -> Vec<Problem> {
    if container.text("/image") == Some(image) {
        return vec![];
    }
    let message = format!(
        "`{SIDECAR_CONTAINER}` is Sentinel's own, and this is not its image `{image}`: remove the container from the pod (it is injected). \
         If another admission webhook rewrites images, tell Sentinel's webhook the result by --sidecar-image. If Sentinel is being upgraded, try again"
    );
    vec![Problem::new(container.place.clone(), message)]
}

fn dangerous_capabilities<'a>(container: &Container<'a>) -> impl Iterator<Item = &'static str> + use<'a> {
    let added = container.get("/securityContext/capabilities/add").and_then(Value::as_array).into_iter().flatten();
    added.filter_map(Value::as_str).filter_map(|name| {
        let name = name.to_ascii_uppercase();
        let name = name.strip_prefix("CAP_").unwrap_or(&name);
        CAPABILITIES.into_iter().find(|known| *known == name)
    })
}

/// Whether another volume lies on our directory or on something in it.
fn covers_token(mount: &Value) -> bool {
    let path = text(mount, "mountPath").unwrap_or_default();
    let inside = |path: &str| path == TOKEN_DIRECTORY || path.starts_with(&format!("{TOKEN_DIRECTORY}/"));
    text(mount, "name") != Some(TOKEN_VOLUME) && (inside(path.trim_end_matches('/')) || inside(&format!("/var{path}")))
}
