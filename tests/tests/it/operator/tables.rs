//! Each wrong table, really made; its profile says what is wrong with it, and says so no more when it is mended.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use rstest::rstest;
use sentinel_api::{AccessPolicy, Condition, ConditionStatus, SentinelProfile};
use serde_json::{Value, json};

use super::world::{SOON, fail_over, operator};
use crate::aws_wire::{emulators, refuse_the_real_aws};
use crate::world::{client, eventually, unique};

/// A table to be made.
#[derive(Clone)]
struct Made {
    key: &'static [&'static str],
    id: ScalarAttributeType,
    /// Name, hash key, range key, projection.
    indexes: Vec<(&'static str, &'static str, &'static str, ProjectionType)>,
    ttl: Option<&'static str>,
}

fn good() -> Made {
    let all = |name, hash, range| (name, hash, range, ProjectionType::All);
    let indexes = vec![
        all("gsi-user", "user", "created_at"),
        all("gsi-status", "status", "created_at"),
        all("gsi-profile", "profile", "created_at"),
        all("gsi-server-instance", "server_instance_id", "status"),
    ];
    Made { key: &["id"], id: ScalarAttributeType::S, indexes, ttl: Some("ttl") }
}

fn without(index: &str) -> Made {
    let mut made = good();
    made.indexes.retain(|(name, ..)| *name != index);
    made
}

fn with(index: (&'static str, &'static str, &'static str, ProjectionType)) -> Made {
    let mut made = without(index.0);
    made.indexes.push(index);
    made
}

impl Made {
    async fn make(&self, table: &str) {
        let client = dynamodb().await;
        let mut create = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        let mut keys: Vec<&str> = self.key.to_vec();
        keys.extend(self.indexes.iter().flat_map(|(_, hash, range, _)| [*hash, *range]));
        keys.sort_unstable();
        keys.dedup();
        for name in keys {
            let kind = if name == "id" { self.id.clone() } else { ScalarAttributeType::S };
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
            create = create.attribute_definitions(attribute.build().unwrap());
        }
        for (name, hash, range, projection) in &self.indexes {
            let projection = Projection::builder().projection_type(projection.clone()).build();
            let index = GlobalSecondaryIndex::builder().index_name(*name).set_key_schema(Some(key(&[hash, range])));
            create = create.global_secondary_indexes(index.projection(projection).build().unwrap());
        }
        create.set_key_schema(Some(key(self.key))).send().await.unwrap();
        if let Some(attribute) = self.ttl {
            switch_ttl_on(table, attribute).await;
        }
    }
}

fn key(names: &[&str]) -> Vec<KeySchemaElement> {
    let kinds = [KeyType::Hash, KeyType::Range];
    let part = |(name, kind): (&&str, KeyType)| {
        KeySchemaElement::builder().attribute_name(*name).key_type(kind).build().unwrap()
    };
    names.iter().zip(kinds).map(part).collect()
}

async fn dynamodb() -> Client {
    refuse_the_real_aws();
    Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
}

async fn switch_ttl_on(table: &str, attribute: &str) {
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build().unwrap();
    dynamodb().await.update_time_to_live().table_name(table).time_to_live_specification(ttl).send().await.unwrap();
}

/// A profile, and a policy of its name.
struct Story {
    profiles: Api<SentinelProfile>,
    policies: Api<AccessPolicy>,
    name: String,
}

impl Story {
    async fn begin(profile: Value, rules: Value) -> Self {
        let client = client().await;
        operator();
        let story = Self { profiles: Api::all(client.clone()), policies: Api::all(client), name: unique("tables") };
        let policy =
            json!({"metadata": {"name": story.name}, "spec": {"version": "1", "publish": false, "rules": rules}});
        story.policies.create(&PostParams::default(), &serde_json::from_value(policy).unwrap()).await.unwrap();
        let mut spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"});
        spec.as_object_mut().unwrap().extend(profile.as_object().unwrap().clone());
        let object = json!({"metadata": {"name": story.name}, "spec": spec});
        story.profiles.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
        story
    }

    async fn condition(&self) -> Option<Condition> {
        let status = self.profiles.get(&self.name).await.unwrap().status?;
        status.conditions.into_iter().find(|one| one.type_ == "TableReady")
    }

    async fn says(&self, status: ConditionStatus, reason: &str, words: &[&str]) {
        let what = format!("TableReady of {} to be {status:?} {reason}: {words:?}", self.name);
        eventually(&what, SOON, async || {
            self.condition().await.is_some_and(|one| {
                let told = words.iter().all(|part| one.message.contains(part));
                one.status == status && one.reason == reason && told
            })
        })
        .await;
    }

    async fn end(self) {
        self.profiles.delete(&self.name, &DeleteParams::default()).await.unwrap();
        self.policies.delete(&self.name, &DeleteParams::default()).await.unwrap();
    }
}

fn allow() -> Value {
    json!([{"name": "all", "effect": "allow"}])
}

#[tokio::test]
async fn a_table_that_can_not_be_searched_for_rows_without_pods_is_a_finding_of_the_audit() {
    let table = unique("unsearched");
    without("gsi-status").make(&table).await;
    let story = Story::begin(json!({"sessionTable": table}), allow()).await;
    // It is searched when an operator begins.
    fail_over().await;
    eventually("the profile to say so, and not to comply", SOON, async || {
        let status = story.profiles.get(&story.name).await.unwrap().status.unwrap_or_default();
        let told = status.stray_rows.iter().any(|one| one.table == table && one.session.is_none());
        let compliant = status.conditions.into_iter().find(|one| one.type_ == "Compliant");
        told && compliant
            .is_some_and(|one| one.status == ConditionStatus::False && one.message.contains("RowWithoutPod"))
    })
    .await;
    story.end().await;
}

#[rstest]
#[case::other_key(Made { key: &["pk"], ..good() }, "WrongKey", "its key is `pk` and must be `id` alone")]
#[case::range_key(Made { key: &["id", "user"], ..good() }, "WrongKey", "its key is `id, user`")]
#[case::number(Made { id: ScalarAttributeType::N, ..good() }, "WrongKey", "`id` in a key is of type N")]
#[case::no_status_index(
    without("gsi-status"),
    "StatusIndexNotReady",
    "index gsi-status is missing: add it with the key `status, created_at`"
)]
#[case::other_status_index(with(("gsi-status", "status", "user", ProjectionType::All)), "StatusIndexNotReady", "make it `status, created_at`")]
#[tokio::test]
async fn what_can_not_be_used_is_false(#[case] made: Made, #[case] reason: &str, #[case] words: &str) {
    let table = unique("wrong");
    made.make(&table).await;
    let story = Story::begin(json!({"sessionTable": table}), allow()).await;
    story.says(ConditionStatus::False, reason, &[&table, words]).await;
    story.end().await;
}

