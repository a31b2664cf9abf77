//! Requests from end to end, with the cluster, STS and the table played by the test.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::runtime::watcher::Event;
use sentinel_aws::{AssumeRole, AwsError, Created, ErrorKind, Touched};
use sentinel_core::session::{RowStatus, SessionRow};
use sentinel_decision::Caller;
use sentinel_runtime::lines::Lines;
use sentinel_runtime::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::*;
use crate::caller::Reviewed;
use crate::rows::{Bound, SessionTable};
use crate::watch::Store;
use sentinel_decision::{Entry, PodEntry};

/// Everything outside the broker.
#[derive(Default)]
struct Outside {
    calls: Mutex<Vec<String>>,
    pods: Mutex<HashMap<String, PodEntry>>,
    rows: Mutex<HashMap<(String, SessionId), SessionRow>>,
    sts_fails: Mutex<Option<ErrorKind>>,
    reviews_fail: Mutex<bool>,
    /// Each AssumeRole takes one; `None`: as many as are wanted.
    turns: Option<Semaphore>,
}

impl Outside {
    fn called(&self, call: &str) {
        self.calls.lock().unwrap().push(call.to_owned());
    }

    /// The calls since the last look.
    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn change_row(&self, change: impl FnOnce(&mut SessionRow)) {
        self.rows.lock().unwrap().values_mut().next().map(change).unwrap();
    }

    /// The count of the one row.
    fn requests(&self) -> u64 {
        self.rows.lock().unwrap().values().next().unwrap().request_count
    }

    fn update(&self, table: &str, id: &SessionId, at: Timestamp, served: u64, bound: Option<&Bound>) -> Touched {
        match self.rows.lock().unwrap().get_mut(&(table.to_owned(), id.clone())) {
            None => Touched::Missing,
            Some(row) if row.status != RowStatus::Active => Touched::NotActive(Box::new(row.clone())),
            Some(row) => {
                row.request_count += served;
                (row.last_access_at, row.updated_at) = (at, at);
                if let Some(Bound { role_arn, source_identity, until }) = bound {
                    row.role_arn = Some(role_arn.clone());
                    row.source_identity.clone_from(source_identity);
                    row.credentials_until = row.credentials_until.max(Some(*until));
                }
                Touched::Done
            }
        }
    }
}

/// The test's own handle on what the broker holds as trait objects.
#[derive(Clone)]
struct Shared(Arc<Outside>);

impl Cluster for Shared {
    fn review<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Reviewed> {
        async move {
            self.0.called("TokenReview");
            tokio::task::yield_now().await;
            if *self.0.reviews_fail.lock().unwrap() {
                return Reviewed::Unknown("connection refused".into());
            }
            if token.ends_with("forged") {
                return Reviewed::Refused("signature".into());
            }
            Reviewed::Caller(caller())
        }
        .boxed()
    }

    fn pod<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<PodEntry>, String>> {
        async move {
            self.0.called("GetPod");
            Ok(self.0.pods.lock().unwrap().get(&format!("{namespace}/{name}")).cloned())
        }
        .boxed()
    }
}

impl Issuer for Shared {
    fn assume_role<'a>(&'a self, request: &'a AssumeRole) -> BoxFuture<'a, Result<Credentials, AwsError>> {
        async move {
            self.0.called("AssumeRole");
            if let Some(turns) = &self.0.turns {
                turns.acquire().await.unwrap().forget();
            }
            if let Some(kind) = *self.0.sts_fails.lock().unwrap() {
                let subject = format!("role `{}`", request.role_arn);
                let message = match kind {
                    ErrorKind::Invalid => {
                        "PackedPolicyTooLarge: Packed size of session tags consumes 112% of allotted space."
                    }
                    _ => "AccessDenied: not authorized to perform sts:AssumeRole",
                };
                let message = message.to_owned();
                return Err(AwsError { service: "STS", operation: "AssumeRole", subject, kind, message });
            }
            let [access_key_id, secret_access_key, token] = ["AKIA", "secret", "token"].map(str::to_owned);
            let expiration = Timestamp::now() + Duration::from_secs(request.duration_seconds.into());
            Ok(Credentials { access_key_id, secret_access_key, token, expiration })
        }
        .boxed()
    }
}

