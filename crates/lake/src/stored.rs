//! The objects of a lake, as an operator's commands see them. The receiver itself only puts.

use auth0_log_lake::{config::LakeUrl, store::StoreError};

mod bucket;
mod folder;

/// A lake, in a bucket or a folder.
#[derive(Debug)]
pub enum Lake {
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
    /// Opens the lake of this URL.
    pub async fn open(url: &LakeUrl) -> Self {
        match url {
            LakeUrl::S3 { bucket, prefix } => Self::S3(bucket::Bucket::open(bucket, prefix).await),
            LakeUrl::File(root) => Self::File(folder::Folder(root.clone())),
        }
    }

    /// Lists keys, in order.
    ///
    /// # Errors
    /// A lake that is not there or cannot be listed.
    pub async fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError> {
        match self {
            Self::S3(store) => store.list(keys).await,
            Self::File(store) => store.list(keys),
        }
    }

    /// Reads the bytes of one object.
    ///
    /// # Errors
    /// An object that is not there or cannot be read.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
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
