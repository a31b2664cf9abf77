//! What can go wrong with AWS, in one shape.

use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// A failed call to AWS, with everything that the person on call needs.
///
/// Displays as ``DynamoDB PutItem on table `x`: ResourceNotFoundException: …``.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{service} {operation} on {subject}: {message}")]
pub struct AwsError {
    /// `DynamoDB`, `SSM`, `STS`.
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
    /// The request can't be fulfilled as it stands, or an answer can't be read.
    Invalid,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody mending anything.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
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
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.fails(ErrorKind::Unavailable, DisplayErrorContext(error).to_string())
    }
}
