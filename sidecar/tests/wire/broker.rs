//! A broker that says what it is told to.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;
use sentinel_core::protocol::CredentialRequest;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub fn new() -> Self {
        sentinel_runtime::install_crypto_provider();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key.into());
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

/// What the broker does with a question.
#[derive(Clone)]
pub enum Says {
    Json(u16, Value),
    Text(u16, &'static str),
    RetryAfter(u16, &'static str, Value),
    /// Answers when told to.
    Later(Arc<Notify>, u16, Value),
    Never,
    /// Closes the connection after the question has been read.
    Resets,
}

/// A question as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub bearer: String,
    pub host: String,
    pub request: CredentialRequest,
}

struct Shared {
    says: Mutex<Says>,
    asked: watch::Sender<Vec<Asked>>,
    connections: watch::Sender<usize>,
    /// Told to close all connections.
    hang_up: Notify,
}

pub struct Broker {
    pub port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.serving.abort();
        self.shared.hang_up.notify_waiters();
    }
}

impl Broker {
    pub async fn start(ca: &Ca, says: Says) -> Self {
        Self::start_as(ca, "localhost", 0, says).await
    }

    pub async fn start_as(ca: &Ca, name: &str, port: u16, says: Says) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, connections) = (watch::Sender::default(), watch::Sender::default());
        let shared = Arc::new(Shared { says: Mutex::new(says), asked, connections, hang_up: Notify::new() });
        let serving = tokio::spawn(accept(listener, ca.acceptor(name), Arc::clone(&shared)));
        Self { port, shared, serving }
    }

    pub fn says(&self, says: Says) {
        *self.shared.says.lock().unwrap() = says;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.borrow().clone()
    }

    pub async fn asked_times(&self, times: usize) {
        self.shared.asked.subscribe().wait_for(|asked| asked.len() >= times).await.unwrap();
    }

    pub fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// Closes the port, and gives it for another broker.
    pub async fn stop(mut self) -> u16 {
        self.serving.abort();
        _ = (&mut self.serving).await;
        self.port
    }

    pub fn hang_up(&self) {
        self.shared.hang_up.notify_waiters();
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(connection(stream, tls.clone(), Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    let hung_up = shared.hang_up.notified();
    let Ok(stream) = tls.accept(stream).await else { return };
    shared.connections.send_modify(|connections| *connections += 1);
    let service = service_fn(|request| answer(request, &shared));
    tokio::select! {
        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
        () = hung_up => {}
    }
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let header = |name| head.headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned());
    assert_eq!((head.method.as_str(), head.uri.path()), ("POST", "/v1/credentials"));
    let request = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    let (bearer, host) = (header("authorization").unwrap(), header("host").unwrap());
    shared.asked.send_modify(|asked| asked.push(Asked { bearer, host, request }));
    let says = shared.says.lock().unwrap().clone();
    Ok(match says {
        Says::Json(status, body) => response(status, &body.to_string()),
        Says::Text(status, body) => response(status, body),
        Says::RetryAfter(status, seconds, body) => {
            let mut response = response(status, &body.to_string());
            response.headers_mut().insert("retry-after", seconds.parse().unwrap());
            response
        }
        Says::Later(told, status, body) => {
            told.notified().await;
            response(status, &body.to_string())
        }
        Says::Never => std::future::pending().await,
        Says::Resets => {
            shared.hang_up.notify_waiters();
            std::future::pending().await
        }
    })
}

fn response(status: u16, body: &str) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::new(Bytes::from(body.to_owned()))).unwrap()
}

/// A grant of a quarter of an hour for the key `key`.
pub fn grant(key: &str, lease_ms: u64) -> Value {
    let expiration = Timestamp::now() + SignedDuration::from_mins(15);
    json!({
        "credentials": {"AccessKeyId": key, "SecretAccessKey": "SECRET-KEY", "Token": "SESSION-TOKEN", "Expiration": expiration},
        "leaseMs": lease_ms,
    })
}

/// [`grant`], as an answer.
pub fn grants(key: &str, lease_ms: u64) -> Says {
    Says::Json(200, grant(key, lease_ms))
}

pub fn refusal(code: &str, message: &str, lease_ms: u64) -> Value {
    json!({"Code": code, "Message": message, "rule": "deny-all", "leaseMs": lease_ms})
}

pub fn refuses(code: &str, message: &str, lease_ms: u64) -> Says {
    Says::Json(403, refusal(code, message, lease_ms))
}

pub fn unavailable() -> Says {
    Says::Json(503, json!({"Code": "ServiceUnavailable", "Message": "the session table can't be read"}))
}
