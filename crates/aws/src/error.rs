//! What can go wrong with AWS, in one shape.

use std::error::Error;

use aws_config::imds::client::error::ImdsError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

/// A failed call to AWS, with everything that the person on call needs.
///
/// Displays as ``DynamoDB PutItem on table `x`: ResourceNotFoundException: …``.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{service} {operation} on {subject}: {message}")]
pub struct AwsError {
    /// `DynamoDB`, `SSM`, `STS`, `IAM`, `SNS`.
    pub service: &'static str,
    /// The operation of its API, e.g. `PutItem`.
    pub operation: &'static str,
    /// On what: ``table `x` ``, ``role `arn:…` ``.
    pub subject: String,
    /// What a caller may do about it.
    pub kind: ErrorKind,
    /// The service's own code and words, or what happened on the way to it.
    pub message: String,
}

impl AwsError {
    /// Whether STS could not pack the session's tags and policy into a token.
    pub fn is_packed_too_large(&self) -> bool {
        self.message.starts_with("PackedPolicyTooLarge")
    }
}

/// What a caller may do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Too many requests: wait.
    Throttled,
    /// Network, timeout, or the service's own failure: wait.
    Unavailable,
    /// The table, parameter or role is not there.
    NotFound,
    /// Our identity is missing, invalid, or may not do this.
    Denied,
    /// Someone else was quicker, or what should not exist does.
    Conflict,
    /// There is no room left for it: a quota that waiting doesn't lift.
    Full,
    /// The request can't be fulfilled as it stands, or an answer can't be read.
    Invalid,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody mending anything.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }

    /// One word, for a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Full => "full",
            Self::Invalid => "invalid",
        }
    }
}

/// The call that failed: the part of an [`AwsError`] that is known beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub service: &'static str,
    pub operation: &'static str,
    pub subject: String,
}

impl Call {
    /// A failure that we found ourselves.
    pub fn fails(&self, kind: ErrorKind, message: impl Into<String>) -> AwsError {
        AwsError {
            service: self.service,
            operation: self.operation,
            subject: self.subject.clone(),
            kind,
            message: message.into(),
        }
    }

    /// The only place where an SDK's error becomes ours.
    pub fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (kind, message) = match error {
            SdkError::ServiceError(answer) => refused(answer.err(), answer.raw().status().as_u16()),
            SdkError::TimeoutError(_) => (ErrorKind::Unavailable, format!("no answer in time: {}", causes(error))),
            _ => identity_problem(error).unwrap_or_else(|| not_sent(error)),
        };
        self.fails(kind, message)
    }
}

/// What there is, if it is there.
pub(crate) fn unless_missing<T>(answer: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The service answered, and it wasn't what we asked for.
fn refused(error: &(impl ProvideErrorMetadata + Error + 'static), status: u16) -> (ErrorKind, String) {
    let text = error.message().map_or_else(|| causes(error), str::to_owned);
    match error.code() {
        Some(code) => (kind_of(code, status), format!("{code}: {text}")),
        None => (kind_of("", status), format!("HTTP {status}: {text}")),
    }
}

/// DynamoDB, SSM, STS, IAM and SNS in one table: their codes don't contradict each other.
fn kind_of(code: &str, status: u16) -> ErrorKind {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "TooManyUpdates"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "KMSThrottling"
        | "LimitExceededException" => ErrorKind::Throttled,
        "ResourceNotFoundException" | "ParameterNotFound" | "InvalidResourceId" | "NoSuchEntity" | "KMSNotFound" => {
            ErrorKind::NotFound
        }
        // IAM's word for sizes and numbers; DynamoDB and SSM say LimitExceededException where they are in a hurry.
        "LimitExceeded" => ErrorKind::Full,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RegionDisabledException"
        | "UnmodifiableEntity"
        | "OptInRequired"
        // What SNS says, with 400, of the key of a topic: somebody can mend it, so it is nothing that the request does wrong.
        | "KMSAccessDenied"
        | "KMSDisabled"
        | "KMSInvalidState"
        | "KMSOptInRequired" => ErrorKind::Denied,
        "ConditionalCheckFailedException"
        | "ParameterAlreadyExists"
        | "TransactionConflictException"
        | "ConcurrentModification"
        | "EntityTemporarilyUnmodifiable"
        | "ResourceInUseException" => ErrorKind::Conflict,
        _ => kind_of_status(status),
    }
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        429 => ErrorKind::Throttled,
        401 | 403 => ErrorKind::Denied,
        404 => ErrorKind::NotFound,
        400..500 => ErrorKind::Invalid,
        // Its own failure, or a success that isn't one of this service: something stands in between.
        _ => ErrorKind::Unavailable,
    }
}

