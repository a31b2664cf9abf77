//! One broker in this process, installed in a namespace of its own, and the pods that ask it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, ServiceAccount};
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt as _};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sentinel_api::{AccessPolicy, SentinelProfile, SentinelSession};
use sentinel_aws::{Aws, Sessions};
use sentinel_broker::{Args, run};
use sentinel_core::session::SessionId;
use sentinel_runtime::args::ProcessArgs;
use sentinel_runtime::logs::Format;
use sentinel_runtime::shutdown::CancellationToken;
use sentinel_runtime::signing::SigningArgs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::world::{eventually, unique, with_namespace};

pub const SOON: Duration = Duration::from_secs(15);
/// Lease + 1 s is what a change may take; a broker must see it in the second.
pub const AT_ONCE: Duration = Duration::from_secs(1);
pub const AUDIENCE: &str = "sentinel.dev/broker";

type Https = HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A broker and its surroundings. Profile and policy have the namespace's name.
pub struct Stage {
    pub client: Client,
    pub namespace: String,
    pub table: String,
    pub sessions: Sessions,
    cluster_id: String,
    url: String,
    probes: u16,
    https: Https,
}

/// An answer of the broker.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Answer {
    pub fn is(&self, status: u16, code: &str) -> &str {
        assert_eq!((self.status.as_u16(), self.body["Code"].as_str()), (status, Some(code)), "{self:?}");
        self.body["Message"].as_str().unwrap()
    }

    pub fn key(&self) -> &str {
        assert_eq!(self.status, 200, "{self:?}");
        self.body["credentials"]["AccessKeyId"].as_str().unwrap()
    }
}

/// Runs `test` with a broker that is ready.
pub async fn with_broker(test: impl AsyncFnOnce(&Stage)) {
    with_namespace(async |client, namespace| {
        let stop = CancellationToken::new();
        let stage = Stage::start(client, namespace, &stop).await;
        test(&stage).await;
        stop.cancel();
        stage.leave().await;
    })
    .await;
}

impl Stage {
    async fn start(client: Client, namespace: String, stop: &CancellationToken) -> Self {
        let (table, sessions) = (unique("sessions"), Aws::load(None).await.sessions());
        sessions.create_table(&table).await.unwrap();
        let args = args(&namespace, &table);
        let (port, probes) = (args.listen.port(), args.process.metrics_address.port());
        tokio::spawn(run(args, stop.clone()));
        let cluster = Api::<Namespace>::all(client.clone()).get("kube-system").await.unwrap().uid().unwrap();
        let bundle = bundle(&client, &namespace).await;
        let https = https(&bundle, &format!("sentinel-broker.{namespace}.svc"));
        let url = format!("https://127.0.0.1:{port}/v1/credentials");
        let stage = Self { client, namespace, table, sessions, cluster_id: cluster, url, probes, https };
        stage.prepare().await;
        eventually("the broker to be ready", SOON, async || stage.probe("readyz").await.is_some()).await;
        stage
    }

    async fn prepare(&self) {
        for name in ["api", "other"] {
            self.create::<ServiceAccount>(json!({"metadata": {"name": name}})).await;
        }
        self.profile(&json!({})).await;
        let user = format!("system:serviceaccount:{}:api", self.namespace);
        self.policy(&json!([{"name": "api", "effect": "require_server_session",
            "conditions": {"profiles": [self.namespace], "users": [user]}}]))
            .await;
    }

    /// Nothing that the operators of later tests would look after.
    async fn leave(&self) {
        let params = DeleteParams::default();
        let gone = [
            Api::<AccessPolicy>::all(self.client.clone()).delete(&self.namespace, &params).await.map(drop),
            Api::<SentinelProfile>::all(self.client.clone()).delete(&self.namespace, &params).await.map(drop),
        ];
        for result in gone {
            assert!(
                result.is_ok() || matches!(&result, Err(kube::Error::Api(status)) if status.code == 404),
                "{result:?}"
            );
        }
    }

    pub async fn profile(&self, extra: &Value) {
        let mut spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1", "lease": "7s"});
        json_patch::merge(&mut spec, extra);
        self.apply::<SentinelProfile>("SentinelProfile", spec).await;
    }

    pub async fn policy(&self, rules: &Value) {
        self.apply::<AccessPolicy>("AccessPolicy", json!({"version": "1", "publish": false, "rules": rules})).await;
    }

    /// Replaces the object of this kind that has the namespace's name.
    async fn apply<K>(&self, kind: &str, spec: Value)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    {
        let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": self.namespace}, "spec": spec});
        let api: Api<K> = Api::all(self.client.clone());
        api.patch(&self.namespace, &PatchParams::apply("tests").force(), &Patch::Apply(object)).await.unwrap();
    }

