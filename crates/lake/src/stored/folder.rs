//! Reading a folder: its tree is walked, and paths below it are keys.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use auth0_log_lake::store::StoreError;

use super::Keys;

/// The root of a lake's tree.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn list(&self, keys: &Keys) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        walk(&self.0, "", keys, &mut found)?;
        found.sort_unstable();
        Ok(found)
    }

    pub fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        Ok(fs::read(self.0.join(key))?)
    }
}

/// Adds the keys below a folder. Names that are not text are none of ours.
fn walk(folder: &Path, above: &str, keys: &Keys, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
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
