//! The lake as a bucket of S3.
//!
//! A put carries `If-None-Match: *`, so that S3 creates the object or answers 412, which means that
//! an object of this key, and so of these records, is there. 409 means that another put of the key
//! was under way; it is tried again.

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, Credentials,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ServerSideEncryption},
};

use crate::{
    aws::{retries, status, timeouts, unused_address},
    config::{Encryption, PutSettings},
    object::Object,
    store::{Put, Store, StoreError},
};

/// Objects in a bucket, below a prefix.
#[derive(Debug)]
pub struct S3Store {
    bucket: String,
    prefix: String,
    encryption: Option<ServerSideEncryption>,
    key_id: Option<String>,
    bucket_owner: Option<String>,
    client: Client,
}

impl S3Store {
    /// Makes a client from the AWS SDK's own settings, and takes the bucket's name and what stands before each key.
    ///
    /// The client is made here, while Lambda initializes, and not at the first put: reading the root certificates and making the
    /// TLS stack takes far more processor time than a put. Nothing is sent yet.
    #[expect(
        clippy::disallowed_methods,
        reason = "the SDK reads its settings from the environment, and does not say which endpoint it found there"
    )]
    pub async fn open(bucket: String, prefix: String, puts: PutSettings) -> Self {
        let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let overridden = shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        // Local S3 servers know a bucket by its path, not by a host name.
        let settings = with_timeouts(Builder::from(&shared)).force_path_style(overridden);
        let client = Client::from_conf(settings.build());
        warm_up(&client).await;
        Self::new(bucket, prefix, puts, client)
    }

    /// Puts to one server of the S3 protocol, whatever the AWS SDK's own settings say.
    #[doc(hidden)]
    pub fn on_server(bucket: String, prefix: String, endpoint: &str, key: &str, secret: &str) -> Self {
        let settings = Builder::new().behavior_version(BehaviorVersion::latest()).region(Region::from_static("us-east-1"));
        let settings = settings.endpoint_url(endpoint).credentials_provider(Credentials::new(key, secret, None, None, "given"));
        Self::new(bucket, prefix, PutSettings::default(), Client::from_conf(with_timeouts(settings).force_path_style(true).build()))
    }

    fn new(bucket: String, prefix: String, puts: PutSettings, client: Client) -> Self {
        let (encryption, key_id) = match puts.encryption {
            None => (None, None),
            Some(Encryption::S3) => (Some(ServerSideEncryption::Aes256), None),
            Some(Encryption::Kms(key_id)) => (Some(ServerSideEncryption::AwsKms), key_id),
        };
        Self { bucket, prefix, encryption, key_id, bucket_owner: puts.bucket_owner, client }
    }
}

/// Has the client make all that it makes at its first request: the SDK reads root certificates and builds its TLS stack only then.
///
/// The request goes to a port of this machine that nothing listens on, with credentials of nobody, so it ends at once and needs no network.
/// The first random number costs most, some 30 ms of processor time: AWS-LC seeds its generator from the processor's jitter.
async fn warm_up(client: &Client) {
    // Where there is none, the first handshake fails and says so.
    _ = aws_lc_rs::rand::fill(&mut [0]);
    let Ok(address) = unused_address() else { return };
    let nowhere = Builder::new()
        .endpoint_url(format!("https://{address}"))
        .credentials_provider(Credentials::new("nobody", "", None, None, "warm-up"))
        .force_path_style(true)
        .retry_config(RetryConfig::disabled());
    let put = client.put_object().bucket("nowhere").key("nothing").checksum_algorithm(ChecksumAlgorithm::Crc32C);
    _ = put.body(ByteStream::from_static(b"warm-up")).customize().config_override(nowhere).send().await;
}

/// Sets how long and how often a put is tried.
fn with_timeouts(settings: Builder) -> Builder {
    settings.retry_config(retries()).timeout_config(timeouts()).retry_classifier(Conflict)
}

impl Store for S3Store {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(format!("{}{}", self.prefix, object.key))
            .content_type(object.key.compression().media_type())
            .checksum_algorithm(ChecksumAlgorithm::Crc32C)
            .if_none_match("*")
            .set_server_side_encryption(self.encryption.clone())
            .set_ssekms_key_id(self.key_id.clone())
            .set_expected_bucket_owner(self.bucket_owner.clone())
            .body(ByteStream::from(object.bytes.clone()))
            .send();
        match put.await {
            Ok(_) => Ok(Put::Created),
            Err(error) if status(&error) == Some(412) => Ok(Put::AlreadyThere),
            Err(error) => Err(error.into()),
        }
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
