//! Which rejects are closed: `closed/<time>-<32 hex>.ndjson`, one object for each command that closed some, never replaced.
//!
//! Each line is one reject: its `p_row_id`, when it was closed, by what, and why. The hex is from SHA-256 of the lines.

use std::collections::BTreeSet;

use auth0_log_lake::{config::LakeUrl, store::StoreErrorKind};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    outcome::Failure,
    reading::LakeError,
    stored::{Held, Keys, Objects, Opened},
};

/// Where closings are kept, beside `events/` and `rejects/`.
const FOLDER: &str = "closed/";
/// How their names end.
const ENDING: &str = ".ndjson";

/// The rejects that are closed.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    ids: BTreeSet<String>,
    /// What could not be read as closings, as sentences.
    pub problems: Vec<String>,
}

impl Closed {
    /// Reads the closings of a lake.
    ///
    /// # Errors
    /// The lake cannot be listed, or an object cannot be read.
    pub fn read(url: &LakeUrl) -> Result<Self, Failure> {
        let lake = Opened::open(url)?;
        let keys = match lake.list(&Keys::below(FOLDER)) {
            Err(error) if error.kind == StoreErrorKind::NotFound => Vec::new(),
            listed => listed.map_err(|source| LakeError::new(format!("{FOLDER}*"), url, "listed", source))?,
        };
        let mut closed = Self::default();
        let (keys, strangers): (Vec<String>, Vec<String>) = keys.into_iter().partition(|key| key.ends_with(ENDING));
        closed.problems.extend(strangers.iter().map(|key| format!("{key} is skipped: its name is not that of closings")));
        for (key, held) in keys.iter().zip(lake.get_all(&keys)) {
            closed.add(key, &held.map_err(|source| LakeError::new(key, url, "read", source))?.bytes);
        }
        Ok(closed)
    }

    fn add(&mut self, key: &str, lines: &[u8]) {
        #[derive(Deserialize)]
        struct Line {
            p_row_id: String,
        }
        for (i, line) in lines.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            match serde_json::from_slice::<Line>(line).ok().and_then(|line| id(&line.p_row_id).ok()) {
                Some(id) => _ = self.ids.insert(id),
                None => self.problems.push(format!("{key}, line {}, is skipped: it closes no reject", i + 1)),
            }
        }
    }

    /// Whether a reject is closed.
    pub fn holds(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

/// Why rejects are closed.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// By what: `operator` or `replay`.
    pub by: &'static str,
    /// Why, in the operator's words.
    pub reason: &'a str,
}

/// Closes rejects.
///
/// # Errors
/// The closings cannot be stored; then none of the rejects is closed.
pub fn close(url: &LakeUrl, ids: &BTreeSet<String>, closing: &Closing<'_>) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let at = closing.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let line = |id: &String| json!({"p_row_id": id, "closed_at": at, "by": closing.by, "reason": closing.reason}).to_string() + "\n";
    let bytes = ids.iter().map(line).collect::<String>().into_bytes();
    let hex: String = Sha256::digest(&bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let key = format!("{FOLDER}{}-{hex}{ENDING}", closing.at.format("%Y%m%dT%H%M%S%3fZ"));
    let held = Held { bytes, content_type: Some("application/x-ndjson".to_owned()), content_encoding: None };
    Opened::open(url)?.create(&key, &held).map_err(|source| LakeError::new(key, url, "stored", source))?;
    Ok(())
}

/// Reads the id of a reject.
///
/// # Errors
/// Text that is no id, as a sentence.
pub fn id(text: &str) -> Result<String, &'static str> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 32 && text.bytes().all(is_digit) { Ok(text.to_owned()) } else { Err("an id is the 32 hex digits of p_row_id") }
}
