//! What there is by the name of a session table.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{GlobalSecondaryIndexDescription, KeySchemaElement, KeyType, TableDescription};

use crate::error::AwsError;

/// A table as DynamoDB describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFacts {
    /// `ACTIVE`, `CREATING`, `UPDATING` …
    pub status: String,
    /// Names of the key attributes, hash key first.
    pub key: Vec<String>,
    /// Types of the attributes of which the keys of the table and of its indexes are made: `S`, `N`, `B`.
    pub types: BTreeMap<String, String>,
    /// The global secondary indexes by name.
    pub indexes: BTreeMap<String, IndexFacts>,
    /// The TTL attribute, if TTL is on.
    pub ttl_attribute: Result<Option<String>, AwsError>,
    /// Whether it can be put back to any moment of the last weeks; `None`: this DynamoDB (DynamoDB Local) knows no backups.
    pub point_in_time_recovery: Result<Option<bool>, AwsError>,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IndexFacts {
    /// `ACTIVE`, or `CREATING` while it is filled.
    pub status: String,
    /// Names of the key attributes, hash key first.
    pub key: Vec<String>,
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection: String,
    /// What `INCLUDE` includes.
    pub included: Vec<String>,
}

impl TableFacts {
    /// Of the table itself, with what else was asked about it.
    pub(super) fn new(
        table: &TableDescription,
        ttl_attribute: Result<Option<String>, AwsError>,
        point_in_time_recovery: Result<Option<bool>, AwsError>,
    ) -> Self {
        let types = table.attribute_definitions().iter();
        let types = types.map(|one| (one.attribute_name().to_owned(), one.attribute_type().as_str().to_owned()));
        let indexes = table.global_secondary_indexes().iter();
        Self {
            status: table.table_status().map_or_else(String::new, |status| status.as_str().to_owned()),
            key: key_names(table.key_schema()),
            types: types.collect(),
            indexes: indexes
                .map(|index| (index.index_name().unwrap_or_default().to_owned(), IndexFacts::from(index)))
                .collect(),
            ttl_attribute,
            point_in_time_recovery,
        }
    }
}

impl From<&GlobalSecondaryIndexDescription> for IndexFacts {
    fn from(index: &GlobalSecondaryIndexDescription) -> Self {
        let projection = index.projection();
        let kind = projection.and_then(|projection| projection.projection_type());
        Self {
            status: index.index_status().map_or_else(String::new, |status| status.as_str().to_owned()),
            key: key_names(index.key_schema()),
            projection: kind.map_or_else(String::new, |kind| kind.as_str().to_owned()),
            included: projection.map(|projection| projection.non_key_attributes().to_vec()).unwrap_or_default(),
        }
    }
}

/// Hash key first, whatever order the service answers in.
fn key_names(schema: &[KeySchemaElement]) -> Vec<String> {
    let (hash, range): (Vec<_>, Vec<_>) = schema.iter().partition(|part| *part.key_type() == KeyType::Hash);
    hash.into_iter().chain(range).map(|part| part.attribute_name().to_owned()).collect()
}
