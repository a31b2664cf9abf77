//! STS: credentials for a role.

use std::fmt;

use aws_sdk_sts::Client;
use sentinel_core::protocol::Credentials;

use crate::error::{AwsError, Call, ErrorKind};

/// Everything that goes into the credentials.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AssumeRole {
    /// The role.
    pub role_arn: String,
    /// `RoleSessionName`.
    pub role_session_name: String,
    /// `SourceIdentity`.
    pub source_identity: String,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// 900 or more.
    pub duration_seconds: u32,
    /// Session tags; none of them transitive.
    pub tags: Vec<(String, String)>,
    /// A session policy (JSON) that narrows the role.
    pub policy: Option<String>,
    /// Whose STS is asked; otherwise that of the environment.
    pub region: Option<String>,
}

impl AssumeRole {
    /// A key for a cache: SHA-256 over all of the above, each length-prefixed.
    pub fn fingerprint(&self) -> [u8; 32] {
        [0; 32]
    }
}

impl fmt::Debug for AssumeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRole")
            .field("role_arn", &self.role_arn)
            .field("role_session_name", &self.role_session_name)
            .field("source_identity", &self.source_identity)
            .field("duration_seconds", &self.duration_seconds)
            .field("region", &self.region)
            // The external id is a shared secret to some.
            .finish_non_exhaustive()
    }
}

/// The issuer of credentials.
#[derive(Clone, Debug)]
pub struct Issuer {
    client: Client,
}

impl Issuer {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// One AssumeRole.
    pub async fn assume_role(&self, request: &AssumeRole) -> Result<Credentials, AwsError> {
        let _ = &self.client;
        let call = Call { service: "STS", operation: "AssumeRole", subject: format!("role `{}`", request.role_arn) };
        Err(call.fails(ErrorKind::Invalid, "not written yet"))
    }
}
