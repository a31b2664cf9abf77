//! Access requests, from the asking to the end of the grant. The webhook is not here: the stories stamp as it would.

use jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams, PostParams};
use sentinel_api::{AccessRequest, AccessRequestStatus, RequestPhase};
use serde_json::{Value, json};

use super::ground::{Ground, ROLE, object, says};
use super::world::{SOON, event, fail_over, while_dead};
use crate::world::{eventually, unique};

fn rules() -> Value {
    json!({"approval": [{"name": "leads", "approvers": ["ann", "ops"], "autoApprove": {"users": ["bot"], "maxDuration": "1h"}}]})
}

/// A request of eve's on this ground.
struct Asked {
    requests: Api<AccessRequest>,
    name: String,
    ground: Ground,
}

impl Asked {
    async fn new(ground: &Ground, change: Value) -> Self {
        let mut spec = json!({"profile": ground.name, "serviceAccount": "api", "duration": "1h",
            "justification": "deploy the hot fix", "requester": {"user": "eve"}});
        json_patch::merge(&mut spec, &change);
        let (requests, name) = (ground.all(), unique("request"));
        requests.create(&PostParams::default(), &object("AccessRequest", &name, &spec)).await.unwrap();
        Self { requests, name, ground: ground.clone() }
    }

    async fn decide(&self, ruling: &str, user: &str) {
        let patch = json!({"spec": {"decision": ruling, "comment": "fine", "decidedBy": {"user": user}}});
        self.requests.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    async fn status(&self) -> AccessRequestStatus {
        self.requests.get(&self.name).await.unwrap().status.unwrap_or_default()
    }

    /// Waits until condition Granted says so, and everybody was told.
    async fn is(&self, phase: RequestPhase, granted: &str) -> AccessRequestStatus {
        let what = format!("{} to be {phase:?}, {granted}", self.name);
        eventually(&what, SOON, async || {
            let status = self.status().await;
            (status.phase, says(&status.conditions, "Granted").as_str()) == (phase, granted)
                && status.told == Some(phase)
        })
        .await;
        self.status().await
    }

    async fn was_told(&self, reason: &str) {
        let (client, namespace) = (&self.ground.client, &self.ground.namespace);
        eventually(reason, SOON, async || event(client, namespace, &self.name, reason).await).await;
    }
}

fn moment(text: Option<String>) -> Timestamp {
    text.unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_approver_opens_the_door_for_as_long_as_was_asked() {
    Ground::with(rules(), async |ground| {
        let request = Asked::new(&ground, json!({})).await;
        let pending = request.is(RequestPhase::Pending, "false Pending").await;
        assert_eq!(pending.approvers, ["ann", "ops"]);
        request.decide("Approved", "ann").await;
        let granted = request.is(RequestPhase::Approved, "true Approved").await;
        let pins = granted.pins.unwrap();
        assert_eq!(pins.service_account_uid, ground.account_uid().await);
        assert_eq!((pins.role_arn.as_str(), pins.policies.approval), (ROLE, Some(ground.name.clone())));
        assert_eq!((granted.approved_as.as_deref(), granted.rule.as_deref()), (Some("ann"), Some("leads")));
        assert_eq!(granted.request_id.unwrap().len(), 8);
        let (from, until) = (moment(granted.decided_at), moment(granted.expires_at));
        assert_eq!(until.duration_since(from).as_secs(), 3600);
        for reason in ["Requested", "Approved"] {
            request.was_told(reason).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_grant_ends_at_its_very_end_and_stays_approved() {
    Ground::with(rules(), async |ground| {
        let request = Asked::new(&ground, json!({"duration": "4s"})).await;
        request.decide("Approved", "ann").await;
        let end = moment(request.is(RequestPhase::Approved, "true Approved").await.expires_at);
        request.is(RequestPhase::Approved, "false RunOut").await;
        assert!(Timestamp::now() >= end, "not before its end");
        request.was_told("GrantEnded").await;
    })
    .await;
}

#[tokio::test]
async fn an_approver_denies_a_requester_cancels_and_nobody_decides_their_own() {
    Ground::with(rules(), async |ground| {
        let denied = Asked::new(&ground, json!({})).await;
        denied.decide("Denied", "ann").await;
        let cancelled = Asked::new(&ground, json!({})).await;
        cancelled.decide("Cancelled", "eve").await;
        let own = Asked::new(&ground, json!({})).await;
        own.decide("Approved", "eve").await;
        let unstamped = Asked::new(&ground, json!({"requester": null})).await;
        unstamped.decide("Approved", "ann").await;
        assert_eq!(denied.is(RequestPhase::Denied, "false Denied").await.pins, None);
        assert_eq!(cancelled.is(RequestPhase::Cancelled, "false Cancelled").await.pins, None);
        own.is(RequestPhase::Pending, "false Pending").await;
        unstamped.is(RequestPhase::Pending, "false Unstamped").await;
        denied.was_told("Denied").await;
        cancelled.was_told("Cancelled").await;
    })
    .await;
}

#[tokio::test]
async fn the_law_approves_and_denies_by_itself() {
    Ground::with(rules(), async |ground| {
        let bot = Asked::new(&ground, json!({"requester": {"user": "bot"}})).await;
        let program = Asked::new(&ground, json!({"requester": {"user": "system:serviceaccount:a:b"}})).await;
        let status = bot.is(RequestPhase::Approved, "true Approved").await;
        assert!(status.auto_approved);
        let made = bot.requests.get(&bot.name).await.unwrap().metadata.creation_timestamp.unwrap().0;
        assert_eq!(moment(status.decided_at), made, "as of its making");
        program.is(RequestPhase::Denied, "false Denied").await;
    })
    .await;
}

#[tokio::test]
async fn a_grant_is_void_for_another_service_account_or_role() {
    Ground::with(rules(), async |ground| {
        let request = Asked::new(&ground, json!({"requester": {"user": "bot"}})).await;
        let granted = request.is(RequestPhase::Approved, "true Approved").await;
        ground.retarget("arn:aws:iam::111122223333:role/other").await;
        let void = request.is(RequestPhase::Approved, "false Void").await;
        assert!(void.conditions[0].message.contains("role/other"), "{}", void.conditions[0].message);
        assert_eq!((&void.pins, &void.expires_at), (&granted.pins, &granted.expires_at));
        request.was_told("GrantVoid").await;
        ground.retarget(ROLE).await;
        request.is(RequestPhase::Approved, "true Approved").await;
        ground.account_again().await;
        let void = request.is(RequestPhase::Approved, "false Void").await;
        assert!(void.conditions[0].message.contains("made again"), "{}", void.conditions[0].message);
    })
    .await;
}

#[tokio::test]
async fn a_request_outlives_the_operator_at_any_moment() {
    Ground::with(rules(), async |ground| {
        let pending = Asked::new(&ground, json!({})).await;
        pending.is(RequestPhase::Pending, "false Pending").await;
        let mut unseen = None;
        while_dead(async || {
            pending.decide("Approved", "ann").await;
            unseen = Some(Asked::new(&ground, json!({"requester": {"user": "bot"}})).await);
        })
        .await;
        let granted = pending.is(RequestPhase::Approved, "true Approved").await;
        unseen.unwrap().is(RequestPhase::Approved, "true Approved").await;
        let hasty = Asked::new(&ground, json!({})).await;
        hasty.decide("Denied", "ann").await;
        fail_over().await;
        hasty.is(RequestPhase::Denied, "false Denied").await;
        hasty.was_told("Denied").await;
        assert_eq!(pending.status().await, granted, "what was decided stays as it was");
    })
    .await;
}
