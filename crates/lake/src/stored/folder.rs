//! A lake in a folder: the paths below it are the keys.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use auth0_log_lake::store::{Put, StoreError};

use super::{Held, Keys};

/// Mode of a new object, which the umask narrows, as with the receiver's own.
const MODE: u32 = 0o666;

/// The root of the lake.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        walk(&self.0, "", keys, &mut found)?;
        found.sort_unstable();
        Ok(found)
    }

    pub fn begin(&self, key: &str) -> Result<File, StoreError> {
        Ok(File::open(self.0.join(key))?)
    }

    /// Writes to a staged file and moves it into place, so that nobody sees half an object.
    pub fn create(&self, key: &str, held: &Held) -> Result<Put, StoreError> {
        let path = self.0.join(key);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        let staged = tempfile::Builder::new().prefix(".staged-").permissions(Permissions::from_mode(MODE)).tempfile_in(&self.0);
        let mut staged = staged?;
        staged.write_all(&held.bytes)?;
        staged.as_file().sync_all()?;
        let put = match staged.persist_noclobber(&path) {
            Ok(_) => Put::Created,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Put::AlreadyThere,
            Err(error) => return Err(error.error.into()),
        };
        self.sync(folder)?;
        Ok(put)
    }

    /// Deletes a file, and the folders that this leaves empty.
    pub fn delete(&self, key: &str) -> Result<(), StoreError> {
        let path = self.0.join(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut folder = path.parent();
        while let Some(empty) = folder.filter(|folder| *folder != self.0 && fs::remove_dir(folder).is_ok()) {
            folder = empty.parent();
        }
        Ok(self.sync(folder.unwrap_or(&self.0))?)
    }

    /// Syncs a folder and its parents up to the lake's, so that changes survive a power cut.
    fn sync(&self, folder: &Path) -> io::Result<()> {
        folder.ancestors().take_while(|above| above.starts_with(&self.0)).try_for_each(|above| File::open(above)?.sync_all())
    }
}

/// Adds the keys below a folder. A name that is not UTF-8 is added with replacement characters, so that it is named as foreign.
fn walk(folder: &Path, above: &str, keys: &Keys, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let below = format!("{above}{name}/");
            if keys.may_lie_in(&below) {
                walk(&entry.path(), &below, keys, found)?;
            }
            continue;
        }
        let key = format!("{above}{name}");
        if keys.hold(&key) {
            found.push(key);
        }
    }
    Ok(())
}
