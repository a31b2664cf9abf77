//! What is said, and how often.

use super::*;
use crate::credentials::Template;
use sentinel_decision::decide;
use sentinel_decision::examples::good;
use serde_json::Value;

fn journal() -> (Journal, Receiver<String>) {
    let dropped = IntCounter::new("dropped", "dropped").unwrap();
    Journal::new(ClusterIdentity::new("cluster-uid".into(), "eu-1"), dropped)
}

fn said(lines: &Receiver<String>) -> Vec<Value> {
    lines.try_iter().map(|line| serde_json::from_str(&line).unwrap()).collect()
}

fn denied(rule: &str) -> Cause {
    Cause::Denied {
        decision: Box::new(Decision { rule: rule.to_owned(), rule_index: Some(2), ..denial() }),
        policy: "prod".into(),
        profile: "prod".into(),
        tried: Box::default(),
    }
}

fn denial() -> Decision {
    let mut facts = good();
    facts.policy.object = Some(std::sync::Arc::new(sentinel_decision::examples::policy(
        &serde_json::json!([{"name": "r", "effect": "deny", "conditions": {}, "reason": "frozen"}]),
    )));
    decide(&facts).unwrap_err().decision().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn an_issue_has_the_fields_that_sentinels_tools_read() {
    let (journal, lines) = journal();
    let permit = decide(&good()).unwrap();
    let issue = Template::new(&permit, &journal.cluster).at(good().now);
    journal.issued(&permit, &issue, Moment::now());
    let line = &said(&lines)[0];
    for (field, expected) in [
        ("user", "system:serviceaccount:payments:api"),
        ("profile", "prod"),
        ("effect", "allow"),
        ("rule", "all"),
        ("policy_path", "accesspolicies/prod"),
        ("role_arn", "arn:aws:iam::111122223333:role/prod"),
        ("namespace", "payments"),
        ("service_account", "api"),
        ("pod", "api-0"),
        ("pod_uid", "uid-0"),
        ("cluster", "cluster-uid"),
        ("cluster_name", "eu-1"),
    ] {
        assert_eq!(line[field], expected, "{field}");
    }
    assert_eq!(line["rule_index"], 0);
    assert!((899..=900).contains(&line["session_duration_seconds"].as_i64().unwrap()), "{line}");
    assert!(line["source_identity"].as_str().unwrap().ends_with(permit.session_id.as_str()));
    line["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_denial_is_said_once_until_it_changes() {
    let (journal, lines) = journal();
    let permit = decide(&good()).unwrap();
    let subject = Subject::of(&permit);
    let deny = |rule: &str| journal.denied(&subject, &denied(rule), Some("prod"), Moment::now());
    for _ in 0..5 {
        deny("first");
    }
    deny("second");
    journal.allowed(&permit, Moment::now());
    journal.allowed(&permit, Moment::now());
    deny("second");
    let effects: Vec<(Value, Value)> =
        said(&lines).into_iter().map(|line| (line["effect"].clone(), line["rule"].clone())).collect();
    let expected = [("deny", "first"), ("deny", "second"), ("allow", "all"), ("deny", "second")];
    assert_eq!(effects, expected.map(|(effect, rule)| (effect.into(), rule.into())));
    tokio::time::advance(SAID_FOR).await;
    deny("second");
    let again = &said(&lines)[0];
    assert_eq!((again["reason"].as_str(), again["rule_index"].as_i64()), (Some("frozen"), Some(2)));
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_makes_up_profiles_does_not_fill_the_log() {
    let (journal, lines) = journal();
    let subject = Subject::of(&decide(&good()).unwrap());
    for number in 0..10 {
        let asked = format!("made-up-{number}");
        let session_id = SessionId::derive("cluster", "uid-0", &asked);
        let subject = Subject { profile: asked.clone(), session_id, ..subject.clone() };
        let cause = Cause::OtherProfile { pod: "payments/api-0".into(), asked, annotated: "prod".into() };
        journal.denied(&subject, &cause, None, Moment::now());
    }
    assert_eq!(said(&lines).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_drops_and_counts() {
    let (journal, _lines) = journal();
    let subject = Subject::of(&decide(&good()).unwrap());
    for number in 0..QUEUE + 3 {
        journal.denied(&subject, &denied(&number.to_string()), None, Moment::now());
    }
    assert_eq!(journal.dropped.get(), 3);
}
