//! What a sidecar and a broker say to each other, and what an AWS SDK reads from a sidecar. JSON, camelCase between
//! ours; the SDK's own spelling towards the SDK.
//!
//! ```text
//!   sidecar ── POST /v1/credentials, Authorization: Bearer <pod-bound token>, CredentialRequest ──▶ broker
//!           ◀── 200 Grant │ 401, 403, 429, 503 Refusal ──
//!   SDK     ── GET /v1/credentials, Authorization: <token file> ──▶ sidecar ── 200 Credentials │ Refusal ──▶ SDK
//! ```

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Path of the credential endpoint, of the broker and of the sidecar alike.
pub const CREDENTIALS_PATH: &str = "/v1/credentials";
/// Audience of the projected service-account token with which a sidecar speaks to the broker.
pub const BROKER_AUDIENCE: &str = "sentinel.dev/broker";
/// How long the broker takes at most before it says 503: the Java and JavaScript SDKs give up on a sidecar after 1 s.
pub const BROKER_DEADLINE: std::time::Duration = std::time::Duration::from_millis(700);

/// What a sidecar asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialRequest {
    /// The profile of the pod's annotation; the broker compares it with the live pod's.
    pub profile: String,
    /// Credential requests that the sidecar answered since its last report that the broker acknowledged.
    #[serde(default)]
    pub served: u64,
    /// SHA-256 (hex) of the PEM bundle that the sidecar trusts, so that the broker sends a newer one only when there is one.
    #[serde(default)]
    pub bundle_hash: String,
}

/// Credentials in the spelling of the container-credentials contract.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret key.
    pub secret_access_key: String,
    /// Session token.
    pub token: String,
    /// When they end, RFC 3339 in UTC. Never later than the grant.
    pub expiration: Timestamp,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

/// The broker's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The credentials.
    pub credentials: Credentials,
    /// For how long the sidecar may answer from memory, counted from when it asked. Milliseconds.
    pub lease_ms: u64,
    /// For how long after the last good answer the sidecar may serve these while nobody can decide. Milliseconds;
    /// absent: until they expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage_grace_ms: Option<u64>,
    /// A newer CA bundle (PEM) than the one that the sidecar named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_bundle: Option<String>,
}

/// Anything but credentials; the body of every answer that isn't 200, to sidecars and SDKs alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A word for programs: see [`code`].
    #[serde(rename = "Code")]
    pub code: String,
    /// A sentence for people: what, why, and the command that helps.
    #[serde(rename = "Message")]
    pub message: String,
    /// The rule that refused, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The decision's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For how long the sidecar may repeat this answer without asking. Milliseconds.
    #[serde(default, rename = "leaseMs", skip_serializing_if = "Option::is_none")]
    pub lease_ms: Option<u64>,
    /// A newer CA bundle (PEM), as in [`Grant`].
    #[serde(default, rename = "trustBundle", skip_serializing_if = "Option::is_none")]
    pub trust_bundle: Option<String>,
}

impl Refusal {
    /// A refusal of `code` that says `message`.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            rule: None,
            reason: None,
            lease_ms: None,
            trust_bundle: None,
        }
    }
}

/// The words of [`Refusal::code`], and the status that each goes with.
pub mod code {
    /// 403: the policy or a limit says no.
    pub const ACCESS_DENIED: &str = "AccessDenied";
    /// 403: an access lock stops this user, namespace or profile.
    pub const ACCESS_LOCKED: &str = "AccessLocked";
    /// 403: the session is revoked.
    pub const SESSION_REVOKED: &str = "SessionRevoked";
    /// 403: an approval is awaited.
    pub const APPROVAL_REQUIRED: &str = "ApprovalRequired";
    /// 401: the caller's token is missing or bad.
    pub const INVALID_TOKEN: &str = "InvalidToken";
    /// 400: the request can't be read, or is not one that this endpoint answers.
    pub const INVALID_REQUEST: &str = "InvalidRequest";
    /// 429: too many requests of one source.
    pub const THROTTLED: &str = "Throttled";
    /// 503: nobody could decide.
    pub const UNAVAILABLE: &str = "ServiceUnavailable";
}
