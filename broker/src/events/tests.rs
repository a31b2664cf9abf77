//! What is told, and how often.

use std::time::Duration;

use sentinel_core::session::SessionId;
use sentinel_runtime::telemetry::Metrics;

use super::*;

fn subject(pod: &str) -> Subject {
    let [namespace, service_account, pod_name, pod_uid] = ["ns", "sa", pod, pod].map(str::to_owned);
    let caller =
        Caller { namespace, service_account, service_account_uid: "sa-uid".to_owned(), pod: pod_name, pod_uid };
    Subject { caller, profile: "prod".into(), session_id: SessionId::derive("c", pod, "prod") }
}

fn events() -> (Events, Receiver<Note>) {
    Events::new(BrokerMetrics::new(&Metrics::new("broker").unwrap()).unwrap())
}

fn told(notes: &mut Receiver<Note>) -> Vec<(String, &'static str)> {
    std::iter::from_fn(|| notes.try_recv().ok()).map(|note| (note.pod.pod, note.reason)).collect()
}

fn missing() -> Cause {
    Cause::ProfileMissing { profile: "prod".into() }
}

#[tokio::test(start_paused = true)]
async fn the_same_pod_and_reason_is_told_once_in_five_minutes() {
    let (events, mut notes) = events();
    let tell = |pod: &str, cause: &Cause| events.refused(&subject(pod), cause, Moment::now());
    for _ in 0..10 {
        tell("a", &missing());
    }
    tell("b", &missing());
    tell("a", &Cause::PodEnded { pod: "ns/a".into() });
    let refused = "CredentialsRefused";
    assert_eq!(told(&mut notes), [("a".into(), refused), ("b".into(), refused), ("a".into(), refused)]);
    tokio::time::advance(Duration::from_mins(5)).await;
    tell("a", &missing());
    assert_eq!(told(&mut notes), [("a".into(), refused)]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_decided_is_told_only_when_it_persists() {
    let (events, mut notes) = events();
    let trouble = || events.refused(&subject("a"), &Cause::Internal, Moment::now());
    trouble();
    tokio::time::advance(Duration::from_secs(2)).await;
    events.granted(&subject("a").session_id, Moment::now());
    tokio::time::advance(Duration::from_secs(2)).await;
    trouble();
    assert_eq!(told(&mut notes), []);
    tokio::time::advance(Duration::from_secs(3)).await;
    trouble();
    assert_eq!(told(&mut notes), [("a".into(), "CredentialsUnavailable")]);
}

#[tokio::test(start_paused = true)]
async fn the_first_credentials_are_told_and_no_later_ones() {
    let (events, mut notes) = events();
    for _ in 0..2 {
        events.issued(&subject("a"), "arn", Moment::now());
        tokio::time::advance(Duration::from_mins(10)).await;
    }
    assert_eq!(told(&mut notes), [("a".into(), "CredentialsIssued")]);
}

#[tokio::test(start_paused = true)]
async fn a_gone_pod_gets_no_event_and_a_storm_is_bounded() {
    let (events, mut notes) = events();
    events.refused(&subject("a"), &Cause::PodGone { pod: "ns/a".into() }, Moment::now());
    assert_eq!(told(&mut notes), []);
    for pod in 0..200 {
        events.refused(&subject(&pod.to_string()), &missing(), Moment::now());
    }
    assert_eq!(told(&mut notes).len(), 50);
    tokio::time::advance(Duration::from_secs(2)).await;
    for pod in 0..200 {
        events.refused(&subject(&pod.to_string()), &missing(), Moment::now());
    }
    assert_eq!(told(&mut notes).len(), 10, "those that were not told get their turn");
}