/// The program has no identity, or its identity could not be had: said in words that help, since the SDK's don't.
fn identity_problem(error: &(dyn Error + 'static)) -> Option<(ErrorKind, String)> {
    let problem = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    Some(identity_failure(problem))
}

/// As [`identity_problem`], of a source of credentials that was asked directly.
pub(crate) fn identity_failure(problem: &CredentialsError) -> (ErrorKind, String) {
    let cause = causes(problem);
    match problem {
        CredentialsError::CredentialsNotLoaded(_) => (ErrorKind::Denied, NO_IDENTITY.to_owned()),
        CredentialsError::InvalidConfiguration(_) => {
            (ErrorKind::Denied, format!("the AWS credentials of this program are configured wrongly: {cause}"))
        }
        _ if refused_by_machine(problem) => (ErrorKind::Denied, format!("{NO_IDENTITY} ({cause})")),
        _ => (ErrorKind::Unavailable, format!("the AWS credentials of this program could not be loaded: {cause}")),
    }
}

const NO_IDENTITY: &str = "this program has no AWS credentials: give its service account a role (EKS Pod Identity or IRSA), \
     or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// The chain's last resort, the machine's metadata service, turned us away: nothing before it had credentials either.
fn refused_by_machine(problem: &CredentialsError) -> bool {
    chain(problem)
        .filter_map(|cause| cause.downcast_ref())
        .any(|cause| matches!(cause, ImdsError::FailedToLoadToken(_)))
}

fn not_sent<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> (ErrorKind, String) {
    let text = causes(error);
    match error {
        SdkError::ConstructionFailure(_) => (ErrorKind::Invalid, format!("the request can't be made: {text}")),
        SdkError::DispatchFailure(failure) if failure.is_user() => {
            (ErrorKind::Invalid, format!("the request can't be sent: {text}"))
        }
        SdkError::DispatchFailure(_) => (ErrorKind::Unavailable, format!("the endpoint can't be reached: {text}")),
        _ => (ErrorKind::Unavailable, format!("the answer can't be read: {text}")),
    }
}

/// The causes of `error` from the outermost to the innermost; texts that only repeat their cause are left out.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in chain(error).map(ToString::to_string) {
        if texts.last().is_none_or(|last| !last.ends_with(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| -> Option<&'a (dyn Error + 'static)> { (*cause).source() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sts::error::ErrorMetadata;
    use aws_sdk_sts::operation::assume_role::AssumeRoleError;

    fn answer(status: u16, code: Option<&str>, message: &str) -> AwsError {
        let mut meta = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            meta = meta.code(code);
        }
        let raw = HttpResponse::new(status.try_into().unwrap(), "".into());
        call().failed(&SdkError::service_error(AssumeRoleError::generic(meta.build()), raw))
    }

    fn call() -> Call {
        Call { service: "STS", operation: "AssumeRole", subject: "role `r`".into() }
    }

    #[test]
    fn says_what_failed_on_what_and_in_whose_words() {
        let error = answer(403, Some("AccessDenied"), "User: broker is not authorized to perform: sts:AssumeRole");
        assert_eq!(
            error.to_string(),
            "STS AssumeRole on role `r`: AccessDenied: User: broker is not authorized to perform: sts:AssumeRole"
        );
        assert_eq!(error.kind, ErrorKind::Denied);
    }

    #[test]
    fn kinds_follow_the_code_and_then_the_status() {
        for (status, code, kind) in [
            (400, Some("ThrottlingException"), ErrorKind::Throttled),
            (400, Some("ProvisionedThroughputExceededException"), ErrorKind::Throttled),
            (429, None, ErrorKind::Throttled),
            (400, Some("ResourceNotFoundException"), ErrorKind::NotFound),
            (400, Some("UnrecognizedClientException"), ErrorKind::Denied),
            (403, Some("InvalidClientTokenId"), ErrorKind::Denied),
            (403, None, ErrorKind::Denied),
            (400, Some("ConditionalCheckFailedException"), ErrorKind::Conflict),
            (500, Some("InternalServerError"), ErrorKind::Unavailable),
            (503, None, ErrorKind::Unavailable),
            (400, Some("ValidationException"), ErrorKind::Invalid),
            (400, Some("MalformedPolicyDocument"), ErrorKind::Invalid),
        ] {
            assert_eq!(answer(status, code, "x").kind, kind, "{status} {code:?}");
        }
    }

    /// What must not be `Invalid`: a notification that is, is never sent again.
    #[test]
    fn of_what_sns_says_only_a_bad_message_is_invalid() {
        for (status, code, kind) in [
            (400, "KMSAccessDenied", ErrorKind::Denied),
            (400, "KMSDisabled", ErrorKind::Denied),
            (400, "KMSInvalidState", ErrorKind::Denied),
            (400, "KMSOptInRequired", ErrorKind::Denied),
            (400, "KMSNotFound", ErrorKind::NotFound),
            (400, "KMSThrottling", ErrorKind::Throttled),
            (403, "AuthorizationError", ErrorKind::Denied),
            (403, "InvalidSecurity", ErrorKind::Denied),
            (404, "NotFound", ErrorKind::NotFound),
            (429, "Throttled", ErrorKind::Throttled),
            (500, "InternalError", ErrorKind::Unavailable),
            (400, "InvalidParameter", ErrorKind::Invalid),
            (400, "ParameterValueInvalid", ErrorKind::Invalid),
        ] {
            assert_eq!(answer(status, Some(code), "x").kind, kind, "{status} {code}");
        }
    }

    #[test]
    fn only_waiting_helps_against_transient_errors() {
        let transient = [ErrorKind::Throttled, ErrorKind::Unavailable];
        let lasting = [ErrorKind::NotFound, ErrorKind::Denied, ErrorKind::Conflict, ErrorKind::Invalid];
        assert!(transient.into_iter().all(ErrorKind::is_transient));
        assert!(!lasting.into_iter().any(ErrorKind::is_transient));
    }

    #[test]
    fn a_timeout_is_unavailable() {
        let error = call().failed::<AssumeRoleError>(&SdkError::timeout_error("after 400 ms"));
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Unavailable, "no answer in time: request has timed out: after 400 ms")
        );
    }

    #[test]
    fn absent_credentials_are_denied_in_words_that_help() {
        let (kind, message) = identity_failure(&CredentialsError::not_loaded("no providers in chain"));
        assert_eq!(kind, ErrorKind::Denied);
        assert!(message.contains("give its service account a role"), "{message}");
        let (kind, _) = identity_failure(&CredentialsError::provider_error("503"));
        assert_eq!(kind, ErrorKind::Unavailable);
    }
}
