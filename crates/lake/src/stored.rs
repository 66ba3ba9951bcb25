//! The objects of a lake, as an operator's commands see them. The receiver itself only puts.

use std::io;

use auth0_log_lake::{
    config::LakeUrl,
    store::{Put, StoreError},
};
use futures_util::{StreamExt, stream};
use tokio::runtime::{Builder, Runtime};

mod bucket;
mod folder;

/// Objects that are read side by side.
const GETS_AT_ONCE: usize = 16;

/// An object as it is held: what a copy of it must have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its media type, in a bucket.
    pub content_type: Option<String>,
    /// Its content coding, in a bucket.
    pub content_encoding: Option<String>,
}

/// What is done to the objects of a lake, one step at a time.
pub trait Objects {
    /// Lists keys, in order.
    ///
    /// # Errors
    /// A lake that is not there or cannot be listed.
    fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError>;

    /// Reads one object.
    ///
    /// # Errors
    /// An object that is not there or cannot be read.
    fn get(&self, key: &str) -> Result<Held, StoreError>;

    /// Reads some objects, in this order.
    fn get_all(&self, keys: &[String]) -> Vec<Result<Held, StoreError>> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// Creates an object, or finds one of this key there, whatever it holds.
    ///
    /// # Errors
    /// A store that fails; the object may be there all the same.
    fn create(&self, key: &str, held: &Held) -> Result<Put, StoreError>;

    /// Deletes an object; one that is not there is deleted already.
    ///
    /// # Errors
    /// A store that fails; the object may be gone all the same.
    fn delete(&self, key: &str) -> Result<(), StoreError>;

    /// Deletes the old versions of an object, or of all below a prefix with a slash at its end; gives how many there were.
    ///
    /// # Errors
    /// A bucket whose versions cannot be listed or deleted.
    fn forget(&self, key: &str) -> Result<usize, StoreError>;
}

/// A lake that is open, with the runtime that its calls wait in.
#[derive(Debug)]
pub struct Opened {
    lake: Lake,
    runtime: Runtime,
}

impl Opened {
    /// Opens a lake; nothing is read yet.
    ///
    /// # Errors
    /// Where the system has no room for a runtime.
    pub fn open(url: &LakeUrl) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let lake = runtime.block_on(Lake::open(url));
        Ok(Self { lake, runtime })
    }
}

#[cfg(test)]
impl Opened {
    /// Opens a bucket of one server of the S3 protocol, below the prefix `auth0/`.
    pub fn on_server(endpoint: &str, key: &str, secret: &str, bucket: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { lake: Lake::S3(bucket::Bucket::on_server(endpoint, key, secret, bucket)), runtime }
    }
}

impl Objects for Opened {
    fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError> {
        match &self.lake {
            Lake::S3(store) => self.runtime.block_on(store.list(keys)),
            Lake::File(store) => store.list(keys),
        }
    }

    fn get(&self, key: &str) -> Result<Held, StoreError> {
        self.runtime.block_on(self.lake.get(key))
    }

    fn get_all(&self, keys: &[String]) -> Vec<Result<Held, StoreError>> {
        self.runtime.block_on(stream::iter(keys).map(|key| self.lake.get(key)).buffered(GETS_AT_ONCE).collect())
    }

    fn create(&self, key: &str, held: &Held) -> Result<Put, StoreError> {
        match &self.lake {
            Lake::S3(store) => self.runtime.block_on(store.create(key, held)),
            Lake::File(store) => store.create(key, held),
        }
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        match &self.lake {
            Lake::S3(store) => self.runtime.block_on(store.delete(key)),
            Lake::File(store) => store.delete(key),
        }
    }

    fn forget(&self, key: &str) -> Result<usize, StoreError> {
        match &self.lake {
            Lake::S3(store) => self.runtime.block_on(store.forget(key)),
            // A folder keeps none.
            Lake::File(_) => Ok(0),
        }
    }
}

/// A lake, in a bucket or a folder.
#[derive(Debug)]
enum Lake {
    /// A bucket.
    S3(bucket::Bucket),
    /// A folder.
    File(folder::Folder),
}

/// Which keys are listed.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// What they start with.
    pub prefix: String,
    /// None that sorts before this.
    pub from: String,
    /// None that sorts at or after this.
    pub to: Option<String>,
}

impl Keys {
    /// Takes every key that starts so.
    pub fn below(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    fn hold(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && key >= self.from.as_str() && !self.are_before(key)
    }

    /// Says whether this key and all that sort after it are left out.
    fn are_before(&self, key: &str) -> bool {
        self.to.as_deref().is_some_and(|to| key >= to)
    }

    /// Says whether a folder, its slash at the end, may hold some of them.
    fn may_lie_in(&self, folder: &str) -> bool {
        folder.starts_with(&self.prefix) || self.prefix.starts_with(folder)
    }
}

impl Lake {
    async fn open(url: &LakeUrl) -> Self {
        match url {
            LakeUrl::S3 { bucket, prefix } => Self::S3(bucket::Bucket::open(bucket, prefix).await),
            LakeUrl::File(root) => Self::File(folder::Folder(root.clone())),
        }
    }

    async fn get(&self, key: &str) -> Result<Held, StoreError> {
        match self {
            Self::S3(store) => store.get(key).await,
            Self::File(store) => store.get(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_held_from_the_first_day_to_before_the_last() {
        let keys =
            Keys { prefix: "rejects/".to_owned(), from: "rejects/dt=2026-07-02".to_owned(), to: Some("rejects/dt=2026-07-04".to_owned()) };
        for (key, held) in [
            ("rejects/dt=2026-07-01/hour=23/x", false),
            ("rejects/dt=2026-07-02/hour=00/x", true),
            ("rejects/dt=2026-07-03/hour=23/x", true),
            ("rejects/dt=2026-07-04/hour=00/x", false),
            ("events/dt=2026-07-02/hour=00/x", false),
        ] {
            assert_eq!(keys.hold(key), held, "{key}");
        }
        assert!(keys.may_lie_in("rejects/dt=2026-07-02/") && !keys.may_lie_in("events/"));
    }
}
