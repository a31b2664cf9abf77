//! The session table, by DynamoDB Local: each write on its condition, and nothing leads back from revoked.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use sentinel_aws::{AwsError, Created, Ended, ErrorKind, Sessions, Touched};
use sentinel_core::session::{KubernetesFacts, ROW_LIFETIME, RowStatus, SessionId, SessionRow};

use crate::aws_wire::{Canned, at, emulators, nobody, silent};
use crate::world::unique;

const TTL: i64 = 1_800_000_000;

async fn sessions() -> (Sessions, String) {
    let sessions = emulators().await.sessions();
    let table = unique("sessions");
    sessions.create_table(&table).await.unwrap();
    (sessions, table)
}

fn session(name: &str) -> SessionId {
    SessionId::derive("cluster", name, "prod")
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn row(name: &str) -> SessionRow {
    SessionRow {
        id: session(name),
        user: "system:serviceaccount:payments:api".into(),
        profile: "prod".into(),
        server_instance_id: format!("payments/{name}"),
        status: RowStatus::Active,
        started_at: moment(0) + SignedDuration::from_nanos(123_456_789),
        last_access_at: moment(0),
        expires_at: moment(43_200),
        created_at: moment(0),
        updated_at: moment(0),
        request_count: 1,
        source_identity: "sentinel.api@payments.direct.0".into(),
        ttl: None,
        revoked_by: None,
        revoked_reason: None,
        kubernetes: KubernetesFacts {
            cluster: "c".into(),
            namespace: "payments".into(),
            service_account: "api".into(),
            pod: name.into(),
            pod_uid: "u".into(),
        },
        role_arn: None,
        roles: BTreeSet::new(),
        credentials_until: None,
    }
}

async fn with_row(name: &str) -> (Sessions, String, SessionRow) {
    let (sessions, table) = sessions().await;
    let row = row(name);
    assert_eq!(sessions.create(&table, &row).await.unwrap(), Created::New);
    (sessions, table, row)
}

async fn current(sessions: &Sessions, table: &str, id: &SessionId) -> SessionRow {
    sessions.get(table, id).await.unwrap().unwrap()
}

async fn revoke(sessions: &Sessions, table: &str, id: &SessionId) -> Ended {
    sessions.revoke(table, id, "dana", "stolen laptop", moment(60), TTL).await.unwrap()
}

async fn issue(sessions: &Sessions, table: &str, id: &SessionId, until: i64) -> Touched {
    let role = format!("arn:role/{until}");
    sessions.record_issue(table, id, moment(9), &role, moment(until), "sentinel.si", 2).await.unwrap()
}

// ---- create, get ----

#[tokio::test]
async fn a_row_is_read_back_as_it_was_written() {
    let (sessions, table, row) = with_row("a").await;
    assert_eq!(sessions.get(&table, &row.id).await.unwrap(), Some(row));
    assert_eq!(sessions.get(&table, &session("other")).await.unwrap(), None);
}

#[tokio::test]
async fn create_answers_the_row_that_was_there() {
    let (sessions, table, first) = with_row("a").await;
    let second = SessionRow { user: "system:serviceaccount:x:y".into(), ..row("a") };
    assert_eq!(sessions.create(&table, &second).await.unwrap(), Created::Existed(Box::new(first.clone())));
    assert_eq!(current(&sessions, &table, &first.id).await, first);
}

#[tokio::test]
async fn create_repeated_after_a_lost_answer_is_still_new() {
    let (sessions, table, row) = with_row("a").await;
    assert_eq!(sessions.create(&table, &row).await.unwrap(), Created::New);
}

#[tokio::test]
async fn of_many_creators_one_wins_and_all_see_its_row() {
    let (sessions, table) = sessions().await;
    let rows: Vec<_> = (0..8).map(|n| SessionRow { request_count: 100 + n, ..row("a") }).collect();
    let outcomes = join_all(rows.iter().map(|row| sessions.create(&table, row))).await;
    let won = current(&sessions, &table, &session("a")).await;
    let mut winners = 0;
    for (row, outcome) in rows.iter().zip(outcomes) {
        match outcome.unwrap() {
            Created::New => {
                winners += 1;
                assert_eq!(row, &won);
            }
            Created::Existed(other) => assert_eq!(*other, won),
        }
    }
    assert_eq!(winners, 1);
}

// ---- writes to an active row ----

#[tokio::test]
async fn a_touch_counts_moves_the_times_and_promises_the_row_anew() {
    let (sessions, table, row) = with_row("a").await;
    assert_eq!(sessions.touch(&table, &row.id, moment(5), 3).await.unwrap(), Touched::Done);
    assert_eq!(sessions.touch(&table, &row.id, moment(7), 0).await.unwrap(), Touched::Done);
    let expires_at = moment(7) + ROW_LIFETIME;
    let expected = SessionRow { last_access_at: moment(7), updated_at: moment(7), expires_at, request_count: 4, ..row };
    assert_eq!(current(&sessions, &table, &expected.id).await, expected);
}

#[tokio::test]
async fn an_issue_is_recorded_and_its_end_only_grows() {
    let (sessions, table, row) = with_row("a").await;
    for (until, expected) in [(900, 900), (600, 900), (1800, 1800), (1800, 1800)] {
        assert_eq!(issue(&sessions, &table, &row.id, until).await, Touched::Done);
        let now = current(&sessions, &table, &row.id).await;
        assert_eq!(now.credentials_until, Some(moment(expected)));
        assert_eq!(now.role_arn, Some(format!("arn:role/{until}")));
        assert!(now.roles.contains(&format!("arn:role/{until}")), "{:?}", now.roles);
        assert_eq!(
            (now.source_identity.as_str(), now.last_access_at, now.updated_at),
            ("sentinel.si", moment(9), moment(9))
        );
    }
    assert_eq!(current(&sessions, &table, &row.id).await.request_count, row.request_count + 8);
}

#[tokio::test]
async fn the_end_of_credentials_is_never_recorded_too_early() {
    let (sessions, table, row) = with_row("a").await;
    let until = moment(900) + SignedDuration::from_millis(1);
    sessions.record_issue(&table, &row.id, moment(1), "r", until, "s", 0).await.unwrap();
    assert_eq!(current(&sessions, &table, &row.id).await.credentials_until, Some(moment(901)));
    sessions.record_issue(&table, &row.id, moment(1), "r", moment(900), "s", 0).await.unwrap();
    assert_eq!(current(&sessions, &table, &row.id).await.credentials_until, Some(moment(901)));
}

#[tokio::test]
async fn an_extension_moves_the_end() {
    let (sessions, table, row) = with_row("a").await;
    assert_eq!(sessions.extend(&table, &row.id, moment(90_000), moment(8)).await.unwrap(), Touched::Done);
    let expected = SessionRow { expires_at: moment(90_000), updated_at: moment(8), ..row };
    assert_eq!(current(&sessions, &table, &expected.id).await, expected);
}

#[tokio::test]
async fn no_write_makes_a_row_that_was_missing() {
    let (sessions, table) = sessions().await;
    let id = session("ghost");
    assert_eq!(sessions.touch(&table, &id, moment(1), 1).await.unwrap(), Touched::Missing);
    assert_eq!(issue(&sessions, &table, &id, 900).await, Touched::Missing);
    assert_eq!(sessions.extend(&table, &id, moment(1), moment(1)).await.unwrap(), Touched::Missing);
    assert_eq!(revoke(&sessions, &table, &id).await, Ended::Missing);
    assert_eq!(sessions.expire(&table, &id, moment(1), TTL).await.unwrap(), Ended::Missing);
    assert_eq!(sessions.get(&table, &id).await.unwrap(), None);
}

// ---- ends ----

#[tokio::test]
async fn a_revocation_says_who_why_and_how_long_it_is_kept() {
    let (sessions, table, row) = with_row("a").await;
    assert_eq!(revoke(&sessions, &table, &row.id).await, Ended::Done);
    let expected = SessionRow {
        status: RowStatus::Revoked,
        updated_at: moment(60),
        ttl: Some(TTL),
        revoked_by: Some("dana".into()),
        revoked_reason: Some("stolen laptop".into()),
        ..row
    };
    assert_eq!(current(&sessions, &table, &expected.id).await, expected);
}

#[tokio::test]
async fn nothing_leads_back_from_revoked() {
    let (sessions, table, row) = with_row("a").await;
    revoke(&sessions, &table, &row.id).await;
    let revoked = current(&sessions, &table, &row.id).await;
    let not_active = Touched::NotActive(Box::new(revoked.clone()));
    assert_eq!(sessions.touch(&table, &row.id, moment(70), 1).await.unwrap(), not_active);
    assert_eq!(issue(&sessions, &table, &row.id, 900).await, not_active);
    assert_eq!(sessions.extend(&table, &row.id, moment(90_000), moment(70)).await.unwrap(), not_active);
    assert_eq!(sessions.create(&table, &row).await.unwrap(), Created::Existed(Box::new(revoked.clone())));
    let again = sessions.revoke(&table, &row.id, "eve", "other", moment(80), TTL + 1).await.unwrap();
    assert_eq!(again, Ended::Already(RowStatus::Revoked));
    let expired = sessions.expire(&table, &row.id, moment(80), TTL + 1).await.unwrap();
    assert_eq!(expired, Ended::Already(RowStatus::Revoked));
    assert_eq!(current(&sessions, &table, &row.id).await, revoked);
}

#[tokio::test]
async fn nothing_leads_back_from_expired() {
    let (sessions, table, row) = with_row("a").await;
    assert_eq!(sessions.expire(&table, &row.id, moment(60), TTL).await.unwrap(), Ended::Done);
    let expected = SessionRow { status: RowStatus::Expired, updated_at: moment(60), ttl: Some(TTL), ..row };
    assert_eq!(current(&sessions, &table, &expected.id).await, expected);
    assert_eq!(revoke(&sessions, &table, &expected.id).await, Ended::Already(RowStatus::Expired));
    let touched = sessions.touch(&table, &expected.id, moment(70), 1).await.unwrap();
    assert_eq!(touched, Touched::NotActive(Box::new(expected)));
}

#[tokio::test]
async fn a_revocation_among_many_writers_stays() {
    let (sessions, table, row) = with_row("a").await;
    let writers = (0..20_i64).map(|n| {
        let (sessions, table, id) = (&sessions, &table, &row.id);
        async move {
            match n {
                5 | 9 => drop(revoke(sessions, table, id).await),
                7 => drop(sessions.expire(table, id, moment(n), TTL).await.unwrap()),
                n if n % 2 == 0 => drop(issue(sessions, table, id, n).await),
                n => drop(sessions.touch(table, id, moment(n), 1).await.unwrap()),
            }
        }
    });
    join_all(writers).await;
    let ended = current(&sessions, &table, &row.id).await;
    assert_ne!(ended.status, RowStatus::Active);
    assert_eq!(ended.revoked_by.is_some(), ended.status == RowStatus::Revoked);
    assert_ne!(sessions.touch(&table, &row.id, moment(99), 1).await.unwrap(), Touched::Done);
    assert_eq!(current(&sessions, &table, &row.id).await, ended);
}

// ---- many rows ----

fn large(name: &str, kilobytes: usize) -> SessionRow {
    SessionRow {
        server_instance_id: "payments/x".into(),
        revoked_reason: Some("x".repeat(kilobytes * 1000)),
        ..row(name)
    }
}

async fn fill(sessions: &Sessions, table: &str, rows: &[SessionRow]) {
    for chunk in rows.chunks(25) {
        for outcome in join_all(chunk.iter().map(|row| sessions.create(table, row))).await {
            assert_eq!(outcome.unwrap(), Created::New);
        }
    }
}

fn sorted(mut rows: Vec<SessionRow>) -> Vec<SessionRow> {
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}

#[tokio::test]
async fn many_rows_are_read_by_id_whatever_is_asked_twice_or_missing() {
    let (sessions, table) = sessions().await;
    let rows: Vec<_> = (0..230).map(|n| row(&format!("pod-{n}"))).collect();
    fill(&sessions, &table, &rows).await;
    let mut ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    ids.extend([session("ghost"), rows[0].id.clone(), rows[229].id.clone()]);
    assert_eq!(sorted(sessions.get_many(&table, &ids).await.unwrap()), sorted(rows));
    assert_eq!(sessions.get_many(&table, &[]).await.unwrap(), vec![]);
}

#[tokio::test]
async fn what_a_batch_leaves_over_is_asked_for_again() {
    let (sessions, table) = sessions().await;
    // 21 MB, of which DynamoDB answers 16 at a time.
    let rows: Vec<_> = (0..60).map(|n| large(&format!("pod-{n}"), 350)).collect();
    fill(&sessions, &table, &rows).await;
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(sessions.get_many(&table, &ids).await.unwrap().len(), 60);
}

#[tokio::test]
async fn a_batch_that_is_never_delivered_ends_as_throttled() {
    let rest = r#"{"Responses":{"t":[]},"UnprocessedKeys":{"t":{"Keys":[{"id":{"S":"0123456789abcdef"}}]}}}"#;
    let dynamodb = Canned::start(200, rest).await;
    let error = at(&dynamodb.endpoint).await.sessions().get_many("t", &[session("a")]).await.unwrap_err();
    assert_eq!((error.kind, dynamodb.asked().len()), (ErrorKind::Throttled, 5), "{error}");
}

#[tokio::test]
async fn rows_of_a_status_are_found_over_all_pages() {
    let (sessions, table) = sessions().await;
    // 3 MB of active rows: a page of a query ends at 1 MB.
    let mut active: Vec<_> = (0..30).map(|n| large(&format!("pod-{n}"), 100)).collect();
    fill(&sessions, &table, &active).await;
    let gone = active.split_off(28);
    revoke(&sessions, &table, &gone[0].id).await;
    sessions.expire(&table, &gone[1].id, moment(60), TTL).await.unwrap();
    assert_eq!(sorted(sessions.active(&table).await.unwrap()), sorted(active));
    let revoked = sessions.revoked(&table).await.unwrap();
    assert_eq!(revoked, vec![current(&sessions, &table, &gone[0].id).await]);
}

#[tokio::test]
async fn an_index_of_keys_alone_will_do() {
    let (sessions, table) = (emulators().await.sessions(), unique("keys-only"));
    raw::create_keys_only(&table).await;
    let rows: Vec<_> = (0..120).map(|n| row(&format!("pod-{n}"))).collect();
    fill(&sessions, &table, &rows).await;
    revoke(&sessions, &table, &rows[0].id).await;
    assert_eq!(sorted(sessions.active(&table).await.unwrap()), sorted(rows[1..].to_vec()));
    assert_eq!(sessions.revoked(&table).await.unwrap()[0].revoked_by.as_deref(), Some("dana"));
}

// ---- rows of others ----

#[tokio::test]
async fn rows_of_sentinels_other_tools_are_read_and_revoked() {
    let (sessions, table) = sessions().await;
    raw::put(&table, &raw::foreign("0123456789abcdef")).await;
    let id = "0123456789abcdef".parse().unwrap();
    let row = current(&sessions, &table, &id).await;
    assert_eq!((row.user.as_str(), row.request_count, row.source_identity.as_str()), ("dana", 0, ""));
    assert_eq!(sessions.active(&table).await.unwrap(), vec![row]);
    assert_eq!(sessions.touch(&table, &id, moment(1), 2).await.unwrap(), Touched::Done);
    assert_eq!(current(&sessions, &table, &id).await.request_count, 2);
    assert_eq!(revoke(&sessions, &table, &id).await, Ended::Done);
    assert_eq!(raw::text(&table, "0123456789abcdef", "device_id").await, "mdm-1");
}

#[tokio::test]
async fn a_spoilt_row_is_an_error_by_id_and_hides_no_other() {
    let (sessions, table, good) = with_row("a").await;
    let mut spoilt = raw::foreign("0123456789abcdef");
    spoilt.push(("expires_at", "tomorrow"));
    raw::put(&table, &spoilt).await;
    raw::put(&table, &raw::foreign("not-an-id")).await;
    let id: SessionId = "0123456789abcdef".parse().unwrap();
    let by_id = sessions.get(&table, &id).await.unwrap_err();
    let by_ids = sessions.get_many(&table, &[good.id.clone(), id.clone()]).await.unwrap_err();
    for error in [by_id, by_ids] {
        assert_eq!(error.kind, ErrorKind::Invalid);
        let text = error.to_string();
        for part in [format!("on table `{table}`"), "row `0123456789abcdef`".into(), "attribute `expires_at`".into()] {
            assert!(text.contains(&part), "{part} in {text}");
        }
    }
    assert_eq!(sessions.active(&table).await.unwrap(), vec![good]);
    assert_eq!(revoke(&sessions, &table, &id).await, Ended::Done);
    assert_eq!(revoke(&sessions, &table, &id).await, Ended::Already(RowStatus::Revoked));
}

// ---- tables ----

#[tokio::test]
async fn our_own_table_is_as_it_must_be() {
    let (sessions, table) = sessions().await;
    let facts = sessions.describe(&table).await.unwrap().unwrap();
    assert_eq!((facts.problems(), facts.advice()), (vec![], vec![]), "{facts:?}");
    assert_eq!((facts.status.as_str(), facts.ttl_attribute), ("ACTIVE", Ok(Some("ttl".to_owned()))));
    assert_eq!(facts.point_in_time_recovery, Ok(None), "DynamoDB Local knows no backups");
    assert_eq!(facts.indexes["gsi-server-instance"].key, ["server_instance_id", "status"]);
}

#[tokio::test]
async fn a_table_that_lacks_something_is_told() {
    let (sessions, table) = (emulators().await.sessions(), unique("bare"));
    raw::create_bare(&table).await;
    let facts = sessions.describe(&table).await.unwrap().unwrap();
    let problems: Vec<String> = facts.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["index gsi-status is missing: add it with the key `status, created_at`"]);
    assert_eq!(facts.advice().len(), 4, "{:?}", facts.advice());
    let error = sessions.revoked(&table).await.unwrap_err();
    assert!(error.kind == ErrorKind::Invalid && error.message.contains("index"), "{error}");
}

