//! Batches → rows → objects: one object for each source and UTC hour, named by its records.
//!
//! Rows are written once, in order, and grouped by hour as slices. An object's name contains a digest of the source and
//! of the records as they were sent. So the same batches make the same names, as long as the times of their rows come
//! from their records.

use std::{
    borrow::Cow,
    io,
    ops::Add,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    batch::{ReadRecord, RecordParts, Records, is_blank},
    event::{Event, Normalizer},
    object::{Compression, Object},
    reject::Reason,
    row::Arrival,
};
pub use rows::{Rows, objects};

mod rows;

/// Most hours that the events of one request may touch. Each hour is an object and a put.
pub const MOST_HOURS: usize = 1_000;

/// Counts of a batch's records by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that became event rows.
    pub accepted: usize,
    /// Records that became reject rows.
    pub rejected: usize,
    /// Event rows with drift.
    pub drifted: usize,
    /// Event rows of an operator's probes, recognized by `log_id`.
    pub probes: usize,
    /// Longest time from an event to its request.
    pub greatest_lag: Option<TimeDelta>,
}

impl Add for Tally {
    type Output = Self;

    /// Returns the counts of both batches together.
    fn add(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            rejected: self.rejected + other.rejected,
            drifted: self.drifted + other.drifted,
            probes: self.probes + other.probes,
            greatest_lag: self.greatest_lag.max(other.greatest_lag),
        }
    }
}

impl Tally {
    fn note(&mut self, event: &Event, received_at: DateTime<Utc>) {
        self.accepted += 1;
        self.drifted += usize::from(event.drifted);
        self.probes += usize::from(event.is_probe);
        self.greatest_lag = self.greatest_lag.max(Some(received_at - event.at));
    }
}

/// One request's body and its origin.
#[derive(Debug)]
pub struct Batch<'a> {
    /// When, from whom and as which request.
    pub arrival: Arrival<'a>,
    /// The body.
    pub body: &'a [u8],
    /// The reason not to read it, which makes the whole body one reject.
    pub unread: Option<Reason>,
}

/// The objects of batches.
#[derive(Debug, Default)]
pub struct Partitioned {
    /// The objects to put, without duplicates.
    pub objects: Vec<Object>,
    /// The share of each batch, in the order given.
    pub shares: Vec<Share>,
}

/// The outcome of one batch.
#[derive(Debug)]
pub struct Share {
    /// Counts of its records by outcome.
    pub tally: Tally,
    /// The positions of the objects that hold its rows.
    pub objects: Vec<usize>,
}

/// Turns batches into objects.
#[derive(Debug)]
pub struct Partitioner {
    compression: Compression,
    /// The buffer of the last batch's rows, for reuse: allocating megabytes costs as much as filling them.
    text: Mutex<Vec<u8>>,
}

impl Partitioner {
    /// Creates a partitioner with an empty buffer.
    pub fn new(compression: Compression) -> Self {
        Self { compression, text: Mutex::default() }
    }

    /// Makes the objects of batches.
    ///
    /// If our own code panics on a batch, the batch is kept as one reject. Otherwise the panic would recur at each retry and
    /// block the stream. The other batches then get separate objects.
    ///
    /// # Errors
    /// If the compressor fails.
    pub fn partition(&self, batches: &[Batch<'_>]) -> io::Result<Partitioned> {
        self.partition_with(batches, &|batches| self.objects(batches, None))
    }

    fn partition_with(&self, batches: &[Batch<'_>], make: &dyn Fn(&[Batch<'_>]) -> io::Result<Partitioned>) -> io::Result<Partitioned> {
        // A panic can only leave these batches' buffers half written, and those are dropped.
        if let Ok(made) = catch_unwind(AssertUnwindSafe(|| make(batches))) {
            return made;
        }
        if let [_] = batches {
            return self.objects(batches, Some(Reason::ReceiverError));
        }
        let mut all = Partitioned::default();
        for batch in batches.chunks(1) {
            all.append(self.partition_with(batch, make)?);
        }
        Ok(all)
    }