impl SessionTable for Shared {
    fn create<'a>(&'a self, table: &'a str, row: &'a SessionRow) -> BoxFuture<'a, Result<Created, AwsError>> {
        async move {
            self.0.called("Create");
            let mut rows = self.0.rows.lock().unwrap();
            let key = (table.to_owned(), row.id.clone());
            if let Some(found) = rows.get(&key) {
                return Ok(Created::Existed(Box::new(found.clone())));
            }
            rows.insert(key, row.clone());
            Ok(Created::New)
        }
        .boxed()
    }

    fn get<'a>(&'a self, table: &'a str, id: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRow>, AwsError>> {
        async move {
            self.0.called("Get");
            Ok(self.0.rows.lock().unwrap().get(&(table.to_owned(), id.clone())).cloned())
        }
        .boxed()
    }

    fn touch<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        async move {
            self.0.called("Touch");
            Ok(self.0.update(table, id, at, served, None))
        }
        .boxed()
    }

    fn record_issue<'a>(
        &'a self,
        table: &'a str,
        id: &'a SessionId,
        at: Timestamp,
        bound: &'a Bound,
        served: u64,
    ) -> BoxFuture<'a, Result<Touched, AwsError>> {
        async move {
            self.0.called("RecordIssue");
            Ok(self.0.update(table, id, at, served, Some(bound)))
        }
        .boxed()
    }
}

mod grants;

fn caller() -> Caller {
    let [namespace, service_account, pod, pod_uid] = ["payments", "api", "api-0", "uid-0"].map(str::to_owned);
    Caller { namespace, service_account, service_account_uid: "sa-uid".to_owned(), pod, pod_uid }
}

/// A broker, and what is round it.
struct Stage {
    broker: Arc<Broker>,
    outside: Arc<Outside>,
    lines: Receiver<String>,
    bundle: watch::Sender<CaBundle>,
}

fn stage(outside: Outside) -> Stage {
    let outside = Arc::new(outside);
    let shared = Arc::new(Shared(outside.clone()));
    let metrics = BrokerMetrics::new(&Metrics::new("broker").unwrap()).unwrap();
    let identity = ClusterIdentity::new("cluster".into(), "");
    let (said, lines) = Lines::new();
    let journal = Journal::new(identity.clone(), metrics.dropped.with_label_values(&["decision_log"]), said);
    let bundle = watch::Sender::new(CaBundle::new("PEM"));
    let broker = Broker {
        world: world(),
        callers: Callers::new(shared.clone()),
        cluster: shared.clone(),
        rows: Rows::new(shared.clone(), identity.clone(), Duration::from_hours(2)),
        issuer: shared,
        cache: Cache::default(),
        flights: Flights::default(),
        lookups: PodLookups::default(),
        journal,
        events: Events::new(metrics.clone()).0,
        metrics,
        identity,
        default_table: Some("sessions".into()),
        bundle: bundle.subscribe(),
    };
    Stage { broker: Arc::new(broker), outside, lines, bundle }
}

fn world() -> World {
    let world = World::default();
    fill(&world.pods, vec![pod("prod", "uid-0")]);
    let spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1", "lease": "7s"});
    fill(&world.profiles, vec![object("SentinelProfile", &json!({"name": "prod", "uid": "profile-uid"}), &spec)]);
    fill(&world.policies, vec![policy("allow")]);
    fill(&world.locks, vec![]);
    fill(&world.requests, vec![]);
    fill(&world.emergencies, vec![]);
    fill(&world.sessions, vec![session(false)]);
    world
}

fn fill<E: Entry>(store: &Store<E>, objects: Vec<Value>) {
    store.apply(&Event::Init);
    for object in objects {
        store.apply(&Event::InitApply(serde_json::from_value(object).unwrap()));
    }
    store.apply(&Event::InitDone);
    store.heard.stamp();
}

