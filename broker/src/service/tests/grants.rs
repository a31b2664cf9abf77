//! What an approval or an emergency opens, until when, and what AWS and the log are told of it.

use super::*;
use sentinel_core::identity::RequestId;

/// What was asked, with what the operator has written.
fn granted(kind: &str, name: &str, phase: &str, until: Timestamp) -> Value {
    let mut spec = json!({"profile": "prod", "serviceAccount": "api", "duration": "1h", "justification": "the database is on fire"});
    if kind == "BreakGlassEvent" {
        spec["reasonCode"] = json!("incident");
    }
    let pins = json!({"serviceAccountUID": "sa-uid", "profileUID": "profile-uid",
        "roleArn": "arn:aws:iam::111122223333:role/prod", "policies": {"access": "prod"}});
    let mut object = object(kind, &json!({"name": name, "namespace": "payments"}), &spec);
    object["status"] = json!({"phase": phase, "requestId": id(name), "expiresAt": until, "pins": pins});
    object
}

fn id(name: &str) -> RequestId {
    RequestId::derive("cluster", name)
}

fn approval(name: &str, until: Timestamp) -> Value {
    granted("AccessRequest", name, "Approved", until)
}

fn emergency(name: &str, until: Timestamp) -> Value {
    granted("BreakGlassEvent", name, "Active", until)
}

fn in_seconds(seconds: u64) -> Timestamp {
    Timestamp::now() + Duration::from_secs(seconds)
}

impl Stage {
    fn policy_says(&self, effect: &str) {
        apply(&self.broker.world.policies, policy(effect));
    }

    fn lines(&self) -> Vec<Value> {
        self.lines.try_iter().map(|line| serde_json::from_str(&line).unwrap()).collect()
    }
}

#[tokio::test]
async fn an_approval_opens_the_door_and_everything_ends_with_it() {
    let stage = stage(Outside::default());
    stage.policy_says("require_approval");
    stage.is_refused("ApprovalRequired").await;
    let end = in_seconds(3);
    apply(&stage.broker.world.requests, approval("ticket-7", end));
    let grant = stage.asks(0).await.unwrap();
    assert!(grant.lease_ms <= 3000, "{}", grant.lease_ms);
    assert!(grant.credentials.expiration <= end, "{}", grant.credentials.expiration);
    while Timestamp::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cause = stage.is_refused("ApprovalRequired").await;
    assert!(cause.to_string().contains("AccessRequest ticket-7 ended at"), "{cause}");
    assert_eq!(stage.broker.cache.len(), 0);
}

#[tokio::test]
async fn the_log_and_aws_name_what_opened_the_door() {
    let stage = stage(Outside::default());
    stage.policy_says("require_approval");
    apply(&stage.broker.world.requests, approval("ticket-7", in_seconds(3600)));
    stage.asks(0).await.unwrap();
    stage.asks(0).await.unwrap();
    let lines = stage.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (line, id) = (&lines[0], id("ticket-7"));
    assert_eq!((&line["effect"], &line["policy_effect"]), (&json!("allow"), &json!("require_approval")));
    assert_eq!((&line["approved_request_id"], line.get("break_glass_event_id")), (&json!(id), None));
    let session = SessionId::derive("cluster", "uid-0", "prod");
    assert_eq!(line["source_identity"], json!(format!("sentinel.api@payments.{id}.{session}")));
    let row = stage.outside.rows.lock().unwrap().values().next().unwrap().source_identity.clone();
    assert_eq!(row, format!("sentinel.api@payments.{id}.{session}"));
}

