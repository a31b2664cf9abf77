//! The router: one way in for all paths.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

use super::room::{Room, length};
use super::{AdmissionRequest, Answer, Unreadable, read_review};
use crate::judge::{Judge, Question};

/// An object is at most 1.5 MiB in etcd, and an update brings two.
pub(super) const BODY_LIMIT: usize = 4 * 1024 * 1024;
/// The API server waits 5 s.
const DEADLINE: Duration = Duration::from_secs(4);

const PATHS: [(&str, Question); 4] = [
    ("/mutate/pods", Question::MutatePod),
    ("/validate/pods", Question::ValidatePod),
    ("/mutate/objects", Question::StampObject),
    ("/validate/objects", Question::ValidateObject),
];

/// Every path of the webhook.
pub fn router(judge: Judge) -> Router {
    let judge = Arc::new(judge);
    let mut router = Router::new();
    for (path, question) in PATHS {
        let handler = move |State(judge): State<Arc<Judge>>, body: Result<Bytes, BytesRejection>| async move {
            admit(&judge, path, question, body).await
        };
        router = router.route(path, post(handler));
    }
    let in_room = middleware::from_fn_with_state(Room::default(), in_room);
    let bounded = router.with_state(judge).layer(DefaultBodyLimit::max(BODY_LIMIT)).layer(in_room);
    bounded.layer(middleware::from_fn(in_time))
}

async fn in_room(State(room): State<Room>, request: Request, next: Next) -> Response {
    let Some(_place) = room.wait_for(length(&request)).await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "there is no room for the request");
    };
    next.run(request).await
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(DEADLINE, next.run(request))
        .await
        .unwrap_or_else(|_| problem(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time"))
}

async fn admit(judge: &Judge, path: &'static str, question: Question, body: Result<Bytes, BytesRejection>) -> Response {
    let started = Instant::now();
    let (outcome, response) = match body {
        Ok(body) => review(judge, path, question, &body).await,
        Err(rejection) => ("unreadable", problem(rejection.status(), &rejection.body_text())),
    };
    judge.metrics.count(path, outcome, started.elapsed());
    response
}

async fn review(judge: &Judge, path: &'static str, question: Question, body: &[u8]) -> (&'static str, Response) {
    match read_review(body) {
        Ok(request) => {
            let answer = judge.answer(question, &request).await;
            log_refusal(path, &request, &answer);
            (answer.outcome(), Json(answer.into_review(&request.uid)).into_response())
        }
        Err(error) => {
            tracing::warn!(path, %error, "an admission request can't be read");
            ("unreadable", unreadable(error))
        }
    }
}

fn unreadable(error: Unreadable) -> Response {
    let message = error.to_string();
    match error {
        Unreadable::Request { uid, .. } => Json(Answer::invalid(message).into_review(&uid)).into_response(),
        Unreadable::Body(_) | Unreadable::NotAReview => problem(StatusCode::BAD_REQUEST, &message),
    }
}

/// One line a refusal.
fn log_refusal(path: &'static str, request: &AdmissionRequest, answer: &Answer) {
    let Some(refused) = &answer.refused else { return };
    tracing::info!(
        path,
        operation = ?request.operation,
        resource = request.resource.resource,
        sub_resource = request.sub_resource.as_deref().unwrap_or_default(),
        namespace = request.namespace,
        name = crate::judge::display_name(request),
        user = request.user_info.username,
        code = refused.code,
        reason = refused.message,
        "refused"
    );
}

fn problem(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"message": message}))).into_response()
}
