//! Who is not answered.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::broker::{Broker, Ca, grants};
use crate::pod::{Pod, send};

const CASES: [(&str, &str, u16, &str); 8] = [
    (
        "another host",
        "GET /v1/credentials HTTP/1.1\r\nHost: evil.example\r\nAuthorization: TOKEN\r\n",
        403,
        "InvalidRequest",
    ),
    (
        "localhost by name",
        "GET /v1/credentials HTTP/1.1\r\nHost: localhost:PORT\r\nAuthorization: TOKEN\r\n",
        403,
        "InvalidRequest",
    ),
    ("no host", "GET /v1/credentials HTTP/1.0\r\nAuthorization: TOKEN\r\n", 403, "InvalidRequest"),
    (
        "forwarded",
        "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Forwarded-For: 10.0.0.1\r\nAuthorization: TOKEN\r\n",
        403,
        "InvalidRequest",
    ),
    ("no token", "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n", 401, "InvalidToken"),
    (
        "wrong token",
        "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: 00\r\n",
        401,
        "InvalidToken",
    ),
    (
        "post",
        "POST /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: TOKEN\r\nContent-Length: 0\r\n",
        405,
        "InvalidRequest",
    ),
    (
        "elsewhere",
        "GET /latest/meta-data HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: TOKEN\r\n",
        404,
        "InvalidRequest",
    ),
];

#[tokio::test]
async fn strangers_are_refused_in_json() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 600_000)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    assert_eq!(sidecar.credentials().await.key(), "AKIA1");
    for (name, request, status, code) in CASES {
        let request = request.replace("PORT", &sidecar.port.to_string()).replace("TOKEN", &sidecar.token);
        let answer = send(sidecar.port, &format!("{request}Connection: close\r\n\r\n")).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{name}");
        assert!(!answer.body.contains("AKIA1"), "{name}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 600_000)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    let filler = "x".repeat(10_000);
    let request = format!(
        "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {}\r\nX: {filler}\r\n\r\n",
        sidecar.token
    );
    let mut stream = TcpStream::connect(("127.0.0.1", sidecar.port)).await.unwrap();
    // The sidecar may close while we still write.
    _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("AKIA1"));
}

#[tokio::test]
async fn a_restart_keeps_the_token() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 600_000)).await;
    let first = pod.sidecar(broker.port, &ca.pem()).await.token.clone();
    let again = pod.sidecar(broker.port, &ca.pem()).await;
    assert_eq!(again.token, first);
    assert_eq!(again.credentials().await.key(), "AKIA1");
}
