//! What all rows of one request share, and what names a row.

use base16ct::lower;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::{
    auth::Source,
    json::text::write_string,
    schema::{LOG_TYPE, SCHEMA_VERSION},
    time::{TimeText, to_millisecond},
};

/// When, from whom and as which request a batch came in: what every one of its rows says.
#[derive(Debug)]
pub struct Arrival<'a> {
    pub(crate) source: &'a Source,
    pub(crate) request_id: &'a str,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) received_text: String,
    /// Row text up to the value of `p_event_time`.
    pub(crate) before_event_time: String,
    /// Row text from after `p_event_time` up to the value of `p_row_id`.
    pub(crate) before_row_id: String,
    /// Row text from after `p_row_id` up to the indicators.
    pub(crate) after_row_id: String,
    /// Row text of `ingest` up to the value of `time_source`.
    pub(crate) ingest: Vec<u8>,
}

impl<'a> Arrival<'a> {
    /// Takes who sent a request, its id and when it was received, which is cut to milliseconds.
    pub fn new(source: &'a Source, request_id: &'a str, received_at: DateTime<Utc>) -> Self {
        let received_at = to_millisecond(received_at);
        let received_text = TimeText::of(received_at).to_string();
        let mut ingest = b",\"ingest\":{\"request_id\":".to_vec();
        write_string(&mut ingest, request_id);
        ingest.extend_from_slice(b",\"time_source\":\"");
        Self {
            source,
            request_id,
            received_at,
            before_event_time: format!("{{\"p_log_type\":\"{LOG_TYPE}\",\"p_schema_version\":{SCHEMA_VERSION},\"p_event_time\":\""),
            before_row_id: format!("\",\"p_parse_time\":\"{received_text}\",\"p_row_id\":\""),
            after_row_id: format!("\",\"p_source_label\":\"{}\"", source.as_str()),
            received_text,
            ingest,
        }
    }
}

/// The first 128 bits of SHA-256 of the source, a zero byte, and what the row is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowId([u8; 16]);

impl RowId {
    pub fn of(source: &Source, known_by: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(source.as_str()).chain_update([0]).chain_update(known_by).finalize();
        Self(first_half(&digest.into()))
    }

    pub fn hex(self) -> [u8; 32] {
        let mut digits = [0; 32];
        let written = lower::encode(&self.0, &mut digits);
        debug_assert!(written.is_ok(), "two digits a byte");
        digits
    }
}

/// Gives the first 128 bits of a digest.
pub(crate) fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|i| digest[i])
}
