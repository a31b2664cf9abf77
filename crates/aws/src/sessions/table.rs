//! What a session table must look like.

use std::collections::BTreeMap;

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
    /// What keeps Sentinel from using the table, each with how to mend it; empty if all is well.
    pub fn problems(&self) -> Vec<String> {
        Vec::new()
    }
}
