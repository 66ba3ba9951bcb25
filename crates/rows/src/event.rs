//! One record → one row, or a reject.
//!
//! The record is already read: checked, and taken apart into the members of its envelope and of its `data`. The row is
//! written from them in the order of the field table, so that its keys come only from the table. A value that does not
//! fit its column goes to `data.unmapped`. A record that is not an event becomes a [`Reject`].

use chrono::{DateTime, Utc};

use crate::{
    batch::{Member, Members, Placement, RecordParts, find_members},
    json::{JsonType, Scanner, Value},
    reject::{Reason, Reject},
    row::Arrival,
    schema::{Column, ColumnType, DATA, DATA_COLUMNS, DATE, LOCATION, LOCATION_COLUMNS, LOCATION_INFO, LOCATION_LOOKUP, MAX_DEPTH},
    time,
};
use columns::Columns;
use unmapped::Leftovers;

mod columns;
mod fit;
mod render;
mod unmapped;

/// Facts about an event whose row was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The row's `p_event_time`.
    pub at: DateTime<Utc>,
    /// A value did not fit its column; `ingest.drift` says which.
    pub drifted: bool,
    /// It is an operator's probe, not an event from Auth0: its `log_id` starts with [`PROBE`].
    pub is_probe: bool,
}

/// Prefix of the `log_id` of an operator's probe (`doctor`).
pub const PROBE: &str = "lake-doctor-";

/// Turns the records of one batch into rows; its buffers are reused for each record.
#[derive(Debug)]
pub struct Normalizer<'a> {
    arrival: &'a Arrival<'a>,
    location: Members<'a>,
    /// The member of `data` for each column.
    columns: Columns<DATA_COLUMNS>,
    /// The member of `location_info` for each of its columns.
    location_columns: Columns<LOCATION_COLUMNS>,
    leftovers: Leftovers,
}

impl<'a> Normalizer<'a> {
    /// Creates a normalizer for the records of one request.
    pub fn new(arrival: &'a Arrival<'a>) -> Self {
        Self {
            arrival,
            location: Members::new(&LOCATION_LOOKUP),
            columns: Columns::new(),
            location_columns: Columns::new(),
            leftovers: Leftovers::default(),
        }
    }

    /// Writes the row of a record that was read, and a line feed.
    ///
    /// # Errors
    /// If the record is not an event. Then nothing is written.
    pub fn normalize(&mut self, parts: &mut RecordParts<'a>, out: &mut Vec<u8>) -> Result<Event, Reject> {
        self.leftovers.clear();
        let log_id = self.take_envelope(parts)?;
        parts.data.mark();
        let date = self.take_data(&parts.data);
        Ok(self.render(&log_id, date, &parts.data, out))
    }

