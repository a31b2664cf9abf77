//! The session table as config/aws makes it: DynamoDB Local takes it, and a listing straight from an index has what Sentinel's
//! other tools need of a row. Emulators know no stacks, so the template's properties are read here.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, TimeToLiveSpecification,
};
use rstest::rstest;
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
    let (client, table, template) = (client().await, unique("template"), template());
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
