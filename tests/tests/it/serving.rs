//! A program's own certificate, against a real API server: replicas agree, damage is repaired, rotation leaves no gap.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use sentinel_runtime::serving::{CaBundle, Material, Policy, ServingCertificate};
use sentinel_runtime::shutdown::CancellationToken;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::world::{eventually, with_namespace};

const SECRET: &str = "sentinel-broker-tls";
const CONFIG_MAP: &str = "sentinel-broker-ca";
const NAME: &str = "sentinel-broker.sentinel-system.svc";
const SOON: Duration = seconds(15);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// One program in one namespace.
#[derive(Clone)]
struct Program {
    client: Client,
    namespace: String,
}

impl Program {
    async fn replica(&self, policy: Policy, shutdown: &CancellationToken) -> watch::Receiver<CaBundle> {
        let (client, names) = (self.client.clone(), vec![NAME.to_owned()]);
        let started =
            ServingCertificate::start(client, &self.namespace, SECRET, CONFIG_MAP, names, policy, shutdown.clone());
        started.await.unwrap().1
    }

    fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn config_maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    async fn material(&self) -> Material {
        Material::read(&self.secrets().get(SECRET).await.unwrap().data.unwrap()).unwrap()
    }

    async fn published(&self) -> Option<String> {
        self.config_maps().get_opt(CONFIG_MAP).await.unwrap()?.data?.remove("ca.crt")
    }

    async fn publishes(&self, bundle: &watch::Receiver<CaBundle>) -> bool {
        self.published().await.is_some_and(|text| text == bundle.borrow().pem())
    }
}

#[tokio::test]
async fn replicas_that_start_together_share_one_certificate() {
    with_namespace(async |client, namespace| {
        let (program, shutdown) = (Program { client, namespace }, CancellationToken::new());
        let start = || program.replica(Policy::default(), &shutdown);
        let (first, second, third) = tokio::join!(start(), start(), start());
        let bundle = first.borrow().clone();
        assert_eq!([second.borrow().clone(), third.borrow().clone()], [bundle.clone(), bundle.clone()]);
        program.material().await.leaf().unwrap().verifies(bundle.pem(), Timestamp::now()).unwrap();
        eventually("the bundle to be published", SOON, async || program.publishes(&first).await).await;
        shutdown.cancel();
    })
    .await;
}

