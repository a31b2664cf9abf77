//! What is said, and how often.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::*;
use crate::credentials::Template;
use sentinel_api::audit_log::schema;
use sentinel_decision::examples::{good, grant, pod_of, policy, seen, session_of};
use sentinel_decision::{Facts, GrantEntry, PodSight, Standing, decide};
use sentinel_runtime::reference;
use serde_json::{Value, json};

fn journal() -> (Journal, Receiver<String>) {
    let dropped = IntCounter::new("dropped", "dropped").unwrap();
    let (lines, queue) = Lines::new();
    (Journal::new(ClusterIdentity::new("cluster-uid".into(), "eu-1"), dropped, lines), queue)
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
    facts.policy = seen(policy(&json!([{"name": "r", "effect": "deny", "conditions": {}, "reason": "frozen"}])));
    decide(&facts).unwrap_err().decision().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn an_issue_has_the_fields_that_sentinels_tools_read() {
    let (journal, lines) = journal();
    let permit = decide(&good()).unwrap();
    let issue = Template::new(&permit, &journal.cluster, good().now).at(good().now);
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
    let queued = std::iter::successors(Some(0), |number| Some(number + 1)).find(|number| {
        journal.denied(&subject, &denied(&number.to_string()), None, Moment::now());
        journal.dropped.get() > 0
    });
    assert!(queued > Some(1000), "{queued:?}");
}

/// A night on profile prod: refused, approved, renewed, and an emergency of another pod.
#[tokio::test(start_paused = true)]
async fn the_reference_shows_lines_of_the_broker_and_their_schema() {
    let (journal, lines) = journal();
    let at = |text: &str| Moment { wall: text.parse().unwrap(), ..Moment::now() };
    let mut facts = good();
    facts.session_id = SessionId::derive("cluster-uid", "uid-0", "prod");
    facts.policy = seen(policy(
        &json!([{"name": "night", "effect": "require_approval", "conditions": {}, "reason": "not by night"}]),
    ));
    let ask = |facts: &mut Facts, minute: &str| {
        let now = at(minute);
        facts.now = now.wall;
        match decide(facts) {
            Err(cause) => {
                let subject = Subject {
                    caller: facts.caller.clone(),
                    profile: "prod".into(),
                    session_id: facts.session_id.clone(),
                };
                journal.denied(&subject, &cause, Some("prod"), now);
            }
            Ok(permit) => {
                journal.issued(&permit, &Template::new(&permit, &journal.cluster, now.wall).at(now.wall), now);
            }
        }
    };
    ask(&mut facts, "2026-03-02T01:00:00Z");
    facts.requests.entries.push(opened(Door::Approval, "request-uid", "2026-03-02T02:04:00Z"));
    ask(&mut facts, "2026-03-02T01:04:30Z");
    ask(&mut facts, "2026-03-02T01:18:00Z");
    (facts.caller.pod, facts.caller.pod_uid) = ("api-1".into(), "uid-1".into());
    facts.session_id = SessionId::derive("cluster-uid", "uid-1", "prod");
    facts.pod = PodSight::Seen(Arc::new(pod_of(&facts.caller)));
    facts.session = seen(session_of(&facts.caller));
    facts.events.entries.push(opened(Door::BreakGlass, "event-uid", "2026-03-02T03:00:00Z"));
    ask(&mut facts, "2026-03-02T02:30:10Z");
    let lines: Vec<String> = lines.try_iter().collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    let [(_, schema), ..] = schema::kinds();
    for line in &lines {
        assert_eq!(schema::misfits(&schema, &serde_json::from_str(line).unwrap()), [""; 0], "{line}");
    }
    let whole = serde_json::to_string_pretty(&schema::whole()).unwrap() + "\n";
    reference::keep_whole("audit-log.schema.json", &whole).unwrap();
    reference::keep("audit-log.md", "decision", &reference::fields(&schema)).unwrap();
    reference::keep("audit-log.md", "signed", &reference::fields(&schema::signed())).unwrap();
    reference::keep("audit-log.md", "lines of sentinel-broker", &format!("```json\n{}\n```", lines.join("\n")))
        .unwrap();
}

fn opened(door: Door, uid: &str, until: &str) -> Arc<GrantEntry> {
    let mut entry = grant(door, uid, until.parse().unwrap(), &json!({}));
    if let Standing::Open(open) = &mut entry.standing {
        open.id = RequestId::derive("cluster-uid", uid);
    }
    Arc::new(entry)
}
