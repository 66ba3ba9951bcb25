//! Faults with the real parts: the real binaries, the real AWS SDK, a real file system.
//!
//! [`bucket`] puts a proxy that fails between the `receiver` and an S3 server; [`folder`] takes the
//! room, the right to write, or the life of the `local` receiver while it stores.

mod bucket;
#[cfg(feature = "local")]
mod folder;
#[cfg(feature = "local")]
mod local;
mod proxy;

use std::{collections::BTreeMap, fs, path::Path};

/// Gives every file below a folder by its path from there.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        // A folder that was never made holds nothing.
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("a path below").to_string_lossy().into_owned();
            // One that was just staged may be gone again.
            if let Ok(bytes) = fs::read(&path) {
                found.insert(name, bytes);
            }
        }
    }
    found
}
