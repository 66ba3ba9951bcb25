//! Reading a bucket. It needs `s3:ListBucket` and `s3:GetObject`, which the receiver's role has not.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::{S3Store, cause, kind_of};
use crate::store::{Keys, Kind, StoreError};

impl S3Store {
    pub(in crate::store) async fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError> {
        let list = self.client().await.list_objects_v2().bucket(&self.bucket).prefix(format!("{}{}", self.prefix, keys.prefix));
        let start = (!keys.from.is_empty()).then(|| format!("{}{}", self.prefix, keys.from));
        let mut pages = list.set_start_after(start).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for object in page.map_err(failed)?.contents() {
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

    pub(in crate::store) async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        let get = self.client().await.get_object().bucket(&self.bucket).key(format!("{}{key}", self.prefix)).send();
        let body = get.await.map_err(failed)?.body.collect().await;
        body.map(|body| body.to_vec()).map_err(|error| StoreError::new(Kind::Unavailable, error))
    }
}

fn failed<E: Error + ProvideErrorMetadata + Send + Sync + 'static>(error: SdkError<E>) -> StoreError {
    StoreError::new(kind_of(&error), cause(error))
}
