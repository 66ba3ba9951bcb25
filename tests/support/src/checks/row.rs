//! One record: the row or the reject that the contract gives it.

use std::str;

use auth0_log_lake::{
    auth::Source,
    batch::RecordParts,
    event::Normalizer,
    reject::Reason,
    row::Arrival,
    schema::{self, DATA, LOCATION_INFO, event_row},
};
use chrono::{DateTime, Utc};

use super::lossless;
use crate::json::{self, Json, Unread};

/// When every request of these checks is received.
pub const RECEIVED_AT: &str = "2026-07-01T12:34:56.789Z";

pub fn received_at() -> DateTime<Utc> {
    RECEIVED_AT.parse().expect("a time")
}

/// Normalizes one record, and checks the result against the contract.
///
/// # Panics
/// If the contract is broken.
pub fn record_to_row(record: &[u8]) {
    let record = trim(record);
    let source = Source::parse("fuzz").expect("a source");
    let arrival = Arrival::new(&source, "request", received_at());
    let (mut normalizer, mut parts) = (Normalizer::new(&arrival), RecordParts::default());
    // Nothing of an earlier record may show in a later row.
    let before: &[u8] = br#"{"log_id":"x","x":1,"data":{"ip":[],"y":2,"location_info":{"city_name":[]},"ip":3,"z":4,"z":5}}"#;
    let mut twice = Vec::new();
    _ = parts.read(before).and_then(|()| normalizer.normalize(&mut parts, &mut twice));
    let between = twice.len();
    let again = parts.read(record).and_then(|()| normalizer.normalize(&mut parts, &mut twice));
    let mut row = Vec::new();
    let mut fresh = RecordParts::default();
    let result = fresh.read(record).and_then(|()| Normalizer::new(&arrival).normalize(&mut fresh, &mut row));
    assert_eq!(result, again, "a record's row depends on the one before it");
    assert_eq!(row, twice[between..], "a record's row depends on the one before it");
    let expected = reason(record);
    match result {
        Ok(event) => {
            assert!(matches!(expected, Ok(None) | Err(Unread::TooDeep)), "a row for what should be {expected:?}");
            let row = check_event_row(&row, record.len());
            assert_eq!(event.drifted, row.get("ingest").and_then(|ingest| ingest.get("drift")).is_some());
            if expected == Ok(None) {
                let record = json::read(str::from_utf8(record).expect("an accepted record")).expect("an accepted record");
                lossless::check(&record, &row);
            }
        }
        Err(reject) => {
            let sent = String::from_utf8_lossy(record);
            assert!(row.is_empty(), "a reject leaves something behind");
            assert!(expected.is_err() || expected == Ok(Some(reject.reason)), "{reject:?} for what should be {expected:?}: {sent}");
            assert!(!reject.detail.is_empty() && reject.detail.is_ascii() && reject.detail.len() < 200, "{reject:?}");
        }
    }
}

/// Trims JSON's white space, as splitting does.
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] | [rest @ .., b' ' | b'\t' | b'\n' | b'\r'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Why the contract rejects a record, if it does; an error if this reader cannot tell.
fn reason(record: &[u8]) -> Result<Option<Reason>, Unread> {
    let Ok(text) = str::from_utf8(record) else { return Ok(Some(Reason::InvalidUtf8)) };
    let json = match json::read(text) {
        Err(Unread::Malformed) => return Ok(Some(Reason::MalformedJson)),
        read => read?,
    };
    if !matches!(json, Json::Object(_)) {
        return Ok(Some(Reason::NotAnObject));
    }
    let data = match json.get("data") {
        None if json.get("type").or(json.get("date")).is_some() => &json,
        None | Some(Json::Null) => return Ok(Some(Reason::MissingData)),
        Some(data @ Json::Object(_)) => data,
        Some(_) => return Ok(Some(Reason::DataNotAnObject)),
    };
    let names = [json.get("log_id"), data.get("log_id"), json.get("_id")];
    let is_name = |name: &Json| matches!(name, Json::String(text) | Json::Number(text) if !text.is_empty());
    let named = names.into_iter().flatten().any(is_name);
    Ok(if named { None } else { Some(Reason::MissingLogId) })
}

/// Checks that a row is one line of the closed shape, of a length that its record can explain.
pub fn check_event_row(row: &[u8], record_length: usize) -> Json {
    assert!(row.len() <= 10 * record_length + 1_000, "{} bytes make a row of {}", record_length, row.len());
    let line = row.strip_suffix(b"\n").expect("a line feed at its end");
    assert!(!line.iter().any(|&byte| byte < 0x20), "a control character in a row");
    let row = json::read(str::from_utf8(line).expect("UTF-8")).expect("JSON");
    assert!(is_subsequence(&row, event_row::ALL.iter().map(|member| member.name)), "other keys than the contract's: {row:?}");
    let [data, ingest] = ["data", "ingest"].map(|name| row.get(name).expect("an object of the row"));
    let columns = DATA.iter().map(|column| column.name).chain([schema::data::UNMAPPED.name]);
    assert!(is_subsequence(data, columns), "other columns than the schema's: {data:?}");
    assert!(is_subsequence(ingest, schema::ingest::ALL.iter().map(|member| member.name)), "{ingest:?}");
    for (name, value) in data.members() {
        let fits = match (name.as_str(), value) {
            ("location_info", location) => is_subsequence(location, LOCATION_INFO.iter().map(|column| column.name)),
            ("is_mobile", value) => matches!(value, Json::Boolean(_)),
            ("date", Json::String(time)) => is_time(time),
            ("details" | "unmapped" | "auth0_client" | "security_context" | "references" | "event_schema", Json::String(text)) => {
                json::read(text).is_ok()
            }
            (_, value) => matches!(value, Json::String(_)),
        };
        assert!(fits, "{name} holds {value:?}");
    }
    for time in ["p_event_time", "p_parse_time"] {
        assert!(row.get(time).and_then(Json::text).is_some_and(is_time), "{time}");
    }
    row
}

/// Whether an object's names are some of these, in this order, each once, and none of them null.
fn is_subsequence<'a>(object: &Json, mut names: impl Iterator<Item = &'a str>) -> bool {
    matches!(object, Json::Object(_))
        && object.members().iter().all(|(name, value)| *value != Json::Null && names.any(|known| known == name))
}

/// `YYYY-MM-DD HH:MM:SS.fff`, `.ffffff` or `.fffffffff`.
fn is_time(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    matches!(form.strip_prefix("0000-00-00 00:00:00."), Some("000" | "000000" | "000000000"))
}
