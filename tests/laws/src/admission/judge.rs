//! The webhook's judge with a cluster that is only told.

use std::sync::{Arc, LazyLock};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Resource;
use kube::runtime::reflector::{self, Lookup, Store};
use kube::runtime::watcher::Event;
use sentinel_runtime::telemetry::Metrics;
use sentinel_webhook::admission::{AdmissionMetrics, AdmissionRequest, Answer};
use sentinel_webhook::judge::{Judge, Question};
use sentinel_webhook::pods::{Resources, SidecarTemplate};
use sentinel_webhook::{AnyPolicy, AnySession, Desks, Freshness, Known, Listing, View};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const NAMESPACE: &str = "sentinel-system";

static JUDGE: LazyLock<Judge> = LazyLock::new(judge);
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(runtime);

/// The answer to a question.
pub(super) fn ask(question: Question, request: &AdmissionRequest) -> Answer {
    RUNTIME.block_on(JUDGE.answer(question, request))
}

#[expect(clippy::expect_used, reason = "what is told here is written here")]
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime without I/O")
}

#[expect(clippy::expect_used, reason = "what is told here is written here")]
fn judge() -> Judge {
    let metrics = Metrics::new("laws").and_then(|metrics| AdmissionMetrics::new(&metrics)).expect("metrics");
    Judge {
        view: View::new(NAMESPACE, known(), Arc::new(Freshness::default())),
        sidecar: SidecarTemplate {
            version: "1.2.3".to_owned(),
            image: "example.test/sentinel-sidecar:1".to_owned(),
            image_pull_policy: "IfNotPresent".to_owned(),
            resources: Resources::default(),
            broker_url: "https://sentinel-broker.sentinel-system.svc:443".parse().expect("a URL"),
        },
        default_table: String::new(),
        person_key: String::new(),
        metrics,
        desks: Desks::default(),
    }
}

/// Profile `prod` governed by a policy that one live session is under, and profile `dev`.
fn known() -> Known {
    let policy =
        object("AccessPolicy", "prod", &json!({"version": "1", "rules": [{"name": "all", "effect": "allow"}]}));
    let session = json!({
        "apiVersion": "sentinel.dev/v1alpha1",
        "kind": "SentinelSession",
        "metadata": {"name": "0123456789abcdef", "namespace": "payments"},
        "spec": {"profile": "prod", "user": "system:serviceaccount:payments:api", "pod": "p", "podUID": "u"},
        "status": {"phase": "Active"},
    });
    Known {
        profiles: store(vec![profile("prod", "sessions"), profile("dev", "dev-sessions")]),
        config_maps: store::<ConfigMap>(vec![json!({
            "metadata": {"name": "sentinel-broker-ca", "namespace": NAMESPACE}, "data": {"ca.crt": "PEM"},
        })]),
        access_policies: listing(vec![policy], |policy: &AnyPolicy| {
            Some(policy.0.as_ref().ok().and_then(|policy| policy.spec.resolve().ok()).map(Arc::new))
        }),
        approval_policies: listing(vec![], |_: &AnyPolicy| None),
        break_glass_policies: listing(vec![], |_: &AnyPolicy| None),
        rate_limit_policies: listing(vec![], |_: &AnyPolicy| Some(())),
        sessions: listing(vec![session], AnySession::holder),
    }
}

fn profile(name: &str, table: &str) -> Value {
    let arn = "arn:aws:iam::111122223333:role/prod";
    object("SentinelProfile", name, &json!({"roleArn": arn, "region": "eu-west-1", "sessionTable": table}))
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn events<K: DeserializeOwned>(objects: Vec<Value>) -> Vec<Event<K>> {
    let told = objects.into_iter().filter_map(|object| serde_json::from_value(object).ok()).map(Event::InitApply);
    [Event::Init].into_iter().chain(told).chain([Event::InitDone]).collect()
}

fn listing<K: Resource + DeserializeOwned, V>(objects: Vec<Value>, keep: fn(&K) -> Option<V>) -> Listing<V> {
    let listing = Listing::default();
    for event in &events(objects) {
        listing.apply(event, keep);
    }
    listing
}

fn store<K: Lookup<DynamicType = ()> + Clone + DeserializeOwned + 'static>(objects: Vec<Value>) -> Store<K> {
    let (store, mut writer) = reflector::store();
    for event in &events(objects) {
        writer.apply_watcher_event(event);
    }
    // A dropped writer would count as a failed watch.
    std::mem::forget(writer);
    store
}
