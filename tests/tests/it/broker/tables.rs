//! Tables that policies name: broker and operator together, on DynamoDB Local.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use sentinel_api::{Phase, SentinelSession, SessionStatus};
use sentinel_core::session::{RowStatus, SessionId, SessionRow};
use serde_json::{Value, json};

use super::stage::{AUDIENCE, Stage, with_broker};
use crate::operator::world::{SOON, operator};
use crate::world::{eventually, unique};

/// One rule for every service account of the stage, with a table or none.
fn rule(stage: &Stage, effect: &str, table: Option<&str>) -> Value {
    let mut rule = json!({"name": "all", "effect": effect, "conditions": {"profiles": [stage.namespace]}});
    if let Some(table) = table {
        rule["sessionTable"] = json!(table);
    }
    json!([rule])
}

async fn named(stage: &Stage, table: &str) {
    stage.policy(&rule(stage, "require_server_session", Some(table))).await;
}

async fn new_table(stage: &Stage, name: &str) -> String {
    let table = unique(name);
    stage.sessions.create_table(&table).await.unwrap();
    table
}

/// A pod whose session the operator makes: its token and its session.
async fn pod(stage: &Stage, name: &str, account: &str) -> (String, SessionId) {
    operator();
    let uid = stage.bare_pod(name, account).await;
    let id = stage.session_id(&uid);
    eventually("the operator to make the session", SOON, async || object(stage, &id).await.is_some()).await;
    (stage.token(name, account, &uid, AUDIENCE).await, id)
}

/// As [`pod`], with credentials, which the operator has seen.
async fn active_pod(stage: &Stage, name: &str) -> (String, SessionId) {
    let (token, id) = pod(stage, name, "api").await;
    granted(stage, &token).await;
    is(stage, &id, |status| status.phase == Phase::Active).await;
    (token, id)
}

async fn granted(stage: &Stage, token: &str) {
    eventually("credentials", SOON, async || stage.ask(token).await.status == 200).await;
}

async fn object(stage: &Stage, id: &SessionId) -> Option<SentinelSession> {
    stage.api::<SentinelSession>().get_opt(id.as_str()).await.unwrap()
}

async fn status(stage: &Stage, id: &SessionId) -> SessionStatus {
    object(stage, id).await.and_then(|session| session.status).unwrap_or_default()
}

async fn is(stage: &Stage, id: &SessionId, check: impl Fn(&SessionStatus) -> bool) {
    eventually("the status of the session", SOON, async || check(&status(stage, id).await)).await;
}

async fn row(stage: &Stage, table: &str, id: &SessionId) -> Option<SessionRow> {
    stage.sessions.get(table, id).await.unwrap()
}

async fn row_is(stage: &Stage, table: &str, id: &SessionId, wanted: RowStatus) {
    eventually(&format!("the row in {table} to be {wanted:?}"), SOON, async || {
        row(stage, table, id).await.is_some_and(|row| row.status == wanted)
    })
    .await;
}

/// A pod that has credentials by way of `from` and then by way of `to`.
async fn moved_pod(stage: &Stage, name: &str, from: &str, to: &str) -> (String, SessionId) {
    named(stage, from).await;
    let (token, id) = active_pod(stage, name).await;
    named(stage, to).await;
    eventually("the row in the other table", SOON, async || {
        stage.ask(&token).await.key();
        row(stage, to, &id).await.is_some()
    })
    .await;
    is(stage, &id, |status| status.tables == [from, to] && status.table.as_deref() == Some(to)).await;
    (token, id)
}

