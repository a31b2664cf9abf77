//! The status of a policy object of any kind.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;

/// Status of a policy object of any kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStatus {
    /// The generation that the operator has seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`: it is in force. `Published`: SSM holds what it says. `Linted`: nothing in it is surely a mistake.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,
    /// The parameter that holds the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<PublishedParameter>,
}

/// What the operator wrote last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishedParameter {
    /// Name of the SSM parameter.
    pub name: String,
    /// Its version in SSM.
    pub version: i64,
    /// SHA-256 (hex) of its value.
    pub hash: String,
    /// When it was written, RFC 3339.
    pub published_at: String,
}
