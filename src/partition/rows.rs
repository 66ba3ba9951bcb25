//! The rows of one batch, and the objects that they make.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Range,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{MOST_HOURS, Tally};
use crate::{
    auth::AuthenticatedBody,
    event::Event,
    object::{Compression, Object, ObjectKey, Table},
    reject::{Reason, Reject},
    row::{Arrival, first_half},
};

/// No more bytes than a usual record has.
const RECORD: usize = 1_024;
/// Seconds in an hour.
const HOUR: i64 = 3_600;

/// One row, where it belongs, and the record behind it.
#[derive(Debug)]
struct Row<'a> {
    table: Table,
    at: DateTime<Utc>,
    text: Range<usize>,
    record: Cow<'a, [u8]>,
}

/// The rows of one batch, in the order sent.
#[derive(Debug)]
pub struct Rows<'a> {
    arrival: &'a Arrival<'a>,
    pub(super) text: Vec<u8>,
    rows: Vec<Row<'a>>,
    /// The hours that events touch.
    hours: BTreeSet<i64>,
    /// What became of the records.
    pub tally: Tally,
}

impl<'a> Rows<'a> {
    pub(super) fn new(arrival: &'a Arrival<'a>, batch: &AuthenticatedBody<'a>, mut text: Vec<u8>) -> Self {
        let bytes = batch.body().len();
        text.clear();
        text.reserve(bytes + bytes / 2);
        Self { arrival, text, rows: Vec::with_capacity(bytes / RECORD), hours: BTreeSet::new(), tally: Tally::default() }
    }

    /// Notes the event row that was just written, or writes a reject row in its place.
    pub(super) fn add(&mut self, record: Cow<'a, [u8]>, event: Result<Event, Reject>) {
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

    /// The rows as newline-delimited JSON, in the order sent.
    pub fn ndjson(&self) -> &[u8] {
        &self.text
    }

    /// The record behind each row.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().map(|row| row.record.as_ref())
    }

    /// Returns the memory of the rows, to be used again.
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
    fn by_hour(&self) -> BTreeMap<(Table, i64), Vec<&Row<'a>>> {
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
