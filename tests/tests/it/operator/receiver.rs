//! Whoever is notified: a webhook over TLS, which may be told to be down, and an SNS topic of moto's that passes on what it gets.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum_server::tls_rustls::RustlsConfig;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use sentinel_api::names::NOTIFICATIONS_CONFIG_MAP;
use sentinel_runtime::pki::Authority;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::world::HOME;
use crate::aws_wire::refuse_the_real_aws;

/// The key of all targets.
pub const KEY: &str = "0123456789abcdef0123456789abcdef";

static RECEIVER: OnceLock<Receiver> = OnceLock::new();

/// What was sent to it.
#[derive(Clone, Debug)]
pub struct Got {
    /// The target.
    pub to: String,
    pub headers: HeaderMap,
    pub body: String,
    /// What it was answered.
    pub status: u16,
}

/// The receiver of all stories.
pub struct Receiver {
    /// The operator's file of targets.
    pub file: PathBuf,
    log: Arc<Mutex<Log>>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Log {
    got: Vec<Got>,
    /// Bodies that contain one of these are not taken now.
    down: Vec<String>,
    /// Nor ever.
    unwanted: Vec<String>,
}

/// Starts it with the first story.
pub fn receiver() -> &'static Receiver {
    RECEIVER.get_or_init(Receiver::start)
}

impl Receiver {
    /// A runtime of its own: it outlives the test that started it.
    fn start() -> Self {
        refuse_the_real_aws();
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let routes = Router::new().route("/{to}", post(take)).with_state(log.clone());
        let (now, hour) = (Timestamp::now(), Duration::from_hours(1));
        let authority = Authority::generate("notified", now, hour).unwrap();
        let leaf = authority.sign(&["localhost".to_owned()], now, hour).unwrap();
        let (tls, plain) = (listener(), listener());
        let (tls_address, plain_address) = (tls.local_addr().unwrap(), plain.local_addr().unwrap());
        let served = routes.clone();
        runtime.spawn(async move {
            let config = RustlsConfig::from_config(leaf.server_config());
            axum_server::from_tcp_rustls(tls, config).unwrap().serve(served.into_make_service()).await.unwrap();
        });
        runtime.spawn(
            async move { axum_server::from_tcp(plain).unwrap().serve(routes.into_make_service()).await.unwrap() },
        );
        // Not within the test's runtime: it may be within one.
        let prepare = async {
            make_shelf().await;
            topic(plain_address).await
        };
        let topic = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(prepare)).join().unwrap());
        let file = write_targets(tls_address, authority.certificate(), &topic);
        Self { file, log, _runtime: runtime }
    }

    /// What `to` got that contains `mark`.
    pub fn got(&self, to: &str, mark: &str) -> Vec<Got> {
        let log = self.log.lock().unwrap();
        log.got.iter().filter(|got| got.to == to && got.body.contains(mark)).cloned().collect()
    }

    /// The events that `to` took of what contains `mark`.
    pub fn events(&self, to: &str, mark: &str) -> Vec<String> {
        let taken = self.got(to, mark).into_iter().filter(|got| got.status == 200);
        taken.map(|got| said(&got.body)["Type"].as_str().unwrap().to_owned()).collect()
    }

    /// Takes nothing that contains `mark`, until it is up again.
    pub fn down(&self, mark: &str) {
        self.log.lock().unwrap().down.push(mark.to_owned());
    }

    /// Takes everything again that contains `mark`.
    pub fn up(&self, mark: &str) {
        self.log.lock().unwrap().down.retain(|one| one != mark);
    }

    /// Never takes what contains `mark`.
    pub fn refuse(&self, mark: &str) {
        self.log.lock().unwrap().unwanted.push(mark.to_owned());
    }
}

/// A body; SNS wraps it.
pub fn said(body: &str) -> Value {
    let outer: Value = serde_json::from_str(body).unwrap();
    match outer["Message"].as_str() {
        Some(inner) => serde_json::from_str(inner).unwrap(),
        None => outer,
    }
}

async fn take(
    State(log): State<Arc<Mutex<Log>>>,
    Path(to): Path<String>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut log = log.lock().unwrap();
    let matches = |marks: &[String]| marks.iter().any(|mark| body.contains(mark.as_str()));
    let answer = match (matches(&log.unwanted), matches(&log.down)) {
        (true, _) => StatusCode::BAD_REQUEST,
        (false, true) => StatusCode::SERVICE_UNAVAILABLE,
        (false, false) => StatusCode::OK,
    };
    log.got.push(Got { to, headers, body, status: answer.as_u16() });
    answer
}

fn listener() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// The chart makes it.
async fn make_shelf() {
    let shelves: Api<ConfigMap> = Api::namespaced(Client::try_default().await.unwrap(), HOME);
    let metadata = ObjectMeta { name: Some(NOTIFICATIONS_CONFIG_MAP.to_owned()), ..ObjectMeta::default() };
    shelves.create(&PostParams::default(), &ConfigMap { metadata, ..ConfigMap::default() }).await.unwrap();
}

async fn topic(subscriber: SocketAddr) -> String {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let sns = aws_sdk_sns::Client::new(&config);
    let topic = sns.create_topic().name("sentinel").send().await.unwrap().topic_arn.unwrap();
    for (name, events) in [("topic", ""), ("topic-requests", "request."), ("topic-locks", "lock.")] {
        // moto doesn't pass attributes on; that it filters by them shows that they are there.
        let filter = json!({"event_type": [{"prefix": events}]}).to_string();
        let endpoint = format!("http://{subscriber}/{name}");
        let subscribe = sns.subscribe().topic_arn(&topic).protocol("http").endpoint(endpoint);
        let subscribe = if events.is_empty() { subscribe } else { subscribe.attributes("FilterPolicy", filter) };
        subscribe.send().await.unwrap();
    }
    topic
}

fn write_targets(address: SocketAddr, ca: &str, topic: &str) -> PathBuf {
    let state = PathBuf::from(std::env::var_os("SENTINEL_TEST_STATE").unwrap());
    let place = state.join(format!("notified-{}", std::process::id()));
    std::fs::create_dir_all(&place).unwrap();
    let keep = |name: &str, text: &str| {
        let file = place.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let (key, ca) = (keep("key", &format!("{KEY}\n")), keep("ca.crt", ca));
    let url = |name: &str| format!("https://localhost:{}/{name}", address.port());
    let hidden = keep("url", &url("locks"));
    let targets = json!({"targets": [
        {"name": "chat", "webhook": {"url": url("chat"), "keyFile": key, "caFile": ca}},
        {"name": "locks", "events": ["lock.*"], "webhook": {"urlFile": hidden, "keyFile": key, "caFile": ca}},
        // Its certificate is not one of the system's.
        {"name": "stranger", "events": ["lock.ended"], "webhook": {"url": url("stranger"), "keyFile": key}},
        {"name": "topic", "sns": {"topicArn": topic}},
    ]});
    keep("targets.json", &targets.to_string())
}
