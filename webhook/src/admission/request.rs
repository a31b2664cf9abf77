//! What the API server asks. Objects stay raw JSON.

use std::collections::BTreeMap;

use sentinel_core::person::{Identity, Person};
use serde::Deserialize;
use serde_json::Value;

/// The version that is spoken.
const API_VERSION: &str = "admission.k8s.io/v1";

/// The request of an AdmissionReview; what is not used is not read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    /// Repeated in the answer.
    pub uid: String,
    /// The resource asked for.
    pub resource: Resource,
    /// Its part, e.g. `ephemeralcontainers`.
    #[serde(default)]
    pub sub_resource: Option<String>,
    /// Its name; empty where the API server is to make one.
    #[serde(default)]
    pub name: String,
    /// Its namespace; empty for cluster-wide objects.
    #[serde(default)]
    pub namespace: String,
    /// What is being done.
    pub operation: Operation,
    /// Who does it.
    #[serde(default)]
    pub user_info: UserInfo,
    /// The object as it would be.
    #[serde(default)]
    pub object: Value,
    /// The object as it is.
    #[serde(default)]
    pub old_object: Value,
}

/// A resource by name.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Resource {
    /// API group; empty for core.
    #[serde(default)]
    pub group: String,
    /// Plural name.
    #[serde(default)]
    pub resource: String,
}

/// Who asks.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct UserInfo {
    /// User name.
    #[serde(default)]
    pub username: String,
    /// Groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// What else whoever authenticated them says.
    #[serde(default)]
    pub extra: BTreeMap<String, Vec<String>>,
}

impl UserInfo {
    /// The person, whose extra value `person_key` holds; an empty key: the installation has none.
    pub fn person(&self, person_key: &str) -> Person {
        let extra = self.extra.get(person_key).filter(|_| !person_key.is_empty());
        let value = extra.and_then(|values| values.first()).cloned();
        Person::new(Identity::new(self.username.clone(), value), self.groups.clone())
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// A new object.
    Create,
    /// A change.
    Update,
    /// The end of an object.
    Delete,
    /// exec, attach, proxy.
    Connect,
}

/// Why a body is no AdmissionReview.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON, or far from a review.
    #[error("the body is no AdmissionReview: {0}")]
    Body(#[source] serde_json::Error),
    /// It has no uid to answer to.
    #[error("the body is no AdmissionReview of {API_VERSION} with a request")]
    NotAReview,
    /// There is a uid, but the rest can't be understood.
    #[error("the AdmissionReview can't be read: {source}")]
    Request {
        /// To answer to.
        uid: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// The request in `body`.
pub fn read_review(body: &[u8]) -> Result<AdmissionRequest, Unreadable> {
    let mut review: Value = serde_json::from_slice(body).map_err(Unreadable::Body)?;
    let version = review.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let uid = review.pointer("/request/uid").and_then(Value::as_str).map(str::to_owned);
    let (API_VERSION, Some(uid)) = (version, uid) else { return Err(Unreadable::NotAReview) };
    let request = review.get_mut("request").map(Value::take).unwrap_or_default();
    serde_json::from_value(request).map_err(|source| Unreadable::Request { uid, source })
}
