//! A lake in a bucket. Reading needs `s3:ListBucket` and `s3:GetObject`, erasing also `s3:DeleteObject`; the receiver's role has none.

use auth0_log_lake::store::{Put, StoreError, StoreErrorKind};
use aws_config::BehaviorVersion;
use aws_sdk_s3::{
    Client,
    config::Builder,
    error::SdkError,
    operation::get_object::GetObjectOutput,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, DeleteMarkerEntry, ObjectVersion},
};

use super::{Held, Keys};

/// A bucket, and the prefix of each key.
#[derive(Debug)]
pub struct Bucket {
    client: Client,
    bucket: String,
    prefix: String,
}

impl Bucket {
    /// Opens a bucket with the credentials and settings of the environment, as the AWS CLI does.
    #[expect(clippy::disallowed_methods, reason = "the SDK does not say which endpoint it found in the environment")]
    pub async fn open(bucket: &str, prefix: &str) -> Self {
        let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let overridden = shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        let client = Client::from_conf(Builder::from(&shared).force_path_style(overridden).build());
        Self { client, bucket: bucket.to_owned(), prefix: prefix.to_owned() }
    }

    /// Opens a bucket of an S3 server, whatever the environment says.
    #[cfg(test)]
    pub fn on_server(endpoint: &str, key: &str, secret: &str, bucket: &str) -> Self {
        use aws_sdk_s3::config::{Credentials, Region};
        let settings = Builder::new().behavior_version(BehaviorVersion::latest()).region(Region::from_static("eu-central-1"));
        let settings = settings.endpoint_url(endpoint).credentials_provider(Credentials::new(key, secret, None, None, "given"));
        let client = Client::from_conf(settings.force_path_style(true).build());
        Self { client, bucket: bucket.to_owned(), prefix: "auth0/".to_owned() }
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

    pub async fn begin(&self, key: &str) -> Result<GetObjectOutput, StoreError> {
        Ok(self.client.get_object().bucket(&self.bucket).key(self.full(key)).send().await?)
    }

    pub async fn create(&self, key: &str, held: &Held) -> Result<Put, StoreError> {
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.full(key))
            .set_content_type(held.content_type.clone())
            .set_content_encoding(held.content_encoding.clone())
            .checksum_algorithm(ChecksumAlgorithm::Crc32C)
            .if_none_match("*")
            .body(ByteStream::from(held.bytes.clone()))
            .send();
        match put.await {
            Ok(_) => Ok(Put::Created),
            Err(SdkError::ServiceError(error)) if error.raw().status().as_u16() == 412 => Ok(Put::AlreadyThere),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.client.delete_object().bucket(&self.bucket).key(self.full(key)).send().await?;
        Ok(())
    }

    pub async fn forget(&self, key: &str) -> Result<usize, StoreError> {
        let full = self.full(key);
        let is_meant = |found: Option<&str>| found.is_some_and(|found| found == full || full.ends_with('/') && found.starts_with(&full));
        let (mut old, mut markers, mut from) = (Vec::new(), Vec::new(), (None, None));
        loop {
            let list = self.client.list_object_versions().bucket(&self.bucket).prefix(&full);
            let page = list.set_key_marker(from.0).set_version_id_marker(from.1).send().await?;
            let is_old = |version: &&ObjectVersion| version.is_latest() == Some(false) && is_meant(version.key());
            old.extend(page.versions().iter().filter(is_old).map(|version| (version.key.clone(), version.version_id.clone())));
            let is_marker = |marker: &&DeleteMarkerEntry| is_meant(marker.key());
            markers.extend(page.delete_markers().iter().filter(is_marker).map(|marker| (marker.key.clone(), marker.version_id.clone())));
            if page.is_truncated() != Some(true) {
                break;
            }
            from = (page.next_key_marker, page.next_version_id_marker);
        }
        // Delete markers last, so that none uncovers a version.
        old.append(&mut markers);
        for (key, version) in &old {
            let delete = self.client.delete_object().bucket(&self.bucket);
            delete.set_key(key.clone()).set_version_id(version.clone()).send().await?;
        }
        Ok(old.len())
    }

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

/// Reads the bytes of a get.
pub async fn finish(got: GetObjectOutput) -> Result<Held, StoreError> {
    let (content_type, content_encoding) = (got.content_type().map(str::to_owned), got.content_encoding().map(str::to_owned));
    let body = got.body.collect().await.map_err(|error| StoreError::new(StoreErrorKind::Unavailable, error))?;
    Ok(Held { bytes: body.to_vec(), content_type, content_encoding })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http::Method;
    use support::server::Server;

    use super::*;

    const KEY: &str = "auth0/events/x.ndjson";

    fn version(kind: &str, key: &str, id: &str, latest: bool) -> String {
        format!("<{kind}><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{latest}</IsLatest></{kind}>")
    }

    /// Two pages of versions: of the object, of one with a longer key, and of one below the same folder.
    fn page(query: &str) -> String {
        let alike = format!("{KEY}.gz");
        let (rest, more) = if query.contains("key-marker=") {
            let last = [version("Version", KEY, "old-2", false), version("DeleteMarker", KEY, "marker-1", false)];
            ([last.concat(), version("Version", "auth0/events/y", "other", false)].concat(), "<IsTruncated>false</IsTruncated>".to_owned())
        } else {
            let first = [version("Version", KEY, "now", true), version("DeleteMarker", KEY, "marker-2", false)];
            let second = [version("Version", KEY, "old-1", false), version("Version", &alike, "alike", false)];
            let next = format!("<NextKeyMarker>{KEY}</NextKeyMarker><NextVersionIdMarker>old-1</NextVersionIdMarker>");
            ([first.concat(), second.concat()].concat(), format!("<IsTruncated>true</IsTruncated>{next}"))
        };
        format!("<ListVersionsResult>{more}{rest}</ListVersionsResult>")
    }

    /// Forgets the versions of this key; gives what was deleted, in order.
    async fn forgotten(key: &str) -> Vec<String> {
        let deleted = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&deleted);
        let server = Server::of_texts(move |head| {
            let query = head.uri.query().unwrap_or_default();
            if head.method == Method::DELETE {
                let id = query.split('&').find_map(|part| part.strip_prefix("versionId=")).expect("a version").to_owned();
                seen.lock().expect("the list").push(format!("{} {id}", head.uri.path()));
            }
            page(query)
        });
        let count = Bucket::on_server(&server.endpoint, "key", "secret", "bucket").forget(key).await.expect("an answer");
        let deleted = deleted.lock().expect("the list").clone();
        assert_eq!(deleted.len(), count);
        deleted
    }

    #[tokio::test]
    async fn only_old_versions_of_the_object_itself_are_deleted_and_its_markers_last() {
        let of = |id: &str| format!("/bucket/{KEY} {id}");
        assert_eq!(forgotten("events/x.ndjson").await, ["old-1", "old-2", "marker-2", "marker-1"].map(of));
        assert_eq!(forgotten("events/").await.len(), 6);
        assert_eq!(forgotten("rejects/").await, Vec::<String>::new());
    }
}
