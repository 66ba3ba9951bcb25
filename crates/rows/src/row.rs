//! The parts that all rows of one request share, and row ids.

use base16ct::lower;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::{
    json::text::write_string,
    schema::{LOG_TYPE, SCHEMA_VERSION, event_row, ingest},
    source::Source,
    time::{TimeText, to_millisecond},
};

/// The time, source and request of a batch, which all of its rows contain.
#[derive(Debug)]
pub struct Arrival<'a> {
    pub(crate) source: &'a Source,
    pub(crate) request_id: &'a str,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) received_text: String,
    /// Row text up to the value of `p_event_time`.
    pub(crate) before_event_time: Vec<u8>,
    /// Row text from after `p_event_time` up to the value of `p_row_id`.
    pub(crate) before_row_id: Vec<u8>,
    /// Row text from after `p_row_id` up to the indicators.
    pub(crate) after_row_id: Vec<u8>,
    /// Row text of `ingest` up to the value of `time_source`.
    pub(crate) ingest: Vec<u8>,
}

impl<'a> Arrival<'a> {
    /// The source that sent the request.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// Prepares the shared parts of a request's rows; `received_at` is truncated to milliseconds.
    pub fn new(source: &'a Source, request_id: &'a str, received_at: DateTime<Utc>) -> Self {
        let received_at = to_millisecond(received_at);
        let received_text = TimeText::of(received_at).to_string();
        let (mut before_event_time, mut before_row_id, mut after_row_id, mut ingest) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        event_row::P_LOG_TYPE.write_first_key(&mut before_event_time);
        write_string(&mut before_event_time, LOG_TYPE);
        event_row::P_SCHEMA_VERSION.write_key(&mut before_event_time);
        before_event_time.extend_from_slice(SCHEMA_VERSION.to_string().as_bytes());
        event_row::P_EVENT_TIME.write_key(&mut before_event_time);
        event_row::P_PARSE_TIME.write_key(&mut before_row_id);
        write_string(&mut before_row_id, &received_text);
        event_row::P_ROW_ID.write_key(&mut before_row_id);
        event_row::P_SOURCE_LABEL.write_key(&mut after_row_id);
        write_string(&mut after_row_id, source.as_str());
        event_row::INGEST.write_key(&mut ingest);
        ingest::REQUEST_ID.write_first_key(&mut ingest);
        write_string(&mut ingest, request_id);
        ingest::TIME_SOURCE.write_key(&mut ingest);
        Self { source, request_id, received_at, received_text, before_event_time, before_row_id, after_row_id, ingest }
    }
}

/// The first 128 bits of SHA-256 of the source, a zero byte, and the `log_id` or raw bytes.
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

/// Returns the first 128 bits of a digest.
pub(crate) fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|i| digest[i])
}
