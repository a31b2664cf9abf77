//! The pod as a whole.

use sentinel_api::names::SIDECAR_UID;
use sentinel_core::policy::Problem;
use serde_json::Value;

use crate::pods::Pod;

/// Kubelet's note on the API server's copy of a pod that it runs from a file.
const MIRROR_ANNOTATION: &str = "kubernetes.io/config.mirror";

/// Switches of the spec that let others reach the sidecar.
const SWITCHES: [(&str, &str); 3] = [
    ("hostNetwork", "127.0.0.1 would be the node's, and every process there could ask the sidecar: remove it"),
    ("hostPID", "every process of the node could read the sidecar's token under /proc: remove it"),
    (
        "shareProcessNamespace",
        "the other containers could read the sidecar's token under /proc: remove it (kubectl debug --copy-to: add --share-processes=false)",
    ),
];

pub(super) fn refusals(pod: Pod<'_>) -> Vec<Problem> {
    let on = SWITCHES.iter().filter(|(switch, _)| pod.is_on(&format!("/{switch}")));
    let mut problems: Vec<_> = on.map(|(switch, why)| Problem::new(format!("spec.{switch}"), *why)).collect();
    if pod.spec("/os/name").and_then(Value::as_str) == Some("windows") {
        problems.push(Problem::new("spec.os.name", "there is no sidecar for Windows: remove the annotation"));
    }
    if pod.annotation(MIRROR_ANNOTATION).is_some() {
        let message = "kubelet runs it from a file, where nothing can be injected: make it an ordinary pod";
        problems.push(Problem::new("the pod is static", message));
    }
    if pod.spec("/securityContext/runAsUser").and_then(Value::as_i64) == Some(SIDECAR_UID) {
        problems.push(Problem::new("spec.securityContext.runAsUser", reserved_uid()));
    }
    problems
}

/// What to say of our UID.
pub(super) fn reserved_uid() -> String {
    format!("{SIDECAR_UID} is the sidecar's own user id: choose another")
}
