use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::routing::get;
use jiff::Timestamp;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::pki::{Authority, Leaf};

const NAME: &str = "sentinel-broker.sentinel-system.svc";
const DAY: Duration = Duration::from_hours(24);

fn authority() -> Authority {
    crate::install_crypto_provider();
    Authority::generate("test", Timestamp::now(), 100 * DAY).unwrap()
}

fn leaf(authority: &Authority) -> Leaf {
    authority.sign(&[NAME.to_owned()], Timestamp::now(), DAY).unwrap()
}

struct Running {
    address: SocketAddr,
    tls: TlsConfig,
    shutdown: CancellationToken,
    server: tokio::task::JoinHandle<io::Result<()>>,
}

async fn start(router: Router, leaf: &Leaf) -> Running {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = TlsConfig::new(leaf.server_config());
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve_tls(address, router, tls.clone(), shutdown.clone()));
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    Running { address, tls, shutdown, server }
}

async fn connect(address: SocketAddr, trusted: &Authority) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(rustls_pki_types::CertificateDer::from_pem_slice(trusted.certificate().as_bytes()).unwrap()).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(client)).connect(ServerName::try_from(NAME).unwrap(), stream).await
}

async fn get_text(mut stream: TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart() {
    let (old, new) = (authority(), authority());
    let router =
        Router::new().route("/", get(async |ConnectInfo(from): ConnectInfo<SocketAddr>| from.ip().to_string()));
    let running = start(router, &leaf(&old)).await;
    assert!(get_text(connect(running.address, &old).await.unwrap()).await.ends_with("127.0.0.1"));
    running.tls.replace(leaf(&new).server_config());
    assert!(connect(running.address, &old).await.is_err());
    assert!(get_text(connect(running.address, &new).await.unwrap()).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let (began, finish) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let handler = {
        let (began, finish) = (Arc::clone(&began), Arc::clone(&finish));
        move || async move {
            began.notify_one();
            finish.notified().await;
            "done"
        }
    };
    let own = authority();
    let running = start(Router::new().route("/", get(handler)), &leaf(&own)).await;
    let asked = tokio::spawn(get_text(connect(running.address, &own).await.unwrap()));
    began.notified().await;
    running.shutdown.cancel();
    while TcpStream::connect(running.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    finish.notify_one();
    assert!(asked.await.unwrap().ends_with("done"));
    running.server.await.unwrap().unwrap();
}

/// What `stream` says next: a head, and a body of the length that the head says.
async fn answer(stream: &mut TlsStream<TcpStream>) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(text).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).map_or("0", |rest| rest.split("\r\n").next().unwrap());
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    format!("{} {}", &head[9..12], String::from_utf8(body).unwrap())
}

/// Answers with what it was asked, and with `n` times that at `/n`.
fn echo() -> Router {
    use axum::extract::Path;
    use axum::routing::post;
    Router::new()
        .route("/", post(async |body: String| body))
        .route("/{times}", post(async |Path(times): Path<usize>, body: String| body.repeat(times)))
        .route("/unread", post(async || "unread"))
        .route("/get", get(async || "got"))
}

fn asking(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: broker\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_connection_that_rested_is_used_again() {
    let own = authority();
    let running = start(echo(), &leaf(&own)).await;
    let mut stream = connect(running.address, &own).await.unwrap();
    for n in 0..20 {
        let asked = asking("/", &format!("number {n}"));
        // In pieces, so that it wakes with the first of them.
        for piece in asked.as_bytes().chunks(7 + n) {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
        }
        assert_eq!(answer(&mut stream).await, format!("200 number {n}"));
        stream.write_all(b"GET /get HTTP/1.1\r\nHost: broker\r\n\r\n").await.unwrap();
        assert_eq!(answer(&mut stream).await, "200 got");
    }
}

#[tokio::test]
async fn requests_that_come_together_are_all_answered() {
    let own = authority();
    let running = start(echo(), &leaf(&own)).await;
    let mut stream = connect(running.address, &own).await.unwrap();
    let asked: String = (0..50).map(|n| asking("/", &format!("number {n}"))).collect();
    // The last one's end comes later, when the others are answered.
    let (now, later) = asked.split_at(asked.len() - 4);
    stream.write_all(now.as_bytes()).await.unwrap();
    for n in 0..49 {
        assert_eq!(answer(&mut stream).await, format!("200 number {n}"));
    }
    stream.write_all(later.as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream).await, "200 number 49");
}

/// Whoever took the rest of a body for the next request would let a body's author speak for whoever shares the connection.
#[tokio::test]
async fn a_body_that_nobody_read_is_never_taken_for_a_request() {
    let own = authority();
    let running = start(echo(), &leaf(&own)).await;
    let mut stream = connect(running.address, &own).await.unwrap();
    let inner = asking("/", "smuggled");
    let whole = format!("{}{}", "x".repeat(100_000), inner);
    let outer = asking("/unread", &whole);
    let head = outer.len() - whole.len();
    stream.write_all(&outer.as_bytes()[..head + 10]).await.unwrap();
    assert_eq!(answer(&mut stream).await, "200 unread");
    // It may be closed by now.
    _ = stream.write_all(&outer.as_bytes()[head + 10..]).await;
    let mut rest = Vec::new();
    _ = stream.read_to_end(&mut rest).await;
    assert!(!String::from_utf8_lossy(&rest).contains("smuggled"));
}

#[tokio::test]
async fn an_answer_is_whole_though_nobody_reads_it_for_a_while() {
    let own = authority();
    let running = start(echo(), &leaf(&own)).await;
    let mut stream = connect(running.address, &own).await.unwrap();
    let body = "0123456789".repeat(400);
    for _ in 0..2 {
        stream.write_all(asking("/2000", &body).as_bytes()).await.unwrap();
        // It has begun; it can't have ended, since buffers hold less than it.
        stream.get_ref().0.readable().await.unwrap();
        assert_eq!(answer(&mut stream).await.len(), 4 + 2000 * body.len());
    }
}

#[tokio::test]
async fn who_rests_is_told_goodbye_at_the_end_and_no_waiting_for_it() {
    let own = authority();
    let running = start(echo(), &leaf(&own)).await;
    let mut stream = connect(running.address, &own).await.unwrap();
    stream.write_all(asking("/", "x").as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream).await, "200 x");
    let _never_asked = connect(running.address, &own).await.unwrap();
    running.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), running.server).await.unwrap().unwrap().unwrap();
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "closed in order, not broken off");
}

