//! Views for tests, filled without an API server.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Resource;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{self, Lookup, Store};
use kube::runtime::watcher::Event;
use sentinel_api::{ApprovalPolicy, BreakGlassPolicy};
use sentinel_core::policy as law;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::view::judged_policy;
use crate::{AnyPolicy, AnySession, Freshness, Known, Listing, ReadPolicy, View, read_policy};

/// A view of these objects, with policies that allow everything; None: not listed yet.
pub fn view(profiles: Option<Vec<Value>>, policies: &[&str], bundle: Option<&str>) -> View {
    let policies = policies.iter().map(|name| policy(name, &json!([{"name": "all", "effect": "allow"}]))).collect();
    knowing(profiles, policies, Some(vec![]), bundle)
}

/// A view of these objects; None: not listed yet.
pub fn knowing(
    profiles: Option<Vec<Value>>,
    policies: Vec<Value>,
    sessions: Option<Vec<Value>>,
    bundle: Option<&str>,
) -> View {
    let config_map = bundle.map(|pem| json!({"metadata": {"name": "sentinel-broker-ca", "namespace": "sentinel-system"}, "data": {"ca.crt": pem}}));
    let known = Known {
        profiles: store(profiles),
        config_maps: store::<ConfigMap>(Some(config_map.into_iter().collect())),
        access_policies: listing(Some(policies), |policy| Some(judged_policy(policy))),
        approval_policies: approvals(Some(vec![policy("known", &json!([]))])),
        break_glass_policies: emergencies(Some(vec![])),
        rate_limit_policies: listing(None, |_: &AnyPolicy| Some(())),
        sessions: listing(sessions, AnySession::holder),
    };
    View::new("sentinel-system", known, Arc::new(Freshness::default()))
}

/// A view of profiles, and of what says who may approve and who may break the glass; None: not listed yet.
pub fn governing(profiles: Vec<Value>, approving: Option<Vec<Value>>, emergency: Option<Vec<Value>>) -> View {
    let known = Known {
        profiles: store(Some(profiles)),
        config_maps: store::<ConfigMap>(Some(vec![])),
        access_policies: listing(Some(vec![]), |policy| Some(judged_policy(policy))),
        approval_policies: approvals(approving),
        break_glass_policies: emergencies(emergency),
        rate_limit_policies: listing(None, |_: &AnyPolicy| Some(())),
        sessions: listing(None, AnySession::holder),
    };
    View::new("sentinel-system", known, Arc::new(Freshness::default()))
}

fn approvals(objects: Option<Vec<Value>>) -> Listing<ReadPolicy<law::ApprovalPolicy>> {
    listing(objects, |found: &DeserializeGuard<ApprovalPolicy>| Some(read_policy(found)))
}

fn emergencies(objects: Option<Vec<Value>>) -> Listing<ReadPolicy<law::BreakGlassPolicy>> {
    listing(objects, |found: &DeserializeGuard<BreakGlassPolicy>| Some(read_policy(found)))
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

/// An access policy.
pub fn policy(name: &str, rules: &Value) -> Value {
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": name}, "spec": {"version": "1", "rules": rules}})
}

/// A live session of service account `account` (`namespace/name`).
pub fn session(id: usize, profile: &str, account: &str) -> Value {
    let (namespace, name) = account.split_once('/').unwrap();
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession", "metadata": {"name": format!("{id:016x}"), "namespace": namespace},
        "spec": {"profile": profile, "user": format!("system:serviceaccount:{namespace}:{name}"), "pod": "p", "podUID": id.to_string()},
        "status": {"phase": "Active"}})
}

fn listing<K, V>(objects: Option<Vec<Value>>, keep: fn(&K) -> Option<V>) -> Listing<V>
where
    K: Resource + DeserializeOwned,
{
    let listing = Listing::default();
    let Some(objects) = objects else { return listing };
    listing.apply(&Event::Init, keep);
    for object in objects {
        listing.apply(&Event::InitApply(serde_json::from_value(object).unwrap()), keep);
    }
    listing.apply(&Event::InitDone, keep);
    listing
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
