//! What every store promises: an object is created once, whole, and never replaced.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use auth0_log_lake::{
    object::{Compression, Object, ObjectKey, Table},
    store::{FileStore, Put, S3Store, Store, StoreErrorKind, put_all},
};
use bytes::Bytes;
use support::{
    files::files,
    pure::received_at,
    s3::{BUCKET, KEY, S3, SECRET},
};

use crate::memory::{MemoryStore, deadline};

/// How many puts of one key race.
const RACERS: u8 = 24;

/// An object whose key does not depend on its bytes.
pub fn object(name: u8, bytes: &[u8], compression: Compression) -> Object {
    Object { key: ObjectKey::new(Table::Events, received_at(), [name; 16], compression), bytes: Bytes::copy_from_slice(bytes) }
}

/// A store that the suite can look into.
trait Shelf: Store + 'static {
    /// The objects, by their keys.
    fn objects(&self) -> BTreeMap<String, Vec<u8>>;
}

impl Shelf for MemoryStore {
    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.objects().iter().map(|(key, bytes)| (key.clone(), bytes.to_vec())).collect()
    }
}

/// A store, and what is behind it.
struct Behind<S, B> {
    store: S,
    behind: B,
    objects: fn(&B) -> BTreeMap<String, Vec<u8>>,
}

impl<S: Store, B: Send + Sync + 'static> Store for Behind<S, B> {
    async fn put(&self, object: &Object) -> Result<Put, auth0_log_lake::store::StoreError> {
        self.store.put(object).await
    }
}

impl<S: Store + 'static, B: Send + Sync + 'static> Shelf for Behind<S, B> {
    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        (self.objects)(&self.behind)
    }
}

fn file_store() -> impl Shelf {
    let folder = tempfile::tempdir().expect("a folder for the lake");
    let store = FileStore::new(folder.path().join("a").join("lake"));
    Behind { store, behind: folder, objects: |folder| files(&folder.path().join("a/lake")) }
}

/// A store over a bucket of a server.
pub fn s3_store(endpoint: &str, bucket: &str) -> S3Store {
    S3Store::on_server(bucket.to_owned(), "some/prefix/".to_owned(), endpoint, KEY, SECRET)
}

fn s3() -> impl Shelf {
    let s3 = S3::start();
    let store = s3_store(&s3.server.endpoint, BUCKET);
    let below = |s3: &S3| {
        let stripped = |(key, bytes): (String, Vec<u8>)| Some((key.strip_prefix("some/prefix/")?.to_owned(), bytes));
        s3.objects().into_iter().filter_map(stripped).collect()
    };
    Behind { store, behind: s3, objects: below }
}

async fn an_object_is_created_once_and_never_replaced(store: impl Shelf) {
    let first = object(1, b"first", Compression::Gzip);
    let second = Object { bytes: Bytes::from_static(b"second, and longer"), ..first.clone() };
    assert_eq!(store.put(&first).await.expect("a put"), Put::Created);
    assert_eq!(store.put(&second).await.expect("a put"), Put::AlreadyThere);
    assert_eq!(store.objects(), BTreeMap::from([(first.key.to_string(), b"first".to_vec())]));
}

async fn of_puts_that_race_one_creates(store: impl Shelf) {
    let store = Arc::new(store);
    let racers: Vec<Vec<u8>> = (0..RACERS).map(|racer| vec![racer; 70_000]).collect();
    let race = racers.iter().map(|bytes| {
        let (store, object) = (Arc::clone(&store), object(7, bytes, Compression::None));
        tokio::spawn(async move { store.put(&object).await.expect("a put") })
    });
    let mut created = 0;
    for racer in race.collect::<Vec<_>>() {
        created += usize::from(racer.await.expect("a racer that ends") == Put::Created);
    }
    assert_eq!(created, 1);
    let objects = store.objects();
    assert!(objects.len() == 1 && objects.values().all(|bytes| racers.contains(bytes)), "one object, of one racer");
}

async fn every_object_of_a_request_is_stored_byte_for_byte(store: impl Shelf) {
    let bytes = |size: usize| (0..=255u8).cycle().take(size).collect::<Vec<u8>>();
    let objects: Vec<Object> =
        [0, 1, 4_095, 70_000, 3 << 20].iter().zip(1..).map(|(size, name)| object(name, &bytes(*size), Compression::Zstd)).collect();
    for expected in [Put::Created, Put::AlreadyThere] {
        let puts: Vec<Put> = put_all(&store, &objects, deadline()).await.into_iter().map(|put| put.expect("a put")).collect();
        assert_eq!(puts, [expected; 5]);
    }
    let expected: BTreeMap<_, _> = objects.iter().map(|object| (object.key.to_string(), object.bytes.to_vec())).collect();
    assert!(store.objects() == expected, "every object as it was put");
}

