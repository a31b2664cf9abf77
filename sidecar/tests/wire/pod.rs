//! A pod with a sidecar in it, and an app that asks.

use std::path::PathBuf;

use sentinel_sidecar::config::{BrokerAddress, Config};
use sentinel_sidecar::program::Sidecar;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

pub const BROKER_TOKEN: &str = "pod-bound-token";

/// The pod's volumes.
pub struct Pod {
    directory: TempDir,
}

/// A sidecar that runs in this process.
pub struct Running {
    pub port: u16,
    pub token: String,
    serving: JoinHandle<()>,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Pod {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let pod = Self { directory };
        pod.broker_token(BROKER_TOKEN);
        pod
    }

    pub fn broker_token(&self, token: &str) {
        std::fs::write(self.path("broker-token"), token).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn app_token(&self) -> String {
        std::fs::read_to_string(self.path("token")).unwrap()
    }

    pub async fn sidecar(&self, broker_port: u16, ca: &str) -> Running {
        let config = Config {
            profile: "prod".to_owned(),
            broker: BrokerAddress { host: "localhost".to_owned(), port: broker_port },
            broker_ca: ca.to_owned(),
            broker_token_file: self.path("broker-token"),
            app_token_file: self.path("token"),
            port: 0,
            pod: "ns/pod".to_owned(),
        };
        let sidecar = Sidecar::bind(config).await.unwrap();
        let port = sidecar.port();
        Running { port, token: self.app_token(), serving: tokio::spawn(sidecar.run()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Running {
    /// Asks as an SDK does.
    pub async fn credentials(&self) -> Answer {
        credentials(self.port, &self.token).await
    }

    pub async fn ready(&self) -> Answer {
        let host = format!("127.0.0.1:{}", self.port);
        send(self.port, &format!("GET /v1/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
    }

    /// The sidecar's own word, without asking for credentials.
    pub async fn is_ready(&self) -> bool {
        self.ready().await.status == 200
    }

    /// Each look is a round trip over the loopback, so this is no busy loop.
    pub async fn until_ready(&self) {
        while !self.is_ready().await {}
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json"), "{}", self.head);
        serde_json::from_str(&self.body).unwrap()
    }

    /// The key that was granted.
    pub fn key(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["AccessKeyId"].as_str().unwrap().to_owned()
    }

    pub fn code(&self) -> String {
        assert!(!self.body.contains("SECRET-KEY"));
        self.json()["Code"].as_str().unwrap().to_owned()
    }

    pub fn message(&self) -> String {
        self.json()["Message"].as_str().unwrap().to_owned()
    }
}

pub async fn credentials(port: u16, token: &str) -> Answer {
    let head = format!("GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n");
    send(port, &format!("{head}Authorization: {token}\r\nConnection: close\r\n\r\n")).await
}

/// Sends these bytes and reads until the sidecar closes.
pub async fn send(port: u16, request: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}
