//! A batch → rows → objects: one for each UTC hour that it touches, named by its records.
//!
//! Rows are written once, one after another, and sorted into hours as slices. An object's name
//! holds a digest of the source and of the records as they were sent, so that the same request
//! makes the same names, as long as its rows' times come from its records.

use std::{
    borrow::Cow,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    auth::AuthenticatedBody,
    batch::{ReadRecord, RecordParts, Records},
    event::{Event, Normalizer},
    json::text::trim,
    object::{Compression, Object},
    reject::Reason,
    row::Arrival,
};
pub use rows::Rows;

mod rows;

/// Most hours that the events of one request may touch: each is an object, and a put.
pub const MOST_HOURS: usize = 1_000;

/// What became of the records of a batch.
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

impl Tally {
    fn add(&mut self, event: &Event, received_at: DateTime<Utc>) {
        self.accepted += 1;
        self.drifted += usize::from(event.drifted);
        self.probes += usize::from(event.is_probe);
        self.greatest_lag = self.greatest_lag.max(Some(received_at - event.at));
    }
}

/// Turns batches into objects.
#[derive(Debug)]
pub struct Partitioner {
    compression: Compression,
    /// Memory that the last batch's rows were written to: allocating megabytes anew costs as much as filling them.
    text: Mutex<Vec<u8>>,
}

impl Partitioner {
    /// Creates a partitioner with empty memory.
    pub fn new(compression: Compression) -> Self {
        Self { compression, text: Mutex::default() }
    }

    /// Makes the objects of a batch; with a reason not to read it, all of it is one reject.
    ///
    /// The same if our own code panics: otherwise the panic would recur at each retry, and block the stream.
    ///
    /// # Errors
    /// Where the compressor fails.
    pub fn partition(
        &self,
        arrival: &Arrival<'_>,
        batch: &AuthenticatedBody<'_>,
        unread: Option<Reason>,
    ) -> io::Result<(Tally, Vec<Object>)> {
        self.objects_or_reject(arrival, batch, || self.objects(arrival, batch, unread))
    }

    fn objects_or_reject(
        &self,
        arrival: &Arrival<'_>,
        batch: &AuthenticatedBody<'_>,
        make: impl FnOnce() -> io::Result<(Tally, Vec<Object>)>,
    ) -> io::Result<(Tally, Vec<Object>)> {
        // A panic can only leave this batch's own buffers half written, and they are dropped.
        catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| self.objects(arrival, batch, Some(Reason::ReceiverError)))
    }

    fn objects(&self, arrival: &Arrival<'_>, batch: &AuthenticatedBody<'_>, unread: Option<Reason>) -> io::Result<(Tally, Vec<Object>)> {
        let text = std::mem::take(&mut *self.text.lock().unwrap_or_else(PoisonError::into_inner));
        let rows = match unread {
            Some(reason) => reject(arrival, batch, reason, text),
            None => normalize(arrival, batch, text),
        };
        let made = (rows.tally, rows.objects(self.compression));
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = rows.into_text();
        let (tally, objects) = made;
        Ok((tally, objects?))
    }
}

/// Writes a row for each record of a batch: an event row, or a reject row.
///
/// `text` is where the rows are written; what it holds is lost, its memory is used again.
pub fn normalize<'a>(arrival: &'a Arrival<'a>, batch: &AuthenticatedBody<'a>, text: Vec<u8>) -> Rows<'a> {
    let (mut records, mut parts) = (Records::of(batch), RecordParts::default());
    let mut normalizer = Normalizer::new(arrival);
    let mut rows = Rows::new(arrival, batch, text);
    while let Some(ReadRecord { bytes, read }) = records.read_next(&mut parts) {
        let event = read.and_then(|()| normalizer.normalize(&mut parts, &mut rows.text));
        rows.add(bytes, event);
    }
    rows
}

/// Writes the reject row of a batch that is not read: all of it is one record; a blank body gives no row.
fn reject<'a>(arrival: &'a Arrival<'a>, batch: &AuthenticatedBody<'a>, reason: Reason, text: Vec<u8>) -> Rows<'a> {
    let mut rows = Rows::new(arrival, batch, text);
    if !trim(batch.body()).is_empty() {
        rows.add(Cow::Borrowed(batch.body()), Err(reason.into()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;
    use crate::{
        auth::{Source, Sources, TokenDigest},
        batch::Record,
        object::Table,
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
    fn a_body_that_our_code_panics_on_is_kept_whole_as_one_reject() {
        let source = Source::parse("eu").expect("a name");
        let sources = Sources::new(vec![(source.clone(), TokenDigest::of(b"token"))]);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer token"))]);
        let body = br#"[{"log_id":"1","data":{}},{"log_id":"2","data":{}}]"#;
        let batch = sources.authenticate(&headers).expect("a known token").with_body(body);
        let arrival = Arrival::new(&source, "request", DateTime::from_timestamp(1_795_403_527, 0).expect("a time"));
        let partitioner = Partitioner::new(Compression::None);
        let (tally, objects) = partitioner
            .objects_or_reject(&arrival, &batch, || {
                _ = partitioner.objects(&arrival, &batch, None);
                panic!("what a bug does")
            })
            .expect("memory");
        assert_eq!((tally.accepted, tally.rejected), (0, 1));
        let [reject] = &objects[..] else { panic!("one object") };
        assert_eq!(reject.key.table(), Table::Rejects);
        let row: serde_json::Value = serde_json::from_slice(&reject.bytes).expect("a row");
        assert_eq!((row["reason"].as_str(), row["raw"].as_str()), (Some("receiver_error"), std::str::from_utf8(body).ok()));
        let (tally, _) = partitioner.objects(&arrival, &batch, None).expect("memory");
        assert_eq!(tally.accepted, 2, "the next request is read as ever");
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
