//! Where objects are put: created, never replaced, and never half there.

use std::{error::Error, fmt, future::Future, ops::Add, pin::pin, sync::Arc};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::{
    config::{LakeUrl, PutSettings},
    object::Object,
};

mod fs;
mod s3;

pub use fs::FileStore;
pub use s3::S3Store;

/// Puts that run side by side: enough for a batch that spans days, few enough for a small function's memory.
const PUTS_AT_ONCE: usize = 16;

/// What a put did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object is there now.
    Created,
    /// An object of this key, and so of these records, was there already.
    AlreadyThere,
}

/// A place for objects.
pub trait Store: Send + Sync + 'static {
    /// Creates an object, or finds it there; afterwards it is stored durably and whole.
    fn put(&self, object: &Object) -> impl Future<Output = Result<Put, StoreError>> + Send;
}

/// What failed, as far as the operator must tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The bucket or folder is not there.
    NotFound,
    /// The function may not write there, or its credentials are no longer valid.
    Denied,
    /// The store cannot take the object as it is set up: another region, a key that is disabled or gone, a call it does not know.
    Misconfigured,
    /// The store is throttling us.
    Throttled,
    /// There is no room.
    Full,
    /// The store did not answer in time.
    Late,
    /// Anything else: the network, the store, the disk.
    Unavailable,
}

impl StoreErrorKind {
    /// The stable code, as logs hold it.
    pub const fn code(self) -> &'static str {
        match self {
            StoreErrorKind::NotFound => "not_found",
            StoreErrorKind::Denied => "denied",
            StoreErrorKind::Misconfigured => "misconfigured",
            StoreErrorKind::Throttled => "throttled",
            StoreErrorKind::Full => "full",
            StoreErrorKind::Late => "late",
            StoreErrorKind::Unavailable => "unavailable",
        }
    }

    /// What the operator should look at.
    const fn sentence(self) -> &'static str {
        match self {
            StoreErrorKind::NotFound => "the lake's bucket or folder is not there: check LAKE_URL",
            StoreErrorKind::Denied => {
                "the lake may not be written to: check the role's s3:PutObject and the bucket's policy, or the folder's owner"
            }
            StoreErrorKind::Misconfigured => "the bucket is not set up to take the object: check its region, its KMS key and LAKE_URL",
            StoreErrorKind::Throttled => "the store is throttling us",
            StoreErrorKind::Full => "the store has no room left",
            StoreErrorKind::Late => "the store did not answer in time",
            StoreErrorKind::Unavailable => "the store could not be reached or failed",
        }
    }

    /// What the operator should look at where the queue failed.
    const fn sentence_of_queue(self) -> &'static str {
        match self {
            StoreErrorKind::NotFound => "the queue is not there: check QUEUE_URL",
            StoreErrorKind::Denied => {
                "the queue may not be sent to: check the role's sqs:SendMessage, and the queue's and its key's policy"
            }
            StoreErrorKind::Misconfigured | StoreErrorKind::Full => {
                "the queue is not set up to take the message: check its region and its key"
            }
            StoreErrorKind::Throttled => "the queue is throttling us",
            StoreErrorKind::Late => "the queue did not answer in time",
            StoreErrorKind::Unavailable => "the queue could not be reached or failed",
        }
    }
}

/// A put that failed. Nothing of it is for the sender.
#[derive(Clone, Debug)]
pub struct StoreError {
    /// What failed.
    pub kind: StoreErrorKind,
    /// It was the queue that failed, and not the lake.
    is_of_queue: bool,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// Creates an error with its cause.
    pub fn new(kind: StoreErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, is_of_queue: false, source: Some(Arc::from(source.into())) }
    }

    pub(crate) fn late() -> Self {
        Self { kind: StoreErrorKind::Late, is_of_queue: false, source: None }
    }

    /// The same failure, of the queue.
    pub(crate) fn of_queue(self) -> Self {
        Self { is_of_queue: true, ..self }
    }

    /// The causes in one line, the outermost first.
    pub fn chain(&self) -> String {
        let mut chain = Vec::new();
        let mut next = self.source();
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        chain.dedup();
        chain.join(": ")
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_of_queue { self.kind.sentence_of_queue() } else { self.kind.sentence() })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What the puts of a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Puts {
    /// Objects created.
    pub created: usize,
    /// Objects that were there already.
    pub already_there: usize,
    /// Bytes of the objects created.
    pub bytes: usize,
}

impl Add for Puts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            created: self.created + other.created,
            already_there: self.already_there + other.already_there,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Puts {
    /// Counts a put of this many bytes.
    pub(crate) fn note(&mut self, put: Put, bytes: usize) {
        match put {
            Put::Created => (self.created, self.bytes) = (self.created + 1, self.bytes + bytes),
            Put::AlreadyThere => self.already_there += 1,
        }
    }
}

/// Puts every object, side by side, until `deadline`; gives what became of each, in their order.
///
/// After the first that fails no other is waited for: those that were not there by then have failed for the same reason.
/// What was put stays; all can be put again.
pub async fn put_all(store: &impl Store, objects: &[Object], deadline: Instant) -> Vec<Result<Put, StoreError>> {
    let mut ends: Vec<Option<Put>> = vec![None; objects.len()];
    // Each put is made when its turn comes: a put that waits takes kilobytes.
    let each = stream::iter(0..objects.len()).map(|at| async move { (at, store.put(&objects[at]).await) });
    let mut puts = pin!(each.buffer_unordered(PUTS_AT_ONCE));
    let all = async {
        while let Some((at, put)) = puts.next().await {
            ends[at] = Some(put?);
        }
        Ok(())
    };
    let failure = timeout_at(deadline, all).await.unwrap_or_else(|_| Err(StoreError::late())).err();
    ends.into_iter().map(|end| end.ok_or_else(|| failure.clone().unwrap_or_else(StoreError::late))).collect()
}

/// The lake that `LAKE_URL` names.
#[derive(Debug)]
pub enum Lake {
    /// A bucket.
    S3(S3Store),
    /// A folder.
    File(FileStore),
}

impl Lake {
    /// Opens the lake; nothing is sent or written before the first put.
    pub async fn open(url: LakeUrl, puts: PutSettings) -> Self {
        match url {
            LakeUrl::S3 { bucket, prefix } => Self::S3(S3Store::open(bucket, prefix, puts).await),
            LakeUrl::File(folder) => Self::File(FileStore::new(folder)),
        }
    }
}

impl Store for Lake {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        match self {
            Self::S3(store) => store.put(object).await,
            Self::File(store) => store.put(object).await,
        }
    }
}
