//! Nobody can decide.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::broker::{Broker, Ca, Says, grant, grants, unavailable};
use crate::pod::Pod;

/// What Java and JavaScript wait for.
const SDK_PATIENCE: Duration = Duration::from_secs(1);

fn outages() -> [(&'static str, Says); 6] {
    [
        ("503", unavailable()),
        ("garbage", Says::Text(200, "<html>SECRET-KEY</html>")),
        ("half a grant", Says::Json(200, json!({"credentials": {"SecretAccessKey": "SECRET-KEY"}}))),
        ("another status", Says::Text(502, "bad gateway")),
        ("silence", Says::Never),
        ("reset", Says::Resets),
    ]
}

#[tokio::test]
async fn what_is_held_is_served_in_time() {
    for (name, outage) in outages() {
        let (ca, pod) = (Ca::new(), Pod::new());
        let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
        let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
        sidecar.credentials().await;
        broker.says(outage);
        let began = Instant::now();
        assert_eq!(sidecar.credentials().await.key(), "AKIA1", "{name}");
        assert!(began.elapsed() < SDK_PATIENCE, "{name}: {:?}", began.elapsed());
        // And from memory for a while.
        let asked = broker.asked().len();
        assert_eq!(sidecar.credentials().await.key(), "AKIA1", "{name}");
        assert_eq!(broker.asked().len(), asked, "{name}");
    }
}

#[tokio::test]
async fn with_nothing_held_the_answer_is_503_in_time() {
    for (name, outage) in outages() {
        let (ca, pod) = (Ca::new(), Pod::new());
        let broker = Broker::start(&ca, outage).await;
        let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
        let began = Instant::now();
        let answer = sidecar.credentials().await;
        assert!(began.elapsed() < SDK_PATIENCE, "{name}: {:?}", began.elapsed());
        assert_eq!((answer.status, answer.code().as_str()), (503, "ServiceUnavailable"), "{name}");
        assert!(answer.head.contains("retry-after: 1"), "{name}: {}", answer.head);
        assert!(sidecar.ready().await.body.starts_with("waiting for the broker"), "{name}");
    }
}

#[tokio::test]
async fn a_strict_profile_serves_nothing_in_an_outage() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let mut strict = grant("AKIA1", 0);
    strict["outageGraceMs"] = json!(0);
    let broker = Broker::start(&ca, Says::Json(200, strict)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    assert_eq!(sidecar.credentials().await.key(), "AKIA1");
    broker.says(unavailable());
    let answer = sidecar.credentials().await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.message(), "the broker, which could not decide: the session table can't be read");
}

#[tokio::test]
async fn credentials_that_have_ended_are_never_served() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let mut ended = grant("AKIA1", 600_000);
    ended["credentials"]["Expiration"] = json!("2020-01-01T00:00:00Z");
    let broker = Broker::start(&ca, Says::Json(200, ended)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    let answer = sidecar.credentials().await;
    assert_eq!(answer.status, 503);
    assert!(answer.message().contains("clock"), "{}", answer.body);
}

#[tokio::test]
async fn a_broker_that_is_away_is_named_and_found_when_it_comes() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sidecar = pod.sidecar(port, &ca.pem()).await;
    assert_eq!(sidecar.credentials().await.status, 503);
    let waiting = sidecar.ready().await.body;
    assert!(
        waiting.starts_with(&format!("waiting for the broker at https://localhost:{port}: Connection refused")),
        "{waiting}"
    );
    let broker = Broker::start_as(&ca, "localhost", port, grants("AKIA1", 600_000)).await;
    broker.asked_times(1).await;
    sidecar.until_ready().await;
    assert_eq!(sidecar.credentials().await.key(), "AKIA1");
}

#[tokio::test]
async fn a_connection_that_died_meanwhile_is_replaced_without_an_error() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    sidecar.credentials().await;
    broker.hang_up();
    broker.says(grants("AKIA2", 0));
    assert_eq!(sidecar.credentials().await.key(), "AKIA2");
    assert_eq!(broker.connections(), 2);
}

#[tokio::test]
async fn a_token_file_that_is_not_there_is_named() {
    let (ca, pod) = (Ca::new(), Pod::new());
    let broker = Broker::start(&ca, grants("AKIA1", 0)).await;
    std::fs::remove_file(pod.path("broker-token")).unwrap();
    let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
    assert!(sidecar.credentials().await.message().contains("broker-token"));
    assert_eq!(broker.asked().len(), 0);
}
