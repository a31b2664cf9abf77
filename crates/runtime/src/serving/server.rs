//! The HTTPS server of webhook and broker.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use connection::Connection;
use limit::ConnectionLimit;
use line::Line;

use super::tls::TlsConfig;

mod connection;
mod course;
mod limit;
mod line;

/// From connecting to a finished TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// For a whole request: reading the body, and answering. The API server gives a webhook 30 s at most.
const REQUEST: Duration = Duration::from_secs(15);
/// For requests that are being answered when the process must stop.
const DRAIN: Duration = Duration::from_secs(10);
/// At a time. Sidecars keep one each.
const CONNECTIONS: usize = 8192;
/// Of one address: a node's, where the network hides its pods behind one, or an API server's.
const SOURCE_CONNECTIONS: usize = 512;
/// Before the next connection is taken, where the machine has no room for one.
const BREATH: Duration = Duration::from_millis(500);

/// Serves `router` over TLS on `address` until `shutdown`, then lets the running requests end. Handlers may extract
/// `ConnectInfo<SocketAddr>`.
pub async fn serve_tls(
    address: SocketAddr,
    router: Router,
    tls: TlsConfig,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let (limit, mut connections) = (ConnectionLimit::new(CONNECTIONS, SOURCE_CONNECTIONS), JoinSet::new());
    let router = bounded(router);
    tracing::info!(%address, "serving HTTPS");
    while let Some((stream, peer)) = next(&listener, &mut connections, &shutdown).await {
        let Some(place) = limit.take(peer.ip()) else { continue };
        let acceptor = TlsAcceptor::from(tls.current());
        let connection = Connection { router: router.clone(), peer, shutdown: shutdown.clone() };
        connections.spawn(async move {
            let _place = place;
            // On the heap, so that its room goes when it is done.
            if let Some(stream) = Box::pin(shake_hands(stream, acceptor)).await {
                connection.serve(Line::new(stream)).await;
            }
        });
    }
    drop(listener);
    let drained = timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(connections = connections.len(), "requests are not answered within {DRAIN:?}; cutting them off");
        connections.shutdown().await;
    }
    Ok(())
}

/// The next connection; none after `shutdown`. Those of `connections` that have ended leave no trace meanwhile.
async fn next(
    listener: &TcpListener,
    connections: &mut JoinSet<()>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, SocketAddr)> {
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => return None,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(accepted) => return Some(accepted),
            Err(error) if is_of_the_other_side(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken; trying again");
                sleep(BREATH).await;
            }
        }
    }
}

/// Whether whoever connected is gone again.
fn is_of_the_other_side(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// On the heap: the task of a connection is several times as large as what is moved through it.
async fn shake_hands(stream: TcpStream, acceptor: TlsAcceptor) -> Option<Box<TlsStream<TcpStream>>> {
    // Or the first answer waits some 40 ms for the client to acknowledge the TLS session tickets.
    stream.set_nodelay(true).ok()?;
    timeout(HANDSHAKE, acceptor.accept(stream)).await.ok()?.ok().map(Box::new)
}

fn bounded(router: Router) -> Router {
    router.layer(middleware::from_fn(in_time))
}

async fn in_time(request: Request, next: Next) -> Response {
    timeout(REQUEST, next.run(request)).await.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
