//! How what was granted is stopped.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Patch, PatchParams};
use sentinel_api::SentinelSession;
use serde_json::json;

use super::stage::{SOON, with_broker};
use crate::world::eventually;

#[tokio::test]
async fn a_policy_that_is_edited_to_deny_bites_at_once_and_not_for_good() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        stage.policy(&json!([{"name": "freeze", "effect": "deny", "conditions": {}, "reason": "change freeze"}])).await;
        let answer = stage.is_refused(&token, 403, "AccessDenied").await;
        assert_eq!((&answer.body["rule"], &answer.body["reason"]), (&json!("freeze"), &json!("change freeze")));
        stage.policy(&json!([{"name": "ask", "effect": "require_approval", "conditions": {}}])).await;
        stage.is_refused(&token, 403, "ApprovalRequired").await;
        stage.policy(&json!([{"name": "all", "effect": "allow", "conditions": {}}])).await;
        stage.is_granted(&token).await;
    })
    .await;
}

#[tokio::test]
async fn a_revoked_session_stays_refused() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        let other = stage.pod("api-1", "api").await;
        stage.is_granted(&token).await;
        stage.is_granted(&other).await;
        let name = stage.session_id(&stage.uid("api-0").await).to_string();
        let revoke = json!({"spec": {"revoked": true, "revokedReason": "key leaked"}});
        let sessions = stage.api::<SentinelSession>();
        sessions.patch(&name, &PatchParams::default(), &Patch::Merge(revoke)).await.unwrap();
        let answer = stage.is_refused(&token, 403, "SessionRevoked").await;
        assert!(answer.body["Message"].as_str().unwrap().contains("(key leaked)"), "{answer:?}");
        for _ in 0..10 {
            stage.ask(&token).await.is(403, "SessionRevoked");
        }
        stage.ask(&other).await.key();
    })
    .await;
}

#[tokio::test]
async fn a_pod_that_ends_or_loses_its_label_gets_nothing_more() {
    with_broker(async |stage| {
        let tokens = [
            stage.pod("deleted", "api").await,
            stage.pod("finished", "api").await,
            stage.pod("unlabelled", "api").await,
        ];
        for token in &tokens {
            stage.is_granted(token).await;
        }
        let pods = stage.api::<Pod>();
        let at_once = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
        pods.delete("deleted", &at_once).await.unwrap();
        let failed = json!({"status": {"phase": "Failed"}});
        pods.patch_status("finished", &PatchParams::default(), &Patch::Merge(failed)).await.unwrap();
        let unlabelled = json!({"metadata": {"labels": {"sentinel.dev/injected": null}}});
        pods.patch("unlabelled", &PatchParams::default(), &Patch::Merge(unlabelled)).await.unwrap();
        for (token, says) in tokens.iter().zip(["is gone", "has ended", "label sentinel.dev/injected was removed"]) {
            let answer = stage.is_refused(token, 403, "AccessDenied").await;
            assert!(answer.body["Message"].as_str().unwrap().contains(says), "{says}: {answer:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_that_another_tool_revoked_is_found_by_the_next_broker() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        // Revoked before this broker ever wrote it.
        let id = stage.session_id(&stage.uid("api-0").await);
        stage.is_granted(&token).await;
        stage.sessions.revoke(&stage.table, &id, "dana", "leak", jiff::Timestamp::now(), 4_000_000_000).await.unwrap();
        // Other inputs: credentials are issued anew, and the row is told first.
        stage.profile(&json!({"sessionDuration": "20m"})).await;
        let answer = stage.is_refused(&token, 403, "SessionRevoked").await;
        assert!(answer.body["Message"].as_str().unwrap().contains("revoked by dana (leak)"), "{answer:?}");
        eventually("no credentials to be kept", SOON, async || {
            stage.metric("sentinel_broker_cached_credentials", &[]).await.abs() < 0.5
        })
        .await;
    })
    .await;
}
