//! AdmissionReviews as the API server sends them, through the router.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use rstest::rstest;
use sentinel_runtime::telemetry::Metrics;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{AdmissionMetrics, router};
use crate::judge::Judge;
use crate::pods::{inject, samples};
use crate::view_samples::{healthy, profile, view};
use crate::{Desk, Desks, View};

async fn post(view: View, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    post_with(Desks::default(), view, path, body).await
}

async fn post_with(desks: Desks, view: View, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let metrics = AdmissionMetrics::new(&Metrics::new("webhook").unwrap()).unwrap();
    let (default_table, person_key) = (String::new(), String::new());
    let judge = Judge { view, sidecar: samples::template(), default_table, person_key, metrics, desks };
    let request = Request::post(path).header("content-type", "application/json").body(body.into()).unwrap();
    let response = router(judge).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn review(operation: &str, object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "0c9a", "operation": operation, "namespace": "payments", "name": "app",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "userInfo": {"username": "alice", "groups": ["g"]},
            "object": object, "oldObject": null, "dryRun": false, "options": {},
        },
    })
}

async fn ask(view: View, path: &str, object: &Value) -> Value {
    let (status, answer) = post(view, path, review("CREATE", object).to_string()).await;
    assert_eq!(
        (status, &answer["apiVersion"], &answer["kind"]),
        (StatusCode::OK, &json!("admission.k8s.io/v1"), &json!("AdmissionReview"))
    );
    assert_eq!(answer["response"]["uid"], "0c9a");
    answer["response"].clone()
}

fn patched(pod: &Value, response: &Value) -> Value {
    assert_eq!(response["patchType"], "JSONPatch");
    let patch: k8s_openapi::ByteString = serde_json::from_value(response["patch"].clone()).unwrap();
    let patch: json_patch::Patch = serde_json::from_slice(&patch.0).unwrap();
    let mut pod = pod.clone();
    json_patch::patch(&mut pod, &patch.0).unwrap();
    pod
}

#[tokio::test]
async fn a_pod_that_asks_is_patched_and_then_valid() {
    let pod = samples::pod();
    let response = ask(healthy(), "/mutate/pods", &pod).await;
    assert_eq!(response["allowed"], true);
    let injected = patched(&pod, &response);
    assert_eq!(injected, inject(&pod, &samples::injection()).unwrap());
    assert_eq!(ask(healthy(), "/validate/pods", &injected).await, json!({"uid": "0c9a", "allowed": true}));
    assert_eq!(
        ask(healthy(), "/mutate/pods", &injected).await,
        json!({"uid": "0c9a", "allowed": true}),
        "asked again, it changes nothing"
    );
}

#[tokio::test]
async fn a_pod_that_does_not_ask_is_left_alone() {
    let bare = samples::pod_with("/metadata/annotations", json!({"other": "x"}));
    for path in ["/mutate/pods", "/validate/pods"] {
        assert_eq!(ask(healthy(), path, &bare).await, json!({"uid": "0c9a", "allowed": true}));
    }
}

#[tokio::test]
async fn a_refusal_tells_all_reasons() {
    let pod = samples::pod_with("/metadata/annotations/sentinel.dev~1profile", json!("nowhere"));
    let pod = samples::with(pod, "/spec/hostNetwork", json!(true));
    let response = ask(healthy(), "/mutate/pods", &pod).await;
    assert_eq!(
        (&response["allowed"], &response["status"]["code"], &response["status"]["reason"]),
        (&json!(false), &json!(403), &json!("Forbidden"))
    );
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.contains("there is no SentinelProfile `nowhere`") && message.contains("spec.hostNetwork"),
        "{message}"
    );
}

#[tokio::test]
async fn env_from_is_a_warning() {
    let pod = samples::pod_with("/spec/containers/0/envFrom", json!([{"secretRef": {"name": "s"}}]));
    let response = ask(healthy(), "/mutate/pods", &pod).await;
    assert!(response["allowed"] == true && response["warnings"][0].as_str().unwrap().contains("envFrom"), "{response}");
}

