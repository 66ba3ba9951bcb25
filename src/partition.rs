//! Rows → objects: one for each UTC hour that a batch touches, named by its content.
//!
//! Rows are written once, one after another, and sorted into hours as slices. An object's name
//! holds a digest of the source and of the records as they were sent, so that the same request
//! makes the same names, as long as its rows' times come from its records.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Range,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{
    auth::AuthenticatedBody,
    batch::{RecordParts, Records},
    event::{Event, Normalizer},
    json::text::trim,
    object::{Compression, Object, ObjectKey, Table},
    reject::{Reason, Reject},
    row::{Arrival, first_half},
};

/// Most hours that the events of one request may touch: each is an object, and a put.
pub const MOST_HOURS: usize = 1_000;
/// No more bytes than a usual record has.
const RECORD: usize = 1_024;
/// Seconds in an hour.
const HOUR: i64 = 3_600;

/// How many of what a batch held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that became event rows.
    pub accepted: usize,
    /// Records that became reject rows.
    pub rejected: usize,
    /// Event rows with drift.
    pub drifted: usize,
    /// Event rows of an operator's check, known by their `log_id`.
    pub probes: usize,
    /// Longest time from an event to the request.
    pub greatest_lag: Option<TimeDelta>,
}

/// One row, where it belongs, and the record it is of.
#[derive(Debug)]
pub struct Row<'a> {
    table: Table,
    at: DateTime<Utc>,
    text: Range<usize>,
    record: Cow<'a, [u8]>,
}

/// The rows of one batch, in the order sent.
#[derive(Debug)]
pub struct Rows<'a> {
    arrival: &'a Arrival<'a>,
    text: Vec<u8>,
    rows: Vec<Row<'a>>,
    /// The hours that events touch.
    hours: BTreeSet<i64>,
    /// What became of the records.
    pub tally: Tally,
}

/// Writes a row for each record of a batch: an event row, or a reject row.
///
/// `text` is where the rows are written; what it holds is lost, its memory is used again.
pub fn normalize<'a>(arrival: &'a Arrival<'a>, batch: &AuthenticatedBody<'a>, text: Vec<u8>) -> Rows<'a> {
    let (mut records, mut parts) = (Records::of(batch), RecordParts::default());
    let mut normalizer = Normalizer::new(arrival);
    let mut rows = Rows::new(arrival, batch, text);
    while let Some((record, read)) = records.read_next(&mut parts) {
        let event = read.and_then(|()| normalizer.normalize(&mut parts, &mut rows.text));
        rows.add(record, event);
    }
    rows
}

/// Writes the reject row of a batch that cannot be read: all of it is one record; a blank one holds none.
pub fn reject<'a>(arrival: &'a Arrival<'a>, batch: &AuthenticatedBody<'a>, reason: Reason, text: Vec<u8>) -> Rows<'a> {
    let mut rows = Rows::new(arrival, batch, text);
    if !trim(batch.body()).is_empty() {
        rows.add(Cow::Borrowed(batch.body()), Err(reason.into()));
    }
    rows
}

impl Tally {
    fn add(&mut self, event: &Event, received_at: DateTime<Utc>) {
        self.accepted += 1;
        self.drifted += usize::from(event.drifted);
        self.probes += usize::from(event.is_probe);
        self.greatest_lag = self.greatest_lag.max(Some(received_at - event.at));
    }
}

impl<'a> Rows<'a> {
    fn new(arrival: &'a Arrival<'a>, batch: &AuthenticatedBody<'a>, mut text: Vec<u8>) -> Self {
        let bytes = batch.body().len();
        text.clear();
        text.reserve(bytes + bytes / 2);
        Self { arrival, text, rows: Vec::with_capacity(bytes / RECORD), hours: BTreeSet::new(), tally: Tally::default() }
    }

    /// Notes the event row that was just written, or writes a reject row in its place.
    fn add(&mut self, record: Cow<'a, [u8]>, event: Result<Event, Reject>) {
        let start = self.rows.last().map_or(0, |row| row.text.end);
        let (table, at) = match event.and_then(|event| self.within_hours(event)) {
            Ok(event) => {
                self.tally.add(&event, self.arrival.received_at);
                (Table::Events, event.at)
            }
            Err(reject) => {
                self.text.truncate(start);
                reject.render(&mut self.text, self.arrival, self.rows.len(), &record);
                self.tally.rejected += 1;
                (Table::Rejects, self.arrival.received_at)
            }
        };
        self.rows.push(Row { table, at, text: start..self.text.len(), record });
    }

    /// Notes the hour of an event, unless there are as many as one request may touch.
    fn within_hours(&mut self, event: Event) -> Result<Event, Reject> {
        let hour = hour_of(event.at);
        if self.hours.len() == MOST_HOURS && !self.hours.contains(&hour) {
            return Err(Reason::BatchLimit.into());
        }
        self.hours.insert(hour);
        Ok(event)
    }

    /// Gives the rows as newline-delimited JSON, in the order sent.
    pub fn ndjson(&self) -> &[u8] {
        &self.text
    }

