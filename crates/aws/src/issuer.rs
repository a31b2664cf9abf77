//! STS: credentials for a role.

use std::fmt;

use aws_config::Region;
use aws_sdk_sts::Client;
use aws_sdk_sts::error::BuildError;
use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;
use aws_sdk_sts::types::Tag;
use jiff::Timestamp;
use sentinel_core::protocol::Credentials;
use sha2::{Digest, Sha256};

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
        // Taken apart without `..`: a new input doesn't compile until it is part of the key.
        let Self { role_arn, role_session_name, source_identity, external_id, duration_seconds, tags, policy, region } =
            self;
        let mut hash = Fingerprint::default();
        for text in [role_arn, role_session_name, source_identity] {
            hash.text(text);
        }
        for optional in [external_id, policy, region] {
            hash.optional(optional.as_deref());
        }
        hash.number(u64::from(*duration_seconds));
        hash.number(tags.len() as u64);
        for (key, value) in tags {
            hash.text(key);
            hash.text(value);
        }
        hash.0.finalize().into()
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
        let call = Call { service: "STS", operation: "AssumeRole", subject: format!("role `{}`", request.role_arn) };
        let prepared = self.prepare(request).map_err(|error| call.fails(ErrorKind::Invalid, error.to_string()))?;
        let mut operation = prepared.customize();
        if let Some(region) = &request.region {
            operation = operation.config_override(aws_sdk_sts::Config::builder().region(Region::new(region.clone())));
        }
        let answer = operation.send().await.map_err(|error| call.failed(&error))?;
        let issued =
            answer.credentials.ok_or_else(|| call.fails(ErrorKind::Unavailable, "an answer without credentials"))?;
        read(issued).ok_or_else(|| call.fails(ErrorKind::Unavailable, "credentials whose expiration can't be read"))
    }

    fn prepare(&self, request: &AssumeRole) -> Result<AssumeRoleFluentBuilder, BuildError> {
        let tags: Result<Vec<Tag>, _> =
            request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        Ok(self
            .client
            .assume_role()
            .role_arn(&request.role_arn)
            .role_session_name(&request.role_session_name)
            .source_identity(&request.source_identity)
            .set_external_id(request.external_id.clone())
            // A length beyond i32 is beyond STS's limit too, and STS says so.
            .duration_seconds(i32::try_from(request.duration_seconds).unwrap_or(i32::MAX))
            .set_tags(Some(tags?))
            .set_policy(request.policy.clone()))
    }
}

fn read(issued: aws_sdk_sts::types::Credentials) -> Option<Credentials> {
    let expiration =
        Timestamp::new(issued.expiration.secs(), issued.expiration.subsec_nanos().try_into().ok()?).ok()?;
    Some(Credentials {
        access_key_id: issued.access_key_id,
        secret_access_key: issued.secret_access_key,
        token: issued.session_token,
        expiration,
    })
}

#[derive(Default)]
struct Fingerprint(Sha256);

impl Fingerprint {
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn request() -> AssumeRole {
        AssumeRole {
            role_arn: "arn:aws:iam::111122223333:role/prod".into(),
            role_session_name: "payments.api-0".into(),
            source_identity: "sentinel.api@payments.direct.0123456789abcdef".into(),
            external_id: Some("external-secret".into()),
            duration_seconds: 900,
            tags: vec![("a".into(), "bc".into())],
            policy: None,
            region: Some("eu-west-1".into()),
        }
    }

    #[test]
    fn every_input_is_part_of_the_fingerprint() {
        let changes: [fn(&mut AssumeRole); 13] = [
            |_| {},
            |r| r.role_arn.push('x'),
            |r| r.role_session_name.push('x'),
            |r| r.source_identity.push('x'),
            |r| r.external_id = None,
            |r| r.external_id = Some(String::new()),
            |r| r.duration_seconds += 1,
            |r| r.tags.clear(),
            |r| r.tags = vec![("ab".into(), "c".into())],
            |r| r.tags.push(("d".into(), "e".into())),
            |r| r.policy = Some("{}".into()),
            |r| r.region = None,
            |r| (r.region, r.policy) = (r.policy.take(), r.region.take()),
        ];
        let prints: HashSet<[u8; 32]> = changes
            .iter()
            .map(|change| {
                let mut request = request();
                change(&mut request);
                request.fingerprint()
            })
            .collect();
        assert_eq!(prints.len(), changes.len());
        assert_eq!(request().fingerprint(), request().fingerprint());
    }

    #[test]
    fn the_external_id_is_not_shown() {
        assert!(!format!("{:?}", request()).contains("external-secret"));
    }
}