    /// Finds the event's id, and keeps the envelope's other members. A flat record is its own `data`.
    fn take_envelope(&mut self, parts: &mut RecordParts<'a>) -> Result<Value<'a>, Reason> {
        let flat = is_flat(&parts.envelope)?;
        let outer = parts.envelope.last("log_id").filter(is_usable_id);
        let inner = || parts.data.last("log_id").filter(is_usable_id);
        let exported = || parts.envelope.last("_id").filter(is_usable_id);
        let log_id = *outer.or_else(inner).or_else(exported).ok_or(Reason::MissingLogId)?;
        if flat {
            std::mem::swap(&mut parts.envelope, &mut parts.data);
            return Ok(log_id);
        }
        parts.envelope.mark();
        for member in parts.envelope.iter() {
            match member.name.as_ref() {
                _ if member.displaced => self.leftovers.duplicate("", member),
                "data" => {}
                "log_id" if member.value.kind == JsonType::Null || is_usable_id(&&member.value) => {}
                _ => self.leftovers.envelope(member),
            }
        }
        Ok(log_id)
    }

    /// Assigns each column its member and keeps the rest. Returns the time of `date` if it is usable.
    fn take_data(&mut self, data: &Members<'a>) -> Option<DateTime<Utc>> {
        self.columns.clear();
        let mut date = None;
        for (at, member) in data.iter().enumerate() {
            if member.is_repeated_column() {
                self.leftovers.drift("", &member.name, "stands twice");
            }
            match member.placement() {
                Placement::Displaced => self.leftovers.duplicate("", member),
                Placement::NoColumn => self.leftovers.field(member),
                Placement::Null => {}
                Placement::Column(column) => match self.take_column(column, member, &mut date) {
                    Ok(()) => self.columns.take(column, at),
                    Err(note) => {
                        self.leftovers.drift("", &member.name, &note);
                        self.leftovers.field(member);
                    }
                },
            }
        }
        date
    }

    /// Returns the first plausible time and its source.
    fn event_time(&self, log_id: &str, date: Option<DateTime<Utc>>) -> (DateTime<Utc>, &'static str) {
        let received_at = self.arrival.received_at;
        if let Some(at) = date {
            return (at, "date");
        }
        match time::from_log_id(log_id).filter(|at| time::is_plausible(*at, received_at)) {
            Some(at) => (at, "log_id"),
            None => (received_at, "received"),
        }
    }

    /// Checks that a member fits its column; the error is the note for `ingest.drift`.
    fn take_column(&mut self, column: usize, member: &Member<'a>, date: &mut Option<DateTime<Utc>>) -> Result<(), String> {
        match column {
            DATE => *date = Some(read_date(member, self.arrival.received_at)?),
            LOCATION => take_location(member, &mut self.location, &mut self.location_columns, &mut self.leftovers)?,
            _ => check(&DATA[column], &member.value)?,
        }
        let depth = member.value.flags.depth;
        if DATA[column].kind == ColumnType::Json && depth > MAX_DEPTH {
            self.leftovers.drift("", &member.name, &format!("expected at most {MAX_DEPTH} levels, found {depth}"));
        }
        Ok(())
    }
}

/// Whether the record is flat, with its fields at the top and not under `data`.
fn is_flat(envelope: &Members<'_>) -> Result<bool, Reason> {
    match envelope.last("data").map(|data| data.kind) {
        Some(JsonType::Object) => Ok(false),
        Some(JsonType::Null) => Err(Reason::MissingData),
        Some(_) => Err(Reason::DataNotAnObject),
        None if envelope.last("type").or(envelope.last("date")).is_some() => Ok(true),
        None => Err(Reason::MissingData),
    }
}

/// Whether a value can be an event's id: a nonempty string or a number.
fn is_usable_id(value: &&Value<'_>) -> bool {
    match value.kind {
        JsonType::String => !value.inner().is_empty(),
        kind => kind == JsonType::Number,
    }
}

/// Checks that a value fits its column; the error is the note for `ingest.drift`.
#[inline(always)]
fn check(column: &Column, value: &Value<'_>) -> Result<(), String> {
    if fit::fits(column.kind, value) { Ok(()) } else { Err(mismatch(column, value)) }
}

#[cold]
fn mismatch(column: &Column, value: &Value<'_>) -> String {
    format!("expected {}, found {}", column.kind.name(), value.kind.name())
}

/// Reads a `date` that is usable as the event's time.
fn read_date(member: &Member<'_>, received_at: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    check(&DATA[DATE], &member.value)?;
    let at = time::parse(&member.value.decoded()).ok_or("expected time, found string")?;
    if !time::is_plausible(at, received_at) {
        return Err("expected time, found implausible time".to_owned());
    }
    Ok(at)
}

/// Assigns each column of `location_info` its member and keeps the rest.
fn take_location<'a>(
    member: &Member<'a>,
    members: &mut Members<'a>,
    columns: &mut Columns<LOCATION_COLUMNS>,
    leftovers: &mut Leftovers,
) -> Result<(), String> {
    check(&DATA[LOCATION], &member.value)?;
    let found = find_members(&mut Scanner::new(member.value.raw), members);
    debug_assert!(found.is_ok(), "the record has been checked");
    members.mark();
    columns.clear();
    for (at, inner) in members.iter().enumerate() {
        if inner.is_repeated_column() {
            leftovers.drift("location_info.", &inner.name, "stands twice");
        }
        match inner.placement() {
            Placement::Displaced => leftovers.duplicate("location_info.", inner),
            Placement::NoColumn => leftovers.location(inner),
            Placement::Null => {}
            Placement::Column(column) => match check(&LOCATION_INFO[column], &inner.value) {
                Ok(()) => columns.take(column, at),
                Err(note) => {
                    leftovers.drift("location_info.", &inner.name, &note);
                    leftovers.location(inner);
                }
            },
        }
    }
    leftovers.end_location();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn row(record: &str) -> String {
        let source = Source::parse("eu").expect("a name");
        let arrival = Arrival::new(&source, "request", DateTime::from_timestamp(1_795_403_527, 0).expect("a time"));
        let mut row = Vec::new();
        let mut parts = RecordParts::default();
        parts.read(record.as_bytes()).expect(record);
        Normalizer::new(&arrival).normalize(&mut parts, &mut row).expect(record);
        String::from_utf8(row).expect("a row is UTF-8")
    }

    #[test]
    fn a_log_id_of_the_envelope_that_names_nothing_is_kept() {
        for (sent, kept) in
            [("\"\"", Some(r#"\"$envelope\":{\"log_id\":\"\"}"#)), ("[1]", Some(r#"\"$envelope\":{\"log_id\":[1]}"#)), ("null", None)]
        {
            let row = row(&format!(r#"{{"log_id":{sent},"data":{{"log_id":"x","type":"s"}}}}"#));
            assert!(row.contains(r#","log_id":"x","data":"#), "{row}");
            assert_eq!(row.contains("envelope"), kept.is_some(), "{row}");
            assert!(kept.is_none_or(|kept| row.contains(kept)), "{row}");
        }
    }
}
