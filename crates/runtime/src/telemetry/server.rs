//! The plain-HTTP server of probes and metrics. It gives no secret away and changes nothing.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Metrics, Readiness};

/// Serves /livez, /readyz and /metrics on `address` until `shutdown`. Resolves when it has stopped.
pub async fn serve(
    address: SocketAddr,
    metrics: Metrics,
    ready: Readiness,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving probes and metrics");
    axum::serve(listener, router(metrics, ready)).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

fn router(metrics: Metrics, ready: Readiness) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .with_state(ready)
        .merge(Router::new().route("/metrics", get(text)).with_state(metrics))
}

async fn readyz(State(ready): State<Readiness>) -> (StatusCode, String) {
    let missing = ready.missing();
    if missing.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready, waiting for: {}\n", missing.join(", ")))
}

async fn text(State(metrics): State<Metrics>) -> Response {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readyz_names_the_closed_gates() {
        let ready = Readiness::new();
        let gate = ready.gate("watches");
        let (status, text) = readyz(State(ready.clone())).await;
        assert_eq!((status, text.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready, waiting for: watches\n"));
        gate.set(true);
        assert_eq!(readyz(State(ready)).await.0, StatusCode::OK);
    }
}