#[tokio::test]
async fn another_grant_gets_other_credentials_and_a_line_of_its_own() {
    let stage = stage(Outside::default());
    stage.policy_says("require_approval");
    apply(&stage.broker.world.emergencies, emergency("fire", in_seconds(600)));
    stage.asks(0).await.unwrap();
    apply(&stage.broker.world.requests, approval("ticket-7", in_seconds(600)));
    stage.asks(0).await.unwrap();
    stage.policy_says("allow");
    stage.asks(0).await.unwrap();
    let issued = stage.outside.calls().iter().filter(|call| *call == "AssumeRole").count();
    assert_eq!(issued, 3);
    let lines = stage.lines();
    let of = |key: &str| lines.iter().map(|line| line.get(key).cloned()).collect::<Vec<_>>();
    assert_eq!(of("break_glass_event_id"), [Some(json!(id("fire"))), None, None]);
    assert_eq!(of("approved_request_id"), [None, Some(json!(id("ticket-7"))), None]);
    assert_eq!(of("policy_effect"), [Some(json!("require_approval")), Some(json!("require_approval")), None]);
}

#[tokio::test]
async fn an_emergency_overrides_a_deny_until_it_is_closed_and_never_a_lock() {
    let stage = stage(Outside::default());
    stage.policy_says("deny");
    stage.is_refused("PolicyDenied").await;
    apply(&stage.broker.world.requests, approval("ticket-7", in_seconds(600)));
    stage.is_refused("PolicyDenied").await;
    let fire = emergency("fire", in_seconds(600));
    apply(&stage.broker.world.emergencies, fire.clone());
    stage.asks(0).await.unwrap();
    apply(&stage.broker.world.locks, lock(&json!({"profiles": ["prod"], "reason": "leak"})));
    stage.is_refused("Locked").await;
    fill(&stage.broker.world.locks, vec![]);
    stage.asks(0).await.unwrap();
    let mut closed = fire;
    closed["spec"]["closed"] = json!(true);
    apply(&stage.broker.world.emergencies, closed);
    stage.is_refused("PolicyDenied").await;
    assert_eq!(stage.broker.cache.len(), 0);
}

#[tokio::test]
async fn a_grant_is_of_its_own_namespace_and_of_what_it_was_given_for() {
    let stage = stage(Outside::default());
    stage.policy_says("require_approval");
    for (key, value) in [
        ("/metadata/namespace", "billing"),
        ("/metadata/namespace", "payments-2"),
        ("/spec/serviceAccount", "web"),
        ("/status/pins/serviceAccountUID", "old"),
    ] {
        let mut other = approval("ticket-7", in_seconds(600));
        *other.pointer_mut(key).unwrap() = json!(value);
        fill(&stage.broker.world.requests, vec![other]);
        stage.is_refused("ApprovalRequired").await;
    }
    let role = json!({"roleArn": "arn:aws:iam::111122223333:role/other", "region": "eu-west-1"});
    let retargeted = object("SentinelProfile", &json!({"name": "prod", "uid": "profile-uid"}), &role);
    fill(&stage.broker.world.requests, vec![approval("ticket-7", in_seconds(600))]);
    stage.asks(0).await.unwrap();
    apply(&stage.broker.world.profiles, retargeted);
    let cause = stage.is_refused("ApprovalRequired").await;
    assert!(cause.to_string().contains("is void, for what it was given for has changed: its role is"), "{cause}");
}

#[tokio::test]
async fn an_approval_that_is_withdrawn_during_assume_role_is_not_answered_with_credentials() {
    let stage = stage(Outside { turns: Some(Semaphore::new(0)), ..Outside::default() });
    stage.policy_says("require_approval");
    apply(&stage.broker.world.requests, approval("ticket-7", in_seconds(600)));
    let broker = stage.broker.clone();
    let request = tokio::spawn(async move { ask(&broker, 0).await });
    while !stage.outside.calls.lock().unwrap().contains(&"AssumeRole".to_owned()) {
        tokio::task::yield_now().await;
    }
    fill(&stage.broker.world.requests, vec![]);
    stage.outside.turns.as_ref().unwrap().add_permits(1);
    let Answer::Refused(refused) = request.await.unwrap() else { panic!("granted") };
    assert_eq!(refused.cause.word(), "ApprovalRequired");
}
