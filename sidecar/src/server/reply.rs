//! Answers as HTTP. Always JSON towards an SDK: some of them report nothing but "not JSON" otherwise.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use sentinel_core::protocol::Refusal;
use serde::Serialize;

use super::guard::Rejection;
use crate::state::{Answer, Denial};

pub(super) type Reply = Response<Full<Bytes>>;

pub(super) fn answer(answer: &Answer) -> Reply {
    match answer {
        Answer::Serve(credentials) => json(200, &**credentials),
        Answer::Refuse(denial) => refused(denial),
        // `Source::answer` never says so; an SDK would try again.
        Answer::Ask => refused(&Denial::undecided("the broker has not been asked yet")),
    }
}

pub(super) fn rejection(rejection: &Rejection) -> Reply {
    let mut reply = json(rejection.status, &Refusal::new(rejection.code, rejection.message.clone()));
    if rejection.status == 405 {
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    }
    reply
}

pub(super) fn readiness(ready: Result<(), String>) -> Reply {
    let (status, text) = ready.map_or_else(|waiting| (503, format!("{waiting}\n")), |()| (200, "ok\n".to_owned()));
    reply(status, "text/plain", text.into_bytes())
}

fn refused(denial: &Denial) -> Reply {
    let mut reply = json(denial.status, &denial.refusal);
    if let Some(seconds) = denial.retry_after {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

fn json(status: u16, body: &impl Serialize) -> Reply {
    // Our bodies are structs of text and times, which can't fail to be written.
    reply(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
}

fn reply(status: u16, content_type: &'static str, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
