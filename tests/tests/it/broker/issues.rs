//! What a pod that may have credentials gets.

use std::time::Duration;

use jiff::Timestamp;
use sentinel_core::session::RowStatus;
use serde_json::json;

use super::stage::{AUDIENCE, SOON, with_broker};
use crate::world::eventually;

#[tokio::test]
async fn a_pod_gets_credentials_a_row_and_an_event() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let answer = stage.ask(&token).await;
        let expiration: Timestamp = answer.body["credentials"]["Expiration"].as_str().unwrap().parse().unwrap();
        let left = expiration.duration_since(Timestamp::now()).as_secs();
        assert!((850..=900).contains(&left), "{left} s");
        assert_eq!(answer.body["leaseMs"], 7000);
        let bundle = answer.body["trustBundle"].as_str().unwrap();
        assert!(bundle.starts_with("-----BEGIN CERTIFICATE-----"));

        let id = stage.session_id(&stage.uid("api-0").await);
        let row = stage.sessions.get(&stage.table, &id).await.unwrap().unwrap();
        assert_eq!(
            (row.status, row.user),
            (RowStatus::Active, format!("system:serviceaccount:{}:api", stage.namespace))
        );
        assert_eq!(row.server_instance_id, format!("{}/api-0", stage.namespace));
        assert_eq!(row.role_arn.as_deref(), Some("arn:aws:iam::111122223333:role/prod"));
        assert!(row.credentials_until.unwrap() >= expiration);
        assert!(row.source_identity.ends_with(id.as_str()));
        eventually("an Event on the pod", SOON, async || {
            stage.events("api-0").await.iter().any(|(reason, _)| reason == "CredentialsIssued")
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_hundred_renewals_cost_no_call_to_aws_or_to_the_api_server() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let first = stage.ask(&token).await;
        eventually("the Event to be written", SOON, async || !stage.events("api-0").await.is_empty()).await;
        // A new row is touched soon after it was made, and then it rests: for 20 s at first.
        eventually("the first touch", SOON, async || {
            stage.ask(&token).await;
            stage.metric("sentinel_broker_aws_calls_total", &["UpdateItem"]).await >= 1.0
        })
        .await;
        let before = stage.calls().await;
        for _ in 0..100 {
            assert_eq!(stage.ask(&token).await.key(), first.key());
        }
        assert_eq!(stage.calls().await, before);
        assert!(stage.metric("sentinel_broker_credential_cache_total", &["result=\"hit\""]).await >= 100.0);
    })
    .await;
}

#[tokio::test]
async fn pods_that_come_together_get_sessions_of_their_own() {
    with_broker(async |stage| {
        let names: Vec<String> = (0..8).map(|number| format!("api-{number}")).collect();
        let tokens = futures::future::join_all(names.iter().map(|name| stage.pod(name, "api"))).await;
        let waits = tokens.iter().map(|token| stage.is_granted(token));
        futures::future::join_all(waits).await;
        let mut keys = std::collections::HashSet::new();
        for token in &tokens {
            keys.insert(stage.ask(token).await.key().to_owned());
        }
        assert_eq!(keys.len(), 8);
        assert!(stage.metric("sentinel_broker_aws_calls_total", &["AssumeRole"]).await <= 8.0);
    })
    .await;
}

#[tokio::test]
async fn a_bounded_grant_ends_when_the_rule_says() {
    with_broker(async |stage| {
        stage.policy(&json!([{"name": "short", "effect": "allow", "conditions": {}, "maxServerDuration": "2m"}])).await;
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let told = stage.ask(&token).await;
        let expiration: Timestamp = told.body["credentials"]["Expiration"].as_str().unwrap().parse().unwrap();
        let left = expiration.duration_since(Timestamp::now()).as_secs();
        assert!((100..=120).contains(&left), "{left} s");
    })
    .await;
}

/// The premise of the 60 seconds: an idle watch that works is heard of at least every 20.
#[tokio::test]
async fn an_idle_watch_is_known_to_be_alive() {
    with_broker(async |stage| {
        let uid = stage.bare_pod("api-0", "api").await;
        let _ = stage.token("api-0", "api", &uid, AUDIENCE).await;
        let mut oldest: f64 = 0.0;
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_secs(5)).await;
            oldest = oldest.max(stage.metric("sentinel_broker_watch_age_seconds", &["watch=\"pods\""]).await);
        }
        assert!((5.0..30.0).contains(&oldest), "{oldest} s");
        assert!(stage.probe("readyz").await.is_some());
    })
    .await;
}
