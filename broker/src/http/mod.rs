//! The broker's HTTP: `POST /v1/credentials`, and JSON `Code`/`Message` for everything else.

mod answer;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use sentinel_core::protocol::{CREDENTIALS_PATH, CredentialRequest};

use crate::caller::{BadToken, CallerError};
use crate::service::{Answer, Broker};
use answer::BadRequest;

/// Ours have 200 bytes.
const LARGEST_BODY: usize = 4096;
/// A Kubernetes object's name is not longer.
const LONGEST_PROFILE: usize = 253;

/// The routes.
pub fn router(broker: Arc<Broker>) -> Router {
    Router::new()
        .route(CREDENTIALS_PATH, post(credentials).fallback(async || BadRequest::Method.into_response()))
        .fallback(async || BadRequest::Path.into_response())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(broker)
}

async fn credentials(
    State(broker): State<Arc<Broker>>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let start = Instant::now();
    let (outcome, response) = match read(&headers, body) {
        Ok((token, request)) => {
            let answer = broker.answer(token, source.ip(), &request).await;
            (answer.outcome(), answer.into_response())
        }
        Err(Unread::Token) => {
            let answer = Answer::Unidentified(CallerError::BadToken(BadToken::Missing));
            (answer.outcome(), answer.into_response())
        }
        Err(Unread::Body(problem)) => ("invalid", problem.into_response()),
    };
    broker.metrics.answered(outcome, start.elapsed());
    response
}

enum Unread {
    Token,
    Body(BadRequest),
}

fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<(&str, CredentialRequest), Unread> {
    let token = bearer(headers).ok_or(Unread::Token)?;
    let body = body.map_err(|error| Unread::Body(BadRequest::Body(error.to_string())))?;
    let request: CredentialRequest =
        serde_json::from_slice(&body).map_err(|error| Unread::Body(BadRequest::Body(error.to_string())))?;
    if request.profile.is_empty() || request.profile.len() > LONGEST_PROFILE {
        return Err(Unread::Body(BadRequest::Body("`profile` is no name".to_owned())));
    }
    Ok((token, request))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