#[tokio::test]
async fn the_rules_table_wins_and_two_are_used_at_once() {
    with_broker(async |stage| {
        let of_rule = new_table(stage, "of-rule").await;
        let user = |name: &str| format!("system:serviceaccount:{}:{name}", stage.namespace);
        let rules = json!([
            {"name": "api", "effect": "require_server_session", "sessionTable": of_rule, "conditions": {"users": [user("api")]}},
            {"name": "other", "effect": "require_server_session", "conditions": {"users": [user("other")]}},
        ]);
        stage.profile(&json!({"sessionTable": stage.table})).await;
        stage.policy(&rules).await;
        let (api, by_rule) = pod(stage, "api-0", "api").await;
        let (other, by_profile) = pod(stage, "other-0", "other").await;
        granted(stage, &api).await;
        granted(stage, &other).await;
        for (id, has, has_not) in [(&by_rule, &of_rule, &stage.table), (&by_profile, &stage.table, &of_rule)] {
            row_is(stage, has, id, RowStatus::Active).await;
            assert_eq!(row(stage, has_not, id).await, None);
            is(stage, id, |status| status.tables == [has.as_str()]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_that_moves_is_revoked_in_both_tables() {
    with_broker(async |stage| {
        let (old, new) = (new_table(stage, "old").await, new_table(stage, "new").await);
        let (token, id) = moved_pod(stage, "api-0", &old, &new).await;
        row_is(stage, &old, &id, RowStatus::Active).await;
        let revoke = Patch::Merge(json!({"spec": {"revoked": true, "revokedReason": "leak"}}));
        stage.api::<SentinelSession>().patch(id.as_str(), &PatchParams::default(), &revoke).await.unwrap();
        stage.is_refused(&token, 403, "SessionRevoked").await;
        row_is(stage, &old, &id, RowStatus::Revoked).await;
        row_is(stage, &new, &id, RowStatus::Revoked).await;
    })
    .await;
}

#[tokio::test]
async fn what_others_revoke_in_the_table_that_was_left_is_revoked_in_the_other_and_here() {
    with_broker(async |stage| {
        let (old, new) = (new_table(stage, "old").await, new_table(stage, "new").await);
        let (token, id) = moved_pod(stage, "api-0", &old, &new).await;
        stage.sessions.revoke(&old, &id, "dana", "leak", Timestamp::now(), 4_000_000_000).await.unwrap();
        is(stage, &id, |status| status.phase == Phase::Revoked && status.revoked_by.as_deref() == Some("dana")).await;
        row_is(stage, &new, &id, RowStatus::Revoked).await;
        stage.is_refused(&token, 403, "SessionRevoked").await;
    })
    .await;
}

#[tokio::test]
async fn the_rows_in_both_tables_end_with_the_pod() {
    with_broker(async |stage| {
        let (old, new) = (new_table(stage, "old").await, new_table(stage, "new").await);
        let (_, id) = moved_pod(stage, "api-0", &old, &new).await;
        let at_once = DeleteParams::default().grace_period(0);
        stage.api::<Pod>().delete("api-0", &at_once).await.unwrap();
        row_is(stage, &old, &id, RowStatus::Expired).await;
        row_is(stage, &new, &id, RowStatus::Expired).await;
    })
    .await;
}

#[tokio::test]
async fn a_session_without_a_table_gets_its_row_once_a_rule_names_one() {
    with_broker(async |stage| {
        // Whatever the broker's own default is, these rules are about a session that began elsewhere, untracked.
        let table = new_table(stage, "late").await;
        stage.policy(&rule(stage, "allow", None)).await;
        let (token, id) = pod(stage, "api-0", "api").await;
        let started = json!([{"name": "sentinel-sidecar", "started": true, "ready": true, "restartCount": 0, "image": "s", "imageID": "s"}]);
        let started = Patch::Merge(json!({"status": {"phase": "Running", "initContainerStatuses": started}}));
        stage.api::<Pod>().patch_status("api-0", &PatchParams::default(), &started).await.unwrap();
        is(stage, &id, |status| status.phase == Phase::Active && status.tables.is_empty()).await;
        named(stage, &table).await;
        row_is(stage, &table, &id, RowStatus::Active).await;
        granted(stage, &token).await;
        is(stage, &id, |status| status.tables == [table.as_str()]).await;
    })
    .await;
}

#[tokio::test]
async fn a_rules_table_that_is_not_there_is_named_in_answer_event_and_status_until_it_is() {
    with_broker(async |stage| {
        let table = unique("nowhere");
        named(stage, &table).await;
        let (token, id) = pod(stage, "api-0", "api").await;
        let wanted = format!("table `{table}`");
        eventually("an answer that names the table", SOON, async || {
            let answer = stage.ask(&token).await;
            answer.status == 503 && answer.body["Message"].as_str().unwrap().contains(&wanted)
        })
        .await;
        // Trouble that lasts is worth an Event.
        eventually("an Event that names the table", SOON, async || {
            stage.ask(&token).await.is(503, "ServiceUnavailable");
            stage.events("api-0").await.iter().any(|(_, text)| text.contains(&wanted))
        })
        .await;
        is(stage, &id, |status| {
            status.conditions.iter().any(|one| one.reason == "TableNotFound" && one.message.contains(&table))
        })
        .await;
        stage.sessions.create_table(&table).await.unwrap();
        granted(stage, &token).await;
        row_is(stage, &table, &id, RowStatus::Active).await;
        let profiles: Api<sentinel_api::SentinelProfile> = Api::all(stage.client.clone());
        eventually("the profile to say that its tables are ready", SOON, async || {
            let status = profiles.get(&stage.namespace).await.unwrap().status.unwrap_or_default();
            status
                .conditions
                .iter()
                .any(|one| one.type_ == "TableReady" && one.message.contains(&format!("table {table} is ready")))
        })
        .await;
    })
    .await;
}
