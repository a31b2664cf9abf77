//! The HTTP server on 127.0.0.1.

mod guard;
mod reply;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::request::Parts;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app_token::AppToken;
use crate::source::Source;
use guard::{Guard, Route};
use reply::Reply;

/// At a time; more wait to be accepted.
const CONNECTIONS: usize = 128;
/// For the head of a request; a client that is slower, or silent for so long, loses its connection.
const HEAD: Duration = Duration::from_secs(5);
const HEAD_BYTES: usize = 8 * 1024;
const HEADERS: usize = 64;
/// When the kernel has no descriptor left, trying again at once would only burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers the pod.
pub struct Server {
    guard: Guard,
    source: Arc<Source>,
}

impl Server {
    /// A server for those who show `token`, reached as `127.0.0.1:port`.
    pub fn new(token: AppToken, port: u16, source: Arc<Source>) -> Arc<Self> {
        Arc::new(Self { guard: Guard::new(token, port), source })
    }

    /// Serves on `listener`. Never ends.
    pub async fn run(self: Arc<Self>, listener: TcpListener) {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let permit = Arc::clone(&permits).acquire_owned().await;
            match (listener.accept().await, permit) {
                (Ok((stream, _)), Ok(permit)) => self.spawn_connection(stream, permit),
                (Err(error), _) => {
                    tracing::warn!(%error, "a connection can't be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                // Nobody closes the semaphore.
                (Ok(_), Err(_)) => {}
            }
        }
    }

    fn spawn_connection(self: &Arc<Self>, stream: TcpStream, permit: OwnedSemaphorePermit) {
        let server = Arc::clone(self);
        tokio::spawn(async move {
            let service = service_fn(|request| server.answer(request));
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES).max_headers(HEADERS);
            // What goes wrong on a connection is its client's affair, and would be a line per request.
            _ = http.serve_connection(TokioIo::new(stream), service).await;
            drop(permit);
        });
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Reply, Infallible> {
        // The body is never read: the endpoints have none.
        let (head, _) = request.into_parts();
        Ok(self.route(&head).await)
    }

    async fn route(&self, head: &Parts) -> Reply {
        match self.guard.check(head) {
            Ok(Route::Credentials) => reply::answer(&self.source.answer().await),
            Ok(Route::Ready) => reply::readiness(self.source.look(crate::state::State::readiness)),
            Err(rejection) => reply::rejection(&rejection),
        }
    }
}