    /// Gives the record of each row.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().map(|row| row.record.as_ref())
    }

    /// Gives the memory of the rows back.
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// Makes one object of the rows of each table and hour.
    ///
    /// # Errors
    /// Where the compressor fails.
    pub fn objects(&self, compression: Compression) -> io::Result<Vec<Object>> {
        self.by_hour().into_iter().map(|((table, _), rows)| self.object(table, &rows, compression)).collect()
    }

    /// Sorts the rows by table and hour, counted from the epoch.
    pub fn by_hour(&self) -> BTreeMap<(Table, i64), Vec<&Row<'a>>> {
        let mut hours: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &self.rows {
            hours.entry((row.table, hour_of(row.at))).or_default().push(row);
        }
        hours
    }

    fn object(&self, table: Table, rows: &[&Row<'_>], compression: Compression) -> io::Result<Object> {
        let earliest = rows.iter().map(|row| row.at).min().unwrap_or_default();
        let key = ObjectKey::new(table, earliest, self.digest(rows), compression);
        let mut runs: Vec<Range<usize>> = Vec::new();
        for row in rows {
            match runs.last_mut() {
                // Most batches are of one hour, whose rows stand together: they are compressed as one slice.
                Some(run) if run.end == row.text.start => run.end = row.text.end,
                _ => runs.push(row.text.clone()),
            }
        }
        let bytes = compression.compress(runs.into_iter().map(|run| &self.text[run]))?;
        Ok(Object { key, bytes: Bytes::from(bytes) })
    }

    /// Digests the source and, for each record, its length as eight bytes and its bytes as sent.
    fn digest(&self, rows: &[&Row<'_>]) -> [u8; 16] {
        let mut digest = Sha256::new().chain_update(self.arrival.source.as_str()).chain_update([0]);
        for row in rows {
            digest.update((row.record.len() as u64).to_be_bytes());
            digest.update(&row.record);
        }
        first_half(&digest.finalize().into())
    }
}

fn hour_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(HOUR)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;
    use crate::{
        auth::{Source, Sources, TokenDigest},
        batch::Record,
    };

    /// Bodies of whole records, now and then with something between them that makes them others.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let record = select(vec![
            r#"{"log_id":"1","data":{"type":"s","date":"2026-07-01T12:00:00Z","x":1,"x":2}}"#,
            r#"{"_id":"2","type":"f","details":{"a":["]",{}]},"log_id":"2"}"#,
            r#"{"log_id":"3","data":{"type":"s","ip":7},"logs":[]}"#,
            r#"{"log_id":"4","data":{"user_name":"\ud800\u00e9"},"l\u006fgs":[1]}"#,
            r#"{"logs":[{"log_id":"5","data":{}}],"next":1}"#,
            r#"{"log_id":"6","data":{"type":"é"}}"#,
            r#"{"log_id":"","data":{}}"#,
            r#"{"log_id":"7","data":{"date":"2020-01-01T00:00:00Z"}} "#,
            "{}",
            "1",
        ]);
        let between = select(vec![",", ",", ",", ",", ",", " , ", "\n", "\n", "],[", "]\n", "", "x", "{", "\"", "]", "[", "\u{feff}"]);
        let start = select(vec!["[", "[", "[ ", "", "\u{feff}[", "{\"logs\":["]);
        let end = select(vec![&b"]"[..], b"]", b"", b"]}", b",]", b"\xff]", b"] {\"log_id\":\"8\",\"data\":{}}"]);
        (start, vec((record, between), 0..8), end).prop_map(|(start, records, end)| {
            let records: String = records.iter().flat_map(|(record, between)| [*record, between]).collect();
            [start.as_bytes(), records.as_bytes(), end].concat()
        })
    }

    #[test]
    fn a_body_that_is_not_read_is_kept_to_its_last_byte() {
        let source = Source::parse("eu").expect("a name");
        let sources = Sources::new(vec![(source.clone(), TokenDigest::of(b"token"))]);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer token"))]);
        let arrival = Arrival::new(&source, "request", DateTime::UNIX_EPOCH);
        for (body, kept) in [(&b" \x1f\x8b\0\n"[..], true), (b" \n", false)] {
            let batch = sources.authenticate(&headers).expect("a known token").with_body(body);
            let rows = reject(&arrival, &batch, Reason::UnsupportedEncoding, Vec::new());
            assert_eq!(rows.records().collect::<Vec<_>>(), Vec::from_iter(kept.then_some(body)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn prop_reading_objects_where_they_stand_makes_the_rows_of_cutting_them_first(body in bodies()) {
            let source = Source::parse("eu").expect("a name");
            let sources = Sources::new(vec![(source.clone(), TokenDigest::of(b"token"))]);
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer token"))]);
            let batch = sources.authenticate(&headers).expect("a known token").with_body(&body);
            let arrival = Arrival::new(&source, "request", DateTime::from_timestamp(1_795_403_527, 0).expect("a time"));
            let rows = normalize(&arrival, &batch, Vec::new());
            let (mut cut, mut normalizer, mut parts) = (Rows::new(&arrival, &batch, Vec::new()), Normalizer::new(&arrival), RecordParts::default());
            for record in Records::of(&batch) {
                let (bytes, read) = match record {
                    Record::Unread(bytes) => (Cow::Borrowed(bytes), parts.read(bytes)),
                    Record::Rejected(bytes, reason) => (bytes, Err(reason.into())),
                };
                let event = read.and_then(|()| normalizer.normalize(&mut parts, &mut cut.text));
                cut.add(bytes, event);
            }
            prop_assert_eq!(String::from_utf8_lossy(rows.ndjson()), String::from_utf8_lossy(cut.ndjson()));
            prop_assert_eq!(rows.tally, cut.tally);
            prop_assert!(rows.records().eq(cut.records()));
        }
    }
}
