//! Who gets nothing, and what they are told.

use kube::api::{Api, DeleteParams};
use sentinel_api::{AccessPolicy, SentinelProfile};
use serde_json::{Value, json};

use super::stage::{AUDIENCE, SOON, with_broker};
use crate::world::eventually;

#[tokio::test]
async fn another_service_account_gets_nothing_and_its_pod_says_why() {
    with_broker(async |stage| {
        let token = stage.pod("other-0", "other").await;
        let answer = stage.is_refused(&token, 403, "AccessDenied").await;
        let message = answer.is(403, "AccessDenied");
        assert!(message.contains("no matching rule") && message.contains("kubectl describe accesspolicy"), "{message}");
        assert_eq!((&answer.body["reason"], &answer.body["leaseMs"]), (&json!("no matching rule"), &json!(7000)));
        eventually("an Event on the pod", SOON, async || {
            let events = stage.events("other-0").await;
            events.iter().any(|(reason, note)| reason == "CredentialsRefused" && note.contains("no matching rule"))
        })
        .await;
        for _ in 0..20 {
            stage.ask(&token).await.is(403, "AccessDenied");
        }
        assert_eq!(stage.events("other-0").await.len(), 1, "told once");
        assert!(stage.metric("sentinel_broker_aws_calls_total", &[]).await.abs() < 0.5, "a denial costs AWS nothing");
    })
    .await;
}

#[tokio::test]
async fn only_a_token_that_is_bound_to_a_pod_and_for_us_counts() {
    with_broker(async |stage| {
        let good = stage.pod("api-0", "api").await;
        let uid = stage.uid("api-0").await;
        let elsewhere = stage.token("api-0", "api", &uid, "https://kubernetes.default.svc").await;
        stage.ask(&elsewhere).await.is(401, "InvalidToken");
        let unbound = stage.request_token("api", &json!({"audiences": [AUDIENCE], "expirationSeconds": 600})).await;
        let message = stage.ask(&unbound).await;
        assert!(message.is(401, "InvalidToken").contains("not bound to a pod"), "{message:?}");
        let (body, signature) = good.rsplit_once('.').unwrap();
        let forged = format!("{body}.{}", signature.chars().rev().collect::<String>());
        stage.ask(&forged).await.is(401, "InvalidToken");
        stage.ask("nonsense").await.is(401, "InvalidToken");
        stage.ask_for(&json!({"profile": stage.namespace}), None).await.is(401, "InvalidToken");
        stage.ask_for(&json!({"served": "many"}), Some(&good)).await.is(400, "InvalidRequest");
        assert!(stage.metric("sentinel_broker_requests_total", &["unauthenticated"]).await >= 5.0);
    })
    .await;
}

#[tokio::test]
async fn another_profile_than_the_annotations_is_refused() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let answer = stage.ask_for(&json!({"profile": "admin"}), Some(&token)).await;
        assert!(answer.is(403, "AccessDenied").contains("asks for profile `admin`"), "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn without_a_session_nobody_can_decide_until_the_operator_has_made_it() {
    with_broker(async |stage| {
        let uid = stage.bare_pod("api-0", "api").await;
        let token = stage.token("api-0", "api", &uid, AUDIENCE).await;
        let answer = stage.is_refused(&token, 503, "ServiceUnavailable").await;
        assert!(answer.body["Message"].as_str().unwrap().contains("has no SentinelSession"), "{answer:?}");
        assert!(answer.retry_after.is_some());
        stage.session("api-0", "api", &uid).await;
        stage.is_granted(&token).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_or_broken_denies_and_stops_nobody_else() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        // The schema keeps unknown keys, so that nobody's rule is widened in silence.
        stage.policy(&json!([{"name": "r", "effect": "allow", "conditions": {"user": ["alice"]}}])).await;
        let answer = stage.is_refused(&token, 403, "AccessDenied").await;
        assert!(answer.body["Message"].as_str().unwrap().contains("did you mean `users`?"), "{answer:?}");
        let policies: Api<AccessPolicy> = Api::all(stage.client.clone());
        policies.delete(&stage.namespace, &DeleteParams::default()).await.unwrap();
        eventually("the policy to be missing", SOON, async || {
            stage.ask(&token).await.body["Message"].as_str().unwrap_or_default().contains("does not exist")
        })
        .await;
        stage.policy(&json!([{"name": "r", "effect": "allow", "conditions": {}}])).await;
        stage.is_granted(&token).await;
        stage.profile(&json!({"leese": "1s"})).await;
        let answer = stage.is_refused(&token, 403, "AccessDenied").await;
        assert!(answer.body["Message"].as_str().unwrap().contains("did you mean `lease`?"), "{answer:?}");
        let profiles: Api<SentinelProfile> = Api::all(stage.client.clone());
        profiles.delete(&stage.namespace, &DeleteParams::default()).await.unwrap();
        eventually("the profile to be missing", SOON, async || {
            stage.ask(&token).await.body["Message"].as_str().unwrap_or_default().contains("there is no SentinelProfile")
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_table_that_is_not_there_is_503_and_names_it() {
    with_broker(async |stage| {
        stage.profile(&json!({"sessionTable": "nowhere-at-all"})).await;
        let token = stage.pod("api-0", "api").await;
        let answer = stage.is_refused(&token, 503, "ServiceUnavailable").await;
        let message = answer.is(503, "ServiceUnavailable");
        assert!(message.contains("table `nowhere-at-all`"), "{message}");
        assert!(
            stage.metric("sentinel_broker_aws_calls_total", &["AssumeRole"]).await.abs() < 0.5,
            "nothing is issued"
        );
        stage.profile(&json!({"sessionTable": Value::Null})).await;
        stage.is_granted(&token).await;
    })
    .await;
}
