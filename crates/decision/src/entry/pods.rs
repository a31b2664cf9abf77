//! Pods, pruned to some 300 bytes each.

use std::borrow::Cow;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use sentinel_api::names::{INJECTED_LABEL, PROFILE_ANNOTATION, SIDECAR_CONTAINER};
use sentinel_core::time::CLOCK_SKEW;
use serde::Deserialize;

use super::Entry;
use crate::slim::slim_meta;

/// What is kept of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodEntry {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Its service account.
    pub service_account: String,
    /// The profile that its annotation asks for.
    pub profile: Option<String>,
    /// Whether it carries our label.
    pub injected: bool,
    /// Whether it has our container.
    pub has_sidecar: bool,
    /// Whether all its containers have ended for good.
    pub finished: bool,
    /// When a pod that is being deleted must have ended: the request plus its grace period.
    pub ends_at: Option<Timestamp>,
}

impl PodEntry {
    /// Whether it has ended for good. Its end is by the API server's clock, so only what is longer ago than clocks differ is past; that the pod
    /// is gone is heard anyway.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        let is_over = |end: Timestamp| end.saturating_add(CLOCK_SKEW).is_ok_and(|end| end < now);
        self.finished || self.ends_at.is_some_and(is_over)
    }
}

/// The parts of a pod that are read at all.
#[derive(Clone, Debug, Deserialize)]
pub struct PodObject {
    #[serde(default, deserialize_with = "slim_meta")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    service_account_name: String,
    #[serde(default)]
    init_containers: Vec<Container>,
    #[serde(default)]
    containers: Vec<Container>,
}

#[derive(Clone, Debug, Deserialize)]
struct Container {
    #[serde(default)]
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Status {
    #[serde(default)]
    phase: String,
}

impl Entry for PodEntry {
    type Object = PodObject;
    const WATCH: &'static str = "pods";

    fn keep(pod: &PodObject) -> Self {
        let meta = &pod.metadata;
        let value = |map: &Option<std::collections::BTreeMap<String, String>>, key: &str| {
            map.as_ref().and_then(|map| map.get(key)).cloned()
        };
        Self {
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
            service_account: pod.spec.service_account_name.clone(),
            profile: value(&meta.annotations, PROFILE_ANNOTATION),
            injected: value(&meta.labels, INJECTED_LABEL).as_deref() == Some("true"),
            has_sidecar: pod.spec.has_container(SIDECAR_CONTAINER),
            finished: matches!(pod.status.phase.as_str(), "Failed" | "Succeeded"),
            ends_at: meta.deletion_timestamp.as_ref().map(|time| time.0),
        }
    }
}

impl Spec {
    fn has_container(&self, name: &str) -> bool {
        self.init_containers.iter().chain(&self.containers).any(|container| container.name == name)
    }
}

impl Resource for PodObject {
    type DynamicType = ();
    type Scope = kube::core::NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "Pod".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "pods".into()
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
    use serde_json::json;

    #[test]
    fn keeps_what_a_decision_needs() {
        let pod: PodObject = serde_json::from_value(json!({
            "metadata": {"namespace": "payments", "name": "api-0", "uid": "u", "deletionTimestamp": "2026-11-22T10:00:30Z",
                "labels": {"sentinel.dev/injected": "true"}, "annotations": {"sentinel.dev/profile": "prod"}},
            "spec": {"serviceAccountName": "api", "initContainers": [{"name": "sentinel-sidecar"}], "containers": [{"name": "app"}]},
            "status": {"phase": "Running"},
        }))
        .unwrap();
        let expected = PodEntry {
            namespace: "payments".into(),
            name: "api-0".into(),
            uid: "u".into(),
            service_account: "api".into(),
            profile: Some("prod".into()),
            injected: true,
            has_sidecar: true,
            finished: false,
            ends_at: Some("2026-11-22T10:00:30Z".parse().unwrap()),
        };
        assert_eq!(PodEntry::keep(&pod), expected);
    }

    #[test]
    fn only_the_value_true_counts_as_injected() {
        for (label, injected) in [("true", true), ("false", false), ("", false)] {
            let labels = json!({"metadata": {"labels": {"sentinel.dev/injected": label}}});
            let pod: PodObject = serde_json::from_value(labels).unwrap();
            assert_eq!(PodEntry::keep(&pod).injected, injected, "{label}");
        }
    }
}
