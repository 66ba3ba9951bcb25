//! The lake as a folder, for a laptop: the same tree as in a bucket.
//!
//! An object is written to a staged file at the lake's root, synced, and then moved into place
//! without replacing what is there (`renameat2` with `RENAME_NOREPLACE`, else a hard link). A reader of `events/` or `rejects/` never sees half an object,
//! and a process that is killed leaves at most a `.staged-…` file that no reader looks at.
//! A folder that is new is synced into its parent, so that an answered object outlives a power cut.

use std::{
    collections::HashSet,
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    object::Object,
    store::{Put, Store, StoreError, StoreErrorKind},
};

/// Who may read an object: everybody whom the folder and the process's umask let.
const MODE: u32 = 0o666;
/// Names of staged files start so.
const STAGED: &str = ".staged-";

/// Objects as files below one folder.
#[derive(Debug)]
pub struct FileStore(Arc<Folders>);

#[derive(Debug)]
struct Folders {
    root: PathBuf,
    /// Folders that this process knows to be there for good.
    synced: Mutex<HashSet<PathBuf>>,
}

impl FileStore {
    /// Creates a store over a folder, which the first put makes if it is not there.
    pub fn new(root: PathBuf) -> Self {
        Self(Arc::new(Folders { root, synced: Mutex::default() }))
    }
}

impl Store for FileStore {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        let (folders, object) = (Arc::clone(&self.0), object.clone());
        let put = tokio::task::spawn_blocking(move || folders.put(&object)).await;
        put.map_err(io::Error::other).flatten().map_err(StoreError::from)
    }
}

impl Folders {
    /// Puts an object; where a folder that was known is gone, all are made anew.
    fn put(&self, object: &Object) -> io::Result<Put> {
        let put = self.link(object);
        if !matches!(&put, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            return put;
        }
        self.known().clear();
        self.link(object)
    }

    fn link(&self, object: &Object) -> io::Result<Put> {
        let path = self.root.join(object.key.to_string());
        let folder = path.parent().unwrap_or(&self.root);
        self.make(folder)?;
        let mut staged = tempfile::Builder::new().prefix(STAGED).permissions(Permissions::from_mode(MODE)).tempfile_in(&self.root)?;
        staged.write_all(&object.bytes)?;
        staged.as_file().sync_all()?;
        let put = match staged.persist_noclobber(&path) {
            Ok(_) => Put::Created,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Put::AlreadyThere,
            Err(error) => return Err(error.error),
        };
        // Also where it was there already: whoever linked it may not have come to this line.
        sync(folder)?;
        Ok(put)
    }

    /// Makes a folder and those above it, and syncs each into its parent.
    ///
    /// What is there already at the root or above is somebody else's; below it, another process may just have made it.
    fn make(&self, folder: &Path) -> io::Result<()> {
        let below_root = folder != self.root && folder.starts_with(&self.root);
        if self.known().contains(folder) || !below_root && folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if parent != folder && parent != Path::new(".") {
            self.make(parent)?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => sync(parent)?,
        }
        self.known().insert(folder.to_owned());
        Ok(())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        self.synced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::new(kind_of(&error), error)
    }
}

fn kind_of(error: &io::Error) -> StoreErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StoreErrorKind::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreErrorKind::Denied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    }
}