#[rstest]
#[case::not_listed(view(None, &[], Some("pem")), 503, "has not read the SentinelProfiles yet")]
#[case::no_bundle(view(Some(vec![profile("prod", &json!({}))]), &[], None), 503, "has not published its CA bundle")]
#[case::empty_bundle(view(Some(vec![profile("prod", &json!({}))]), &[], Some(" \n")), 503, "has not published its CA bundle")]
#[case::unknown(view(Some(vec![]), &[], Some("pem")), 403, "there is no SentinelProfile `prod`")]
#[case::deleted(view(Some(vec![samples::with(profile("prod", &json!({})), "/metadata/deletionTimestamp", json!("2026-11-22T10:00:00Z"))]), &[], Some("pem")), 403, "is being deleted")]
#[case::unknown_key(view(Some(vec![profile("prod", &json!({"leese": "1s"}))]), &[], Some("pem")), 403, "did you mean `lease`?")]
#[case::broken(view(Some(vec![json!({"metadata": {"name": "prod"}, "spec": {"roleArn": 7}})]), &[], Some("pem")), 403, "can't be used")]
#[tokio::test]
async fn every_failed_lookup_refuses(#[case] view: View, #[case] code: u16, #[case] message: &str) {
    let injected = inject(&samples::pod(), &samples::injection()).unwrap();
    for (path, pod) in [("/mutate/pods", samples::pod()), ("/validate/pods", injected)] {
        let response = ask(view.clone(), path, &pod).await;
        assert_eq!((&response["allowed"], &response["status"]["code"]), (&json!(false), &json!(code)), "{response}");
        assert!(response["status"]["message"].as_str().unwrap().contains(message), "{response}");
    }
}

#[rstest]
#[case("/metadata/annotations", json!({}), "is Sentinel's own: remove it")]
#[case("/spec/initContainers", json!([]), "the sidecar was not injected")]
#[case("/spec/initContainers/0/env/0/value", json!("dev"), "is not as Sentinel injects it")]
#[case("/spec/containers/0/volumeMounts", json!([]), "is not as Sentinel injects it")]
#[tokio::test]
async fn a_pod_that_only_looks_injected_is_refused(#[case] pointer: &str, #[case] value: Value, #[case] message: &str) {
    let injected = inject(&samples::pod(), &samples::injection()).unwrap();
    let response = ask(healthy(), "/validate/pods", &samples::with(injected, pointer, value)).await;
    assert!(response["status"]["message"].as_str().unwrap().contains(message), "{response}");
}

#[tokio::test]
async fn ephemeral_containers_are_judged() {
    let injected = inject(&samples::pod(), &samples::injection()).unwrap();
    let debug = json!({"name": "d", "image": "i", "targetContainerName": "sentinel-sidecar"});
    let mut review = review("UPDATE", &samples::with(injected.clone(), "/spec/ephemeralContainers/0", debug));
    review["request"]["oldObject"] = injected;
    review["request"]["subResource"] = json!("ephemeralcontainers");
    let (_, answer) = post(healthy(), "/validate/pods", review.to_string()).await;
    assert_eq!(answer["response"]["allowed"], false);
}

#[rstest]
#[case("", StatusCode::BAD_REQUEST)]
#[case("{}", StatusCode::BAD_REQUEST)]
#[case("[[[[", StatusCode::BAD_REQUEST)]
#[case(r#"{"apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u"}}"#, StatusCode::BAD_REQUEST)]
#[case(
    r#"{"apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"DANCE","resource":{}}}"#,
    StatusCode::OK
)]
#[tokio::test]
async fn what_can_not_be_read_is_never_allowed(#[case] body: &'static str, #[case] expected: StatusCode) {
    for path in ["/mutate/pods", "/validate/pods", "/mutate/objects", "/validate/objects"] {
        let (status, answer) = post(healthy(), path, body).await;
        assert_eq!(status, expected, "{answer}");
        assert_ne!(answer["response"]["allowed"], true);
        let told = answer.pointer("/response/status/message").or_else(|| answer.pointer("/message"));
        assert!(told.is_some_and(Value::is_string), "{answer}");
    }
}

