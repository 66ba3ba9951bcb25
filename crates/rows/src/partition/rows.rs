//! The rows of a batch, and the objects made from the rows of batches.

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
    event::Event,
    object::{Compression, Object, ObjectKey, Table},
    reject::{Reason, Reject},
    row::{Arrival, first_half},
    source::Source,
};

/// At most the bytes of a typical record.
const RECORD: usize = 1_024;
/// Seconds in an hour.
const HOUR: i64 = 3_600;

/// One row, its table and time, and its record.
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
    /// The hours of the events.
    hours: BTreeSet<i64>,
    /// Counts of the records by outcome.
    pub tally: Tally,
}

impl<'a> Rows<'a> {
    pub(super) fn new(arrival: &'a Arrival<'a>, body: &[u8], mut text: Vec<u8>) -> Self {
        let bytes = body.len();
        text.clear();
        text.reserve(bytes + bytes / 2);
        Self { arrival, text, rows: Vec::with_capacity(bytes / RECORD), hours: BTreeSet::new(), tally: Tally::default() }
    }

    /// Notes the event row that was just written, or replaces it with a reject row.
    pub(super) fn add(&mut self, record: Cow<'a, [u8]>, event: Result<Event, Reject>) {
        let start = self.rows.last().map_or(0, |row| row.text.end);
        let (table, at) = match event.and_then(|event| self.within_hours(event)) {
            Ok(event) => {
                self.tally.note(&event, self.arrival.received_at);
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

    /// Notes the hour of an event, unless the request already touches the most hours allowed.
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

    /// The record of each row.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().map(|row| row.record.as_ref())
    }

    /// Returns the buffer of the rows for reuse.
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }
}

/// The rows of one object, each with the position of its batch.
type Chosen<'r, 'a> = Vec<(usize, &'r Row<'a>)>;

/// Makes one object for each source, table and hour. Also returns the positions of the batches whose rows it holds.
///
/// # Errors
/// If the compressor fails.
pub fn objects(batches: &[Rows<'_>], compression: Compression) -> io::Result<Vec<(Object, Vec<usize>)>> {
    let mut sources: BTreeMap<&Source, BTreeMap<(Table, i64), Chosen<'_, '_>>> = BTreeMap::new();
    for (batch, rows) in batches.iter().enumerate() {
        let hours = sources.entry(rows.arrival.source).or_default();
        for row in &rows.rows {
            hours.entry((row.table, hour_of(row.at))).or_default().push((batch, row));
        }
    }
    let each = sources.into_iter().flat_map(|(source, hours)| hours.into_iter().map(move |((table, _), rows)| (source, table, rows)));
    each.map(|(source, table, rows)| {
        let object = object(source, table, batches, &rows, compression)?;
        let mut holders: Vec<usize> = rows.iter().map(|&(batch, _)| batch).collect();
        holders.dedup();
        Ok((object, holders))
    })
    .collect()
}

fn object(source: &Source, table: Table, batches: &[Rows<'_>], rows: &Chosen<'_, '_>, compression: Compression) -> io::Result<Object> {
    let earliest = rows.iter().map(|(_, row)| row.at).min().unwrap_or_default();
    let key = ObjectKey::new(table, earliest, digest(source, rows), compression);
    let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
    for (batch, row) in rows {
        match runs.last_mut() {
            // Most batches have one hour, whose rows are contiguous, so they are compressed as one slice.
            Some((last, run)) if last == batch && run.end == row.text.start => run.end = row.text.end,
            _ => runs.push((*batch, row.text.clone())),
        }
    }
    let bytes = compression.compress(runs.into_iter().map(|(batch, run)| &batches[batch].text[run]))?;
    Ok(Object { key, bytes: Bytes::from(bytes) })
}

/// Digests the source and, for each record, its length in eight bytes and its bytes as sent.
fn digest(source: &Source, rows: &Chosen<'_, '_>) -> [u8; 16] {
    let mut digest = Sha256::new().chain_update(source.as_str()).chain_update([0]);
    for (_, row) in rows {
        digest.update((row.record.len() as u64).to_be_bytes());
        digest.update(&row.record);
    }
    first_half(&digest.finalize().into())
}

fn hour_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(HOUR)
}
