//! Reading a bucket. It needs `s3:ListBucket` and `s3:GetObject`, which the receiver's role has not.

use auth0_log_lake::store::{Kind, StoreError};
use aws_config::BehaviorVersion;
use aws_sdk_s3::{Client, config::Builder};

use super::Keys;

/// A bucket, and what stands before each key.
#[derive(Debug)]
pub struct Bucket {
    client: Client,
    bucket: String,
    prefix: String,
}

impl Bucket {
    /// Takes the credentials and settings of the environment, as the AWS CLI does.
    #[expect(clippy::disallowed_methods, reason = "the SDK does not say which endpoint it found in the environment")]
    pub async fn open(bucket: &str, prefix: &str) -> Self {
        let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let overridden = shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        let client = Client::from_conf(Builder::from(&shared).force_path_style(overridden).build());
        Self { client, bucket: bucket.to_owned(), prefix: prefix.to_owned() }
    }

    pub async fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(format!("{}{}", self.prefix, keys.prefix));
        let start = (!keys.from.is_empty()).then(|| format!("{}{}", self.prefix, keys.from));
        let mut pages = list.set_start_after(start).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for object in page?.contents() {
                let Some(key) = object.key().and_then(|key| key.strip_prefix(&self.prefix)) else { continue };
                if keys.are_before(key) {
                    return Ok(found);
                }
                if keys.hold(key) {
                    found.push(key.to_owned());
                }
            }
        }
        Ok(found)
    }

    pub async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket).key(format!("{}{key}", self.prefix)).send();
        let body = get.await?.body.collect().await;
        body.map(|body| body.to_vec()).map_err(|error| StoreError::new(Kind::Unavailable, error))
    }
}
