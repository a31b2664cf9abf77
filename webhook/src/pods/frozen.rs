//! What never changes in an injected pod, whoever asks.

use sentinel_api::names::{
    INJECTED_LABEL, MODE_ANNOTATION, PROFILE_ANNOTATION, SESSION_TABLE_ANNOTATION, VERSION_ANNOTATION,
};
use sentinel_core::policy::{Problem, Problems};

use super::Pod;

const ANNOTATIONS: [&str; 4] = [PROFILE_ANNOTATION, MODE_ANNOTATION, SESSION_TABLE_ANNOTATION, VERSION_ANNOTATION];

/// Judges an update by what it changes; what was there before is nobody's fault now.
pub fn judge_update(old: Pod<'_>, new: Pod<'_>) -> Result<(), Problems> {
    let annotations = ANNOTATIONS
        .into_iter()
        .filter(|key| old.annotation(key) != new.annotation(key))
        .map(|key| Problem::new(format!("metadata.annotations[{key}]"), FROZEN));
    let label = (old.label(INJECTED_LABEL) != new.label(INJECTED_LABEL))
        .then(|| Problem::new(format!("metadata.labels[{INJECTED_LABEL}]"), FROZEN));
    let image = |pod: Pod<'_>| pod.sidecar().map(|container| container.text("/image").unwrap_or_default().to_owned());
    let image =
        (image(old) != image(new)).then(|| Problem::new("spec.initContainers", "the sidecar's image never changes"));
    Problems::refuse(annotations.chain(label).chain(image).collect(), ())
}

const FROZEN: &str = "is decided when the pod is made and never changes: make a new pod";