fn apply<E: Entry>(store: &Store<E>, object: Value) {
    store.apply(&Event::Apply(serde_json::from_value(object).unwrap()));
}

fn object(kind: &str, metadata: &Value, spec: &Value) -> Value {
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
}

fn pod(profile: &str, uid: &str) -> Value {
    json!({"metadata": {"namespace": "payments", "name": "api-0", "uid": uid, "labels": {"sentinel.dev/injected": "true"},
            "annotations": {"sentinel.dev/profile": profile}},
        "spec": {"serviceAccountName": "api", "initContainers": [{"name": "sentinel-sidecar"}]}, "status": {"phase": "Running"}})
}

fn policy(effect: &str) -> Value {
    let rules =
        json!([{"name": "the-rule", "effect": effect, "conditions": {"profiles": ["prod"]}, "reason": "because"}]);
    object("AccessPolicy", &json!({"name": "prod"}), &json!({"version": "1", "rules": rules}))
}

fn session(revoked: bool) -> Value {
    let name = SessionId::derive("cluster", "uid-0", "prod");
    let spec =
        json!({"profile": "prod", "user": caller().user(), "pod": "api-0", "podUID": "uid-0", "revoked": revoked});
    object("SentinelSession", &json!({"name": name, "namespace": "payments"}), &spec)
}

fn active_session() -> Value {
    let mut session = session(false);
    session["status"] = json!({"phase": "Active", "table": "sessions"});
    session
}

