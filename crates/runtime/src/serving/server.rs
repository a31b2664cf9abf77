//! The HTTPS server of webhook and broker.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio_util::sync::CancellationToken;

use limit::ConnectionLimit;

mod limit;

/// From connecting to a finished TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// For the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// For a whole request: reading the body, and answering. The API server gives a webhook 30 s at most.
const REQUEST: Duration = Duration::from_secs(15);
/// For requests that are being answered when the process must stop.
const DRAIN: Duration = Duration::from_secs(10);
/// A head of more bytes is refused: the largest thing in ours is a token of about 2 KiB.
const HEAD_BYTES: usize = 32 * 1024;
/// At a time. Sidecars keep one each.
const CONNECTIONS: usize = 4096;
/// Of one address: a node's, where the network hides its pods behind one, or an API server's.
const SOURCE_CONNECTIONS: usize = 512;

/// Serves `router` over TLS on `address` until `shutdown`, then lets the running requests end. Handlers may extract
/// `ConnectInfo<SocketAddr>`.
pub async fn serve_tls(
    address: SocketAddr,
    router: Router,
    tls: RustlsConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let handle = Handle::new();
    let drain = handle.clone();
    let stopping = tokio::spawn(async move {
        shutdown.cancelled().await;
        drain.graceful_shutdown(Some(DRAIN));
    });
    let limited = RustlsAcceptor::new(tls)
        .handshake_timeout(HANDSHAKE)
        .acceptor(ConnectionLimit::new(CONNECTIONS, SOURCE_CONNECTIONS));
    let mut server = axum_server::bind(address).acceptor(limited).handle(handle).http1_only();
    server = server.first_request_timeout(HEAD);
    server.http_builder().http1().header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    tracing::info!(%address, "serving HTTPS");
    let result = server.serve(bounded(router).into_make_service_with_connect_info::<SocketAddr>()).await;
    stopping.abort();
    result
}

fn bounded(router: Router) -> Router {
    router.layer(middleware::from_fn(in_time))
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(REQUEST, next.run(request))
        .await
        .unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
