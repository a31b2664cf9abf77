//! The one map from answers to status codes.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sentinel_core::protocol::{Refusal, code};
use sentinel_decision::Kind;

use crate::caller::CallerError;
use crate::service::{Answer, RefusedAnswer};

/// Seconds after which a 503 is worth another try.
const TRY_AGAIN: u64 = 2;

/// A request that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BadRequest {
    /// 400.
    #[error("the request can't be read: {0}")]
    Body(String),
    /// 404.
    #[error("there is only POST /v1/credentials here")]
    Path,
    /// 405.
    #[error("POST is expected")]
    Method,
}

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        };
        respond(status, Refusal::new(code::INVALID_REQUEST, self.to_string()), None)
    }
}

impl Answer {
    /// For the metric.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Granted(_) => "allowed",
            Self::Unidentified(CallerError::BadToken(_) | CallerError::Refused(_)) => "unauthenticated",
            Self::Unidentified(CallerError::Throttled(_)) => "throttled",
            Self::Refused(refused) if refused.cause.kind() == Kind::Denied => "denied",
            Self::Unidentified(CallerError::Unavailable(_)) | Self::Refused(_) => "unavailable",
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Granted(grant) => no_store(Json(*grant).into_response()),
            Self::Unidentified(error) => unidentified(&error),
            Self::Refused(refused) => refuse(*refused),
        }
    }
}

fn unidentified(error: &CallerError) -> Response {
    let (status, code, retry) = match error {
        CallerError::BadToken(_) | CallerError::Refused(_) => (StatusCode::UNAUTHORIZED, code::INVALID_TOKEN, None),
        CallerError::Throttled(pause) => (StatusCode::TOO_MANY_REQUESTS, code::THROTTLED, Some(pause.as_secs() + 1)),
        CallerError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, Some(TRY_AGAIN)),
    };
    respond(status, Refusal::new(code, error.to_string()), retry)
}

fn refuse(refused: RefusedAnswer) -> Response {
    let RefusedAnswer { cause, lease_ms, trust_bundle } = refused;
    let rule = cause.decision().map(|decision| decision.rule.clone()).filter(|rule| !rule.is_empty());
    let refusal =
        Refusal { rule, reason: Some(cause.reason()), trust_bundle, ..Refusal::new(cause.code(), cause.to_string()) };
    match cause.kind() {
        Kind::Denied => respond(StatusCode::FORBIDDEN, Refusal { lease_ms: Some(lease_ms), ..refusal }, None),
        Kind::Unavailable => respond(StatusCode::SERVICE_UNAVAILABLE, refusal, Some(TRY_AGAIN)),
    }
}

fn respond(status: StatusCode, refusal: Refusal, retry_after: Option<u64>) -> Response {
    let mut response = no_store((status, Json(refusal)).into_response());
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::BadToken;
    use rstest::rstest;
    use sentinel_decision::Cause;
    use std::time::Duration;

    fn refused(cause: Cause) -> Answer {
        Answer::Refused(Box::new(RefusedAnswer { cause, lease_ms: 5000, trust_bundle: None }))
    }

    fn gone() -> Cause {
        Cause::PodGone { pod: "ns/pod".into() }
    }

    #[rstest]
    #[case(Answer::Unidentified(CallerError::BadToken(BadToken::Missing)), 401, "unauthenticated", None)]
    #[case(Answer::Unidentified(CallerError::Refused(String::new())), 401, "unauthenticated", None)]
    #[case(Answer::Unidentified(CallerError::Throttled(Duration::from_millis(1200))), 429, "throttled", Some("2"))]
    #[case(Answer::Unidentified(CallerError::Unavailable(String::new())), 503, "unavailable", Some("2"))]
    #[case(refused(gone()), 403, "denied", None)]
    #[case(refused(Cause::Internal), 503, "unavailable", Some("2"))]
    fn every_answer_has_its_status(
        #[case] answer: Answer,
        #[case] status: u16,
        #[case] outcome: &str,
        #[case] retry_after: Option<&str>,
    ) {
        assert_eq!(answer.outcome(), outcome);
        let response = answer.into_response();
        assert_eq!(response.status().as_u16(), status);
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, retry_after);
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}