fn token(signature: &str) -> String {
    let claims = json!({"aud": ["sentinel.dev/broker"], "exp": Timestamp::now().as_second() + 600});
    format!("e30.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

impl Stage {
    async fn asks(&self, served: u64) -> Result<Grant, Cause> {
        match ask(&self.broker, served).await {
            Answer::Granted(grant) => Ok(*grant),
            Answer::Refused(refused) => Err(refused.cause),
            Answer::Unidentified(error) => panic!("{error}"),
        }
    }

    async fn is_refused(&self, word: &str) -> Cause {
        let cause = self.asks(0).await.unwrap_err();
        assert_eq!(cause.word(), word, "{cause}");
        cause
    }

    /// As if the credentials had run out.
    async fn is_refused_new(&self, word: &str) {
        self.broker.cache.evict(&SessionId::derive("cluster", "uid-0", "prod"));
        self.outside.calls();
        self.is_refused(word).await;
        assert_eq!(self.outside.calls(), ["Get"], "nothing is issued");
    }

    /// Every watch has just been heard of.
    fn stamp(&self) {
        let world = &self.broker.world;
        let watches = [
            &world.pods.heard,
            &world.profiles.heard,
            &world.policies.heard,
            &world.locks.heard,
            &world.sessions.heard,
            &world.requests.heard,
            &world.emergencies.heard,
        ];
        for heard in watches {
            heard.stamp();
        }
    }

    fn effects(&self) -> Vec<String> {
        let effect =
            |line: String| serde_json::from_str::<Value>(&line).unwrap()["effect"].as_str().unwrap().to_owned();
        self.lines.try_iter().map(effect).collect()
    }
}

async fn ask(broker: &Arc<Broker>, served: u64) -> Answer {
    ask_with(broker, &token("good"), served).await
}

async fn ask_with(broker: &Arc<Broker>, token: &str, served: u64) -> Answer {
    let request = CredentialRequest { profile: "prod".into(), served, bundle_hash: CaBundle::new("PEM").hash() };
    broker.answer(token, IpAddr::V4(Ipv4Addr::LOCALHOST), &request).await
}

#[tokio::test]
async fn a_renewal_costs_no_call() {
    let stage = stage(Outside::default());
    let grant = stage.asks(0).await.unwrap();
    assert_eq!((grant.lease_ms, grant.outage_grace_ms, grant.trust_bundle), (7000, None, None));
    assert_eq!(stage.outside.calls(), ["TokenReview", "Create", "AssumeRole"]);
    for _ in 0..100 {
        assert_eq!(stage.asks(1).await.unwrap().credentials, grant.credentials);
    }
    assert_eq!(stage.outside.calls(), [""; 0]);
    assert_eq!(stage.effects(), ["allow"]);
}

#[tokio::test]
async fn callers_who_come_together_share_every_call() {
    let stage = stage(Outside::default());
    let answers = futures::future::join_all((0..20).map(|_| stage.asks(0))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stage.outside.calls(), ["TokenReview", "Create", "AssumeRole"]);
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_lands_for_the_next_request() {
    let stage = stage(Outside { turns: Some(Semaphore::new(0)), ..Outside::default() });
    let start = tokio::time::Instant::now();
    stage.is_refused("Deadline").await;
    assert!(start.elapsed() <= Duration::from_millis(701));
    stage.outside.turns.as_ref().unwrap().add_permits(1);
    stage.asks(0).await.unwrap();
    let issued = stage.outside.calls().iter().filter(|call| *call == "AssumeRole").count();
    assert_eq!(issued, 1);
}

fn lock(spec: &Value) -> Value {
    object("AccessLock", &json!({"name": "leak"}), spec)
}

fn locked(answer: Answer) -> RefusedAnswer {
    let Answer::Refused(refused) = answer else { panic!("granted") };
    assert_eq!(refused.cause.word(), "Locked", "{}", refused.cause);
    *refused
}

#[tokio::test]
async fn a_lock_refuses_at_once_and_unlocking_gives_new_credentials() {
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    stage.outside.calls();
    let spec = json!({"namespaces": ["payments"], "reason": "leak", "createdBy": "dana"});
    apply(&stage.broker.world.locks, lock(&spec));
    assert_eq!(locked(ask(&stage.broker, 0).await).lease_ms, 7000);
    fill(&stage.broker.world.locks, vec![]);
    stage.asks(0).await.unwrap();
    assert_eq!(stage.outside.calls(), ["Get", "AssumeRole"], "what was issued before the lock is not given out again");
    assert_eq!(stage.effects(), ["allow", "deny", "allow"]);
}

#[tokio::test]
async fn the_lease_of_a_lock_ends_with_it() {
    let stage = stage(Outside::default());
    let end = Timestamp::now() + Duration::from_millis(500);
    apply(&stage.broker.world.locks, lock(&json!({"profiles": ["prod"], "reason": "r", "expiresAt": end})));
    let lease = locked(ask(&stage.broker, 0).await).lease_ms;
    assert!(lease <= 500, "{lease}");
    while Timestamp::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stage.asks(0).await.unwrap();
}

#[tokio::test]
async fn a_lock_during_assume_role_is_not_answered_with_credentials() {
    let stage = stage(Outside { turns: Some(Semaphore::new(0)), ..Outside::default() });
    let broker = stage.broker.clone();
    let request = tokio::spawn(async move { ask(&broker, 0).await });
    while !stage.outside.calls.lock().unwrap().contains(&"AssumeRole".to_owned()) {
        tokio::task::yield_now().await;
    }
    apply(&stage.broker.world.locks, lock(&json!({"profiles": ["*"], "reason": "r"})));
    stage.outside.turns.as_ref().unwrap().add_permits(1);
    locked(request.await.unwrap());
}

#[tokio::test]
async fn a_policy_that_changes_during_assume_role_is_asked_before_the_answer() {
    let stage = stage(Outside { turns: Some(Semaphore::new(0)), ..Outside::default() });
    let broker = stage.broker.clone();
    let request = tokio::spawn(async move { ask(&broker, 0).await });
    while !stage.outside.calls.lock().unwrap().contains(&"AssumeRole".to_owned()) {
        tokio::task::yield_now().await;
    }
    apply(&stage.broker.world.policies, policy("deny"));
    stage.outside.turns.as_ref().unwrap().add_permits(1);
    let Answer::Refused(refused) = request.await.unwrap() else { panic!("granted") };
    assert_eq!((refused.cause.word(), stage.broker.cache.len()), ("PolicyDenied", 0));
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_of_every_watch_a_known_lock_is_still_403() {
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    apply(&stage.broker.world.locks, lock(&json!({"profiles": ["prod"], "reason": "r"})));
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(stage.broker.world.stale(Moment::now()).len(), 7);
    stage.is_refused("Locked").await;
    assert_eq!(stage.broker.cache.len(), 0, "a sidecar that hears 503 would serve on");
}

#[tokio::test(start_paused = true)]
async fn while_locks_are_not_known_nothing_is_decided_but_what_was_locked_stays_so() {
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    let world = &stage.broker.world;
    let others = [&world.requests.heard, &world.emergencies.heard];
    for heard in [&world.pods.heard, &world.profiles.heard, &world.policies.heard, &world.sessions.heard]
        .into_iter()
        .chain(others)
    {
        heard.stamp();
    }
    stage.is_refused("StaleWatch").await;
    apply(&world.locks, lock(&json!({"profiles": ["prod"], "reason": "r"})));
    stage.is_refused("Locked").await;
}

#[tokio::test]
async fn a_revocation_during_assume_role_is_not_answered_with_credentials() {
    let stage = stage(Outside { turns: Some(Semaphore::new(0)), ..Outside::default() });
    let broker = stage.broker.clone();
    let request = tokio::spawn(async move { ask(&broker, 0).await });
    while !stage.outside.calls.lock().unwrap().contains(&"AssumeRole".to_owned()) {
        tokio::task::yield_now().await;
    }
    apply(&stage.broker.world.sessions, session(true));
    stage.outside.turns.as_ref().unwrap().add_permits(1);
    let Answer::Refused(refused) = request.await.unwrap() else { panic!("granted") };
    assert_eq!(refused.cause.word(), "SessionRevoked");
    assert_eq!(stage.broker.cache.len(), 0, "nothing is kept for a revoked session");
}

/// The owner of a pod deletes it in the foreground, with a long grace period: the garbage collector takes the session, and
/// the pod lives on.
#[tokio::test(start_paused = true)]
async fn a_revocation_and_a_denial_hold_while_the_session_object_is_gone() {
    for revoked in [true, false] {
        let stage = stage(Outside::default());
        stage.asks(0).await.unwrap();
        let world = &stage.broker.world;
        apply(&world.sessions, session(revoked));
        for gone in world.sessions.apply(&Event::Delete(serde_json::from_value(session(revoked)).unwrap())) {
            world.session_is_gone(&gone, Moment::now());
        }
        if revoked {
            stage.is_refused("SessionRevoked").await;
            world.forget(Moment { steady: tokio::time::Instant::now() + Duration::from_hours(2), ..Moment::now() });
            stage.is_refused("SessionRevoked").await;
        } else {
            stage.is_refused("SessionMissing").await;
            apply(&world.policies, policy("deny"));
            stage.is_refused("PolicyDenied").await;
        }
    }
}

#[tokio::test]
async fn the_end_of_a_pod_during_assume_role_is_not_answered_with_credentials() {
    let stage = stage(Outside { turns: Some(Semaphore::new(0)), ..Outside::default() });
    let broker = stage.broker.clone();
    let request = tokio::spawn(async move { ask(&broker, 0).await });
    while !stage.outside.calls.lock().unwrap().contains(&"AssumeRole".to_owned()) {
        tokio::task::yield_now().await;
    }
    stage.broker.world.pods.apply(&Event::Delete(serde_json::from_value(pod("prod", "uid-0")).unwrap()));
    stage.broker.world.pod_is_gone("uid-0", Moment::now());
    stage.outside.turns.as_ref().unwrap().add_permits(1);
    let Answer::Refused(refused) = request.await.unwrap() else { panic!("granted") };
    assert_eq!(refused.cause.word(), "PodGone");
}

#[tokio::test]
async fn every_change_bites_on_the_next_request_and_forgets_what_was_held() {
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    let world = &stage.broker.world;
    apply(&world.policies, policy("deny"));
    let cause = stage.is_refused("PolicyDenied").await;
    assert!(cause.to_string().contains("by rule `the-rule`: because"), "{cause}");
    assert_eq!(stage.broker.cache.len(), 0);
    apply(&world.policies, policy("require_approval"));
    let cause = stage.is_refused("ApprovalRequired").await;
    assert!(
        cause.to_string().contains("approval is required; SentinelProfile `prod` names no ApprovalPolicy"),
        "{cause}"
    );
    apply(&world.policies, json!({"metadata": {"name": "prod"}, "spec": {"version": "1", "rules": "none"}}));
    stage.is_refused("PolicyInvalid").await;
    apply(&world.policies, policy("require_server_session"));
    stage.asks(0).await.unwrap();
    apply(&world.pods, pod("dev", "uid-0"));
    stage.is_refused("OtherProfile").await;
    assert_eq!(stage.effects(), ["allow", "deny", "require_approval", "deny", "allow", "deny"]);
}

#[tokio::test(start_paused = true)]
async fn a_stale_watch_is_503_and_a_known_revocation_still_403() {
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    stage.is_refused("StaleWatch").await;
    stage.broker.world.pods.heard.stamp();
    stage.broker.world.profiles.heard.stamp();
    stage.broker.world.policies.heard.stamp();
    stage.broker.world.locks.heard.stamp();
    let cause = stage.is_refused("StaleWatch").await;
    assert!(cause.to_string().contains("SentinelSessions has heard nothing for 61 s"), "{cause}");
    apply(&stage.broker.world.sessions, session(true));
    stage.is_refused("SessionRevoked").await;
}

#[tokio::test]
async fn sts_refusing_is_503_in_stss_words_and_recovers() {
    let stage = stage(Outside::default());
    *stage.outside.sts_fails.lock().unwrap() = Some(ErrorKind::Denied);
    let cause = stage.is_refused("AssumeRole").await;
    assert!(cause.to_string().contains("not authorized to perform sts:AssumeRole"), "{cause}");
    stage.outside.calls();
    stage.is_refused("AssumeRole").await;
    assert_eq!(stage.outside.calls(), [""; 0], "repeated from memory for a moment");
    *stage.outside.sts_fails.lock().unwrap() = None;
    stage.broker.cache.evict(&SessionId::derive("cluster", "uid-0", "prod"));
    stage.asks(0).await.unwrap();
}

#[tokio::test]
async fn tags_that_sts_can_not_pack_are_the_profiles_matter() {
    let stage = stage(Outside::default());
    *stage.outside.sts_fails.lock().unwrap() = Some(ErrorKind::Invalid);
    let cause = stage.is_refused("TagsTooLarge").await.to_string();
    for part in
        ["consumes 112% of allotted space", "SentinelProfile `prod` come to", "STS packs about 450", "fewer or shorter"]
    {
        assert!(cause.contains(part), "{part} in {cause}");
    }
    assert!(!cause.contains("trust policy"), "{cause}");
}

#[tokio::test(start_paused = true)]
async fn the_row_is_touched_soon_with_all_that_was_served_and_then_rests() {
    let stage = stage(Outside::default());
    let touches = |calls: Vec<String>| calls.iter().filter(|call| *call == "RecordIssue").count();
    let pass = async |seconds| {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        stage.stamp();
    };
    stage.asks(2).await.unwrap();
    pass(5).await;
    stage.asks(3).await.unwrap();
    assert_eq!(touches(stage.outside.calls()), 1);
    pass(1).await;
    stage.asks(4).await.unwrap();
    assert_eq!(touches(stage.outside.calls()), 0);
    assert_eq!(stage.outside.requests(), 5);
    pass(7200).await;
    stage.asks(5).await.unwrap();
    assert_eq!(touches(stage.outside.calls()), 1);
    assert_eq!(stage.outside.requests(), 14);
}

#[tokio::test(start_paused = true)]
async fn what_a_quiet_pod_has_used_is_written_though_it_asks_no_more() {
    let stage = stage(Outside::default());
    stage.asks(2).await.unwrap();
    stage.asks(3).await.unwrap();
    stage.broker.rows.settle(Moment::now()).await.unwrap();
    assert_eq!(stage.outside.requests(), 2, "it rests");
    tokio::time::advance(Duration::from_secs(5)).await;
    stage.broker.rows.settle(Moment::now()).await.unwrap();
    assert_eq!(stage.outside.requests(), 5);
    stage.outside.calls();
    stage.broker.rows.settle(Moment::now()).await.unwrap();
    assert_eq!(stage.outside.calls(), [""; 0], "once");
}

#[tokio::test]
async fn the_last_requests_are_written_at_shutdown() {
    let stage = stage(Outside::default());
    stage.asks(2).await.unwrap();
    stage.asks(3).await.unwrap();
    stage.broker.settle_all_rows().await;
    assert_eq!(stage.outside.requests(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_lies_about_its_requests_does_not_spoil_its_row() {
    let stage = stage(Outside::default());
    for _ in 0..50 {
        stage.asks(u64::MAX).await.unwrap();
        tokio::time::advance(Duration::from_mins(1)).await;
        stage.stamp();
    }
    let rows = stage.outside.rows.lock().unwrap();
    assert!(rows.values().next().unwrap().request_count <= 50 * MOST_SERVED);
}

#[tokio::test(start_paused = true)]
async fn a_row_revoked_by_other_tools_ends_the_session_at_its_next_write() {
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    stage.outside.change_row(|row| {
        row.status = RowStatus::Revoked;
        row.revoked_by = Some("dana".into());
    });
    tokio::time::advance(Duration::from_mins(1)).await;
    let cause = stage.is_refused("SessionRevoked").await;
    assert!(cause.to_string().contains("revoked by dana"), "{cause}");
    stage.outside.calls();
    stage.is_refused("SessionRevoked").await;
    assert!(!stage.outside.calls().iter().any(|call| call == "RecordIssue" || call == "AssumeRole"));
}

#[tokio::test]
async fn a_missing_row_of_a_once_active_session_is_never_made_anew() {
    let stage = stage(Outside::default());
    apply(&stage.broker.world.sessions, active_session());
    let cause = stage.is_refused("RowMissing").await;
    assert_eq!(cause.kind(), Kind::Unavailable);
    assert_eq!(stage.outside.calls(), ["TokenReview", "Get"], "nothing is issued");
}

#[tokio::test]
async fn no_new_credentials_for_a_row_that_others_ended_or_deleted() {
    for (change, expected) in [
        ((|row| row.status = RowStatus::Revoked) as fn(&mut SessionRow), "SessionRevoked"),
        (|row| row.status = RowStatus::Expired, "SessionEnded"),
        (|row| row.user = "alice".into(), "RowUnusable"),
    ] {
        let stage = stage(Outside::default());
        stage.asks(0).await.unwrap();
        stage.outside.change_row(change);
        stage.is_refused_new(expected).await;
    }
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    stage.outside.rows.lock().unwrap().clear();
    stage.is_refused_new("RowMissing").await;
    stage.broker.cache.evict(&SessionId::derive("cluster", "uid-0", "prod"));
    stage.asks(0).await.unwrap();
    assert_eq!(stage.outside.calls(), ["Create", "AssumeRole"], "the operator never saw it: it is made anew");
    apply(&stage.broker.world.sessions, active_session());
    stage.outside.rows.lock().unwrap().clear();
    for _ in 0..2 {
        stage.is_refused_new("RowMissing").await;
    }
}

#[tokio::test]
async fn a_row_that_lost_what_was_recorded_is_written_before_the_next_issue() {
    let stage = stage(Outside::default());
    stage.asks(0).await.unwrap();
    stage.outside.change_row(|row| (row.role_arn, row.credentials_until) = (None, None));
    stage.broker.cache.evict(&SessionId::derive("cluster", "uid-0", "prod"));
    stage.outside.calls();
    stage.asks(0).await.unwrap();
    assert_eq!(stage.outside.calls(), ["Get", "RecordIssue", "AssumeRole"]);
}

#[tokio::test]
async fn a_row_that_another_replica_made_is_taken_over_only_if_it_is_this_sessions() {
    for (change, expected) in [
        ((|_| ()) as fn(&mut SessionRow), None),
        (|row| row.status = RowStatus::Revoked, Some("SessionRevoked")),
        (|row| row.status = RowStatus::Expired, Some("SessionEnded")),
        (|row| row.user = "alice".into(), Some("RowUnusable")),
        (|row| row.expires_at = row.created_at, Some("RowUnusable")),
    ] {
        let first = stage(Outside::default());
        first.asks(0).await.unwrap();
        first.outside.change_row(change);
        let rows = std::mem::take(&mut *first.outside.rows.lock().unwrap());
        let second = stage(Outside { rows: Mutex::new(rows), ..Outside::default() });
        assert_eq!(second.asks(0).await.err().map(|cause| cause.word()), expected);
        let issued = second.outside.calls().contains(&"AssumeRole".to_owned());
        assert_eq!(issued, expected.is_none());
    }
}

#[tokio::test]
async fn a_pod_that_the_watch_has_not_brought_yet_is_asked_for_once() {
    let stage = stage(Outside::default());
    let watched: sentinel_decision::PodObject = serde_json::from_value(pod("prod", "uid-0")).unwrap();
    stage.outside.pods.lock().unwrap().insert("payments/api-0".into(), PodEntry::keep(&watched));
    stage.broker.world.pods.apply(&Event::Delete(watched));
    for _ in 0..5 {
        stage.asks(0).await.unwrap();
    }
    assert_eq!(stage.outside.calls().iter().filter(|call| *call == "GetPod").count(), 1);
}

#[tokio::test]
async fn the_token_of_a_pod_that_was_replaced_by_a_namesake_is_refused() {
    let stage = stage(Outside::default());
    apply(&stage.broker.world.pods, pod("prod", "uid-1"));
    stage.is_refused("PodGone").await;
    assert_eq!(stage.outside.calls(), ["TokenReview", "GetPod"]);
    stage.broker.world.pod_is_gone("uid-0", Moment::now());
    stage
        .broker
        .lookups
        .forget(Moment { steady: tokio::time::Instant::now() + Duration::from_secs(3), ..Moment::now() });
    stage.is_refused("PodGone").await;
    assert_eq!(stage.outside.calls(), [""; 0], "a pod known to be gone is not asked for");
}

#[tokio::test]
async fn forged_tokens_are_refused_and_a_silent_api_server_is_503() {
    let stage = stage(Outside::default());
    for _ in 0..3 {
        let answer = ask_with(&stage.broker, &token("forged"), 0).await;
        assert!(matches!(answer, Answer::Unidentified(CallerError::Refused(_))));
    }
    assert_eq!(stage.outside.calls(), ["TokenReview"]);
    *stage.outside.reviews_fail.lock().unwrap() = true;
    let answer = ask_with(&stage.broker, &token("other"), 0).await;
    assert!(matches!(answer, Answer::Unidentified(CallerError::Unavailable(_))));
    assert_eq!(answer.outcome(), "unavailable");
}

#[tokio::test]
async fn a_newerbundle_comes_with_grants_and_refusals() {
    let stage = stage(Outside::default());
    stage.bundle.send_replace(CaBundle::new("PEM of two"));
    assert_eq!(stage.asks(0).await.unwrap().trust_bundle.as_deref(), Some("PEM of two"));
    apply(&stage.broker.world.policies, policy("deny"));
    let Answer::Refused(refused) = ask(&stage.broker, 0).await else { panic!("granted") };
    assert_eq!((refused.lease_ms, refused.trust_bundle.as_deref()), (7000, Some("PEM of two")));
}
