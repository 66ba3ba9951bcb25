//! A queue of SQS.

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_sqs::{
    Client,
    config::{Builder, Credentials},
};

use crate::{
    aws::{retries, timeouts, unused_address},
    queue::Queue,
    store::StoreError,
};

/// A queue, by its URL.
#[derive(Debug)]
pub struct SqsQueue {
    url: String,
    client: Client,
}

impl SqsQueue {
    /// Makes a client from the AWS SDK's own settings, while Lambda initializes, and has it make its TLS stack. Nothing is sent yet.
    pub async fn open(url: String) -> Self {
        let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let client = Client::from_conf(Builder::from(&shared).retry_config(retries()).timeout_config(timeouts()).build());
        warm_up(&client).await;
        Self { url, client }
    }

    /// Sends to one server of the SQS protocol, whatever the AWS SDK's own settings say.
    #[doc(hidden)]
    pub fn on_server(url: String, endpoint: &str, key: &str, secret: &str) -> Self {
        let settings = Builder::new().behavior_version(BehaviorVersion::latest()).region(Region::from_static("us-east-1"));
        let settings = settings.endpoint_url(endpoint).credentials_provider(Credentials::new(key, secret, None, None, "given"));
        Self { url, client: Client::from_conf(settings.retry_config(retries()).timeout_config(timeouts()).build()) }
    }
}

/// Sends to a port of this machine that nothing listens on, with credentials of nobody, as the store's client does.
async fn warm_up(client: &Client) {
    let Ok(address) = unused_address() else { return };
    let nowhere = Builder::new()
        .endpoint_url(format!("https://{address}"))
        .credentials_provider(Credentials::new("nobody", "", None, None, "warm-up"))
        .retry_config(RetryConfig::disabled());
    _ = client.send_message().queue_url("nowhere").message_body("warm-up").customize().config_override(nowhere).send().await;
}

impl Queue for SqsQueue {
    async fn send(&self, text: String) -> Result<(), StoreError> {
        let sent = self.client.send_message().queue_url(&self.url).message_body(text).send().await;
        sent.map(drop).map_err(|error| StoreError::from(error).of_queue())
    }
}
