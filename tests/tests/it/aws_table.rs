//! The session table as config/aws makes it: DynamoDB Local takes it, and a listing straight from an index has what Sentinel's
//! other tools need of a row. Emulators know no stacks, so the template's properties are read here.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, TimeToLiveSpecification,
};
use jiff::Timestamp;
use rstest::rstest;
use sentinel_aws::{Meter, Sessions};
use sentinel_core::session::{KubernetesFacts, RowStatus, SessionId, SessionRow};
use serde_json::Value;

use crate::aws_wire::{emulators, refuse_the_real_aws};
use crate::world::unique;

const TEMPLATE: &str = include_str!("../../../config/aws/session-table.cfn.json");
const TIMES: [&str; 5] = ["started_at", "last_access_at", "expires_at", "created_at", "updated_at"];

fn template() -> Value {
    serde_json::from_str(TEMPLATE).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn keys(value: &Value) -> Vec<KeySchemaElement> {
    let key = |part: &Value| {
        let key = KeySchemaElement::builder().attribute_name(text(part, "AttributeName"));
        key.key_type(KeyType::from(text(part, "KeyType"))).build().unwrap()
    };
    value["KeySchema"].as_array().unwrap().iter().map(key).collect()
}

fn attribute(value: &Value) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(text(value, "AttributeName"));
    attribute.attribute_type(text(value, "AttributeType").into()).build().unwrap()
}

fn index(value: &Value) -> GlobalSecondaryIndex {
    let projection = ProjectionType::from(text(&value["Projection"], "ProjectionType"));
    let index = GlobalSecondaryIndex::builder().index_name(text(value, "IndexName")).set_key_schema(Some(keys(value)));
    index.projection(Projection::builder().projection_type(projection).build()).build().unwrap()
}

fn wanted(create: CreateTableFluentBuilder, properties: &Value) -> CreateTableFluentBuilder {
    let attributes = properties["AttributeDefinitions"].as_array().unwrap().iter().map(attribute);
    let indexes = properties["GlobalSecondaryIndexes"].as_array().unwrap().iter().map(index);
    create
        .billing_mode(BillingMode::from(text(properties, "BillingMode")))
        .set_key_schema(Some(keys(properties)))
        .set_attribute_definitions(Some(attributes.collect()))
        .set_global_secondary_indexes(Some(indexes.collect()))
}

async fn client() -> Client {
    refuse_the_real_aws();
    Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
}

async fn made() -> (Client, String) {
    made_from(template()).await
}

async fn made_from(template: Value) -> (Client, String) {
    let (client, table) = (client().await, unique("template"));
    let properties = &template["Resources"]["Sessions"]["Properties"];
    wanted(client.create_table().table_name(&table), properties).send().await.unwrap();
    let ttl = &properties["TimeToLiveSpecification"];
    let ttl = TimeToLiveSpecification::builder()
        .enabled(ttl["Enabled"].as_bool().unwrap())
        .attribute_name(text(ttl, "AttributeName"))
        .build()
        .unwrap();
    client.update_time_to_live().table_name(&table).time_to_live_specification(ttl).send().await.unwrap();
    (client, table)
}

#[tokio::test]
async fn the_template_makes_the_table_that_we_ask_for() {
    let (_, table) = made().await;
    let facts = emulators().await.sessions().describe(&table).await.unwrap().unwrap();
    assert_eq!((facts.problems(), facts.advice()), (vec![], vec![]), "{facts:?}");
}

#[test]
fn the_template_keeps_what_is_in_the_table() {
    let template = template();
    let table = &template["Resources"]["Sessions"];
    assert_eq!((text(table, "DeletionPolicy"), text(table, "UpdateReplacePolicy")), ("Retain", "Retain"));
    let properties = &table["Properties"];
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST");
}

