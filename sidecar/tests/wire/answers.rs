//! Yes and no, and how often the broker is asked.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::broker::{Broker, Ca, Says, grant, grants, refusal, refuses};
use crate::pod::{BROKER_TOKEN, Pod, credentials};

const LONG: u64 = 600_000;

#[tokio::test]
async fn a_grant_is_what_an_sdk_expects_and_comes_from_memory() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", LONG)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    for _ in 0..5 {
        let answer = sidecar.credentials().await;
        assert_eq!(answer.key(), "AKIA1");
        let body = answer.json();
        let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["AccessKeyId", "Expiration", "SecretAccessKey", "Token"]);
        assert!(body["Expiration"].as_str().unwrap().ends_with('Z'));
        assert!(answer.head.contains("cache-control: no-store"));
    }
    assert_eq!(broker.asked().len(), 1);
    assert!(sidecar.is_ready().await);
}

#[tokio::test]
async fn the_question_says_who_asks_for_what() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    sidecar.credentials().await;
    pod.broker_token("renewed-token\n");
    sidecar.credentials().await;
    let asked = broker.asked();
    assert_eq!((asked[0].bearer.as_str(), asked[0].request.profile.as_str()), ("Bearer pod-bound-token", "prod"));
    assert_eq!(asked[0].host, format!("localhost:{}", broker.port));
    assert_eq!(asked.last().unwrap().bearer, "Bearer renewed-token");
    assert_eq!(BROKER_TOKEN, "pod-bound-token");
}

#[tokio::test]
async fn a_hundred_callers_are_one_question_even_if_half_of_them_hang_up() {
    let (ca, pod, told) = (Ca::new(), Pod::new(), Arc::new(Notify::new()));
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    sidecar.credentials().await;
    let before = broker.asked().len();
    broker.says(Says::Later(Arc::clone(&told), 200, grant("AKIA2", LONG)));
    let (port, token) = (sidecar.port, sidecar.token.clone());
    let mut callers: Vec<_> = (0..100)
        .map(|_| {
            tokio::spawn({
                let token = token.clone();
                async move { credentials(port, &token).await }
            })
        })
        .collect();
    broker.asked_times(before + 1).await;
    // The first of them began the question.
    for hanging_up in callers.drain(..50) {
        hanging_up.abort();
    }
    told.notify_one();
    for caller in callers {
        assert_eq!(caller.await.unwrap().key(), "AKIA2");
    }
    assert_eq!(broker.asked().len(), before + 1);
}

#[tokio::test]
async fn one_connection_serves_many_questions() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    for _ in 0..10 {
        sidecar.credentials().await;
    }
    assert!(broker.asked().len() >= 10);
    assert_eq!(broker.connections(), 1);
}

#[tokio::test]
async fn a_denial_drops_what_is_held_and_is_repeated_from_memory() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    sidecar.credentials().await;
    broker.says(refuses("SessionRevoked", "alice revoked it", LONG));
    let before = broker.asked().len();
    for _ in 0..4 {
        let answer = sidecar.credentials().await;
        assert_eq!(
            (answer.status, answer.code().as_str(), answer.message().as_str()),
            (403, "SessionRevoked", "alice revoked it")
        );
        assert_eq!(answer.json()["rule"], "deny-all");
        assert!(answer.json().get("leaseMs").is_none());
    }
    assert_eq!(broker.asked().len(), before + 1);
    assert!(sidecar.is_ready().await, "a plain denial lets the pod start");
}

#[tokio::test]
async fn after_a_denial_an_outage_brings_nothing_back() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    sidecar.credentials().await;
    broker.says(refuses("AccessDenied", "no", 0));
    assert_eq!(sidecar.credentials().await.status, 403);
    broker.says(crate::broker::unavailable());
    assert_eq!(sidecar.credentials().await.status, 503);
}

#[tokio::test]
async fn a_refused_token_ends_everything() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    sidecar.credentials().await;
    broker.says(Says::Json(401, refusal("InvalidToken", "the token is of another pod", 0)));
    assert_eq!(sidecar.credentials().await.code(), "InvalidToken");
    assert!(!sidecar.is_ready().await);
}

#[tokio::test]
async fn throttling_passes_on_when_to_come_back() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, Says::RetryAfter(429, "7", refusal("Throttled", "too many", 0))).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    let answer = sidecar.credentials().await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "Throttled"));
    assert!(answer.head.contains("retry-after: 7"), "{}", answer.head);
    sidecar.credentials().await;
    assert_eq!(broker.asked().len(), 1, "the sidecar itself comes back no sooner");
}

#[tokio::test]
async fn an_approval_is_waited_for() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, refuses("ApprovalRequired", "ask bob", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    assert_eq!(sidecar.credentials().await.code(), "ApprovalRequired");
    let waiting = sidecar.ready().await;
    assert_eq!((waiting.status, waiting.body.as_str()), (503, "waiting for approval: ask bob\n"));
    broker.says(grants("AKIA1", LONG));
    // Nobody asks but the sidecar itself.
    broker.asked_times(broker.asked().len() + 1).await;
    sidecar.until_ready().await;
}

#[tokio::test]
async fn what_was_served_is_reported_until_it_is_acknowledged() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    let served = |broker: &Broker| broker.asked().iter().map(|asked| asked.request.served).collect::<Vec<_>>();
    sidecar.credentials().await;
    sidecar.credentials().await;
    let before = broker.asked().len();
    broker.says(crate::broker::unavailable());
    sidecar.credentials().await;
    sidecar.credentials().await;
    assert_eq!(broker.asked().len(), before + 1, "an outage is believed for a while");
    tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
    broker.says(grants("AKIA2", 0));
    sidecar.credentials().await;
    sidecar.credentials().await;
    // One was served after the last acknowledged report; two more during the outage; one by the answer to that report.
    assert_eq!(served(&broker)[before..], [1, 3, 1]);
}
