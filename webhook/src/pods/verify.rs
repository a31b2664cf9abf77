//! After all other webhooks: the pod is what injecting it makes of it.

use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION, SIDECAR_CONTAINER};
use sentinel_core::policy::{Problem, Problems};
use serde_json::Value;

use super::compare::differences;
use super::{Injection, Pod, inject};

/// More places than this help nobody.
const MOST_PLACES: usize = 10;

/// Whether `pod` is injected exactly as it should be.
pub fn verify(pod: &Value, injection: &Injection) -> Result<(), Problems> {
    let injected = inject(pod, injection)?;
    let mut places = differences(&injected, pod);
    if places.is_empty() {
        return Ok(());
    }
    places.truncate(MOST_PLACES);
    let message = format!(
        "the pod is not as Sentinel injects it ({}): another admission webhook changed it after Sentinel's. Exclude `{SIDECAR_CONTAINER}` there, or try again if Sentinel is being upgraded",
        places.join(", ")
    );
    Err(Problem::new("", message).into())
}

/// What is wrong with a pod that has no profile annotation, but something of ours.
pub fn without_annotation(pod: Pod<'_>) -> Vec<Problem> {
    let ours = [
        pod.sidecar().map(|container| container.place),
        pod.label(INJECTED_LABEL).map(|_| format!("metadata.labels[{INJECTED_LABEL}]")),
    ];
    let message =
        format!("is Sentinel's own: remove it, and ask for a profile with the annotation {PROFILE_ANNOTATION}");
    ours.into_iter().flatten().map(|at| Problem::new(at, message.clone())).collect()
}
