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

use super::limit::ConnectionLimit;
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
    tls: RustlsConfig,
    shutdown: CancellationToken,
    server: tokio::task::JoinHandle<io::Result<()>>,
}

async fn start(router: Router, leaf: &Leaf) -> Running {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = RustlsConfig::from_config(leaf.server_config());
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
    running.tls.reload_from_config(leaf(&new).server_config());
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

#[tokio::test]
async fn one_connection_too_many_is_closed() {
    use axum_server::accept::Accept as _;
    let limit = ConnectionLimit::new(1, 9);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connect = || tokio::net::TcpStream::connect(listener.local_addr().unwrap());
    let (kept, ()) = limit.accept(connect().await.unwrap(), ()).await.unwrap();
    assert!(limit.accept(connect().await.unwrap(), ()).await.is_err());
    drop(kept);
    assert!(limit.accept(connect().await.unwrap(), ()).await.is_ok());
}

#[tokio::test]
async fn one_source_does_not_shut_out_another() {
    use axum_server::accept::Accept as _;
    let limit = ConnectionLimit::new(9, 1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Accepted at the server's end, where the peer is the source.
    let from = async |source: &str| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
        let client = socket.connect(address).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    };
    let ((_a, first), (_b, second), (_c, other)) =
        (from("127.0.0.1").await, from("127.0.0.1").await, from("127.0.0.2").await);
    let (kept, ()) = limit.accept(first, ()).await.unwrap();
    assert!(limit.accept(second, ()).await.is_err());
    let (_other, ()) = limit.accept(other, ()).await.unwrap();
    drop(kept);
    assert!(limit.accept(from("127.0.0.1").await.1, ()).await.is_ok(), "a place is given back");
}
