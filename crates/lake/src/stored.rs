//! The objects of a lake, as the commands read and change them. The receiver itself only puts.

use std::{
    fs::File,
    io::{self, Read},
};

use auth0_log_lake::{
    config::LakeUrl,
    store::{Put, StoreError},
};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use futures_util::{StreamExt, stream};
use tokio::runtime::{Builder, Runtime};

mod bucket;
mod folder;

/// How many objects are read at the same time.
const GETS_AT_ONCE: usize = 16;

/// A stored object: all that a copy of it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub bytes: Vec<u8>,
    /// Its media type, in a bucket.
    pub content_type: Option<String>,
    /// Its content coding, in a bucket.
    pub content_encoding: Option<String>,
}

/// The operations on the objects of a lake, each of which may fail.
pub trait Objects {
    /// Lists the keys, in order.
    ///
    /// # Errors
    /// The lake is missing, or cannot be listed.
    fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError>;

    /// Reads one object.
    ///
    /// # Errors
    /// The object is missing, or cannot be read.
    fn get(&self, key: &str) -> Result<Held, StoreError>;

    /// Reads several objects, in this order.
    fn get_all(&self, keys: &[String]) -> Vec<Result<Held, StoreError>> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// Creates an object, unless its key is taken.
    ///
    /// # Errors
    /// The store failed; the object may exist all the same.
    fn create(&self, key: &str, held: &Held) -> Result<Put, StoreError>;

    /// Deletes an object, if it exists.
    ///
    /// # Errors
    /// The store failed; the object may be gone all the same.
    fn delete(&self, key: &str) -> Result<(), StoreError>;

    /// Deletes the old versions of an object, or of all below a prefix that ends with a slash; gives their number.
    ///
    /// # Errors
    /// The versions cannot be listed or deleted.
    fn forget(&self, key: &str) -> Result<usize, StoreError>;
}

/// An open lake, with the runtime for its calls.
#[derive(Debug)]
pub struct Opened {
    lake: Lake,
    runtime: Runtime,
}

impl Opened {
    /// Opens a lake; nothing is read yet.
    ///
    /// # Errors
    /// The system cannot start a runtime.
    pub fn open(url: &LakeUrl) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let lake = runtime.block_on(Lake::open(url));
        Ok(Self { lake, runtime })
    }
}

impl Opened {
    /// Reads objects in this order and calls `then` with each; it gets `None` for one larger than `most` bytes.
    ///
    /// Several gets are under way at once, and the bytes of one object are held at a time.
    ///
    /// # Errors
    /// The first error of `then`.
    pub fn each<E>(
        &self,
        keys: &[String],
        most: u64,
        mut then: impl FnMut(usize, Result<Option<Held>, StoreError>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.runtime.block_on(async {
            let mut gets = stream::iter(keys).map(|key| self.lake.begin(key)).buffered(GETS_AT_ONCE).enumerate();
            while let Some((i, begun)) = gets.next().await {
                let held = match begun.and_then(|begun| Ok((begun.size()?, begun))) {
                    Ok((size, _)) if size > most => Ok(None),
                    Ok((_, begun)) => begun.finish().await.map(Some),
                    Err(error) => Err(error),
                };
                then(i, held)?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
impl Opened {
    /// Opens a bucket of an S3 server, below the prefix `auth0/`.
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
            // A folder keeps no versions.
            Lake::File(_) => Ok(0),
        }
    }
}

/// A get whose size is known, and whose bytes are not read yet.
enum Begun {
    S3(Box<GetObjectOutput>),
    File(File),
}

impl Begun {
    fn size(&self) -> Result<u64, StoreError> {
        Ok(match self {
            Self::S3(got) => got.content_length().unwrap_or_default().unsigned_abs(),
            Self::File(file) => file.metadata()?.len(),
        })
    }

    async fn finish(self) -> Result<Held, StoreError> {
        match self {
            Self::S3(got) => bucket::finish(*got).await,
            Self::File(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(Held { bytes, ..Held::default() })
            }
        }
    }
}

/// A lake, in a bucket or a folder.
#[derive(Debug)]
enum Lake {
    S3(bucket::Bucket),
    File(folder::Folder),
}

/// Which keys to list.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// All start with this.
    pub prefix: String,
    /// None that sorts before this.
    pub from: String,
    /// None that sorts at or after this.
    pub to: Option<String>,
}

impl Keys {
    /// All keys with this prefix.
    pub fn below(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    fn hold(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && key >= self.from.as_str() && !self.are_before(key)
    }

    /// Whether this key and all after it are left out.
    fn are_before(&self, key: &str) -> bool {
        self.to.as_deref().is_some_and(|to| key >= to)
    }

    /// Whether a folder (with its slash) may hold some of them.
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
        self.begin(key).await?.finish().await
    }

    async fn begin(&self, key: &str) -> Result<Begun, StoreError> {
        Ok(match self {
            Self::S3(store) => Begun::S3(Box::new(store.begin(key).await?)),
            Self::File(store) => Begun::File(store.begin(key)?),
        })
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
