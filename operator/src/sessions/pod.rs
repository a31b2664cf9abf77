//! What the operator keeps of a pod.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt as _};
use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION, SIDECAR_CONTAINER, VERSION_ANNOTATION};
use serde::Deserialize;

/// Whether a pod may use credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PodState {
    /// It may. `started`: its sidecar has passed its startup probe.
    Live {
        /// The probe has passed.
        started: bool,
    },
    /// It has finished, is gone, or is no longer marked as injected.
    Ended,
}

/// An injected pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodFacts {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Its service account.
    pub service_account: String,
    /// The profile that it asks for.
    pub profile: Option<String>,
    /// Whether it may use credentials.
    pub state: PodState,
}

/// A pod as it comes from the API server. Only what is needed here is kept of it, so that thousands fit into memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Whole")]
pub(crate) struct PodObject {
    metadata: ObjectMeta,
    service_account: String,
    profile: Option<String>,
    /// By what it was injected.
    pub version: Option<String>,
    /// Whether its label says that it was.
    pub injected: bool,
    state: PodState,
}

#[derive(Deserialize)]
struct Whole {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    service_account_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: Option<String>,
    init_container_statuses: Vec<Container>,
}

#[derive(Deserialize)]
struct Container {
    name: String,
    started: Option<bool>,
}

impl PodFacts {
    /// The facts of `pod`; `None` of one without a UID, which no API server shows.
    pub fn of(pod: &PodObject) -> Option<Self> {
        Some(Self {
            namespace: pod.namespace()?,
            name: pod.name_any(),
            uid: pod.uid()?,
            service_account: pod.service_account.clone(),
            profile: pod.profile.clone(),
            state: pod.state,
        })
    }
}

impl From<Whole> for PodObject {
    fn from(pod: Whole) -> Self {
        let Whole { mut metadata, spec, status } = pod;
        let mut annotations = metadata.annotations.take().unwrap_or_default();
        let label = metadata.labels.as_ref().and_then(|labels| labels.get(INJECTED_LABEL));
        Self {
            service_account: service_account(&spec),
            profile: annotations.remove(PROFILE_ANNOTATION).filter(|name| !name.is_empty()),
            version: annotations.remove(VERSION_ANNOTATION),
            injected: label.is_some_and(|value| value == "true"),
            state: state(&status),
            metadata: slim(metadata),
        }
    }
}

/// Which object it is, and what becomes of it: whatever else metadata holds nobody here reads.
pub(super) fn slim(metadata: ObjectMeta) -> ObjectMeta {
    let ObjectMeta {
        name, namespace, uid, resource_version, generation, creation_timestamp, deletion_timestamp, ..
    } = metadata;
    ObjectMeta {
        name,
        namespace,
        uid,
        resource_version,
        generation,
        creation_timestamp,
        deletion_timestamp,
        ..ObjectMeta::default()
    }
}

/// Absent means `default`: the API server fills it in, but rows must not depend on that.
fn service_account(spec: &Spec) -> String {
    let named = spec.service_account_name.clone();
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}

fn state(status: &Status) -> PodState {
    if matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) {
        return PodState::Ended;
    }
    let mut containers = status.init_container_statuses.iter();
    PodState::Live { started: containers.any(|one| one.name == SIDECAR_CONTAINER && one.started == Some(true)) }
}

impl Resource for PodObject {
    type DynamicType = ();
    type Scope = <Pod as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        <Pod as Resource>::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        <Pod as Resource>::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        <Pod as Resource>::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        <Pod as Resource>::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn pod(phase: &str, started: bool) -> PodObject {
        serde_json::from_value(json!({
            "metadata": {
                "namespace": "payments", "name": "api-0", "uid": "u", "resourceVersion": "7",
                "annotations": {PROFILE_ANNOTATION: "prod", "other": "x"}, "labels": {INJECTED_LABEL: "true", "app": "x"},
            },
            "spec": {"serviceAccountName": "api", "containers": [{"name": "app"}]},
            "status": {"phase": phase, "initContainerStatuses": [
                {"name": "other", "started": true, "image": "", "imageID": "", "ready": true, "restartCount": 0},
                {"name": SIDECAR_CONTAINER, "started": started, "image": "", "imageID": "", "ready": true, "restartCount": 0},
            ]},
        }))
        .unwrap()
    }

    #[rstest]
    #[case("Pending", false, PodState::Live { started: false })]
    #[case("Running", true, PodState::Live { started: true })]
    #[case("Unknown", true, PodState::Live { started: true })]
    #[case("Succeeded", true, PodState::Ended)]
    #[case("Failed", false, PodState::Ended)]
    fn of_a_pod_its_facts_are_kept(#[case] phase: &str, #[case] started: bool, #[case] state: PodState) {
        let kept = pod(phase, started);
        let facts = PodFacts::of(&kept).unwrap();
        assert_eq!(
            (facts.state, facts.profile.as_deref(), facts.service_account.as_str()),
            (state, Some("prod"), "api")
        );
        assert_eq!((facts.namespace.as_str(), facts.name.as_str(), facts.uid.as_str()), ("payments", "api-0", "u"));
        assert!(kept.injected);
        assert_eq!((kept.metadata.labels, kept.metadata.annotations), (None, None));
    }
}