#[rstest]
#[case("gsi-user", "user", "system:serviceaccount:payments:api")]
#[case("gsi-status", "status", "active")]
#[case("gsi-profile", "profile", "prod")]
#[case("gsi-server-instance", "server_instance_id", "payments/api-0")]
#[tokio::test]
async fn a_listing_has_every_time_of_a_row(#[case] index: &str, #[case] attribute: &str, #[case] value: &str) {
    let (client, table) = made().await;
    let facts = [
        ("id", "0123456789abcdef"),
        ("user", "system:serviceaccount:payments:api"),
        ("profile", "prod"),
        ("server_instance_id", "payments/api-0"),
        ("status", "active"),
    ];
    let times = TIMES.map(|name| (name, "2026-11-22T19:00:00Z"));
    let item = facts.iter().chain(&times).map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).into())));
    client.put_item().table_name(&table).set_item(Some(item.collect())).send().await.unwrap();
    let listing = client.query().table_name(&table).index_name(index).key_condition_expression("#key = :value");
    let listing = listing.expression_attribute_names("#key", attribute).scan_index_forward(false).limit(1);
    let listing = listing.expression_attribute_values(":value", AttributeValue::S(value.to_owned()));
    let items = listing.send().await.unwrap().items.unwrap();
    let names: BTreeSet<&str> = items[0].keys().map(String::as_str).collect();
    assert!(TIMES.iter().all(|time| names.contains(time)), "{index} lists {names:?}");
}

/// What DynamoDB says of each call.
#[derive(Default)]
struct Bill(Mutex<Vec<f64>>);

impl Meter for Bill {
    fn consumed(&self, _: &'static str, units: f64) {
        self.0.lock().unwrap().push(units);
    }
}

/// As the broker makes it for a pod of a Deployment.
fn row() -> SessionRow {
    let (now, uid) =
        ("2026-11-22T19:00:00.123456789Z".parse().unwrap(), "0f9b1c2d-1111-2222-3333-444455556666".to_owned());
    let [namespace, service_account, pod] = ["payments", "api", "api-6c9f7d8b5-x7k2p"].map(str::to_owned);
    SessionRow {
        id: SessionId::derive("cluster", &uid, "prod"),
        user: format!("system:serviceaccount:{namespace}:{service_account}"),
        profile: "prod".to_owned(),
        server_instance_id: format!("{namespace}/{pod}"),
        status: RowStatus::Active,
        started_at: now,
        last_access_at: now,
        expires_at: now,
        created_at: now,
        updated_at: now,
        request_count: 1,
        source_identity: "sentinel.api@payments.direct.0123456789abcdef".to_owned(),
        ttl: None,
        revoked_by: None,
        revoked_reason: None,
        kubernetes: KubernetesFacts { cluster: uid.clone(), namespace, service_account, pod, pod_uid: uid },
        role_arn: Some("arn:aws:iam::111122223333:role/prod".to_owned()),
        roles: ["arn:aws:iam::111122223333:role/prod".to_owned()].into(),
        credentials_until: Some(now),
    }
}

async fn life(sessions: &Sessions, table: &str) {
    let (row, at) = (row(), Timestamp::now());
    sessions.create(table, &row).await.unwrap();
    let (role, identity) = ("arn:aws:iam::111122223333:role/prod", &row.source_identity);
    sessions.record_issue(table, &row.id, at, role, at, identity, 7).await.unwrap();
    sessions.get(table, &row.id).await.unwrap();
    sessions.get_many_relaxed(table, std::slice::from_ref(&row.id)).await.unwrap();
    sessions.extend(table, &row.id, at, at).await.unwrap();
    sessions.expire(table, &row.id, at, 0).await.unwrap();
}

/// The table in config/aws/README.md: made, touched, read before an issue, read in routine, extended, ended.
#[rstest]
#[case("ALL", [5.0, 5.0, 1.0, 0.5, 5.0, 7.0])]
#[case("KEYS_ONLY", [5.0, 1.0, 1.0, 0.5, 1.0, 5.0])]
#[tokio::test]
async fn what_a_row_costs_is_what_is_stated(#[case] projection: &str, #[case] units: [f64; 6]) {
    let mut template = template();
    let indexes = &mut template["Resources"]["Sessions"]["Properties"]["GlobalSecondaryIndexes"];
    for index in indexes.as_array_mut().unwrap() {
        index["Projection"]["ProjectionType"] = projection.into();
    }
    let (_, table) = made_from(template).await;
    let bill = Arc::new(Bill::default());
    life(&emulators().await.sessions().metered(bill.clone()), &table).await;
    assert_eq!(*bill.0.lock().unwrap(), units);
}
