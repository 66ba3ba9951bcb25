//! Rows → objects: one for each UTC hour that a batch touches, named by its content.
//!
//! Rows are written once, one after another, and sorted into hours as slices. An object's name
//! holds a digest of the source and of the records as they were sent, so that the same request
//! makes the same names, as long as its rows' times come from its records.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Range,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{
    auth::Source,
    batch::Record,
    compression::Compression,
    event::Normalizer,
    object::{Object, ObjectKey, Table},
    reject::{Reason, Reject},
    row::{Arrival, first_half},
};

/// Most hours that the events of one request may touch: each is an object, and a put.
pub const MOST_HOURS: usize = 1_000;
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
    /// Longest time from an event to the request.
    pub greatest_lag: Option<TimeDelta>,
}

/// One row, where it belongs, and which record it is of.
#[derive(Debug)]
struct Row {
    table: Table,
    at: DateTime<Utc>,
    text: Range<usize>,
    record: usize,
}

/// The rows of one batch, in the order sent.
#[derive(Debug)]
pub struct Rows<'a> {
    source: &'a Source,
    records: &'a [Record<'a>],
    text: Vec<u8>,
    rows: Vec<Row>,
    /// What became of the records.
    pub tally: Tally,
}

/// Writes a row for each record of a batch: an event row, or a reject row.
///
/// `text` is where the rows are written; what it holds is lost, its memory is used again.
pub fn normalize<'a>(arrival: &'a Arrival<'a>, records: &'a [Record<'a>], mut text: Vec<u8>) -> Rows<'a> {
    let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
    text.clear();
    text.reserve(bytes + bytes / 2);
    let mut rows = Rows { source: arrival.source, records, text, rows: Vec::with_capacity(records.len()), tally: Tally::default() };
    let mut normalizer = Normalizer::new(arrival);
    let mut hours = BTreeSet::new();
    for (index, record) in records.iter().enumerate() {
        match rows.event(record, &mut normalizer, &mut hours) {
            Ok(at) => rows.add(Table::Events, at, index),
            Err(reject) => {
                reject.render(&mut rows.text, arrival, index, &record.bytes);
                rows.tally.rejected += 1;
                rows.add(Table::Rejects, arrival.received_at, index);
            }
        }
        if let Some(event) = rows.rows.last().filter(|row| row.table == Table::Events) {
            let lag = arrival.received_at - event.at;
            rows.tally.greatest_lag = rows.tally.greatest_lag.max(Some(lag));
        }
    }
    rows
}

impl<'a> Rows<'a> {
    /// Writes the event row of a record; where it is none, nothing.
    fn event(
        &mut self,
        record: &'a Record<'a>,
        normalizer: &mut Normalizer<'a>,
        hours: &mut BTreeSet<i64>,
    ) -> Result<DateTime<Utc>, Reject> {
        if let Some(reason) = record.refused {
            return Err(reason.into());
        }
        let start = self.text.len();
        let event = normalizer.normalize(&record.bytes, &mut self.text)?;
        let hour = hour_of(event.at);
        if hours.len() == MOST_HOURS && !hours.contains(&hour) {
            self.text.truncate(start);
            return Err(Reason::BatchLimit.into());
        }
        hours.insert(hour);
        self.tally.accepted += 1;
        self.tally.drifted += usize::from(event.drifted);
        Ok(event.at)
    }

    /// Notes the row that was written last.
    fn add(&mut self, table: Table, at: DateTime<Utc>, record: usize) {
        let start = self.rows.last().map_or(0, |row| row.text.end);
        self.rows.push(Row { table, at, text: start..self.text.len(), record });
    }

    /// Gives the rows as newline-delimited JSON, in the order sent.
    pub fn ndjson(&self) -> &[u8] {
        &self.text
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
        let mut hours: BTreeMap<(Table, i64), Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            hours.entry((row.table, hour_of(row.at))).or_default().push(row);
        }
        hours.into_iter().map(|((table, _), rows)| self.object(table, &rows, compression)).collect()
    }

    fn object(&self, table: Table, rows: &[&Row], compression: Compression) -> io::Result<Object> {
        let earliest = rows.iter().map(|row| row.at).min().unwrap_or_default();
        let key = ObjectKey::new(table, earliest, self.digest(rows), compression);
        let bytes = compression.compress(rows.iter().map(|row| &self.text[row.text.clone()]))?;
        Ok(Object { key, bytes: Bytes::from(bytes) })
    }

    /// Digests the source and, for each record, its length as eight bytes and its bytes as sent.
    fn digest(&self, rows: &[&Row]) -> [u8; 16] {
        let mut digest = Sha256::new().chain_update(self.source.as_str()).chain_update([0]);
        for row in rows {
            let record = &self.records[row.record].bytes;
            digest.update((record.len() as u64).to_be_bytes());
            digest.update(record);
        }
        first_half(&digest.finalize().into())
    }
}

fn hour_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(HOUR)
}
