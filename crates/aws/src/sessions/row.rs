//! A row and its attributes, both ways. Pure.
//!
//! Times are RFC 3339 in UTC with as many digits as needed (Go's RFC3339Nano). An empty text is left out, because an
//! attribute of an index key may not be empty, and is read back from its absence. `credentials_until` is a bound, kept in
//! whole seconds (rounded up) so that DynamoDB, which compares texts, can tell which of two is later.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use sentinel_core::session::{KubernetesFacts, RowStatus, SessionId, SessionRow};

pub(super) type Item = HashMap<String, AttributeValue>;

/// Which row can't be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row `{id}`: attribute `{attribute}`: {problem}")]
pub(super) struct Unreadable {
    pub id: String,
    pub attribute: &'static str,
    pub problem: String,
}

pub(super) fn to_item(row: &SessionRow) -> Item {
    let mut item = Item::new();
    write_texts(&mut item, row);
    write_times(&mut item, row);
    item.insert("request_count".into(), number(row.request_count));
    // DynamoDB knows no empty set.
    if !row.roles.is_empty() {
        item.insert("role_arns".into(), AttributeValue::Ss(row.roles.iter().cloned().collect()));
    }
    if let Some(ttl) = row.ttl {
        item.insert("ttl".into(), number(ttl));
    }
    item
}

fn write_texts(item: &mut Item, row: &SessionRow) {
    let facts = &row.kubernetes;
    let texts = [
        ("id", row.id.as_str()),
        ("user", &row.user),
        ("profile", &row.profile),
        ("server_instance_id", &row.server_instance_id),
        ("status", row.status.as_str()),
        ("source_identity", &row.source_identity),
        ("revoked_by", row.revoked_by.as_deref().unwrap_or_default()),
        ("revoked_reason", row.revoked_reason.as_deref().unwrap_or_default()),
        ("role_arn", row.role_arn.as_deref().unwrap_or_default()),
        ("cluster", &facts.cluster),
        ("namespace", &facts.namespace),
        ("service_account", &facts.service_account),
        ("pod", &facts.pod),
        ("pod_uid", &facts.pod_uid),
    ];
    item.extend(
        texts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| ((*name).into(), text(*value))),
    );
}

fn write_times(item: &mut Item, row: &SessionRow) {
    let times = [
        ("started_at", row.started_at),
        ("last_access_at", row.last_access_at),
        ("expires_at", row.expires_at),
        ("created_at", row.created_at),
        ("updated_at", row.updated_at),
    ];
    item.extend(times.map(|(name, value)| (name.into(), time(value))));
    if let Some(until) = row.credentials_until {
        item.insert("credentials_until".into(), bound(until));
    }
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

pub(super) fn time(value: Timestamp) -> AttributeValue {
    text(value.to_string())
}

/// A time in whole seconds, rounded up.
pub(super) fn bound(value: Timestamp) -> AttributeValue {
    let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
    // Rounding fails only past the year 9999.
    time(value.round(up).unwrap_or(value))
}

pub(super) fn from_item(item: &Item) -> Result<SessionRow, Unreadable> {
    let row = Reader { item };
    let created_at = row.required("created_at", row.parsed("created_at")?)?;
    let started_at = row.parsed("started_at")?.unwrap_or(created_at);
    Ok(SessionRow {
        id: row.required("id", row.parsed("id")?)?,
        user: row.required("user", row.owned("user")?)?,
        profile: row.required("profile", row.owned("profile")?)?,
        server_instance_id: row.owned("server_instance_id")?.unwrap_or_default(),
        status: status(item)?,
        started_at,
        last_access_at: row.parsed("last_access_at")?.unwrap_or(started_at),
        expires_at: row.required("expires_at", row.parsed("expires_at")?)?,
        created_at,
        updated_at: row.parsed("updated_at")?.unwrap_or(created_at),
        request_count: row.count("request_count")?,
        source_identity: row.owned("source_identity")?.unwrap_or_default(),
        ttl: row.number("ttl")?,
        revoked_by: row.owned("revoked_by")?,
        revoked_reason: row.owned("revoked_reason")?,
        kubernetes: row.kubernetes()?,
        role_arn: row.owned("role_arn")?,
        roles: row.set("role_arns")?,
        credentials_until: row.parsed("credentials_until")?,
    })
}

/// The status alone, of a row whose rest doesn't matter.
pub(super) fn status(item: &Item) -> Result<RowStatus, Unreadable> {
    let row = Reader { item };
    row.required("status", row.parsed("status")?)
}

/// The id alone, of a row that an index shows in part.
pub(super) fn id(item: &Item) -> Result<SessionId, Unreadable> {
    let row = Reader { item };
    row.required("id", row.parsed("id")?)
}

/// Reads attributes by name; null and the empty text count as absent.
struct Reader<'a> {
    item: &'a Item,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &'static str) -> Result<Option<&'a str>, Unreadable> {
        match self.item.get(name) {
            None | Some(AttributeValue::Null(_)) => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.unreadable(name, "a text (S) is expected")),
        }
    }

    fn owned(&self, name: &'static str) -> Result<Option<String>, Unreadable> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    fn set(&self, name: &'static str) -> Result<BTreeSet<String>, Unreadable> {
        match self.item.get(name) {
            None | Some(AttributeValue::Null(_)) => Ok(BTreeSet::new()),
            Some(AttributeValue::Ss(texts)) => Ok(texts.iter().cloned().collect()),
            Some(_) => Err(self.unreadable(name, "a set of texts (SS) is expected")),
        }
    }

    fn parsed<T: FromStr<Err: ToString>>(&self, name: &'static str) -> Result<Option<T>, Unreadable> {
        let text = self.text(name)?;
        text.map(str::parse).transpose().map_err(|error: T::Err| self.unreadable(name, error.to_string()))
    }

    fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Unreadable> {
        match self.item.get(name) {
            None | Some(AttributeValue::Null(_)) => Ok(None),
            Some(AttributeValue::N(digits)) => digits
                .parse()
                .map(Some)
                .map_err(|_| self.unreadable(name, format!("`{digits}` is not a whole number in range"))),
            Some(_) => Err(self.unreadable(name, "a number (N) is expected")),
        }
    }

    /// As [`Self::number`]; as many as there can be where it is more: a counter must not hide a row, and what else it says.
    fn count(&self, name: &'static str) -> Result<u64, Unreadable> {
        let digits = self.item.get(name).and_then(|value| value.as_n().ok());
        if digits.is_some_and(|digits| digits.len() >= 20 && digits.bytes().all(|byte| byte.is_ascii_digit())) {
            return Ok(self.number(name).ok().flatten().unwrap_or(u64::MAX));
        }
        Ok(self.number(name)?.unwrap_or_default())
    }

    fn required<T>(&self, name: &'static str, value: Option<T>) -> Result<T, Unreadable> {
        value.ok_or_else(|| self.unreadable(name, "is missing"))
    }

    fn kubernetes(&self) -> Result<KubernetesFacts, Unreadable> {
        Ok(KubernetesFacts {
            cluster: self.owned("cluster")?.unwrap_or_default(),
            namespace: self.owned("namespace")?.unwrap_or_default(),
            service_account: self.owned("service_account")?.unwrap_or_default(),
            pod: self.owned("pod")?.unwrap_or_default(),
            pod_uid: self.owned("pod_uid")?.unwrap_or_default(),
        })
    }

    fn unreadable(&self, attribute: &'static str, problem: impl Into<String>) -> Unreadable {
        let id = self.item.get("id").and_then(|id| id.as_s().ok()).map_or("?", String::as_str);
        Unreadable { id: id.to_owned(), attribute, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests;
