//! What the operator keeps of a pod.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Pod, PodSpec, PodStatus};
use kube::ResourceExt as _;
use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION, SIDECAR_CONTAINER, VERSION_ANNOTATION};

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

impl PodFacts {
    /// The facts of `pod`; `None` of one without a UID, which no API server shows.
    pub fn of(pod: &Pod) -> Option<Self> {
        Some(Self {
            namespace: pod.namespace()?,
            name: pod.name_any(),
            uid: pod.uid()?,
            service_account: service_account(pod),
            profile: pod.annotations().get(PROFILE_ANNOTATION).filter(|name| !name.is_empty()).cloned(),
            state: state(pod),
        })
    }
}

/// Leaves of a pod what is needed here, so that thousands fit into memory.
pub(crate) fn prune(pod: &mut Pod) {
    pod.metadata.managed_fields = None;
    pod.metadata.annotations =
        pod.metadata.annotations.take().map(|all| keep(all, &[PROFILE_ANNOTATION, VERSION_ANNOTATION]));
    pod.metadata.labels = pod.metadata.labels.take().map(|all| keep(all, &[INJECTED_LABEL]));
    let service_account_name = pod.spec.take().and_then(|spec| spec.service_account_name);
    pod.spec = Some(PodSpec { service_account_name, ..PodSpec::default() });
    pod.status = pod.status.take().map(prune_status);
}

fn prune_status(status: PodStatus) -> PodStatus {
    let sidecar =
        status.init_container_statuses.map(|all| all.into_iter().filter(|one| one.name == SIDECAR_CONTAINER).collect());
    PodStatus { phase: status.phase, init_container_statuses: sidecar, ..PodStatus::default() }
}

fn keep(mut all: BTreeMap<String, String>, keys: &[&str]) -> BTreeMap<String, String> {
    all.retain(|name, _| keys.contains(&name.as_str()));
    all
}

/// Absent means `default`: the API server fills it in, but rows must not depend on that.
fn service_account(pod: &Pod) -> String {
    let named = pod.spec.as_ref().and_then(|spec| spec.service_account_name.clone());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}

fn state(pod: &Pod) -> PodState {
    let Some(status) = &pod.status else { return PodState::Live { started: false } };
    if matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) {
        return PodState::Ended;
    }
    let mut containers = status.init_container_statuses.iter().flatten();
    PodState::Live { started: containers.any(|one| one.name == SIDECAR_CONTAINER && one.started == Some(true)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn pod(phase: &str, started: bool) -> Pod {
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
    fn pruning_keeps_the_facts(#[case] phase: &str, #[case] started: bool, #[case] state: PodState) {
        let whole = pod(phase, started);
        let mut pruned = whole.clone();
        prune(&mut pruned);
        let facts = PodFacts::of(&pruned).unwrap();
        assert_eq!(Some(&facts), PodFacts::of(&whole).as_ref());
        assert_eq!(
            (facts.state, facts.profile.as_deref(), facts.service_account.as_str()),
            (state, Some("prod"), "api")
        );
        assert!(pruned.spec.unwrap().containers.is_empty() && pruned.metadata.labels.unwrap().len() == 1);
    }
}
