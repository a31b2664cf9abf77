//! The clients, made once from the environment.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::config::IdentityCache;

use crate::error::{AwsError, Call, identity_failure};
use crate::identity::{Identity, RENEWED_BEFORE};
use crate::{Issuer, Parameters, Roles, Sessions, Topics};

/// How long a call may take.
///
/// `attempt` bounds one try and `operation` all of them together with the waits between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP and TLS.
    pub connect: Duration,
    /// One try.
    pub attempt: Duration,
    /// The whole call.
    pub operation: Duration,
}

impl Timeouts {
    /// For the credential path: the broker has to answer within 700 ms, whatever AWS does.
    pub const CREDENTIAL_PATH: Self = Self {
        connect: Duration::from_millis(250),
        attempt: Duration::from_millis(400),
        operation: Duration::from_millis(600),
    };
    /// For a controller, which nobody waits for.
    pub const CONTROLLER: Self =
        Self { connect: Duration::from_secs(3), attempt: Duration::from_secs(5), operation: Duration::from_secs(12) };
}

/// How to reach AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The region; otherwise the environment's.
    pub region: Option<String>,
    /// One endpoint for all services; otherwise the environment's (`AWS_ENDPOINT_URL_DYNAMODB` …), otherwise AWS's own.
    pub endpoint: Option<String>,
    /// Of DynamoDB and STS. SSM, IAM and SNS, which no pod waits for, always have [`Timeouts::CONTROLLER`].
    pub timeouts: Timeouts,
}

impl Default for Settings {
    fn default() -> Self {
        Self { region: None, endpoint: None, timeouts: Timeouts::CREDENTIAL_PATH }
    }
}

/// The clients. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Aws {
    identity: Option<SharedCredentialsProvider>,
    sessions: Sessions,
    parameters: Parameters,
    roles: Roles,
    topics: Topics,
    issuer: Issuer,
}

impl Aws {
    /// From the environment's default chain, with the timeouts of the credential path.
    pub async fn load(region: Option<String>) -> Self {
        Self::load_with(Settings { region, ..Settings::default() }).await
    }

    /// From the environment's default chain, as `settings` say.
    pub async fn load_with(settings: Settings) -> Self {
        // The cache asks our identity early, which then renews in the background.
        let cache = IdentityCache::lazy().buffer_time(RENEWED_BEFORE).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).identity_cache(cache);
        if let Some(region) = settings.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(endpoint) = settings.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        Self::new(&with_own_identity(&loader.load().await), settings.timeouts)
    }

    fn new(config: &SdkConfig, timeouts: Timeouts) -> Self {
        let patient = tuned(config, Timeouts::CONTROLLER, RetryConfig::disabled());
        // One more try, soon: a longer wait would outlive the operation's timeout.
        let quick = RetryConfig::standard().with_max_attempts(2).with_max_backoff(Duration::from_millis(50));
        let prompt = tuned(config, timeouts, quick);
        Self {
            identity: config.credentials_provider(),
            sessions: Sessions::new(aws_sdk_dynamodb::Client::new(&prompt)),
            parameters: Parameters::new(aws_sdk_ssm::Client::new(&patient)),
            roles: Roles::new(aws_sdk_iam::Client::new(&patient)),
            topics: Topics::new(aws_sdk_sns::Client::new(&patient)),
            issuer: Issuer::new(aws_sdk_sts::Client::new(&prompt)),
        }
    }

    /// Loads the program's own identity, so that the first call doesn't have to, and says whether there is one. It asks AWS
    /// nothing about what that identity may do.
    pub async fn load_identity(&self) -> Result<(), AwsError> {
        let call = Call { service: "AWS", operation: "credentials", subject: "this program".to_owned() };
        let Some(identity) = &self.identity else { return Ok(()) };
        identity.provide_credentials().await.map(drop).map_err(|error| {
            let (kind, message) = identity_failure(&error);
            call.fails(kind, message)
        })
    }

    /// The session tables.
    pub fn sessions(&self) -> Sessions {
        self.sessions.clone()
    }

    /// The parameters.
    pub fn parameters(&self) -> Parameters {
        self.parameters.clone()
    }

    /// The inline policies of roles.
    pub fn roles(&self) -> Roles {
        self.roles.clone()
    }

    /// The topics.
    pub fn topics(&self) -> Topics {
        self.topics.clone()
    }

    /// The issuer of credentials.
    pub fn issuer(&self) -> Issuer {
        self.issuer.clone()
    }
}

fn with_own_identity(config: &SdkConfig) -> SdkConfig {
    let source = config.credentials_provider();
    let identity = source.map(|source| SharedCredentialsProvider::new(Identity::new(source)));
    let mut builder = config.to_builder();
    builder.set_credentials_provider(identity);
    builder.build()
}

fn tuned(config: &SdkConfig, timeouts: Timeouts, retry: RetryConfig) -> SdkConfig {
    let limits = TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .operation_attempt_timeout(timeouts.attempt)
        .operation_timeout(timeouts.operation)
        .build();
    config.to_builder().timeout_config(limits).retry_config(retry).build()
}

#[cfg(test)]
mod tests {
    use aws_config::imds::credentials::ImdsCredentialsProvider;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::{AssumeRole, ErrorKind};

    /// A metadata service that answers everything with 403, as where a pod may not use it.
    async fn closed_metadata_service() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(answer).await;
            }
        });
        endpoint
    }

    async fn without_identity() -> Aws {
        let metadata = aws_config::imds::Client::builder().endpoint(closed_metadata_service().await).unwrap().build();
        let source = ImdsCredentialsProvider::builder().imds_client(metadata).build();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url("http://127.0.0.1:1")
            .credentials_provider(SharedCredentialsProvider::new(source))
            .build();
        Aws::new(&with_own_identity(&config), Timeouts::CREDENTIAL_PATH)
    }

    #[tokio::test]
    async fn a_program_without_an_identity_is_denied_in_words_that_help() {
        let aws = without_identity().await;
        let request = AssumeRole {
            role_arn: "r".into(),
            role_session_name: "n".into(),
            source_identity: "s".into(),
            external_id: None,
            duration_seconds: 900,
            tags: vec![],
            policy: None,
            region: None,
        };
        let errors = [
            aws.load_identity().await.unwrap_err(),
            aws.issuer().assume_role(&request).await.unwrap_err(),
            aws.sessions().active("t").await.unwrap_err(),
            aws.parameters().get("/p").await.unwrap_err(),
            aws.roles().arn("r").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind, ErrorKind::Denied, "{error}");
            assert!(error.message.contains("has no AWS credentials: give its service account a role"), "{error}");
        }
    }
}
