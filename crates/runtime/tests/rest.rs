//! What a connection that rests takes. A program of its own: it counts all that is allocated.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is the report of a test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use jiff::Timestamp;
use peak_alloc::PeakAlloc;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use sentinel_runtime::pki::Authority;
use sentinel_runtime::serving::{TlsConfig, serve_tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const NAME: &str = "broker";
const CONNECTIONS: usize = 100;
/// Of both ends, each with its TLS state. hyper's buffers would be another 16 KiB.
const MOST: usize = 20 * 1024;

async fn connect(address: SocketAddr, connector: &TlsConnector) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    connector.connect(ServerName::try_from(NAME).unwrap(), stream).await.unwrap()
}

async fn ask(stream: &mut TlsStream<TcpStream>) {
    let token = "t".repeat(1200);
    let asked =
        format!("POST / HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer {token}\r\nContent-Length: 4\r\n\r\nbody");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = vec![0; 2048];
    let length = stream.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_that_rests_holds_little_more_than_its_tls_state() {
    sentinel_runtime::install_crypto_provider();
    let (now, hour) = (Timestamp::now(), Duration::from_hours(1));
    let authority = Authority::generate("test", now, hour).unwrap();
    let leaf = authority.sign(&[NAME.to_owned()], now, hour).unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (router, shutdown) = (Router::new().route("/", post(async |body: String| body)), CancellationToken::new());
    let server = tokio::spawn(serve_tls(address, router, TlsConfig::new(leaf.server_config()), shutdown.clone()));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap()).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    ask(&mut connect(address, &connector).await).await;

    let before = ALLOCATED.current_usage();
    let mut streams = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        streams.push(connect(address, &connector).await);
    }
    for stream in &mut streams {
        ask(stream).await;
        ask(stream).await;
    }
    // The last answer may be read a moment before its connection rests.
    let each = || ALLOCATED.current_usage().saturating_sub(before) / CONNECTIONS;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while each() > MOST {
        assert!(tokio::time::Instant::now() < deadline, "{} bytes a connection, both ends", each());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("measured: {} bytes a connection, both ends", each());
    drop(streams);
    shutdown.cancel();
    server.await.unwrap().unwrap();
}
