//! What the integration tests share: a real API server, DynamoDB Local and moto, started by `tests/control-plane run`.
//!
//! ```text
//!   tests/control-plane run cargo test -p sentinel-tests
//!        └─ etcd, kube-apiserver, DynamoDB Local, moto ─▶ environment ─▶ World
//! ```
//!
//! No mocks here. A test takes a namespace or names of its own, so that all of them run at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt as _};
use tokio::sync::OnceCell;

static INSTALLED: OnceCell<()> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A client of the test API server, with the definitions installed.
pub async fn client() -> Client {
    assert!(
        std::env::var_os("SENTINEL_TEST_STATE").is_some(),
        "these tests need a real API server: run `make test`, or `tests/control-plane run cargo test -p sentinel-tests`"
    );
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = Client::try_default().await.expect("the API server of tests/control-plane");
    INSTALLED.get_or_init(|| install_definitions(client.clone())).await;
    client
}

/// A name that no other test uses.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Runs `test` with a client and a fresh namespace.
pub async fn with_namespace<F>(test: impl FnOnce(Client, String) -> F)
where
    F: Future<Output = ()>,
{
    let client = client().await;
    let name = unique("test");
    let namespace = Namespace {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            labels: Some(BTreeMap::from([("sentinel-tests".to_owned(), "true".to_owned())])),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    Api::all(client.clone()).create(&PostParams::default(), &namespace).await.expect("a namespace");
    test(client, name).await;
}

/// Polls until `check` says so; the test fails after `limit`, naming `what`.
pub async fn eventually<F>(what: &str, limit: Duration, mut check: impl FnMut() -> F)
where
    F: Future<Output = bool>,
{
    let started = Instant::now();
    while !check().await {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn install_definitions(client: Client) {
    let api: Api<CustomResourceDefinition> = Api::all(client);
    for definition in sentinel_api::definitions() {
        let name = definition.name_any();
        api.patch(&name, &PatchParams::apply("tests").force(), &Patch::Apply(&definition)).await.expect("a definition");
    }
    for definition in sentinel_api::definitions() {
        let name = definition.name_any();
        eventually("the definition to be established", Duration::from_secs(20), || {
            let (api, name) = (api.clone(), name.clone());
            async move { is_established(&api.get(&name).await.expect("a definition")) }
        })
        .await;
    }
}

fn is_established(definition: &CustomResourceDefinition) -> bool {
    let conditions = definition.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Established" && one.status == "True"))
}