#[rstest]
#[case::no_ttl(Made { ttl: None, ..good() }, "TTL is off")]
#[case::other_ttl(Made { ttl: Some("expires_at"), ..good() }, "TTL is on attribute `expires_at`: switch it to `ttl`")]
#[case::no_listing(without("gsi-user"), "index gsi-user is missing")]
#[case::keys_only(with(("gsi-profile", "profile", "created_at", ProjectionType::KeysOnly)), "index gsi-profile projects KEYS_ONLY")]
#[case::device(with(("gsi-device-id", "device_id", "created_at", ProjectionType::All)), "gsi-device-id has device_id in its key")]
#[tokio::test]
async fn what_could_be_better_is_true_with_words(#[case] made: Made, #[case] words: &str) {
    let table = unique("plain");
    made.make(&table).await;
    let story = Story::begin(json!({"sessionTable": table}), allow()).await;
    story.says(ConditionStatus::True, "Improvable", &[&format!("table {table} can be used, but "), words]).await;
    story.end().await;
}

#[tokio::test]
async fn a_table_that_is_made_and_mended_is_ready() {
    let table = unique("late");
    let story = Story::begin(json!({"sessionTable": table}), allow()).await;
    story.says(ConditionStatus::False, "TableNotFound", &[&format!("there is no table {table}"), "make it"]).await;
    good().make(&table).await;
    story.says(ConditionStatus::True, "Ready", &[&format!("table {table} is ready")]).await;
    story.end().await;
}

#[tokio::test]
async fn every_table_that_a_rule_names_is_looked_at_once_it_is_named() {
    let (own, of_rule) = (unique("own"), unique("of-rule"));
    good().make(&own).await;
    let story = Story::begin(json!({"sessionTable": own}), allow()).await;
    story.says(ConditionStatus::True, "Ready", &[&own]).await;
    let rules = json!([
        {"name": "never", "effect": "deny", "sessionTable": unique("of-a-deny")},
        {"name": "others", "effect": "allow", "sessionTable": unique("of-others"), "conditions": {"profiles": ["other"]}},
        {"name": "laptops", "effect": "allow", "sessionTable": unique("of-laptops"), "conditions": {"mode": ["cli"]}},
        {"name": "all", "effect": "allow", "sessionTable": of_rule},
    ]);
    let patch = Patch::Merge(json!({"spec": {"rules": rules}}));
    story.policies.patch(&story.name, &PatchParams::default(), &patch).await.unwrap();
    story.says(ConditionStatus::False, "TableNotFound", &[&of_rule, &format!("table {own} is ready")]).await;
    let message = story.condition().await.unwrap().message;
    assert!(
        !message.contains("of-a-deny") && !message.contains("of-others") && !message.contains("of-laptops"),
        "{message}"
    );
    story.end().await;
}

#[tokio::test]
async fn a_profile_without_a_table_says_so_where_one_is_required() {
    let story = Story::begin(json!({}), json!([{"name": "api", "effect": "require_server_session"}])).await;
    story.says(ConditionStatus::False, "NoTable", &["rule api requires one: it denies"]).await;
    let table = unique("given");
    emulators().await.sessions().create_table(&table).await.unwrap();
    let patch = Patch::Merge(json!({"spec": {"sessionTable": table}}));
    story.profiles.patch(&story.name, &PatchParams::default(), &patch).await.unwrap();
    story.says(ConditionStatus::True, "Ready", &[&table]).await;
    let none = Patch::Merge(json!({"spec": {"sessionTable": null}}));
    story.profiles.patch(&story.name, &PatchParams::default(), &none).await.unwrap();
    let free = Patch::Merge(json!({"spec": {"rules": allow()}}));
    story.policies.patch(&story.name, &PatchParams::default(), &free).await.unwrap();
    eventually("nothing to be said of tables", SOON, async || story.condition().await.is_none()).await;
    story.end().await;
}
