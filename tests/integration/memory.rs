//! Stores for tests: one in memory, and one that fails midway.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use auth0_log_lake::{
    object::Object,
    store::{Put, Store, StoreError, StoreErrorKind},
};
use bytes::Bytes;
use tokio::time::Instant;

/// Objects in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, Bytes>>);

impl MemoryStore {
    /// The objects, by their keys.
    pub fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        let mut objects = self.objects();
        let key = object.key.to_string();
        if objects.contains_key(&key) {
            return Ok(Put::AlreadyThere);
        }
        objects.insert(key, object.bytes.clone());
        Ok(Put::Created)
    }
}

/// A store that fails after some puts, until it is mended.
#[derive(Debug)]
pub struct Failing<S> {
    /// The store behind it.
    pub inner: S,
    left: AtomicUsize,
}

impl<S> Failing<S> {
    /// Wraps a store, to fail after `puts` puts.
    pub fn after(puts: usize, inner: S) -> Self {
        Self { inner, left: AtomicUsize::new(puts) }
    }

    /// Lets every later put through.
    pub fn mend(&self) {
        self.left.store(usize::MAX, Ordering::SeqCst);
    }
}

impl<S: Store> Store for Failing<S> {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => self.inner.put(object).await,
            Err(_) => Err(StoreError::new(StoreErrorKind::Unavailable, "the disk behind 192.0.2.77 is on fire")),
        }
    }
}

/// A deadline that no test reaches.
pub fn deadline() -> Instant {
    in_time(Duration::from_secs(60))
}

#[expect(clippy::disallowed_methods, reason = "a deadline is a time from now on")]
pub fn in_time(time: Duration) -> Instant {
    Instant::now() + time
}