    /// Makes objects. With a reason, each batch becomes one reject.
    fn objects(&self, batches: &[Batch<'_>], unread: Option<Reason>) -> io::Result<Partitioned> {
        let mut text = std::mem::take(&mut *self.text.lock().unwrap_or_else(PoisonError::into_inner));
        let rows: Vec<Rows<'_>> = batches
            .iter()
            .map(|batch| match unread.or(batch.unread) {
                Some(reason) => reject(&batch.arrival, batch.body, reason, std::mem::take(&mut text)),
                None => normalize(&batch.arrival, batch.body, std::mem::take(&mut text)),
            })
            .collect();
        let objects = rows::objects(&rows, self.compression);
        let mut shares: Vec<Share> = rows.iter().map(|rows| Share { tally: rows.tally, objects: Vec::new() }).collect();
        if let Some(first) = rows.into_iter().next() {
            *self.text.lock().unwrap_or_else(PoisonError::into_inner) = first.into_text();
        }
        let objects = objects?.into_iter().enumerate().map(|(at, (object, batches))| {
            batches.into_iter().for_each(|batch| shares[batch].objects.push(at));
            object
        });
        Ok(Partitioned { objects: objects.collect(), shares })
    }
}

impl Partitioned {
    /// Adds the objects of other batches. An object that is already here is not added again.
    fn append(&mut self, other: Self) {
        let places: Vec<usize> = other.objects.into_iter().map(|object| self.place(object)).collect();
        let moved = |share: Share| Share { objects: share.objects.iter().map(|&at| places[at]).collect(), ..share };
        self.shares.extend(other.shares.into_iter().map(moved));
    }

    fn place(&mut self, object: Object) -> usize {
        let known = self.objects.iter().position(|known| known.key == object.key);
        known.unwrap_or_else(|| {
            self.objects.push(object);
            self.objects.len() - 1
        })
    }
}

/// Writes a row for each record of a body: an event row or a reject row.
///
/// The rows are written to `text`; its contents are cleared and the buffer is reused.
pub fn normalize<'a>(arrival: &'a Arrival<'a>, body: &'a [u8], text: Vec<u8>) -> Rows<'a> {
    let (mut records, mut parts) = (Records::of(body), RecordParts::default());
    let mut normalizer = Normalizer::new(arrival);
    let mut rows = Rows::new(arrival, body, text);
    while let Some(ReadRecord { bytes, read }) = records.read_next(&mut parts) {
        let event = read.and_then(|()| normalizer.normalize(&mut parts, &mut rows.text));
        rows.add(bytes, event);
    }
    rows
}

