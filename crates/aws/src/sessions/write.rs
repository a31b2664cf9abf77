//! Writes, each on its condition.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use sentinel_core::session::{ROW_LIFETIME, RowStatus, SessionId, SessionRow};

use super::row::{Item, bound, from_item, number, status, text, time, to_item};
use super::update::{Outcome, Update};
use super::{Created, Ended, Sessions, Touched, call, unreadable};
use crate::error::AwsError;

impl Sessions {
    /// Writes `row` unless its id is taken.
    pub async fn create(&self, table: &str, row: &SessionRow) -> Result<Created, AwsError> {
        let item = to_item(row);
        let request = self
            .client
            .put_item()
            .table_name(table)
            .set_item(Some(item.clone()))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match request.send().await {
            Ok(answer) => {
                self.metered.note("PutItem", &answer.consumed_capacity);
                return Ok(Created::New);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(taken)) => {
                existing(table, &item, taken.item().unwrap_or(&Item::new()))
            }
            _ => Err(call("PutItem", table).failed(&error)),
        }
    }

    /// Notes that an active session was used at `at`, for `served` requests since the last note. The row is promised to live on
    /// from then.
    pub async fn touch(&self, table: &str, id: &SessionId, at: Timestamp, served: u64) -> Result<Touched, AwsError> {
        touched(table, used(at, served).apply(self, table, id).await?)
    }

    /// Notes, before AssumeRole, for which role and until when credentials may be about; `credentials_until` only grows.
    /// Counts as a touch.
    #[expect(clippy::too_many_arguments, reason = "the facts of one write; a struct would only rename them")]
    pub async fn record_issue(
        &self,
        table: &str,
        id: &SessionId,
        at: Timestamp,
        role_arn: &str,
        credentials_until: Timestamp,
        source_identity: &str,
        served: u64,
    ) -> Result<Touched, AwsError> {
        let issue = used(at, served).set_text("role_arn", role_arn).join("role_arns", role_arn);
        let issue = issue.set_text("source_identity", source_identity);
        let growing = issue.clone().grow("credentials_until", bound(credentials_until));
        match growing.apply(self, table, id).await? {
            Outcome::Refused(item) if status(&item).ok() == Some(RowStatus::Active) => {
                // Active, so what was refused is the bound: it is later already, and never gets earlier.
                touched(table, issue.apply(self, table, id).await?)
            }
            outcome => touched(table, outcome),
        }
    }

    /// Promises an active row to live until `expires_at`.
    pub async fn extend(
        &self,
        table: &str,
        id: &SessionId,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<Touched, AwsError> {
        let update = Update::default().set("expires_at", time(expires_at)).set("updated_at", time(at));
        touched(table, update.apply(self, table, id).await?)
    }

    /// Active → revoked. `ttl`: Unix seconds after which DynamoDB may remove the row.
    pub async fn revoke(
        &self,
        table: &str,
        id: &SessionId,
        by: &str,
        reason: &str,
        at: Timestamp,
        ttl: i64,
    ) -> Result<Ended, AwsError> {
        let update = end(RowStatus::Revoked, at, ttl).set_text("revoked_by", by).set_text("revoked_reason", reason);
        ended(table, update.apply(self, table, id).await?)
    }

    /// Active → expired.
    pub async fn expire(&self, table: &str, id: &SessionId, at: Timestamp, ttl: i64) -> Result<Ended, AwsError> {
        ended(table, end(RowStatus::Expired, at, ttl).apply(self, table, id).await?)
    }
}

/// Equal to what we wrote: ours, of an attempt whose answer was lost.
fn existing(table: &str, ours: &Item, found: &Item) -> Result<Created, AwsError> {
    if ours == found {
        return Ok(Created::New);
    }
    let row = from_item(found).map_err(|problem| unreadable("PutItem", table, &problem))?;
    Ok(Created::Existed(Box::new(row)))
}

fn used(at: Timestamp, served: u64) -> Update {
    let promised = at.checked_add(ROW_LIFETIME).unwrap_or(Timestamp::MAX);
    let update = Update::default().set("last_access_at", time(at)).set("updated_at", time(at));
    update.set("expires_at", time(promised)).served(served)
}

fn end(into: RowStatus, at: Timestamp, ttl: i64) -> Update {
    Update::default().set("status", text(into.as_str())).set("updated_at", time(at)).set("ttl", number(ttl))
}

fn touched(table: &str, outcome: Outcome) -> Result<Touched, AwsError> {
    Ok(match outcome {
        Outcome::Done => Touched::Done,
        Outcome::Missing => Touched::Missing,
        Outcome::Refused(item) => {
            let row = from_item(&item).map_err(|problem| unreadable("UpdateItem", table, &problem))?;
            Touched::NotActive(Box::new(row))
        }
    })
}

fn ended(table: &str, outcome: Outcome) -> Result<Ended, AwsError> {
    Ok(match outcome {
        Outcome::Done => Ended::Done,
        Outcome::Missing => Ended::Missing,
        Outcome::Refused(item) => {
            Ended::Already(status(&item).map_err(|problem| unreadable("UpdateItem", table, &problem))?)
        }
    })
}
