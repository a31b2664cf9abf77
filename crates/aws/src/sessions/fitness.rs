//! What a session table must look like, and what a given one lacks. Pure.

use super::facts::{IndexFacts, TableFacts};

pub(super) const KEY: &str = "id";
pub(super) const TTL: &str = "ttl";
/// Name, hash key, range key.
pub(super) const INDEXES: [(&str, &str, &str); 4] = [
    ("gsi-user", "user", "created_at"),
    (STATUS_INDEX, "status", "created_at"),
    ("gsi-profile", "profile", "created_at"),
    ("gsi-server-instance", "server_instance_id", "status"),
];
/// The one index that we need ourselves.
const STATUS_INDEX: &str = "gsi-status";
/// The attributes of a row that are no texts.
const NUMBERS: [&str; 2] = ["request_count", TTL];
/// Sentinel's other tools list from an index alone, and stop at the first row without one of these.
const TIMES: [&str; 5] = ["started_at", "last_access_at", "expires_at", "created_at", "updated_at"];
/// Sentinel's other tools write it empty where there is none, which no key of an index may be.
const MAY_BE_EMPTY: &str = "device_id";

/// What keeps Sentinel from using a table, with how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// It is being made, deleted, archived …
    #[error("it is {0}, and can be used when it is ACTIVE")]
    NotActive(String),
    /// Not `id` alone.
    #[error("its key is `{0}` and must be `id` alone: a table's key can't be changed, so make another table")]
    Key(String),
    /// An attribute that rows hold with another type: DynamoDB refuses every row.
    #[error("`{attribute}` in a key is of type {found}, but rows hold {wanted}: {mend}")]
    Type {
        /// Its name.
        attribute: String,
        /// Of which type it is.
        found: String,
        /// Of which it must be.
        wanted: &'static str,
        /// What to do.
        mend: &'static str,
    },
    /// gsi-status, by which revocations of others and orphans are found.
    #[error("{0}")]
    StatusIndex(String),
}

impl TableProblem {
    /// One word for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotActive(_) => "TableNotActive",
            Self::Key(_) | Self::Type { .. } => "WrongKey",
            Self::StatusIndex(_) => "StatusIndexNotReady",
        }
    }
}

impl TableFacts {
    /// What keeps Sentinel from using the table; empty if it can be used.
    pub fn problems(&self) -> Vec<TableProblem> {
        let index = self.index_problem(STATUS_INDEX, "status", "created_at").or_else(|| self.index_unfinished());
        let own = self.status_problem().into_iter().chain(self.key_problem());
        own.chain(self.type_problems()).chain(index.map(TableProblem::StatusIndex)).collect()
    }

    /// What works less well than it could: TTL, recovery, and what Sentinel's other tools need for theirs.
    pub fn advice(&self) -> Vec<String> {
        let others = INDEXES.iter().filter(|(name, ..)| *name != STATUS_INDEX);
        let indexes = others.filter_map(|(name, hash, range)| self.index_problem(name, hash, range));
        let listings = INDEXES.iter().filter_map(|(name, ..)| listing_problem(name, self.indexes.get(*name)?));
        let blocking = self.indexes.iter().filter_map(|(name, index)| blocking_problem(name, index));
        let kept = self.ttl_problem().into_iter().chain(self.recovery_problem());
        kept.chain(indexes).chain(listings).chain(blocking).collect()
    }

    fn status_problem(&self) -> Option<TableProblem> {
        let usable = matches!(self.status.as_str(), "ACTIVE" | "UPDATING");
        (!usable).then(|| TableProblem::NotActive(self.status.clone()))
    }

    fn key_problem(&self) -> Option<TableProblem> {
        let key = self.key.join(", ");
        (key != KEY).then_some(TableProblem::Key(key))
    }

    fn type_problems(&self) -> impl Iterator<Item = TableProblem> {
        self.types.iter().filter_map(|(attribute, found)| {
            let wanted = if NUMBERS.contains(&attribute.as_str()) { "N" } else { "S" };
            let mend = if attribute == KEY { "make another table" } else { "delete the index with that key" };
            let attribute = attribute.clone();
            (found != wanted).then(|| TableProblem::Type { attribute, found: found.clone(), wanted, mend })
        })
    }

    fn index_problem(&self, name: &str, hash: &str, range: &str) -> Option<String> {
        match self.indexes.get(name) {
            Some(index) if index.key == [hash, range] => None,
            Some(index) => {
                Some(format!("index {name} has the key `{}`: make it `{hash}, {range}`", index.key.join(", ")))
            }
            None => Some(format!("index {name} is missing: add it with the key `{hash}, {range}`")),
        }
    }

    fn index_unfinished(&self) -> Option<String> {
        let status = &self.indexes.get(STATUS_INDEX)?.status;
        let usable = matches!(status.as_str(), "ACTIVE" | "UPDATING");
        (!usable).then(|| format!("index {STATUS_INDEX} is {status}, and can be used when it is ACTIVE"))
    }

    fn ttl_problem(&self) -> Option<String> {
        match self.ttl_attribute.as_ref().map(Option::as_deref) {
            Ok(Some(TTL)) => None,
            Ok(Some(other)) => {
                Some(format!("TTL is on attribute `{other}`: switch it to `ttl`, or ended rows stay for good"))
            }
            Ok(None) => Some("TTL is off: switch it on for attribute `ttl`, or ended rows stay for good".to_owned()),
            Err(error) => Some(format!("whether TTL is on can't be told: {error}")),
        }
    }

    fn recovery_problem(&self) -> Option<String> {
        match &self.point_in_time_recovery {
            Ok(Some(true) | None) => None,
            Ok(Some(false)) => {
                Some("point-in-time recovery is off: without it, rows that somebody deletes are gone".to_owned())
            }
            Err(error) => Some(format!("whether point-in-time recovery is on can't be told: {error}")),
        }
    }
}

fn listing_problem(name: &str, index: &IndexFacts) -> Option<String> {
    let holds = |time: &str| index.included.iter().chain(&index.key).any(|held| held == time);
    let lists = index.projection == "ALL" || TIMES.into_iter().all(holds);
    (!lists).then(|| {
        format!(
            "index {name} projects {} without all of a row's times: what Sentinel's other tools list by it stops at the first row (config/aws/README.md says what ALL costs)",
            index.projection
        )
    })
}

fn blocking_problem(name: &str, index: &IndexFacts) -> Option<String> {
    index.key.iter().any(|part| part == MAY_BE_EMPTY).then(|| {
        format!("index {name} has {MAY_BE_EMPTY} in its key: Sentinel's other tools can't revoke sessions of pods; delete it")
    })
}

#[cfg(test)]
#[path = "fitness_tests.rs"]
mod tests;
