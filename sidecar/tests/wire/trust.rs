//! Whom the sidecar believes.

use serde_json::json;

use crate::broker::{Broker, Ca, Says, grant, grants, refusal};
use crate::pod::Pod;

fn with_bundle(key: &str, bundle: &str) -> Says {
    let mut grant = grant(key, 0);
    grant["trustBundle"] = json!(bundle);
    Says::Json(200, grant)
}

#[tokio::test]
async fn a_broker_of_another_ca_or_name_is_not_asked() {
    let (ca, other, pod) = (Ca::new(), Ca::new(), Pod::new());
    for broker in [
        Broker::start(&other, grants("AKIA1", 0)).await,
        Broker::start_as(&ca, "elsewhere", 0, grants("AKIA1", 0)).await,
    ] {
        let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
        let answer = sidecar.credentials().await;
        assert_eq!(answer.status, 503);
        assert!(answer.message().contains("certificate"), "{}", answer.body);
        assert_eq!(broker.asked().len(), 0, "the token must not reach a stranger");
    }
}

#[tokio::test]
async fn a_newer_bundle_is_believed_and_outlives_a_restart() {
    let (old, new, pod) = (Ca::new(), Ca::new(), Pod::new());
    let both = format!("{}{}", old.pem(), new.pem());
    let broker = Broker::start(&old, with_bundle("AKIA1", &both)).await;
    let sidecar = pod.sidecar(broker.port, &old.pem()).await;
    sidecar.credentials().await;
    let port = broker.stop().await;

    let broker = Broker::start_as(&new, "localhost", port, grants("AKIA2", 0)).await;
    assert_eq!(sidecar.credentials().await.key(), "AKIA2");
    drop(sidecar);
    let restarted = pod.sidecar(port, &old.pem()).await;
    assert_eq!(restarted.credentials().await.key(), "AKIA2");
    let hashes: Vec<String> = broker.asked().into_iter().map(|asked| asked.request.bundle_hash).collect();
    let expected = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&both));
    assert!(hashes.iter().all(|hash| *hash == expected), "{hashes:?}");
}

#[tokio::test]
async fn a_refusal_may_carry_a_bundle_too() {
    let (old, new, pod) = (Ca::new(), Ca::new(), Pod::new());
    let mut refused = refusal("AccessDenied", "no", 0);
    refused["trustBundle"] = json!(new.pem());
    let broker = Broker::start(&old, Says::Json(403, refused)).await;
    let sidecar = pod.sidecar(broker.port, &old.pem()).await;
    assert!(sidecar.credentials().await.json().get("trustBundle").is_none());
    let port = broker.stop().await;
    let _broker = Broker::start_as(&new, "localhost", port, grants("AKIA2", 0)).await;
    assert_eq!(sidecar.credentials().await.key(), "AKIA2");
}

#[tokio::test]
async fn a_bundle_that_can_not_be_read_changes_nothing() {
    let (ca, pod) = (Ca::new(), Pod::new());
    for bundle in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let broker = Broker::start(&ca, with_bundle("AKIA1", bundle)).await;
        let sidecar = pod.sidecar(broker.port, &ca.pem()).await;
        sidecar.credentials().await;
        broker.hang_up();
        assert_eq!(sidecar.credentials().await.key(), "AKIA1");
        assert!(!pod.path("broker-ca.pem").exists());
    }
}
