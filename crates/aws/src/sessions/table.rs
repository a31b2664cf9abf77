//! The table itself: looked at, and made where a test needs one.

use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata as _};
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, PointInTimeRecoveryStatus,
    Projection, ProjectionType, ScalarAttributeType, TimeToLiveSpecification, TimeToLiveStatus,
};

use super::facts::TableFacts;
use super::fitness::{INDEXES, KEY, TTL};
use super::{Sessions, call};
use crate::Timeouts;
use crate::error::{AwsError, ErrorKind};

impl Sessions {
    /// What there is by the name of `table`; `None`: nothing. What else can't be asked about it is part of the facts, since
    /// a table works without.
    pub async fn describe(&self, table: &str) -> Result<Option<TableFacts>, AwsError> {
        let answer = self.client.describe_table().table_name(table).customize().config_override(patient()).send().await;
        let description = match answer.map_err(|error| call("DescribeTable", table).failed(&error)) {
            Ok(answer) => answer.table,
            Err(error) if error.kind == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(description) = description else { return Ok(None) };
        let (ttl, recovery) = (self.ttl_attribute(table).await, self.point_in_time_recovery(table).await);
        Ok(Some(TableFacts::new(&description, ttl, recovery)))
    }

    async fn ttl_attribute(&self, table: &str) -> Result<Option<String>, AwsError> {
        let request = self.client.describe_time_to_live().table_name(table).customize().config_override(patient());
        let answer = request.send().await.map_err(|error| call("DescribeTimeToLive", table).failed(&error))?;
        let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
        let ttl = answer
            .time_to_live_description
            .filter(|ttl| ttl.time_to_live_status.as_ref().is_some_and(|s| on.contains(s)));
        Ok(ttl.and_then(|ttl| ttl.attribute_name))
    }

    async fn point_in_time_recovery(&self, table: &str) -> Result<Option<bool>, AwsError> {
        let request =
            self.client.describe_continuous_backups().table_name(table).customize().config_override(patient());
        let backups = match request.send().await {
            Ok(answer) => answer.continuous_backups_description,
            Err(error) if error.code() == Some("UnknownOperationException") => return Ok(None),
            Err(error) => return Err(call("DescribeContinuousBackups", table).failed(&error)),
        };
        let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description);
        let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
        Ok(Some(status == Some(PointInTimeRecoveryStatus::Enabled)))
    }

    /// Creates `table` as Sentinel expects it and waits until it can be used. For tests and demos: in production whoever
    /// owns the account does this.
    pub async fn create_table(&self, table: &str) -> Result<(), AwsError> {
        let definition = table_definition(self.client.create_table().table_name(table))
            .map_err(|error| call("CreateTable", table).fails(ErrorKind::Invalid, error.to_string()))?;
        let answer = definition.customize().config_override(patient()).send().await;
        answer.map_err(|error| call("CreateTable", table).failed(&error))?;
        self.await_active(table).await?;
        self.switch_ttl_on(table).await
    }

    async fn await_active(&self, table: &str) -> Result<(), AwsError> {
        for _ in 0..300 {
            if self.describe(table).await?.is_some_and(|facts| facts.status == "ACTIVE") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(call("CreateTable", table).fails(ErrorKind::Unavailable, "the table did not become ACTIVE in 30 s"))
    }

    async fn switch_ttl_on(&self, table: &str) -> Result<(), AwsError> {
        let call = call("UpdateTimeToLive", table);
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(TTL).build();
        let ttl = ttl.map_err(|error| call.fails(ErrorKind::Invalid, error.to_string()))?;
        let request = self.client.update_time_to_live().table_name(table).time_to_live_specification(ttl);
        let answer = request.customize().config_override(patient()).send().await;
        answer.map(drop).map_err(|error| call.failed(&error))
    }
}

/// Nobody's pod waits for what is asked about tables.
fn patient() -> aws_sdk_dynamodb::config::Builder {
    let Timeouts { connect, attempt, operation } = Timeouts::CONTROLLER;
    let limits = TimeoutConfig::builder()
        .connect_timeout(connect)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build();
    aws_sdk_dynamodb::Config::builder().timeout_config(limits)
}

fn table_definition(mut table: CreateTableFluentBuilder) -> Result<CreateTableFluentBuilder, BuildError> {
    for attribute in ["id", "user", "status", "profile", "server_instance_id", "created_at"] {
        let definition = AttributeDefinition::builder().attribute_name(attribute);
        table = table.attribute_definitions(definition.attribute_type(ScalarAttributeType::S).build()?);
    }
    for (name, hash, range) in INDEXES {
        let all = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(key(hash, KeyType::Hash)?)
            .key_schema(key(range, KeyType::Range)?)
            .projection(all);
        table = table.global_secondary_indexes(index.build()?);
    }
    Ok(table.key_schema(key(KEY, KeyType::Hash)?).billing_mode(BillingMode::PayPerRequest))
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, BuildError> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
}
