//! A lake in a folder, and the rejects that a test puts there.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use auth0_log_lake::object::Compression;
use flate2::read::MultiGzDecoder;
use support::files::{files, folder};
use tempfile::TempDir;

/// A lake in a folder of its own.
pub struct Lake(TempDir);

impl Lake {
    pub fn new() -> Self {
        Self(folder())
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("lake")
    }

    /// A path beside the lake.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.path().display())
    }

    /// Writes reject rows as one object of the day.
    pub fn reject(&self, day: &str, rows: &str) -> PathBuf {
        reject(&self.path(), day, rows)
    }

    /// The rows of all objects of a table.
    pub fn rows(&self, table: &str) -> Vec<String> {
        let mut rows = Vec::new();
        for object in files(&self.path().join(table)).into_values() {
            let mut text = String::new();
            MultiGzDecoder::new(&object[..]).read_to_string(&mut text).expect("rows");
            rows.extend(text.lines().map(str::to_owned));
        }
        rows
    }
}

/// Writes reject rows below a root as one object of the day.
pub fn reject(root: &Path, day: &str, rows: &str) -> PathBuf {
    let path = root.join(reject_key(day));
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, Compression::Gzip.compress(std::iter::once(rows.as_bytes())).expect("memory")).expect("an object");
    path
}

/// The key of that object.
pub fn reject_key(day: &str) -> String {
    format!("rejects/dt={day}/hour=03/{}T031207412Z-0123456789abcdef0123456789abcdef.ndjson.gz", day.replace('-', ""))
}

/// A reject row.
pub fn row(reason: &str, source: &str, raw: &str) -> String {
    format!("{}\n", serde_json::json!({"reason": reason, "detail": "it was so", "source": source, "raw": raw}))
}