#[tokio::test]
async fn one_connection_too_many_of_one_source_is_closed() {
    let own = authority();
    let running = start(echo(), &leaf(&own)).await;
    let mut kept = Vec::new();
    for _ in 0..SOURCE_CONNECTIONS {
        kept.push(TcpStream::connect(running.address).await.unwrap());
    }
    assert!(connect(running.address, &own).await.is_err());
    drop(kept);
    let mut tries = 0;
    while connect(running.address, &own).await.is_err() {
        tries += 1;
        assert!(tries < 1000, "a place is given back");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Says when it is dropped.
struct Dropped(Arc<tokio::sync::Notify>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_request_that_is_never_answered_is_cut_off_at_the_end() {
    let (began, cut) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let handler = {
        let (began, cut) = (began.clone(), cut.clone());
        move || {
            let held = Dropped(cut.clone());
            let began = began.clone();
            async move {
                began.notify_one();
                std::future::pending::<()>().await;
                drop(held);
            }
        }
    };
    let own = authority();
    let running = start(Router::new().route("/", get(handler)), &leaf(&own)).await;
    let mut stream = connect(running.address, &own).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n").await.unwrap();
    began.notified().await;
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    running.shutdown.cancel();
    running.server.await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), DRAIN.as_secs());
    cut.notified().await;
}
