//! The webhook alone, without the definitions before it: it refuses every bad document of every kind of policy.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{World, with_webhook};
use crate::definitions::cases::{Kind, cases, good};

/// The webhook's answer to the making of such an object: nothing, or its message.
async fn judge(world: &World, kind: Kind, spec: &Value) -> Result<(), String> {
    let object =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind.name, "metadata": {"name": "case"}, "spec": spec});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE", "object": object, "name": "case", "userInfo": {"username": "ann"},
        "kind": {"group": "sentinel.dev", "version": "v1alpha1", "kind": kind.name},
        "resource": {"group": "sentinel.dev", "version": "v1alpha1", "resource": kind.plural},
    }});
    let request = Request::post("/validate/objects").header("content-type", "application/json");
    let answer = world.router.clone().oneshot(request.body(Body::from(review.to_string())).unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let response = &serde_json::from_slice::<Value>(&body).unwrap()["response"];
    assert_eq!(response["uid"], "u");
    if response["allowed"] == true {
        return Ok(());
    }
    assert_eq!(response["status"]["code"], 422);
    Err(response["status"]["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_bad_policy_is_refused_by_the_webhook_alone() {
    with_webhook(async |world| {
        let mut wrong = vec![];
        for case in cases() {
            let answer = judge(world, case.kind, &case.spec).await;
            if !answer.as_ref().is_err_and(|message| message.contains(case.webhook)) {
                let spec: String = case.spec.to_string().chars().take(200).collect();
                wrong.push(format!("{} {spec}: expected `{}`, got {answer:?}", case.kind.name, case.webhook));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for (kind, spec) in good() {
            assert_eq!(judge(world, kind, &spec).await, Ok(()), "{spec}");
        }
    })
    .await;
}