/// One module of claims for each store.
macro_rules! contract {
    ($($store:ident: $made:expr;)*) => {$(
        mod $store {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn creates_an_object_once_and_never_replaces_it() {
                super::an_object_is_created_once_and_never_replaced($made).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn lets_one_of_many_racing_puts_create() {
                super::of_puts_that_race_one_creates($made).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn stores_every_object_of_a_request_byte_for_byte() {
                super::every_object_of_a_request_is_stored_byte_for_byte($made).await;
            }
        }
    )*};
}

contract! {
    memory: crate::memory::MemoryStore::default();
    file: super::file_store();
    bucket: super::s3();
}

#[tokio::test]
async fn a_file_lake_holds_staged_files_at_its_root_and_objects_below_their_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = folder.path().join("lake");
    let store = FileStore::new(lake.clone());
    // A killed process leaves this behind. No reader of a table sees it, and no put trips over it.
    std::fs::create_dir(&lake).expect("the lake's folder");
    std::fs::write(lake.join(".staged-left"), b"half").expect("a staged file");
    store.put(&object(1, b"whole", Compression::None)).await.expect("a put");
    let names = |folder: &Path| files(folder).into_keys().collect::<Vec<_>>();
    let key = object(1, b"", Compression::None).key.to_string();
    assert_eq!(names(&lake), [".staged-left".to_owned(), key.clone()]);
    assert_eq!(names(&lake.join("events")), [key.strip_prefix("events/").unwrap_or_default()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_a_file_lake_never_sees_half_an_object() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, events) = (FileStore::new(folder.path().to_owned()), folder.path().join("events"));
    let writer = tokio::spawn(async move {
        for name in 0..20 {
            store.put(&object(name, &vec![name; 2 << 20], Compression::None)).await.expect("a put");
        }
    });
    while !writer.is_finished() {
        assert!(files(&events).values().all(|bytes| bytes.len() == 2 << 20), "whole objects alone");
        tokio::task::yield_now().await;
    }
    writer.await.expect("every put");
    assert_eq!(files(folder.path()).len(), 20);
}

#[tokio::test]
async fn a_file_lake_that_cannot_be_a_folder_is_not_found() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let store = FileStore::new(file.path().join("lake"));
    let error = store.put(&object(1, b"", Compression::None)).await.expect_err("a file is no folder");
    assert_eq!(error.kind, StoreErrorKind::NotFound, "{}", error.chain());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_not_found() {
    let s3 = S3::start();
    let store = s3_store(&s3.server.endpoint, "another-bucket");
    let error = store.put(&object(1, b"", Compression::None)).await.expect_err("there is no such bucket");
    assert_eq!(error.kind, StoreErrorKind::NotFound, "{}", error.chain());
}

#[tokio::test]
async fn a_wrong_key_is_denied() {
    let s3 = S3::start();
    let store = S3Store::on_server(BUCKET.to_owned(), String::new(), &s3.server.endpoint, KEY, "another-secret");
    let error = store.put(&object(1, b"", Compression::None)).await.expect_err("the secret is wrong");
    assert_eq!(error.kind, StoreErrorKind::Denied, "{}", error.chain());
}

#[tokio::test]
async fn every_put_to_s3_is_conditional_with_a_checksum_and_says_what_it_holds() {
    let s3 = S3::start();
    let store = s3_store(&s3.server.endpoint, BUCKET);
    for (name, compression, media_type) in [
        (1, Compression::Gzip, "application/gzip"),
        (2, Compression::Zstd, "application/zstd"),
        (3, Compression::None, "application/x-ndjson"),
    ] {
        store.put(&object(name, b"bytes", compression)).await.expect("a put");
        let headers = s3.server.seen.puts().pop().expect("a put that was seen");
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        assert!(matches!(header("content-encoding"), None | Some("aws-chunked")), "{headers:?}");
        assert_eq!((header("if-none-match"), header("content-type")), (Some("*"), Some(media_type)));
        let checksum = header("x-amz-checksum-crc32c").is_some() || header("x-amz-trailer") == Some("x-amz-checksum-crc32c");
        assert!(checksum, "{headers:?}");
    }
}