#[tokio::test]
async fn a_missing_table_is_named_by_every_call() {
    let sessions = emulators().await.sessions();
    let table = unique("nowhere");
    for (operation, error) in every_error(&sessions, &table).await {
        assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
        let start = format!("DynamoDB {operation} on table `{table}`: ResourceNotFoundException: ");
        assert!(error.to_string().starts_with(&start), "{error}");
    }
    assert_eq!(sessions.describe(&table).await.unwrap(), None);
}

async fn every_error(sessions: &Sessions, table: &str) -> Vec<(&'static str, AwsError)> {
    let (row, at) = (row("a"), moment(1));
    let id = &row.id;
    vec![
        ("PutItem", sessions.create(table, &row).await.unwrap_err()),
        ("GetItem", sessions.get(table, id).await.unwrap_err()),
        ("BatchGetItem", sessions.get_many(table, std::slice::from_ref(id)).await.unwrap_err()),
        ("UpdateItem", sessions.touch(table, id, at, 1).await.unwrap_err()),
        ("UpdateItem", sessions.record_issue(table, id, at, "r", at, "s", 1).await.unwrap_err()),
        ("UpdateItem", sessions.extend(table, id, at, at).await.unwrap_err()),
        ("UpdateItem", sessions.revoke(table, id, "b", "r", at, TTL).await.unwrap_err()),
        ("UpdateItem", sessions.expire(table, id, at, TTL).await.unwrap_err()),
        ("Query", sessions.active(table).await.unwrap_err()),
        ("Query", sessions.revoked(table).await.unwrap_err()),
    ]
}

