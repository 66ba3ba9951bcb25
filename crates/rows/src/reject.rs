//! A rejected record: its bytes as sent, and the reason they are not an event.
//!
//! A bad record is data. It is stored next to the good ones with a stable reason, so that someone can find it, fix its
//! cause, and send it again.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    json::{
        Malformed,
        text::{escaped_length, write_string},
    },
    row::{Arrival, RowId},
    schema::reject_row,
};

/// The reason that a record is not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The record is not UTF-8.
    InvalidUtf8,
    /// The record is not JSON by RFC 8259.
    MalformedJson,
    /// The record is a JSON value, but not an object.
    NotAnObject,
    /// The record has no `data`, or it is null.
    MissingData,
    /// `data` is not an object.
    DataNotAnObject,
    /// The record has no usable `log_id`.
    MissingLogId,
    /// The members of a wrapper other than its `logs`.
    WrapperMembers,
    /// Records beyond the most records or hours of one request.
    BatchLimit,
    /// The body has a content coding, which we do not read.
    UnsupportedEncoding,
    /// Our own code panicked on the body.
    ReceiverError,
}

impl Reason {
    /// The stable code, as in rows.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::InvalidUtf8 => "invalid_utf8",
            Reason::MalformedJson => "malformed_json",
            Reason::NotAnObject => "not_an_object",
            Reason::MissingData => "missing_data",
            Reason::DataNotAnObject => "data_not_an_object",
            Reason::MissingLogId => "missing_log_id",
            Reason::WrapperMembers => "wrapper_members",
            Reason::BatchLimit => "batch_limit",
            Reason::UnsupportedEncoding => "unsupported_encoding",
            Reason::ReceiverError => "receiver_error",
        }
    }

    /// The default explanation of the code.
    const fn sentence(self) -> &'static str {
        match self {
            Reason::InvalidUtf8 => "the record is not UTF-8",
            Reason::MalformedJson => "the record is not JSON",
            Reason::NotAnObject => "the record is not a JSON object",
            Reason::MissingData => "the record has no data",
            Reason::DataNotAnObject => "data is not an object",
            Reason::MissingLogId => "no log_id that is a string with content or a number",
            Reason::WrapperMembers => "members beside logs in the object that wraps the records",
            Reason::BatchLimit => "beyond the records or hours that one request may hold",
            Reason::UnsupportedEncoding => "the body has a Content-Encoding other than identity",
            Reason::ReceiverError => "the receiver failed on this body; its log says where",
        }
    }
}

/// The reason that one record is rejected, without any content of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The stable code.
    pub reason: Reason,
    /// One sentence.
    pub detail: String,
}

impl From<Reason> for Reject {
    fn from(reason: Reason) -> Self {
        Self { reason, detail: reason.sentence().to_owned() }
    }
}

impl From<Malformed> for Reject {
    fn from(malformed: Malformed) -> Self {
        Self { reason: Reason::MalformedJson, detail: malformed.to_string() }
    }
}

impl Reject {
    /// Writes the reject row of a record. `raw` is the record as sent, `index` its position in the batch.
    pub(crate) fn render(&self, out: &mut Vec<u8>, arrival: &Arrival<'_>, index: usize, raw: &[u8]) {
        reject_row::RECEIVED_AT.write_first_key(out);
        write_string(out, &arrival.received_text);
        reject_row::REASON.write_key(out);
        write_string(out, self.reason.code());
        reject_row::DETAIL.write_key(out);
        write_string(out, &self.detail);
        reject_row::INDEX.write_key(out);
        out.extend_from_slice(index.to_string().as_bytes());
        reject_row::SOURCE.write_key(out);
        write_string(out, arrival.source.as_str());
        reject_row::REQUEST_ID.write_key(out);
        write_string(out, arrival.request_id);
        reject_row::P_ROW_ID.write_key(out);
        write_string(out, &String::from_utf8_lossy(&RowId::of(arrival.source, raw).hex()));
        write_raw(out, raw);
        out.extend_from_slice(b"}\n");
    }
}

/// Writes the bytes as text, or as base64 if they are not UTF-8 or base64 is shorter.
fn write_raw(out: &mut Vec<u8>, raw: &[u8]) {
    let longer_name = reject_row::RAW_BASE64.name.len() - reject_row::RAW.name.len();
    let base64_length = longer_name + raw.len().div_ceil(3) * 4;
    match std::str::from_utf8(raw) {
        Ok(text) if escaped_length(text) <= base64_length => {
            reject_row::RAW.write_key(out);
            write_string(out, text);
        }
        _ => {
            reject_row::RAW_BASE64.write_key(out);
            write_string(out, &BASE64_STANDARD.encode(raw));
        }
    }
}
