//! AWS as the tests of `crates/aws` need it: real emulators with room for a busy machine, and, for what no emulator does
//! (deny, throttle, fall silent), a server that repeats one answer and keeps what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sentinel_aws::{Aws, Settings, Timeouts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Clients of the emulators; a busy machine may be slower than the credential path allows.
pub async fn emulators() -> Aws {
    refuse_the_real_aws();
    Aws::load_with(Settings { timeouts: Timeouts::CONTROLLER, ..Settings::default() }).await
}

/// Clients of one endpoint, with the timeouts of the credential path.
pub async fn at(endpoint: &str) -> Aws {
    refuse_the_real_aws();
    Aws::load_with(Settings { endpoint: Some(endpoint.to_owned()), ..Settings::default() }).await
}

/// Without these, a test would look for credentials on the machine and for tables in somebody's account.
pub fn refuse_the_real_aws() {
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL_STS", "AWS_ACCESS_KEY_ID"] {
        assert!(
            std::env::var_os(name).is_some(),
            "{name} is not set: run `make test`, or `tests/control-plane run cargo test -p sentinel-tests`"
        );
    }
}

/// An endpoint where nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// An endpoint that takes requests and never answers.
pub async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    endpoint
}

/// A server with one answer.
pub struct Canned {
    pub endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    pub async fn start(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let kept = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let request = serve(stream, &answer).await;
                kept.lock().unwrap().push(request);
            }
        });
        Self { endpoint, asked }
    }

    /// The requests so far, head and body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: &str) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_complete(&String::from_utf8_lossy(&request)) {
        match tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer)).await.unwrap() {
            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    let _ = stream.write_all(answer.as_bytes()).await;
    String::from_utf8(request).unwrap()
}

fn is_complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}
