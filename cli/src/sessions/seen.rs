//! A session, as far as its object can be read.

use jiff::Timestamp;
use kube::api::DynamicObject;
use sentinel_api::SessionStatus;
use serde::Deserialize as _;
use serde_json::Value;

/// What is shown of a session; what can't be read is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) profile: String,
    pub(crate) pod: String,
    /// Somebody has said so in the object; the status follows.
    pub(crate) revoked: bool,
    pub(crate) revoked_by: Option<String>,
    pub(crate) revoked_reason: Option<String>,
    pub(crate) status: SessionStatus,
    pub(crate) created: Option<Timestamp>,
}

impl Seen {
    pub(crate) fn of(object: &DynamicObject) -> Self {
        let spec = |key: &str| object.data.pointer(&format!("/spec/{key}"));
        let text = |key| spec(key).and_then(Value::as_str).map(str::to_owned);
        let status = object.data.get("status").and_then(|status| SessionStatus::deserialize(status).ok());
        let meta = &object.metadata;
        Self {
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
            user: text("user").unwrap_or_default(),
            profile: text("profile").unwrap_or_default(),
            pod: text("pod").unwrap_or_default(),
            revoked: spec("revoked") == Some(&Value::Bool(true)),
            revoked_by: text("revokedBy"),
            revoked_reason: text("revokedReason"),
            status: status.unwrap_or_default(),
            created: meta.creation_timestamp.as_ref().map(|time| time.0),
        }
    }
}
