//! An S3 server over a folder, whose bucket lets objects be created and never replaced.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use axum::{body::Body, extract::Request, response::Response};
use http::{Method, StatusCode, header::IF_NONE_MATCH};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::{
    files::{files, folder},
    server::{Server, error},
};

/// Access key of the server.
pub const KEY: &str = "AKIDEXAMPLE";
/// Secret of the server.
pub const SECRET: &str = "secret-of-the-s3-server";
/// The one bucket.
pub const BUCKET: &str = "lake-of-tests";

/// A running S3 server; it ends, and its objects with it, when this is dropped.
pub struct S3 {
    /// The server.
    pub server: Server,
    root: TempDir,
}

impl S3 {
    /// Starts a server with one empty bucket.
    pub fn start() -> Self {
        let root = folder();
        fs::create_dir(root.path().join(BUCKET)).expect("a folder for the bucket");
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root.path()).expect("a server over a folder"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        // The server looks and then writes, which S3 does in one step; one request at a time makes that so.
        let turn = Arc::new(Mutex::new(()));
        let buckets = root.path().to_owned();
        let server = Server::start(move |request| answer(service.clone(), Arc::clone(&turn), buckets.clone(), request));
        Self { server, root }
    }

    /// The folder of the bucket.
    pub fn bucket(&self) -> PathBuf {
        self.root.path().join(BUCKET)
    }

    /// The objects, by their keys.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.bucket())
    }

    /// The variables with which a program reaches the server.
    pub fn environment(&self) -> [(&'static str, &str); 4] {
        environment(&self.server.endpoint)
    }
}

/// The variables with which a program reaches an S3 server at this address.
pub fn environment(endpoint: &str) -> [(&'static str, &str); 4] {
    [("AWS_ENDPOINT_URL_S3", endpoint), ("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)]
}

async fn answer(service: S3Service, turn: Arc<Mutex<()>>, buckets: PathBuf, request: Request) -> Response {
    let bucket = request.uri().path().split('/').nth(1).unwrap_or_default();
    if !buckets.join(bucket).is_dir() {
        return error(StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    if request.method() == Method::PUT && !request.headers().contains_key(IF_NONE_MATCH) {
        return error(StatusCode::FORBIDDEN, "AccessDenied");
    }
    // The server keeps no versions, and does not know the call.
    if request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "versions" || part == "versions=")) {
        return Response::new(Body::from("<ListVersionsResult></ListVersionsResult>"));
    }
    let _turn = turn.lock().await;
    let answered = service.call(request.map(s3s::Body::http_body_unsync)).await;
    answered.map(|response| response.map(Body::new)).unwrap_or_else(|error| panic!("the S3 server failed: {error:?}"))
}
