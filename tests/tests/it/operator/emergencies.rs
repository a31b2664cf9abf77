//! Break-glass events, from the breaking to the review. The webhook is not here: the stories stamp as it would.

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use sentinel_api::names::{LEDGER_CONFIG_MAP, LEDGER_KEY};
use sentinel_api::{BreakGlassEvent, BreakGlassEventStatus, EventPhase};
use sentinel_core::ledger::{Entry, Ledger};
use serde_json::{Value, json};

use super::ground::{Ground, object, says};
use super::world::{HOME, SOON, event, fail_over, while_dead};
use crate::world::{client, eventually, unique};

fn rules(limits: &Value) -> Value {
    let glass = json!([{"name": "oncall", "users": ["ann", "ben", "team-*"], "allowedReasonCodes": ["incident"], "maxDuration": "2h"}]);
    json!({"breakGlass": glass, "rateLimit": limits})
}

fn calm(limits: &Value) -> Value {
    let mut rule = json!({"name": "calm"});
    json_patch::merge(&mut rule, limits);
    rules(&json!([rule]))
}

/// The chart makes it; here the first story that needs it does.
pub async fn ledgers() -> Api<ConfigMap> {
    let ledgers = Api::namespaced(client().await, HOME);
    let metadata = ObjectMeta { name: Some(LEDGER_CONFIG_MAP.to_owned()), ..ObjectMeta::default() };
    match ledgers.create(&PostParams::default(), &ConfigMap { metadata, ..ConfigMap::default() }).await {
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        made => drop(made.unwrap()),
    }
    ledgers
}

/// What the ledger has on a profile.
async fn entries(ground: &Ground) -> Vec<Entry> {
    let data = ledgers().await.get(LEDGER_CONFIG_MAP).await.unwrap().data.unwrap_or_default();
    let ledger: Ledger = data.get(LEDGER_KEY).map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
    ledger.entries().iter().filter(|entry| entry.profile == ground.name).cloned().collect()
}

struct Broken {
    events: Api<BreakGlassEvent>,
    name: String,
    ground: Ground,
}

impl Broken {
    async fn new(ground: &Ground, user: &str, change: Value) -> Self {
        ledgers().await;
        let mut spec = json!({"profile": ground.name, "serviceAccount": "api", "duration": "1h", "reasonCode": "incident",
            "justification": "the database is on fire", "invoker": {"user": user}});
        json_patch::merge(&mut spec, &change);
        let (events, name) = (ground.all(), unique("event"));
        events.create(&PostParams::default(), &object("BreakGlassEvent", &name, &spec)).await.unwrap();
        Self { events, name, ground: ground.clone() }
    }

