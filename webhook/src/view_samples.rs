//! Views for tests, filled without an API server.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::reflector::{self, Lookup, Store};
use kube::runtime::watcher::Event;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Freshness, View};

/// A view of these objects; None: not listed yet.
pub fn view(profiles: Option<Vec<Value>>, policies: &[&str], bundle: Option<&str>) -> View {
    let policies = policies.iter().map(|name| json!({"metadata": {"name": name}})).collect();
    let config_map = bundle.map(|pem| json!({"metadata": {"name": "sentinel-broker-ca", "namespace": "sentinel-system"}, "data": {"ca.crt": pem}}));
    let config_maps: Store<ConfigMap> = store(Some(config_map.into_iter().collect()));
    View::new("sentinel-system", store(profiles), store(Some(policies)), config_maps, Arc::new(Freshness::default()))
}

/// A view as it should be: profile `prod` governed by policy `prod`.
pub fn healthy() -> View {
    view(
        Some(vec![profile("prod", &json!({"sessionTable": "sentinel-sessions"}))]),
        &["prod"],
        Some(crate::pods::samples::CA),
    )
}

/// A profile with `extra` in its spec.
pub fn profile(name: &str, extra: &Value) -> Value {
    let mut spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": name}, "spec": spec})
}

fn store<K>(objects: Option<Vec<Value>>) -> Store<K>
where
    K: Lookup<DynamicType = ()> + Clone + DeserializeOwned + 'static,
{
    let (store, mut writer) = reflector::store();
    let Some(objects) = objects else {
        // A dropped writer would count as an error rather than as not listed yet.
        std::mem::forget(writer);
        return store;
    };
    writer.apply_watcher_event(&Event::Init);
    for object in objects {
        writer.apply_watcher_event(&Event::InitApply(serde_json::from_value(object).unwrap()));
    }
    writer.apply_watcher_event(&Event::InitDone);
    std::mem::forget(writer);
    store
}
