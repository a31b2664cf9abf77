//! The one kind of update that this table knows: some attributes of a row that exists and is active.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use sentinel_core::session::{RowStatus, SessionId};

use super::row::{Item, number, text};
use super::{Sessions, call};
use crate::error::AwsError;

/// What changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Update {
    sets: Vec<(&'static str, AttributeValue)>,
    served: Option<u64>,
    joins: Vec<(&'static str, AttributeValue)>,
    grows: Option<&'static str>,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    Done,
    Missing,
    /// The condition does not hold for this row.
    Refused(Item),
}

impl Update {
    pub fn set(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.sets.push((name, value));
        self
    }

    /// As [`Self::set`], unless there is nothing to say: an empty text is left out.
    pub fn set_text(self, name: &'static str, value: &str) -> Self {
        if value.is_empty() { self } else { self.set(name, text(value)) }
    }

    /// Adds to `request_count`.
    pub fn served(mut self, count: u64) -> Self {
        self.served = Some(count);
        self
    }

    /// Adds `member` to a set of texts, unless it is empty.
    pub fn join(mut self, name: &'static str, member: &str) -> Self {
        if !member.is_empty() {
            self.joins.push((name, AttributeValue::Ss(vec![member.to_owned()])));
        }
        self
    }

    /// Sets a bound (see [`super::row::bound`]), on the further condition that it isn't beyond `value` already.
    pub fn grow(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.grows = Some(name);
        self.set(name, value)
    }

    pub async fn apply(self, sessions: &Sessions, table: &str, id: &SessionId) -> Result<Outcome, AwsError> {
        let mut request = sessions
            .client
            .update_item()
            .table_name(table)
            .key("id", text(id.as_str()))
            .update_expression(self.expression())
            .condition_expression(self.condition())
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":active", text(RowStatus::Active.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some(count) = self.served {
            request = request.expression_attribute_values(":served", number(count));
        }
        for (name, value) in self.sets.into_iter().chain(self.joins) {
            request = request
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let answer = request.send().await;
        if let Ok(answer) = &answer {
            sessions.metered.note("UpdateItem", &answer.consumed_capacity);
        }
        outcome(table, answer)
    }

    fn expression(&self) -> String {
        let sets: Vec<String> = self.sets.iter().map(|(name, _)| format!("#{name} = :{name}")).collect();
        let served = self.served.map(|_| "request_count :served".to_owned());
        let joins = self.joins.iter().map(|(name, _)| format!("#{name} :{name}"));
        let adds: Vec<String> = served.into_iter().chain(joins).collect();
        let add = if adds.is_empty() { String::new() } else { format!(" ADD {}", adds.join(", ")) };
        format!("SET {}{add}", sets.join(", "))
    }

    fn condition(&self) -> String {
        let active = "attribute_exists(id) AND #status = :active";
        match self.grows {
            Some(name) => format!("{active} AND (attribute_not_exists(#{name}) OR #{name} <= :{name})"),
            None => active.to_owned(),
        }
    }
}

fn outcome(
    table: &str,
    answer: Result<UpdateItemOutput, SdkError<UpdateItemError, aws_sdk_dynamodb::config::http::HttpResponse>>,
) -> Result<Outcome, AwsError> {
    let Err(error) = answer else { return Ok(Outcome::Done) };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
            Ok(refused.item().filter(|item| !item.is_empty()).cloned().map_or(Outcome::Missing, Outcome::Refused))
        }
        _ => Err(call("UpdateItem", table).failed(&error)),
    }
}
