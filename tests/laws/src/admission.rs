//! Any bytes as the body of an AdmissionReview.

use sentinel_webhook::admission::{AdmissionRequest, Answer, Operation, Unreadable, read_review};
use sentinel_webhook::judge::{Question, display_name};
use serde_json::{Value, json};

use crate::law::{Broken, Law, accepted, holds, same};
use judge::ask;

mod judge;

const QUESTIONS: [Question; 3] = [Question::MutatePod, Question::ValidatePod, Question::ValidateObject];

/// The body of a review, or an object alone: then it is taken for a new pod.
pub fn admission(bytes: &[u8]) -> Law {
    match read_review(bytes) {
        Ok(request) => is_answered_lawfully(&request),
        Err(Unreadable::Request { uid, source }) => {
            holds(!source.to_string().is_empty(), || format!("{uid}: refused without a word"))
        }
        Err(_) => match serde_json::from_slice::<Value>(bytes) {
            Ok(object) if object.is_object() => is_answered_lawfully(&new_pod(&object)?),
            _ => Ok(()),
        },
    }
}

fn new_pod(object: &Value) -> Result<AdmissionRequest, Broken> {
    let review = json!({"uid": "u", "operation": "CREATE", "resource": {"resource": "pods"}, "object": object});
    accepted("a review of ours", serde_json::from_value(review))
}

fn is_answered_lawfully(request: &AdmissionRequest) -> Law {
    let _ = display_name(request);
    for question in QUESTIONS {
        is_an_answer(ask(question, request), request)?;
    }
    if is_asked_to_be_injected(request) { is_injected_once(request) } else { Ok(()) }
}

/// A refusal says why, and the answer is one to this request.
fn is_an_answer(answer: Answer, request: &AdmissionRequest) -> Law {
    let refused = answer.refused.clone();
    let silent = refused.as_ref().is_some_and(|no| no.message.trim().is_empty() || !matches!(no.code, 403 | 422 | 503));
    holds(!silent, || format!("{refused:?}"))?;
    let review = answer.into_review(&request.uid);
    let says = |pointer: &str| review.pointer(pointer).cloned().unwrap_or_default();
    same("uid", &says("/response/uid"), &json!(request.uid))?;
    same("allowed", &says("/response/allowed"), &json!(refused.is_none()))
}

fn is_asked_to_be_injected(request: &AdmissionRequest) -> bool {
    request.operation == Operation::Create
        && request.resource.resource == "pods"
        && request.sub_resource.as_deref().unwrap_or_default().is_empty()
}

/// The injected pod is verified, and injecting it again changes nothing.
fn is_injected_once(request: &AdmissionRequest) -> Law {
    let answer = ask(Question::MutatePod, request);
    let Some(patch) = answer.patch.filter(|_| answer.refused.is_none()) else { return Ok(()) };
    let mut injected = request.clone();
    accepted("the patch doesn't fit the pod", json_patch::patch(&mut injected.object, &patch.0))?;
    let again = ask(Question::MutatePod, &injected);
    holds(again.refused.is_none() && again.patch.is_none(), || format!("injected twice: {again:?} of {injected:?}"))?;
    let verified = ask(Question::ValidatePod, &injected);
    holds(verified.refused.is_none(), || format!("injected, and not verified: {verified:?} of {injected:?}"))
}
