//! What a session table must look like, and what a given one lacks. Pure.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{KeySchemaElement, KeyType, TableDescription};

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

/// What there is by the name of a table.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TableFacts {
    /// Whether there is such a table; if not, the rest is empty.
    pub exists: bool,
    /// `ACTIVE`, `CREATING`, `UPDATING` …
    pub status: String,
    /// Names of the key attributes, hash key first.
    pub key: Vec<String>,
    /// The global secondary indexes by name.
    pub indexes: BTreeMap<String, IndexFacts>,
    /// The TTL attribute, if TTL is on.
    pub ttl_attribute: Option<String>,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IndexFacts {
    /// Names of the key attributes, hash key first.
    pub key: Vec<String>,
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection: String,
}

impl TableFacts {
    /// What keeps Sentinel from using the table, each with how to mend it; empty if it can be used.
    pub fn problems(&self) -> Vec<String> {
        if !self.exists {
            return vec![
                "there is no such table: create it with the hash key `id` (S) and the index gsi-status".to_owned(),
            ];
        }
        [self.status_problem(), self.key_problem(), self.index_problem(STATUS_INDEX, "status", "created_at")]
            .into_iter()
            .flatten()
            .collect()
    }

    /// What works less well than it could: indexes that Sentinel's other tools read, and TTL.
    pub fn advice(&self) -> Vec<String> {
        if !self.exists {
            return Vec::new();
        }
        let others = INDEXES.iter().filter(|(name, ..)| *name != STATUS_INDEX);
        let indexes = others.filter_map(|(name, hash, range)| self.index_problem(name, hash, range));
        indexes.chain(self.ttl_problem()).collect()
    }

    fn status_problem(&self) -> Option<String> {
        let usable = matches!(self.status.as_str(), "ACTIVE" | "UPDATING");
        (!usable).then(|| format!("the table is {}: it can be used when it is ACTIVE", self.status))
    }

    fn key_problem(&self) -> Option<String> {
        let key = self.key.join(", ");
        (key != KEY).then(|| format!("the key is `{key}`: it must be `id` alone, so create another table"))
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

    fn ttl_problem(&self) -> Option<String> {
        match self.ttl_attribute.as_deref() {
            Some(TTL) => None,
            Some(other) => {
                Some(format!("TTL is on attribute `{other}`: switch it to `ttl`, or ended rows stay for good"))
            }
            None => Some("TTL is off: switch it on for attribute `ttl`, or ended rows stay for good".to_owned()),
        }
    }
}

impl From<&TableDescription> for TableFacts {
    fn from(table: &TableDescription) -> Self {
        let indexes = table.global_secondary_indexes().iter().map(|index| {
            let projection = index.projection().and_then(|projection| projection.projection_type());
            let projection = projection.map_or_else(String::new, |kind| kind.as_str().to_owned());
            let facts = IndexFacts { key: key_names(index.key_schema()), projection };
            (index.index_name().unwrap_or_default().to_owned(), facts)
        });
        Self {
            exists: true,
            status: table.table_status().map_or_else(String::new, |status| status.as_str().to_owned()),
            key: key_names(table.key_schema()),
            indexes: indexes.collect(),
            ttl_attribute: None,
        }
    }
}

/// Hash key first, whatever order the service answers in.
fn key_names(schema: &[KeySchemaElement]) -> Vec<String> {
    let (hash, range): (Vec<_>, Vec<_>) = schema.iter().partition(|part| *part.key_type() == KeyType::Hash);
    hash.into_iter().chain(range).map(|part| part.attribute_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> TableFacts {
        let index = |(name, hash, range): (&str, &str, &str)| {
            let key = vec![hash.to_owned(), range.to_owned()];
            (name.to_owned(), IndexFacts { key, projection: "ALL".into() })
        };
        TableFacts {
            exists: true,
            status: "ACTIVE".into(),
            key: vec!["id".into()],
            indexes: INDEXES.map(index).into(),
            ttl_attribute: Some("ttl".into()),
        }
    }

    #[test]
    fn a_good_table_is_fine() {
        assert_eq!((good().problems(), good().advice()), (vec![], vec![]));
    }

    #[test]
    fn problems_say_how_to_mend_them() {
        let absent = TableFacts::default().problems();
        assert!(absent[0].contains("there is no such table: create it"), "{absent:?}");
        let mut facts = TableFacts { status: "CREATING".into(), key: vec!["pk".into(), "sk".into()], ..good() };
        facts.indexes.remove(STATUS_INDEX);
        let problems = facts.problems().join("\n");
        for part in [
            "the table is CREATING",
            "the key is `pk, sk`",
            "index gsi-status is missing: add it with the key `status, created_at`",
        ] {
            assert!(problems.contains(part), "{problems}");
        }
    }

    #[test]
    fn what_other_tools_miss_is_advice() {
        let mut facts = TableFacts { ttl_attribute: None, ..good() };
        facts.indexes.insert("gsi-user".into(), IndexFacts { key: vec!["user".into()], projection: "ALL".into() });
        assert_eq!(facts.problems(), Vec::<String>::new());
        let advice = facts.advice().join("\n");
        assert!(advice.contains("index gsi-user has the key `user`: make it `user, created_at`"), "{advice}");
        assert!(advice.contains("TTL is off"), "{advice}");
    }
}
