//! Objects as they come from the API server, read without what nobody here asks for.
//!
//! Most of an object's bytes are managed fields and foreign annotations. Skipping them while reading keeps lists of
//! thousands of pods from leaving the heap in holes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Resource;
use sentinel_api::names::GROUP;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An object of ours of kind `K` that hasn't been judged: reading it can't fail on what its author wrote.
#[derive(Debug)]
pub struct Loose<K> {
    metadata: ObjectMeta,
    spec: Value,
    status: Value,
    kind: PhantomData<fn() -> K>,
}

impl<K> Loose<K> {
    /// The object's name.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Its UID.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// When it was made.
    pub fn created_at(&self) -> Option<jiff::Timestamp> {
        self.metadata.creation_timestamp.as_ref().map(|time| time.0)
    }

    /// Whether it is being deleted.
    pub fn is_deleting(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    /// Its spec, or what is wrong with it.
    pub fn spec<T: DeserializeOwned>(&self) -> Result<T, String> {
        T::deserialize(&self.spec).map_err(|error| format!("spec: {error}"))
    }

    /// Its status, or what is wrong with it; the default where there is none.
    pub fn status<T: DeserializeOwned + Default>(&self) -> Result<T, String> {
        let status = Option::<T>::deserialize(&self.status).map_err(|error| format!("status: {error}"))?;
        Ok(status.unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct Parts {
    #[serde(default, deserialize_with = "slim_meta")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

impl<'de, K> Deserialize<'de> for Loose<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Parts { metadata, spec, status } = Parts::deserialize(deserializer)?;
        Ok(Self { metadata, spec, status, kind: PhantomData })
    }
}

impl<K> Clone for Loose<K> {
    fn clone(&self) -> Self {
        let Self { metadata, spec, status, kind } = self;
        Self { metadata: metadata.clone(), spec: spec.clone(), status: status.clone(), kind: *kind }
    }
}

impl<K: Resource<DynamicType = ()>> Resource for Loose<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        K::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        K::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

/// An object's metadata, as far as a watch and a decision need it; of labels and annotations only ours.
pub fn slim_meta<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let Meta { name, namespace, uid, resource_version, creation_timestamp, deletion_timestamp, labels, annotations } =
        Meta::deserialize(deserializer)?;
    let (labels, annotations) = (labels.map(ours), annotations.map(ours));
    Ok(ObjectMeta {
        name,
        namespace,
        uid,
        resource_version,
        creation_timestamp,
        deletion_timestamp,
        labels,
        annotations,
        ..ObjectMeta::default()
    })
}

fn ours(mut map: BTreeMap<String, String>) -> BTreeMap<String, String> {
    map.retain(|key, _| key.split('/').next() == Some(GROUP));
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_api::SentinelSession;
    use serde_json::json;

    #[test]
    fn reads_what_is_asked_for_and_skips_the_rest() {
        let object = json!({"metadata": {"name": "s", "namespace": "ns", "resourceVersion": "7", "managedFields": [{"manager": "x"}],
            "annotations": {"sentinel.dev/profile": "prod", "kubectl.kubernetes.io/last-applied-configuration": "{}"}},
            "spec": {"anything": ["goes"]}});
        let loose: Loose<SentinelSession> = serde_json::from_value(object).unwrap();
        let meta = loose.meta();
        assert_eq!((loose.name(), meta.resource_version.as_deref()), ("s", Some("7")));
        assert_eq!(meta.annotations.as_ref().unwrap().len(), 1);
        assert!(meta.managed_fields.is_none() && !loose.is_deleting());
        assert!(loose.spec::<sentinel_api::SentinelSessionSpec>().unwrap_err().starts_with("spec: "));
        assert_eq!(loose.status::<sentinel_api::SessionStatus>().unwrap(), sentinel_api::SessionStatus::default());
    }
}