    pub async fn create<K>(&self, object: Value) -> K
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Serialize
            + DeserializeOwned
            + std::fmt::Debug,
    {
        let object = serde_json::from_value(object).unwrap();
        self.api().create(&PostParams::default(), &object).await.unwrap()
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// A pod as the webhook leaves it, without its session.
    pub async fn bare_pod(&self, name: &str, service_account: &str) -> String {
        let pod: Pod = self
            .create(json!({"metadata": {"name": name, "labels": {"sentinel.dev/injected": "true"}, "annotations": {"sentinel.dev/profile": self.namespace}},
                "spec": {"serviceAccountName": service_account, "containers": [{"name": "app", "image": "app:1"}],
                    "initContainers": [{"name": "sentinel-sidecar", "image": "sidecar:1", "restartPolicy": "Always"}]}}))
            .await;
        pod.uid().unwrap()
    }

    /// A pod, its session as the operator makes it, and its token.
    pub async fn pod(&self, name: &str, service_account: &str) -> String {
        let uid = self.bare_pod(name, service_account).await;
        self.session(name, service_account, &uid).await;
        self.token(name, service_account, &uid, AUDIENCE).await
    }

    pub async fn session(&self, pod: &str, service_account: &str, uid: &str) {
        let user = format!("system:serviceaccount:{}:{service_account}", self.namespace);
        let spec = json!({"profile": self.namespace, "user": user, "pod": pod, "podUID": uid});
        let metadata = json!({"name": self.session_id(uid)});
        let session = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession", "metadata": metadata, "spec": spec});
        let session: SentinelSession = serde_json::from_value(session).unwrap();
        match self.api().create(&PostParams::default(), &session).await {
            // An operator of another test may have been quicker.
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            made => drop(made.unwrap()),
        }
    }

    pub fn session_id(&self, uid: &str) -> SessionId {
        SessionId::derive(&self.cluster_id, uid, &self.namespace)
    }

    pub async fn uid(&self, pod: &str) -> String {
        self.api::<Pod>().get(pod).await.unwrap().uid().unwrap()
    }

    pub async fn token(&self, pod: &str, service_account: &str, uid: &str, audience: &str) -> String {
        let bound = json!({"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid});
        self.request_token(
            service_account,
            &json!({"audiences": [audience], "expirationSeconds": 600, "boundObjectRef": bound}),
        )
        .await
    }

    pub async fn request_token(&self, service_account: &str, spec: &Value) -> String {
        let request: TokenRequest = serde_json::from_value(json!({"metadata": {}, "spec": spec})).unwrap();
        let api = self.api::<ServiceAccount>();
        let made = api.create_token_request(service_account, &PostParams::default(), &request).await.unwrap();
        made.status.unwrap().token
    }

    pub async fn ask(&self, token: &str) -> Answer {
        self.ask_for(&json!({"profile": self.namespace, "served": 1}), Some(token)).await
    }

    pub async fn ask_for(&self, body: &Value, token: Option<&str>) -> Answer {
        let mut request = Request::post(&self.url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = self.https.request(request.body(Full::from(body.to_string())).unwrap()).await.unwrap();
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer { status, retry_after, body: serde_json::from_slice(&body).unwrap() }
    }

    /// Asks until the answer has this code; a second must do.
    pub async fn is_refused(&self, token: &str, status: u16, code: &str) -> Answer {
        let wanted = |answer: &Answer| answer.status.as_u16() == status && answer.body["Code"] == code;
        eventually(&format!("{status} {code}"), AT_ONCE, async || wanted(&self.ask(token).await)).await;
        self.ask(token).await
    }

    /// Asks until there are credentials.
    pub async fn is_granted(&self, token: &str) {
        eventually("credentials", SOON, async || self.ask(token).await.status == 200).await;
    }

    /// Reason and text of the Events on a pod.
    pub async fn events(&self, pod: &str) -> Vec<(String, String)> {
        let events = self.api::<Event>().list(&ListParams::default()).await.unwrap();
        let of_pod = |event: &Event| event.regarding.as_ref().and_then(|pod| pod.name.as_deref()) == Some(pod);
        let all = events.into_iter().filter(of_pod);
        all.map(|event| (event.reason.unwrap_or_default(), event.note.unwrap_or_default())).collect()
    }

    /// The body of a probe that says yes.
    pub async fn probe(&self, path: &str) -> Option<String> {
        let http: HttpClient<HttpConnector, Full<Bytes>> =
            HttpClient::builder(TokioExecutor::new()).build(HttpConnector::new());
        let url = format!("http://127.0.0.1:{}/{path}", self.probes).parse().unwrap();
        let answer = http.get(url).await.ok().filter(|answer| answer.status() == 200)?;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Some(String::from_utf8(body.to_vec()).unwrap())
    }

    /// The sum of all series of a metric whose line has all of `parts`.
    pub async fn metric(&self, name: &str, parts: &[&str]) -> f64 {
        let text = self.probe("metrics").await.unwrap();
        let lines = text.lines().filter(|line| line.starts_with(name) && parts.iter().all(|part| line.contains(part)));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    /// Calls to AWS and to the API server that are no watches.
    pub async fn calls(&self) -> (f64, f64) {
        let kube = self.metric("sentinel_broker_kube_calls_total", &[]).await;
        let watches = self.metric("sentinel_broker_kube_calls_total", &["verb=\"watch\""]).await;
        (self.metric("sentinel_broker_aws_calls_total", &[]).await, kube - watches)
    }
}

fn args(namespace: &str, table: &str) -> Args {
    Args {
        process: ProcessArgs {
            metrics_address: free_address(),
            log_format: Format::Text,
            namespace: namespace.to_owned(),
            pod_name: "broker-0".to_owned(),
        },
        signing: SigningArgs::default(),
        listen: free_address(),
        session_table: table.to_owned(),
        touch_interval: Duration::from_hours(2),
        cluster_name: "tests".to_owned(),
        region: None,
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// What the webhook would inject.
async fn bundle(client: &Client, namespace: &str) -> String {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let read = async || maps.get_opt("sentinel-broker-ca").await.unwrap()?.data?.remove("ca.crt");
    eventually("the CA bundle to be published", SOON, async || read().await.is_some()).await;
    read().await.unwrap()
}

fn https(bundle: &str, name: &str) -> Https {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = FixedServerNameResolver::new(name.to_owned().try_into().unwrap());
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .with_server_name_resolver(name)
        .enable_http1();
    HttpClient::builder(TokioExecutor::new()).build(connector.build())
}
