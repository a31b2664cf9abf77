//! Sessions that were stopped.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;
use super::schema::{end, moment, revocation_event};

/// Written by the operator: a session was stopped for good.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevocationLine<'a> {
    /// When, as the session's status says it.
    #[schemars(schema_with = "moment")]
    pub timestamp: Timestamp,
    /// What happened.
    #[schemars(schema_with = "revocation_event")]
    pub event: Text<'a>,
    /// The session: this pod on this profile.
    pub session_id: Text<'a>,
    /// Who did it; `unknown (kubernetes)`: the webhook was down, and the API server's audit log knows.
    pub actor: Text<'a>,
    /// Why.
    pub reason: Text<'a>,
    /// Until when credentials that were issued before may be about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "end")]
    pub credentials_until: Option<Timestamp>,
    /// The pod's user: system:serviceaccount:NAMESPACE:NAME.
    pub user: Text<'a>,
    /// The session's profile.
    pub profile: Text<'a>,
    /// The pod's namespace.
    pub namespace: Text<'a>,
    /// The pod's service account.
    pub service_account: Text<'a>,
    /// The pod.
    pub pod: Text<'a>,
    /// Its UID.
    pub pod_uid: Text<'a>,
    /// The cluster: UID of namespace kube-system.
    pub cluster: Text<'a>,
    /// The cluster's name for people.
    pub cluster_name: Text<'a>,
}
