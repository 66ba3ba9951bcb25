//! What the clients of S3 and SQS share: how long and how often a call is tried, and what its failure means.

use std::{
    error::Error,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::store::{StoreError, StoreErrorKind};

/// Tries of one call. Three that time out, and the pauses between them, end within the 25 seconds
/// that a request may take locally, and well within the 30 of the Lambda.
const ATTEMPTS: u32 = 3;
/// Longest time for one try: a put of a few megabytes within a region takes well under a second.
const ATTEMPT: Duration = Duration::from_secs(6);
/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest pause before a next try.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_PAUSE)
}

pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build()
}

/// An address of this machine that nothing listens on.
pub(crate) fn unused_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr())
}

/// Every call to S3 or SQS fails alike, also one of a command that reads the lake.
impl<E: ProvideErrorMetadata + Error + Send + Sync + 'static> From<SdkError<E>> for StoreError {
    fn from(error: SdkError<E>) -> Self {
        Self::new(kind_of(&error), cause(error))
    }
}

/// What the service answered, or why it did not. The body of an answer may repeat credentials, so it is not shown.
fn cause<E>(error: SdkError<E>) -> Box<dyn Error + Send + Sync>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match status(&error) {
        Some(status) => format!("answered {status} {}: {}", error.code().unwrap_or("-"), error.message().unwrap_or("-")).into(),
        None => error.into(),
    }
}

pub(crate) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Errors of S3's table of error codes (Amazon S3 API Reference, "Error responses") and of SQS's `SendMessage` (Amazon SQS API
/// Reference). What remains of 4xx is for a person to mend.
fn kind_of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> StoreErrorKind {
    match (status(error), error.code().unwrap_or_default()) {
        _ if matches!(error, SdkError::TimeoutError(_)) => StoreErrorKind::Late,
        (_, "NoSuchBucket" | "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue") | (Some(404), _) => StoreErrorKind::NotFound,
        (Some(401 | 403), _) | (_, "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "KmsAccessDenied") => StoreErrorKind::Denied,
        (Some(429 | 503), _) | (_, "KMS.ThrottlingException" | "RequestThrottled" | "KmsThrottled") => StoreErrorKind::Throttled,
        (_, "RequestTimeout" | "IncompleteBody" | "BadDigest") | (Some(408 | 409), _) => StoreErrorKind::Unavailable,
        (Some(301 | 307 | 400..=499 | 501), _) => StoreErrorKind::Misconfigured,
        _ => StoreErrorKind::Unavailable,
    }
}
