//! Asks the broker: one warm connection, verified always, never more than the deadline.

mod answer;
mod connection;
mod trust;

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use sentinel_core::protocol::{CREDENTIALS_PATH, CredentialRequest};
use tokio::sync::Mutex;

use crate::config::BrokerAddress;
use crate::state::{BrokerAnswer, Denial};
use connection::Connection;
pub use trust::{Trust, TrustError};

/// Java's and JavaScript's SDKs give up on us after 1 s.
const DEADLINE: Duration = Duration::from_millis(900);

/// The broker, as seen from one pod.
pub struct Broker {
    address: BrokerAddress,
    profile: String,
    token_file: PathBuf,
    trust: Trust,
    warm: Mutex<Option<Connection>>,
}

/// Why the broker gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The projected token can't be read.
    #[error("the broker's token in {path}: {source}", path = .path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The projected token is no header value.
    #[error("the broker's token is not a token")]
    NoToken,
    /// The question could not be written.
    #[error("the question: {0}")]
    Question(#[from] serde_json::Error),
    /// No connection.
    #[error("{0}")]
    Connect(#[from] std::io::Error),
    /// The connection broke.
    #[error("{}", whole(.0))]
    Http(#[from] hyper::Error),
    /// Too slow.
    #[error("no answer within {} ms", DEADLINE.as_millis())]
    Deadline,
    /// The answer is longer than any of ours.
    #[error("its answer can't be read: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
}

impl Broker {
    /// A broker at `address` that is asked for `profile`, as the pod that `token_file` speaks for.
    pub fn new(address: BrokerAddress, profile: String, token_file: PathBuf, trust: Trust) -> Self {
        Self { address, profile, token_file, trust, warm: Mutex::new(None) }
    }

    /// Asks once. `served` is how many callers got credentials since the last acknowledged report. Gives the answer, and
    /// whether it acknowledges the report.
    pub async fn ask(&self, served: u64) -> (BrokerAnswer, bool) {
        let asked = tokio::time::timeout(DEADLINE, self.exchange(served)).await;
        match asked.unwrap_or(Err(AskError::Deadline)) {
            Ok(response) => self.read(&response),
            Err(error) => (BrokerAnswer::Undecided(Denial::undecided(self.unreachable(&error))), false),
        }
    }

    /// A connection that was kept may have died since: then the question is put once more, on a new one.
    async fn exchange(&self, served: u64) -> Result<answer::Raw, AskError> {
        let question = self.question(served)?;
        let mut warm = self.warm.lock().await;
        if let Some(mut kept) = warm.take().filter(Connection::is_usable)
            && let Ok(response) = kept.send(question.clone()).await
        {
            *warm = Some(kept);
            return Ok(response);
        }
        let mut fresh = Connection::open(&self.address, self.trust.client()).await?;
        let response = fresh.send(question).await?;
        *warm = Some(fresh);
        Ok(response)
    }

    fn question(&self, served: u64) -> Result<Request<Full<Bytes>>, AskError> {
        let (profile, bundle_hash) = (self.profile.clone(), self.trust.hash());
        let body = serde_json::to_vec(&CredentialRequest { profile, served, bundle_hash })?;
        let mut request =
            Request::post(CREDENTIALS_PATH).body(Full::new(Bytes::from(body))).map_err(|_| AskError::NoToken)?;
        let headers = request.headers_mut();
        let host = format!("{}:{}", self.address.host, self.address.port);
        headers.insert(HOST, HeaderValue::try_from(host).map_err(|_| AskError::NoToken)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, self.bearer()?);
        Ok(request)
    }

    /// Read for each question: the kubelet renews it.
    fn bearer(&self) -> Result<HeaderValue, AskError> {
        let token = std::fs::read_to_string(&self.token_file)
            .map_err(|source| AskError::Token { path: self.token_file.clone(), source })?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.trim())).map_err(|_| AskError::NoToken)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn read(&self, response: &answer::Raw) -> (BrokerAnswer, bool) {
        let (answer, bundle) = answer::read(response);
        if let Some(bundle) = bundle {
            self.trust.renew(&bundle);
        }
        (answer, matches!(response.status, 200 | 403))
    }

    fn unreachable(&self, error: &AskError) -> String {
        format!("the broker at {}: {error}", self.address)
    }
}

/// hyper's own text leaves out what happened underneath.
fn whole(error: &hyper::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
