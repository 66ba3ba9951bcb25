//! Reject rows, read back into the records that they keep.

use std::{
    collections::VecDeque,
    io::{self, Read},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::body::{Raw, split_rest};
use auth0_log_lake::reject::Reason;

/// Most bytes that an encoded body is decoded to: the largest body that a receiver accepts.
const LARGEST_DECODED: u64 = 6 << 20;
/// Largest window of Zstandard, as a power of two: the 8 MiB that RFC 8878 recommends for every decoder.
const LARGEST_WINDOW: u32 = 23;

/// Every reason for which a receiver rejects, as docs/ROW.md lists them.
pub const REASONS: [&str; 10] = [
    Reason::InvalidUtf8.code(),
    Reason::MalformedJson.code(),
    Reason::NotAnObject.code(),
    Reason::MissingData.code(),
    Reason::DataNotAnObject.code(),
    Reason::MissingLogId.code(),
    Reason::WrapperMembers.code(),
    Reason::BatchLimit.code(),
    Reason::UnsupportedEncoding.code(),
    Reason::ReceiverError.code(),
];

/// Reads the name of a reason.
///
/// # Errors
/// Another name, as a sentence that lists the reasons.
pub fn reason(code: &str) -> Result<String, String> {
    let known = REASONS.iter().find(|known| **known == code.trim());
    known.map(|known| (*known).to_owned()).ok_or_else(|| format!("the reasons are {}", REASONS.join(", ")))
}

/// Returns the id of a reject that keeps these bytes, as a receiver computes it.
pub fn row_id(source: &str, bytes: &[u8]) -> String {
    let digest = Sha256::new().chain_update(source).chain_update([0]).chain_update(bytes).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What of a reject row is needed to post its record again.
#[derive(Clone, Debug, Deserialize)]
pub struct RejectRow {
    /// Stable code of why it was rejected.
    pub reason: String,
    /// The same as a sentence.
    #[serde(default)]
    pub detail: String,
    /// The source that sent it.
    pub source: String,
    /// When it was received.
    pub received_at: Option<String>,
    /// Its position in the batch.
    pub index: Option<u64>,
    /// The request that brought it.
    pub request_id: Option<String>,
    p_row_id: Option<String>,
    raw: Option<String>,
    raw_base64: Option<String>,
}

/// Why a reject row gives no record.
#[derive(Debug, thiserror::Error)]
pub enum RowFault {
    /// The line is no reject row.
    #[error("it is no reject row: {0}")]
    NoRow(#[from] serde_json::Error),
    /// It keeps no record.
    #[error("it has neither raw nor raw_base64")]
    NoRaw,
    /// Its record is not base64.
    #[error("its raw_base64 is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Its body is in an encoding that is not known.
    #[error("its body is encoded, but not in gzip, zlib or zstd, and cannot be decoded here")]
    Encoding,
    /// Its body does not decode.
    #[error("its encoded body cannot be decoded: {0}")]
    Damaged(io::Error),
}

impl RejectRow {
    /// Reads one row.
    ///
    /// # Errors
    /// A line that is no reject row.
    pub fn parse(line: &[u8]) -> Result<Self, RowFault> {
        Ok(serde_json::from_slice(line)?)
    }

    /// Returns the id that the reject has however often it is delivered (`p_row_id`).
    pub fn id(&self) -> String {
        self.p_row_id.clone().unwrap_or_else(|| row_id(&self.source, &self.bytes().unwrap_or_default()))
    }

    /// Returns the bytes as they were sent.
    ///
    /// # Errors
    /// A row that does not keep them.
    pub fn bytes(&self) -> Result<Vec<u8>, RowFault> {
        match (&self.raw, &self.raw_base64) {
            (Some(text), _) => Ok(text.clone().into_bytes()),
            (None, Some(base64)) => Ok(BASE64_STANDARD.decode(base64)?),
            (None, None) => Err(RowFault::NoRaw),
        }
    }

    /// Returns the text in which its ids can be found: the bytes as sent, or what an encoded body decodes to.
    ///
    /// # Errors
    /// A row that keeps no record, or one that cannot be decoded.
    pub fn text(&self) -> Result<Vec<u8>, RowFault> {
        let bytes = self.bytes()?;
        if self.reason == Reason::UnsupportedEncoding.code() { decoded(&bytes) } else { Ok(bytes) }
    }

    /// Returns the records that the row keeps.
    ///
    /// Mostly that is one. A body that a receiver failed on, and what went beyond the most that a body may hold is cut as the body would
    /// have been, and an encoded body is decoded and cut: posted as it stands it would be rejected again.
    ///
    /// # Errors
    /// A row that does not keep a record, or keeps one that cannot be decoded.
    pub fn records(&self) -> Result<Vec<Raw>, RowFault> {
        let bytes = self.bytes()?;
        if [Reason::BatchLimit, Reason::ReceiverError].iter().any(|reason| self.reason == reason.code()) {
            return Ok(all_of(&bytes));
        }
        if self.reason == Reason::UnsupportedEncoding.code() {
            return Ok(all_of(&self.text()?));
        }
        let rejected = (self.reason == Reason::WrapperMembers.code()).then_some(Reason::WrapperMembers);
        Ok(vec![Raw { bytes, rejected }])
    }
}

/// Returns each text in which something can be read that a reject keeps as base64: its bytes, and what they decode to.
///
/// None where they are encoded, and cannot be decoded here to the end.
pub fn readable(base64: &str, reason: &str) -> Option<Vec<Vec<u8>>> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    match decoded(&bytes) {
        Ok(text) => Some(vec![bytes, text]),
        Err(_) if reason == Reason::UnsupportedEncoding.code() => None,
        // Two bytes that look like zlib's are often a coincidence.
        Err(RowFault::Damaged(_)) if bytes[0] != 0x78 => None,
        Err(_) => Some(vec![bytes]),
    }
}

/// Cuts the rest of a body, and what again goes beyond the most, into records.
fn all_of(rest: &[u8]) -> Vec<Raw> {
    let mut records = Vec::new();
    let mut left = VecDeque::from([rest.to_owned()]);
    while let Some(rest) = left.pop_front() {
        for raw in split_rest(&rest) {
            match raw.rejected {
                Some(Reason::BatchLimit) if raw.bytes.len() < rest.len() => left.push_back(raw.bytes),
                _ => records.push(raw),
            }
        }
    }
    records
}

/// Decodes a body by its first bytes: gzip (RFC 1952), zlib (RFC 1950), Zstandard (RFC 8878).
fn decoded(bytes: &[u8]) -> Result<Vec<u8>, RowFault> {
    match bytes {
        [0x1F, 0x8B, ..] => all(MultiGzDecoder::new(bytes)),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => zstd_decoder(bytes).map_err(RowFault::Damaged).and_then(all),
        [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31) => all(ZlibDecoder::new(bytes)),
        _ => Err(RowFault::Encoding),
    }
}

fn zstd_decoder(bytes: &[u8]) -> io::Result<impl Read> {
    let mut decoder = zstd::Decoder::new(bytes)?;
    decoder.window_log_max(LARGEST_WINDOW)?;
    Ok(decoder)
}

fn all(from: impl Read) -> Result<Vec<u8>, RowFault> {
    let mut out = Vec::new();
    from.take(LARGEST_DECODED + 1).read_to_end(&mut out).map_err(RowFault::Damaged)?;
    let too_large = || RowFault::Damaged(io::Error::other(format!("it is larger than {} MiB", LARGEST_DECODED >> 20)));
    if out.len() as u64 > LARGEST_DECODED { Err(too_large()) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth0_log_lake::object::Compression;

    #[test]
    fn every_documented_reason_is_known_and_no_other() {
        let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ROW.md")).expect("docs/ROW.md");
        let listed = document.split("The reasons: ").nth(1).and_then(|rest| rest.split(".\n").next()).expect("its reasons");
        let listed: Vec<&str> = listed.split(',').map(|code| code.trim().trim_matches('`')).collect();
        assert_eq!(listed, REASONS);
    }

    const EVENT: &str = r#"{"log_id":"1","data":{}}"#;

    fn row(reason: Reason, bytes: &[u8]) -> RejectRow {
        let raw = BASE64_STANDARD.encode(bytes);
        let line = format!(r#"{{"reason":"{}","source":"eu","raw_base64":"{raw}"}}"#, reason.code());
        RejectRow::parse(line.as_bytes()).expect("a row")
    }

    #[test]
    fn a_record_is_read_from_text_or_base64() {
        let row = RejectRow::parse(br#"{"reason":"malformed_json","source":"eu","raw":"a\nb"}"#).expect("a row");
        assert_eq!(row.records().expect("a record"), [Raw::new("a\nb")]);
        let row = self::row(Reason::InvalidUtf8, b"\xFF");
        assert_eq!(row.records().expect("a record"), [Raw::new(b"\xFF".as_slice())]);
    }

    #[test]
    fn a_line_that_keeps_no_record_says_so() {
        for line in ["", "[]", "{}", "{\"reason\":\"x\"}", "\u{0}"] {
            assert!(matches!(RejectRow::parse(line.as_bytes()), Err(RowFault::NoRow(_))), "{line}");
        }
        let records = |line: &str| RejectRow::parse(line.as_bytes()).expect("a row").records();
        assert!(matches!(records(r#"{"reason":"x","source":"eu"}"#), Err(RowFault::NoRaw)));
        assert!(matches!(records(r#"{"reason":"x","source":"eu","raw_base64":"%"}"#), Err(RowFault::Base64(_))));
    }

    #[test]
    fn an_encoded_body_is_decoded_and_cut() {
        let body = format!("[{EVENT},{EVENT}]");
        for compression in [Compression::Gzip, Compression::Zstd] {
            let bytes = compression.compress([body.as_bytes()].into_iter()).expect("memory");
            let row = row(Reason::UnsupportedEncoding, &bytes);
            assert_eq!(row.records().expect("records"), [Raw::new(EVENT), Raw::new(EVENT)], "{compression:?}");
            let cut = self::row(Reason::UnsupportedEncoding, &bytes[..bytes.len() - 6]);
            assert!(matches!(cut.records(), Err(RowFault::Damaged(_))), "{compression:?}");
        }
        assert!(matches!(row(Reason::UnsupportedEncoding, b"brotli").records(), Err(RowFault::Encoding)));
    }

    #[test]
    fn a_body_that_a_receiver_failed_on_is_cut_into_its_records() {
        let body = format!("[{EVENT},{EVENT}]");
        assert_eq!(row(Reason::ReceiverError, body.as_bytes()).records().expect("records"), [Raw::new(EVENT), Raw::new(EVENT)]);
    }

    #[test]
    fn the_rest_of_a_large_body_is_cut_into_all_of_its_records() {
        let many = auth0_log_lake::batch::MOST_RECORDS + 5;
        let rest = vec![EVENT; many].join(",") + "]";
        assert_eq!(row(Reason::BatchLimit, rest.as_bytes()).records().expect("records").len(), many);
    }

    #[test]
    fn a_body_that_decodes_to_more_than_a_receiver_accepts_is_not_decoded_further() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let mib = vec![b' '; 1 << 20];
            let of = |mibs: usize| {
                let bytes = compression.compress(std::iter::repeat_n(mib.as_slice(), mibs)).expect("memory");
                row(Reason::UnsupportedEncoding, &bytes).text().map(|text| text.len())
            };
            assert_eq!(of(6).expect("text"), 6 << 20);
            let fault = of(64).expect_err("too large").to_string();
            assert_eq!(fault, "its encoded body cannot be decoded: it is larger than 6 MiB", "{compression:?}");
        }
    }
}
