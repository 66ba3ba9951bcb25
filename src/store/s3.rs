//! The lake as a bucket of S3: the only file, with its `read`, that names an AWS type.
//!
//! A put carries `If-None-Match: *`, so that S3 creates the object or answers 412, which means that
//! an object of this key, and so of this content, is there. 409 means that another put of the key
//! was under way; it is tried again.

use std::{error::Error, time::Duration};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, Credentials,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::ChecksumAlgorithm,
};
use tokio::sync::OnceCell;

use crate::{
    object::Object,
    store::{Kind, Put, Store, StoreError},
};

/// Tries of one put. Three that time out, and the pauses between them, end within the 25 seconds
/// that a request may take locally, and well within the 30 of the Lambda.
const ATTEMPTS: u32 = 3;
/// Longest time for one try: a put of a few megabytes within a region takes well under a second.
const ATTEMPT: Duration = Duration::from_secs(6);
/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest pause before a next try.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Objects in a bucket, below a prefix.
#[derive(Debug)]
pub struct S3Store {
    bucket: String,
    prefix: String,
    client: OnceCell<Client>,
}

impl S3Store {
    /// Takes the bucket's name, and what stands before each key. The client is made at the first put.
    pub fn new(bucket: String, prefix: String) -> Self {
        Self { bucket, prefix, client: OnceCell::new() }
    }

    /// Puts to one server of the S3 protocol, whatever the AWS SDK's own settings say.
    #[doc(hidden)]
    pub fn on_server(self, endpoint: &str, key: &str, secret: &str) -> Self {
        let settings = Builder::new().behavior_version(BehaviorVersion::latest()).region(Region::from_static("us-east-1"));
        let settings = settings.endpoint_url(endpoint).credentials_provider(Credentials::new(key, secret, None, None, "given"));
        let client = Client::from_conf(patience(settings).force_path_style(true).build());
        Self { client: OnceCell::new_with(Some(client)), ..self }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(client).await
    }
}

/// Makes a client from the AWS SDK's own settings.
#[expect(
    clippy::disallowed_methods,
    reason = "the SDK reads its settings from the environment, and does not say which endpoint it found there"
)]
async fn client() -> Client {
    let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let overridden = shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    // Local S3 servers know a bucket by its path, not by a host name.
    Client::from_conf(patience(Builder::from(&shared)).force_path_style(overridden).build())
}

/// Sets how long and how often a put is tried.
fn patience(settings: Builder) -> Builder {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_PAUSE);
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    settings.retry_config(retries).timeout_config(timeouts).retry_classifier(Conflict)
}

impl Store for S3Store {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        let put = self
            .client()
            .await
            .put_object()
            .bucket(&self.bucket)
            .key(format!("{}{}", self.prefix, object.key))
            .content_type(object.key.content_type())
            .set_content_encoding(object.key.compression().content_encoding().map(str::to_owned))
            .checksum_algorithm(ChecksumAlgorithm::Crc32C)
            .if_none_match("*")
            .body(ByteStream::from(object.bytes.clone()))
            .send();
        match put.await {
            Ok(_) => Ok(Put::Created),
            Err(error) if status(&error) == Some(412) => Ok(Put::AlreadyThere),
            Err(error) => Err(error.into()),
        }
    }
}

/// Every call to S3 fails alike, also one of a command that reads the lake.
impl<E: ProvideErrorMetadata + Error + Send + Sync + 'static> From<SdkError<E>> for StoreError {
    fn from(error: SdkError<E>) -> Self {
        Self::new(kind_of(&error), cause(error))
    }
}

/// Says what S3 answered, or else why it did not. The answer itself may repeat credentials, so its body is not shown.
fn cause<E>(error: SdkError<E>) -> Box<dyn Error + Send + Sync>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match status(&error) {
        Some(status) => format!("S3 answered {status} {}: {}", error.code().unwrap_or("-"), error.message().unwrap_or("-")).into(),
        None => error.into(),
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn kind_of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Kind {
    match (error, status(error), error.code()) {
        (SdkError::TimeoutError(_), ..) => Kind::Late,
        (_, _, Some("NoSuchBucket")) | (_, Some(404), _) => Kind::NotFound,
        (_, Some(401 | 403), _) => Kind::Denied,
        (_, Some(429 | 503), _) => Kind::Throttled,
        _ => Kind::Unavailable,
    }
}

/// Tries again after 409 `ConditionalRequestConflict`, which the SDK takes for final.
#[derive(Debug)]
struct Conflict;

impl ClassifyRetry for Conflict {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response().map(|response| response.status().as_u16()) {
            Some(409) => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "conflict of conditional puts"
    }
}