#[tokio::test]
async fn deep_and_large_bodies_are_refused() {
    let deep = "[".repeat(100_000);
    assert_eq!(post(healthy(), "/mutate/pods", deep).await.0, StatusCode::BAD_REQUEST);
    let large = vec![b' '; 5 * 1024 * 1024];
    assert_eq!(post(healthy(), "/mutate/pods", large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let endless = Body::from_stream(futures::stream::pending::<Result<String, std::io::Error>>());
    let answered =
        tokio::time::timeout(Duration::from_secs(5), post(healthy(), "/mutate/pods", endless)).await.unwrap();
    assert_eq!(answered.0, StatusCode::REQUEST_TIMEOUT);
}

/// Whatever is written of policies, and however long it is judged: here, for ever.
#[tokio::test]
async fn pods_locks_sessions_and_emergencies_wait_for_no_policy() {
    let desks = Desks { policies: Desk::impatient(), ..Desks::default() };
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    for _ in 0..2 {
        let wait = std::sync::Arc::clone(&wait);
        let judging = desks.policies.take(|| move || wait.lock().unwrap().recv());
        tokio::time::timeout(Duration::from_millis(20), judging).await.unwrap_err();
    }
    let asked = async |path: &str, resource: &str, operation: &str, object: &Value| {
        let mut review = review(operation, object);
        review["request"]["resource"] = json!({"group": "sentinel.dev", "version": "v1alpha1", "resource": resource});
        if resource == "pods" {
            review["request"]["resource"]["group"] = json!("");
        }
        if operation == "DELETE" {
            review["request"]["oldObject"] = review["request"]["object"].take();
        }
        post_with(desks.clone(), healthy(), path, review.to_string()).await.1["response"].clone()
    };
    let injected = asked("/mutate/pods", "pods", "CREATE", &samples::pod()).await;
    assert!(injected["allowed"] == true && injected["patchType"] == "JSONPatch", "{injected}");
    let lock =
        json!({"metadata": {"name": "l"}, "spec": {"namespaces": ["a"], "reason": "leak", "createdBy": "alice"}});
    assert_eq!(asked("/validate/objects", "accesslocks", "CREATE", &lock).await["allowed"], true);
    let session =
        json!({"metadata": {"name": "s"}, "spec": {"profile": "prod", "user": "u", "pod": "p", "podUID": "u"}});
    assert_eq!(asked("/validate/objects", "sentinelsessions", "CREATE", &session).await["allowed"], true);
    let request = json!({"metadata": {"name": "r"}, "spec": {"profile": "prod", "serviceAccount": "api", "duration": "1h",
        "justification": "deploy the hot fix", "requester": {"user": "alice", "groups": ["g"]}}});
    let judged = asked("/validate/objects", "accessrequests", "CREATE", &request).await;
    assert!(judged["status"]["message"].as_str().unwrap().contains("names no ApprovalPolicy"), "{judged}");
    let policy = crate::view_samples::policy("prod", &json!([{"name": "r", "effect": "deny"}]));
    let busy = asked("/validate/objects", "accesspolicies", "CREATE", &policy).await;
    assert_eq!((&busy["allowed"], &busy["status"]["code"]), (&json!(false), &json!(503)), "{busy}");
    let deleted = asked("/validate/objects", "accesspolicies", "DELETE", &policy).await;
    assert!(
        deleted["allowed"] == true && deleted["warnings"][0].as_str().unwrap().contains("not known now"),
        "{deleted}"
    );
    drop(go);
}
