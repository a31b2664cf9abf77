//! Reads.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use sentinel_core::session::{RowStatus, SessionId, SessionRow};

use super::row::{Item, Unreadable, from_item, id, text};
use super::{Sessions, call, unreadable};
use crate::error::{AwsError, ErrorKind};

/// DynamoDB takes no more keys in one BatchGetItem.
const BATCH: usize = 100;
/// How often in a row a batch may come back without a single row before we give up.
const FRUITLESS_TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(50);

impl Sessions {
    /// The row, read consistently.
    pub async fn get(&self, table: &str, id: &SessionId) -> Result<Option<SessionRow>, AwsError> {
        let request = self.client.get_item().table_name(table).key("id", text(id.as_str())).consistent_read(true);
        let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = request.send().await.map_err(|error| call("GetItem", table).failed(&error))?;
        self.metered.note("GetItem", &answer.consumed_capacity);
        answer.item.map(|item| from_item(&item)).transpose().map_err(|problem| unreadable("GetItem", table, &problem))
    }

    /// Those of the rows that exist, in no order, read consistently. One row that can't be read fails the call.
    pub async fn get_many(&self, table: &str, ids: &[SessionId]) -> Result<Vec<SessionRow>, AwsError> {
        self.rows(table, ids, true).await
    }

    /// As [`Self::get_many`] at half the price: a row may be as it was a moment ago. A row that seems to be missing is
    /// asked for again, consistently.
    pub async fn get_many_relaxed(&self, table: &str, ids: &[SessionId]) -> Result<Vec<SessionRow>, AwsError> {
        let mut rows = self.rows(table, ids, false).await?;
        let found: BTreeSet<&SessionId> = rows.iter().map(|row| &row.id).collect();
        let missing: Vec<SessionId> = ids.iter().filter(|id| !found.contains(id)).cloned().collect();
        rows.extend(self.rows(table, &missing, true).await?);
        Ok(rows)
    }

    async fn rows(&self, table: &str, ids: &[SessionId], consistent: bool) -> Result<Vec<SessionRow>, AwsError> {
        let items = self.items(table, ids, consistent).await?;
        let rows: Result<_, _> = items.iter().map(from_item).collect();
        rows.map_err(|problem| unreadable("BatchGetItem", table, &problem))
    }

    /// All revoked rows, by way of gsi-status (so up to seconds old). Rows that can't be read are left out and logged, so that
    /// one spoilt row doesn't hide the others; asked for by id, they are errors.
    pub async fn revoked(&self, table: &str) -> Result<Vec<SessionRow>, AwsError> {
        self.with_status(table, RowStatus::Revoked).await
    }

    /// All active rows; as [`Self::revoked`].
    pub async fn active(&self, table: &str) -> Result<Vec<SessionRow>, AwsError> {
        self.with_status(table, RowStatus::Active).await
    }

    async fn with_status(&self, table: &str, status: RowStatus) -> Result<Vec<SessionRow>, AwsError> {
        let Found { mut rows, partial, mut spoilt } = self.index(table, status).await?;
        let items = self.items(table, &partial, true).await?;
        let (read, unread): (Vec<SessionRow>, Vec<_>) = split(items.iter().map(from_item));
        rows.extend(read);
        spoilt.extend(unread);
        log_spoilt(table, &spoilt);
        // The index lags behind the rows that were read by id.
        rows.retain(|row| row.status == status);
        Ok(rows)
    }

    async fn index(&self, table: &str, status: RowStatus) -> Result<Found, AwsError> {
        let request = self
            .client
            .query()
            .table_name(table)
            .index_name("gsi-status")
            .key_condition_expression("#status = :status")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", text(status.as_str()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut pages = request.into_paginator().send();
        let mut found = Found::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| call("Query", table).failed(&error))?;
            self.metered.note("Query", &page.consumed_capacity);
            found.add(page.items.unwrap_or_default());
        }
        Ok(found)
    }

    async fn items(&self, table: &str, ids: &[SessionId], consistent: bool) -> Result<Vec<Item>, AwsError> {
        // The same key twice in one batch is an error to DynamoDB.
        let ids: Vec<&SessionId> = ids.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut items = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(BATCH) {
            let keys = chunk.iter().map(|id| Item::from([("id".to_owned(), text(id.as_str()))])).collect();
            self.batch(table, keys, consistent, &mut items).await?;
        }
        Ok(items)
    }

    /// DynamoDB answers as much of a batch as its size and the table's throughput allow, and hands back the rest.
    async fn batch(
        &self,
        table: &str,
        mut keys: Vec<Item>,
        consistent: bool,
        items: &mut Vec<Item>,
    ) -> Result<(), AwsError> {
        let mut fruitless = 0;
        while !keys.is_empty() {
            let (found, rest) = self.batch_once(table, keys, consistent).await?;
            fruitless = if found.is_empty() { fruitless + 1 } else { 0 };
            items.extend(found);
            keys = rest;
            if keys.is_empty() {
                break;
            }
            if fruitless == FRUITLESS_TRIES {
                let problem = format!("{} rows were not delivered in {FRUITLESS_TRIES} tries", keys.len());
                return Err(call("BatchGetItem", table).fails(ErrorKind::Throttled, problem));
            }
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(fruitless)).await;
        }
        Ok(())
    }

    async fn batch_once(
        &self,
        table: &str,
        keys: Vec<Item>,
        consistent: bool,
    ) -> Result<(Vec<Item>, Vec<Item>), AwsError> {
        let call = call("BatchGetItem", table);
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build();
        let wanted = wanted.map_err(|error| call.fails(ErrorKind::Invalid, error.to_string()))?;
        let request = self.client.batch_get_item().request_items(table, wanted);
        let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        self.metered.note("BatchGetItem", answer.consumed_capacity());
        let found = answer.responses.into_iter().flat_map(|tables| tables.into_values().flatten()).collect();
        let rest =
            answer.unprocessed_keys.into_iter().flat_map(|tables| tables.into_values().flat_map(|rest| rest.keys));
        Ok((found, rest.collect()))
    }
}

/// What an index holds, page by page: items take several times the memory of rows.
#[derive(Default)]
struct Found {
    rows: Vec<SessionRow>,
    /// Of those that the index shows in part.
    partial: Vec<SessionId>,
    spoilt: Vec<Unreadable>,
}

impl Found {
    fn add(&mut self, page: Vec<Item>) {
        let (whole, partial): (Vec<Item>, Vec<Item>) = page.into_iter().partition(is_whole);
        let (rows, unread): (Vec<SessionRow>, Vec<_>) = split(whole.iter().map(from_item));
        let (ids, nameless): (Vec<SessionId>, Vec<_>) = split(partial.iter().map(id));
        self.rows.extend(rows);
        self.partial.extend(ids);
        self.spoilt.extend(unread.into_iter().chain(nameless));
    }
}

/// An index may hold keys only. `updated_at` is in every row and in no key.
fn is_whole(item: &Item) -> bool {
    item.contains_key("updated_at")
}

fn split<T>(results: impl Iterator<Item = Result<T, Unreadable>>) -> (Vec<T>, Vec<Unreadable>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => good.push(value),
            Err(problem) => bad.push(problem),
        }
    }
    (good, bad)
}

fn log_spoilt(table: &str, spoilt: &[Unreadable]) {
    if let Some(first) = spoilt.first() {
        tracing::warn!(table, count = spoilt.len(), %first, "session rows that can't be read are left out: mend or delete them");
    }
}