/// Writes the reject row of a body that is not read. The whole body is one record; a blank body has no row.
fn reject<'a>(arrival: &'a Arrival<'a>, body: &'a [u8], reason: Reason, text: Vec<u8>) -> Rows<'a> {
    let mut rows = Rows::new(arrival, body, text);
    if !is_blank(body) {
        rows.add(Cow::Borrowed(body), Err(reason.into()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;
    use crate::{batch::Record, object::Table, source::Source};

    /// Bodies of complete records, sometimes with something between them that changes how they are split.
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
    fn a_body_that_our_code_panics_on_is_kept_whole_as_one_reject_and_those_beside_it_are_read() {
        let (eu, us) = (Source::parse("eu").expect("a name"), Source::parse("us").expect("a name"));
        let body = |id: u8| format!(r#"[{{"log_id":"{id}","data":{{}}}},{{"log_id":"{}","data":{{}}}}]"#, id + 1);
        let bodies = [body(1), body(3), body(3), body(5)];
        let received_at = DateTime::from_timestamp(1_795_403_527, 0).expect("a time");
        let batches: Vec<Batch<'_>> = [&eu, &eu, &eu, &us]
            .into_iter()
            .zip(&bodies)
            .map(|(source, body)| Batch { arrival: Arrival::new(source, "request", received_at), body: body.as_bytes(), unread: None })
            .collect();
        let partitioner = Partitioner::new(Compression::None);
        let buggy = |batches: &[Batch<'_>]| {
            let made = partitioner.objects(batches, None);
            assert!(!batches.iter().any(|batch| batch.body == bodies[0].as_bytes()), "what a bug does");
            made
        };
        let Partitioned { objects, shares } = partitioner.partition_with(&batches, &buggy).expect("memory");
        let tallies: Vec<_> = shares.iter().map(|share| (share.tally.accepted, share.tally.rejected)).collect();
        assert_eq!(tallies, [(0, 1), (2, 0), (2, 0), (2, 0)]);
        assert_eq!(
            shares.iter().map(|share| &share.objects[..]).collect::<Vec<_>>(),
            [[0], [1], [1], [2]],
            "the same records are one object"
        );
        assert_eq!(objects[0].key.table(), Table::Rejects);
        let row: serde_json::Value = serde_json::from_slice(&objects[0].bytes).expect("a row");
        assert_eq!((row["reason"].as_str(), row["raw"].as_str()), (Some("receiver_error"), Some(&*bodies[0])));
    }

    #[test]
    fn batches_of_one_source_and_hour_share_an_object_and_others_do_not() {
        let (eu, us) = (Source::parse("eu").expect("a name"), Source::parse("us").expect("a name"));
        let record = |id: u8, hour: u8| format!(r#"{{"log_id":"{id}","data":{{"date":"2026-07-01T{hour}:30:00Z"}}}}"#);
        let received_at = DateTime::from_timestamp(1_795_403_527, 0).expect("a time");
        let bodies = [record(1, 12), format!("[{},{},7]", record(2, 13), record(3, 12)), record(4, 12), "[]".to_owned()];
        let ids = ["a", "b", "c", "d"];
        let batches: Vec<Batch<'_>> = [&eu, &eu, &us, &eu]
            .into_iter()
            .zip(bodies.iter().zip(ids))
            .map(|(source, (body, id))| Batch { arrival: Arrival::new(source, id, received_at), body: body.as_bytes(), unread: None })
            .collect();
        let Partitioned { objects, shares } = Partitioner::new(Compression::None).partition(&batches).expect("memory");
        let held: Vec<Vec<(String, String)>> = objects
            .iter()
            .map(|object| {
                let rows = object.bytes.split(|&byte| byte == b'\n').filter(|row| !row.is_empty());
                let row = |row| serde_json::from_slice::<serde_json::Value>(row).expect("a row");
                rows.map(row)
                    .map(|row| (row["log_id"].to_string(), format!("{}{}", row["ingest"]["request_id"], row["request_id"])))
                    .collect()
            })
            .collect();
        let text = |id: &str, request: &str| (format!("{id:?}"), format!("{request:?}null"));
        assert_eq!(
            held,
            [
                vec![text("1", "a"), text("3", "b")],
                vec![text("2", "b")],
                vec![("null".to_owned(), "null\"b\"".to_owned())],
                vec![text("4", "c")]
            ]
        );
        assert_eq!(shares.iter().map(|share| &share.objects[..]).collect::<Vec<_>>(), [&[0][..], &[0, 1, 2], &[3], &[]]);
    }

    #[test]
    fn a_body_that_is_not_read_is_kept_to_its_last_byte() {
        let source = Source::parse("eu").expect("a name");
        let arrival = Arrival::new(&source, "request", DateTime::UNIX_EPOCH);
        for (body, kept) in [(&b" \x1f\x8b\0\n"[..], true), (b" \n", false)] {
            let rows = reject(&arrival, body, Reason::UnsupportedEncoding, Vec::new());
            assert_eq!(rows.records().collect::<Vec<_>>(), Vec::from_iter(kept.then_some(body)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn prop_reading_objects_where_they_stand_makes_the_rows_of_cutting_them_first(body in bodies()) {
            let source = Source::parse("eu").expect("a name");
            let arrival = Arrival::new(&source, "request", DateTime::from_timestamp(1_795_403_527, 0).expect("a time"));
            let rows = normalize(&arrival, &body, Vec::new());
            let (mut cut, mut normalizer, mut parts) = (Rows::new(&arrival, &body, Vec::new()), Normalizer::new(&arrival), RecordParts::default());
            for record in Records::of(&body) {
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