// ---- DynamoDB in trouble ----

#[tokio::test]
async fn a_dynamodb_that_is_not_there_is_unavailable_to_every_call() {
    let sessions = at(&nobody().await).await.sessions();
    for (_, error) in every_error(&sessions, "t").await {
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    }
    assert_eq!(sessions.describe("t").await.unwrap_err().kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_dynamodb_that_says_nothing_is_unavailable_before_an_sdk_gives_up() {
    let sessions = at(&silent().await).await.sessions();
    let started = Instant::now();
    let error = sessions.get("t", &session("a")).await.unwrap_err();
    assert!(error.kind == ErrorKind::Unavailable && error.message.starts_with("no answer in time"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn answers_in_trouble_have_their_kinds() {
    for (status, body, kind) in [
        (
            500,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"m"}"#,
            ErrorKind::Unavailable,
        ),
        (503, "", ErrorKind::Unavailable),
        (
            400,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"m"}"#,
            ErrorKind::Throttled,
        ),
        (400, r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"m"}"#, ErrorKind::Denied),
        (400, r#"{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"m"}"#, ErrorKind::Denied),
        (400, r#"{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"m"}"#, ErrorKind::Denied),
        (200, "<html>a proxy</html>", ErrorKind::Unavailable),
    ] {
        let dynamodb = Canned::start(status, body).await;
        let error = at(&dynamodb.endpoint).await.sessions().touch("t", &session("a"), moment(1), 1).await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}: {error}");
        assert!(dynamodb.asked().len() <= 2, "{:?}", dynamodb.asked().len());
    }
}

#[tokio::test]
async fn whoever_may_not_look_at_a_table_is_told_which_right_is_missing() {
    for (body, kind) in [
        (r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"m"}"#, ErrorKind::Denied),
        (r#"{"__type":"com.amazonaws.dynamodb.v20120810#LimitExceededException","message":"m"}"#, ErrorKind::Throttled),
    ] {
        let dynamodb = Canned::start(400, body).await;
        let error = at(&dynamodb.endpoint).await.sessions().describe("t").await.unwrap_err();
        assert_eq!((error.kind, error.operation), (kind, "DescribeTable"), "{error}");
    }
}

/// What others do to the table, past our own mapping.
mod raw {
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
        ProjectionType, ScalarAttributeType,
    };

    async fn client() -> Client {
        crate::aws_wire::refuse_the_real_aws();
        Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
    }

    pub fn foreign(id: &str) -> Vec<(&'static str, &str)> {
        vec![
            ("id", id),
            ("user", "dana"),
            ("profile", "prod"),
            ("status", "active"),
            ("started_at", "2026-11-22T19:00:00.123456789Z"),
            ("last_access_at", "2026-11-22T19:00:01Z"),
            ("expires_at", "2026-11-22T20:00:00Z"),
            ("created_at", "2026-11-22T19:00:00.1Z"),
            ("updated_at", "2026-11-22T19:00:01Z"),
            ("device_id", "mdm-1"),
        ]
    }

    pub async fn put(table: &str, texts: &[(&str, &str)]) {
        let mut put = client().await.put_item().table_name(table);
        for (name, value) in texts {
            put = put.item(*name, AttributeValue::S((*value).to_owned()));
        }
        put.send().await.unwrap();
    }

    pub async fn text(table: &str, id: &str, attribute: &str) -> String {
        let get = client().await.get_item().table_name(table).key("id", AttributeValue::S(id.to_owned()));
        get.send().await.unwrap().item.unwrap()[attribute].as_s().unwrap().clone()
    }

    fn key(name: &str, kind: KeyType) -> KeySchemaElement {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    }

    fn attribute(name: &str) -> AttributeDefinition {
        let definition = AttributeDefinition::builder().attribute_name(name);
        definition.attribute_type(ScalarAttributeType::S).build().unwrap()
    }

    pub async fn create_bare(table: &str) {
        let create = client().await.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        create.attribute_definitions(attribute("id")).key_schema(key("id", KeyType::Hash)).send().await.unwrap();
    }

    pub async fn create_keys_only(table: &str) {
        let index = GlobalSecondaryIndex::builder()
            .index_name("gsi-status")
            .key_schema(key("status", KeyType::Hash))
            .key_schema(key("created_at", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
        let create = client().await.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        let create =
            ["id", "status", "created_at"].into_iter().fold(create, |c, name| c.attribute_definitions(attribute(name)));
        let create = create.key_schema(key("id", KeyType::Hash)).global_secondary_indexes(index.build().unwrap());
        create.send().await.unwrap();
    }
}