    async fn patch(&self, spec: Value) {
        let patch = json!({"spec": spec});
        self.events.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    async fn uid(&self) -> String {
        self.events.get(&self.name).await.unwrap().metadata.uid.unwrap()
    }

    async fn status(&self) -> BreakGlassEventStatus {
        self.events.get(&self.name).await.unwrap().status.unwrap_or_default()
    }

    /// Waits until it is in this phase, and everybody was told.
    async fn is(&self, phase: EventPhase) -> BreakGlassEventStatus {
        eventually(&format!("{} to be {phase:?}", self.name), SOON, async || {
            let status = self.status().await;
            status.phase == phase && status.told == Some(phase)
        })
        .await;
        self.status().await
    }

    async fn settled(&self) -> BreakGlassEventStatus {
        eventually(&format!("{} to begin or be refused", self.name), SOON, async || self.status().await.told.is_some())
            .await;
        self.status().await
    }

    async fn is_refused(&self, limit: &str) -> BreakGlassEventStatus {
        let status = self.is(EventPhase::Refused).await;
        assert_eq!(status.refusal.as_ref().map(|refusal| refusal.limit.as_str()), Some(limit), "{status:?}");
        status
    }

    async fn was_told(&self, reason: &str) {
        let (client, namespace) = (&self.ground.client, &self.ground.namespace);
        eventually(reason, SOON, async || event(client, namespace, &self.name, reason).await).await;
    }
}

#[tokio::test]
async fn an_emergency_ends_at_its_very_end_and_is_reviewed() {
    Ground::with(calm(&json!({"cooldown": "10m"})), async |ground| {
        let broken = Broken::new(&ground, "ann", json!({"duration": "4s"})).await;
        let active = broken.is(EventPhase::Active).await;
        assert_eq!(says(&active.conditions, "Granted"), "true Active");
        assert_eq!(active.pins.unwrap().service_account_uid, ground.account_uid().await);
        let end: Timestamp = active.expires_at.unwrap().parse().unwrap();
        let over = broken.is(EventPhase::Expired).await;
        assert!(Timestamp::now() >= end, "not before its end");
        let [granted, reviewed] = ["Granted", "Reviewed"].map(|type_| says(&over.conditions, type_));
        assert_eq!((granted.as_str(), reviewed.as_str()), ("false Expired", "false ReviewWanted"));
        broken.patch(json!({"review": "the disk was full", "reviewedBy": {"user": "ben"}})).await;
        eventually("the review", SOON, async || says(&broken.status().await.conditions, "Reviewed") == "true Reviewed")
            .await;
        for reason in ["Invoked", "Expired"] {
            broken.was_told(reason).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_says_which_limit_and_when_to_come_back() {
    Ground::with(calm(&json!({"cooldown": "10m"})), async |ground| {
        let first = Broken::new(&ground, "ann", json!({})).await;
        first.is(EventPhase::Active).await;
        let again = Broken::new(&ground, "ann", json!({})).await.is_refused("oneActive").await;
        first.patch(json!({"closed": true, "closedReason": "it is out", "closedBy": {"user": "ben"}})).await;
        let closed = first.is(EventPhase::Closed).await;
        assert_eq!(says(&closed.conditions, "Reviewed"), "false ReviewWanted");
        let soon = Broken::new(&ground, "ann", json!({})).await.is_refused("cooldown").await;
        let begun: Timestamp = closed.activated_at.unwrap().parse().unwrap();
        let back: Timestamp = soon.refusal.unwrap().come_back_at.unwrap().parse().unwrap();
        assert_eq!(back.duration_since(begun).as_secs(), 600);
        assert!(again.refusal.unwrap().come_back_at.is_some());
        Broken::new(&ground, "tom", json!({})).await.is_refused("users").await;
        Broken::new(&ground, "ben", json!({"reasonCode": "other"})).await.is_refused("allowedReasonCodes").await;
        Broken::new(&ground, "ben", json!({"invoker": null})).await.is_refused("invoker").await;
        Broken::new(&ground, "ben", json!({})).await.is(EventPhase::Active).await;
    })
    .await;
}

#[tokio::test]
async fn a_closed_one_makes_way_for_the_next() {
    Ground::with(calm(&json!({"cooldown": "1ms", "escalationThreshold": 1})), async |ground| {
        // What others did elsewhere counts too, so this is somebody else.
        let user = format!("team-{}", ground.name);
        let first = Broken::new(&ground, &user, json!({})).await;
        assert_eq!(first.is(EventPhase::Active).await.escalated, None);
        first.patch(json!({"closed": true})).await;
        let closed_at = first.is(EventPhase::Closed).await.closed_at.unwrap();
        assert_eq!(entries(&ground).await[0].until.to_string(), closed_at);
        let second = Broken::new(&ground, &user, json!({})).await;
        assert_eq!(second.is(EventPhase::Active).await.escalated, Some(2));
        second.was_told("Escalated").await;
        first.was_told("Closed").await;
    })
    .await;
}

#[tokio::test]
async fn of_many_at_the_same_instant_as_many_begin_as_may() {
    Ground::with(calm(&json!({"maxPerProfile": 1, "quotaWindow": "1h"})), async |ground| {
        let mut events = vec![];
        while_dead(async || {
            events = join_all((0..6).map(|n| {
                let ground = ground.clone();
                async move { Broken::new(&ground, &format!("team-{n}"), json!({})).await }
            }))
            .await;
        })
        .await;
        let settled = join_all(events.iter().map(Broken::settled)).await;
        let active = settled.iter().filter(|status| status.phase == EventPhase::Active).count();
        let refused = settled.iter().filter_map(|status| status.refusal.as_ref());
        assert_eq!(active, 1, "{settled:?}");
        assert_eq!(refused.filter(|refusal| refusal.limit == "maxPerProfile").count(), 5, "{settled:?}");
        assert_eq!(entries(&ground).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn deleting_events_gives_no_quota_back() {
    Ground::with(calm(&json!({"maxPerProfile": 1, "quotaWindow": "1h"})), async |ground| {
        let first = Broken::new(&ground, "ann", json!({})).await;
        first.is(EventPhase::Active).await;
        first.events.delete(&first.name, &DeleteParams::default()).await.unwrap();
        Broken::new(&ground, "ben", json!({})).await.is_refused("maxPerProfile").await;
        fail_over().await;
        let status = Broken::new(&ground, "team-1", json!({})).await.is_refused("maxPerProfile").await;
        assert!(says(&status.conditions, "Granted") == "false Refused");
        assert_eq!(entries(&ground).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_operator_that_is_killed_in_between_loses_none_and_admits_none_twice() {
    Ground::with(calm(&json!({"maxPerProfile": 3, "quotaWindow": "1h"})), async |ground| {
        let mut events = vec![];
        for n in 0..5 {
            events.push(Broken::new(&ground, &format!("team-{n}"), json!({})).await);
            while_dead(async || {}).await;
        }
        let settled = join_all(events.iter().map(Broken::settled)).await;
        let mut active = BTreeSet::new();
        for (event, status) in events.iter().zip(&settled) {
            if status.phase == EventPhase::Active {
                active.insert(event.uid().await);
            }
        }
        assert_eq!(active.len(), 3, "{settled:?}");
        let entries = entries(&ground).await;
        assert_eq!(entries.iter().map(|entry| entry.event.clone()).collect::<BTreeSet<_>>(), active);
        assert_eq!(entries.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn an_emergency_is_void_for_another_role() {
    Ground::with(calm(&json!({"cooldown": "1h"})), async |ground| {
        let broken = Broken::new(&ground, "ann", json!({})).await;
        broken.is(EventPhase::Active).await;
        ground.retarget("arn:aws:iam::111122223333:role/other").await;
        eventually("Void", SOON, async || says(&broken.status().await.conditions, "Granted") == "false Void").await;
        assert_eq!(broken.status().await.phase, EventPhase::Active);
        broken.was_told("GrantVoid").await;
    })
    .await;
}