#[tokio::test]
async fn a_config_map_that_was_spoilt_or_deleted_is_repaired() {
    with_namespace(async |client, namespace| {
        let (program, shutdown) = (Program { client, namespace }, CancellationToken::new());
        let bundle = program.replica(Policy::default(), &shutdown).await;
        eventually("the bundle to be published", SOON, async || program.publishes(&bundle).await).await;

        let spoilt = Patch::Merge(serde_json::json!({"data": {"ca.crt": "nonsense"}}));
        program.config_maps().patch(CONFIG_MAP, &PatchParams::default(), &spoilt).await.unwrap();
        eventually("the bundle to be repaired", SOON, async || program.publishes(&bundle).await).await;

        program.config_maps().delete(CONFIG_MAP, &DeleteParams::default()).await.unwrap();
        eventually("the bundle to be published again", SOON, async || program.publishes(&bundle).await).await;
        shutdown.cancel();
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_can_not_be_read_is_replaced() {
    with_namespace(async |client, namespace| {
        let (program, shutdown) = (Program { client, namespace }, CancellationToken::new());
        let mut bundle = program.replica(Policy::default(), &shutdown).await;
        let before = bundle.borrow_and_update().clone();
        let spoilt = Secret {
            data: Some([("ca.key".to_owned(), ByteString(b"nonsense".to_vec()))].into()),
            ..Secret::default()
        };
        program.secrets().patch(SECRET, &PatchParams::default(), &Patch::Merge(&spoilt)).await.unwrap();
        tokio::time::timeout(SOON, bundle.changed()).await.expect("a new bundle").unwrap();
        assert_ne!(*bundle.borrow(), before);
        let now = bundle.borrow().clone();
        program.material().await.leaf().unwrap().verifies(now.pem(), Timestamp::now()).unwrap();
        eventually("the new bundle to be published", SOON, async || program.publishes(&bundle).await).await;
        shutdown.cancel();
    })
    .await;
}

/// While the API server can't be reached nothing is lost, and afterwards what went wrong meanwhile is repaired.
#[tokio::test]
async fn an_api_server_that_was_away_is_found_again() {
    with_namespace(async |client, namespace| {
        let mut way = Way::open(0).await;
        let (program, shutdown) = (Program { client, namespace }, CancellationToken::new());
        let behind = Program { client: way.client().await, ..program.clone() };
        let bundle = behind.replica(Policy::default(), &shutdown).await;
        eventually("the bundle to be published", SOON, async || program.publishes(&bundle).await).await;

        way.close().await;
        program.config_maps().delete(CONFIG_MAP, &DeleteParams::default()).await.unwrap();
        assert!(behind.config_maps().get(CONFIG_MAP).await.is_err(), "the way is closed");
        let way = Way::open(way.port).await;
        eventually("the bundle to be published again", seconds(60), async || program.publishes(&bundle).await).await;
        shutdown.cancel();
        drop(way);
    })
    .await;
}

/// A way to the API server that can be closed.
struct Way {
    port: u16,
    carrying: tokio::task::JoinHandle<()>,
}

impl Way {
    async fn open(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = kube::Config::infer().await.unwrap().cluster_url.authority().unwrap().to_string();
        let carrying = tokio::spawn(async move {
            // Dropped with this task, and with it every connection.
            let mut connections = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut far = TcpStream::connect(&server).await.unwrap();
                connections.spawn(async move { _ = tokio::io::copy_bidirectional(&mut near, &mut far).await });
            }
        });
        Self { port, carrying }
    }

    async fn client(&self) -> Client {
        let mut config = kube::Config::infer().await.unwrap();
        config.cluster_url = format!("https://127.0.0.1:{}", self.port).parse().unwrap();
        Client::try_from(config).unwrap()
    }

    async fn close(&mut self) {
        self.carrying.abort();
        _ = (&mut self.carrying).await;
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

/// Lifetimes of seconds, so that a whole rotation passes: a client that keeps the bundle of any moment is never refused
/// before the overlap has passed.
#[tokio::test]
async fn a_rotation_of_two_replicas_leaves_no_gap() {
    with_namespace(async |client, namespace| {
        let (program, shutdown) = (Program { client, namespace }, CancellationToken::new());
        let policy = Policy { ca_lifetime: seconds(24), cert_lifetime: seconds(8), overlap: seconds(4) };
        let (mut bundle, _other) = (program.replica(policy, &shutdown).await, program.replica(policy, &shutdown).await);
        let first = bundle.borrow_and_update().clone();

        tokio::time::timeout(seconds(20), bundle.changed()).await.expect("a second CA is introduced").unwrap();
        let both = bundle.borrow_and_update().clone();
        let material = program.material().await;
        material
            .leaf()
            .unwrap()
            .verifies(first.pem(), Timestamp::now())
            .expect("who has the old bundle only is not refused yet");

        eventually("the new CA to sign", seconds(15), async || {
            let leaf = program.material().await.leaf().unwrap().clone();
            leaf.verifies(both.pem(), Timestamp::now()).expect("who has the bundle of both is never refused");
            leaf.verifies(first.pem(), Timestamp::now()).is_err()
        })
        .await;
        eventually("clients to be told whom to trust now", SOON, async || {
            let (published, material) = (program.published().await.unwrap(), program.material().await);
            material.leaf().unwrap().verifies(&published, Timestamp::now()).is_ok() && published != first.pem()
        })
        .await;
        shutdown.cancel();
    })
    .await;
}
