//! What has been seen of the lake: each object is read once, each row checked against the contract.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use auth0_log_lake::object::{Compression, ObjectKey, Table};
use bytes::Bytes;
use serde_json::Value;

use super::{
    bucket::Bucket,
    record::{Fate, Record, row_id},
    violation::{Violation, Wrong},
};

/// Every row that has been found, by its source and id.
#[derive(Debug, Default)]
pub struct Lake {
    objects: usize,
    rows: BTreeMap<(String, String), Row>,
}

/// The part of a row that is the same in every object.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    table: Table,
    content: String,
}

impl Lake {
    pub fn objects(&self) -> usize {
        self.objects
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Reads what has been created since the last look.
    pub fn look(&mut self, bucket: &Bucket) -> Result<(), Violation> {
        if let Some(key) = bucket.replaced() {
            return Err(Violation::new(Wrong::Replaced, key));
        }
        for (key, bytes) in bucket.created_since(self.objects) {
            self.objects += 1;
            self.object(&key, &bytes).map_err(|wrong| Violation::new(wrong, key))?;
        }
        Ok(())
    }

    fn object(&mut self, key: &str, bytes: &Bytes) -> Result<(), Wrong> {
        let parsed = ObjectKey::parse(key).ok_or(Wrong::Key)?;
        let text = decompress(parsed.compression(), bytes).ok_or(Wrong::NotWhole)?;
        let lines = text.strip_suffix('\n').ok_or(Wrong::NotWhole)?;
        let mut times = Vec::new();
        for line in lines.split('\n') {
            let row: Value = serde_json::from_str(line).map_err(|_| Wrong::NotWhole)?;
            times.push(self.row(parsed.table(), row)?);
        }
        // Times are `YYYY-MM-DD HH:MM:SS.fff`, at times with more digits: text and time have one order.
        let (earliest, latest) = times.iter().min().zip(times.iter().max()).ok_or(Wrong::NotWhole)?;
        let (date, clock) = (&earliest[..10], &earliest[11..23]);
        let hour = format!("/dt={date}/hour={}/", &clock[..2]);
        let name = format!("/{}T{}Z-", date.replace('-', ""), clock.replace([':', '.'], ""));
        let same_hour = earliest[..13] == latest[..13];
        if same_hour && key.contains(&hour) && key.contains(&name) { Ok(()) } else { Err(Wrong::Hour) }
    }

    /// Checks one row against the contract; gives its time.
    fn row(&mut self, table: Table, mut row: Value) -> Result<String, Wrong> {
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(Wrong::NotWhole);
        let id = text(&row["p_row_id"])?;
        let (source, time, named) = match table {
            Table::Events => {
                let (source, time) = (text(&row["p_source_label"])?, text(&row["p_event_time"])?);
                (source, time, text(&row["log_id"])?.into_bytes())
            }
            Table::Rejects => (text(&row["source"])?, text(&row["received_at"])?, raw(&row).ok_or(Wrong::NotWhole)?),
        };
        if row_id(&source, &named) != id {
            return Err(Wrong::RowId);
        }
        forget_the_request(&mut row);
        let row = Row { table, content: row.to_string() };
        match self.rows.get(&(source.clone(), id.clone())) {
            Some(known) if *known != row => return Err(Wrong::TwoEventsOneId),
            Some(_) => {}
            None => _ = self.rows.insert((source, id), row),
        }
        Ok(time)
    }

    /// Whether a source's record is stored as it should be.
    pub fn holds(&self, source: &str, record: &Record) -> bool {
        let Some(row) = self.rows.get(&(source.to_owned(), record.row_id(source))) else { return false };
        match &record.fate {
            Fate::Event { mark, .. } => row.table == Table::Events && row.content.contains(mark),
            Fate::Reject { reason } => row.table == Table::Rejects && row.content.contains(&format!("\"reason\":\"{reason}\"")),
        }
    }

    /// A row that was never sent.
    pub fn invented(&self, sent: &BTreeSet<(String, String)>) -> Option<String> {
        self.rows.keys().find(|key| !sent.contains(*key)).map(|(source, id)| format!("{source} {id}"))
    }
}

/// Removes what depends on the request and on the records beside it.
fn forget_the_request(row: &mut Value) {
    let from_record = row["ingest"]["time_source"] != "received";
    let Some(members) = row.as_object_mut() else { return };
    for name in ["p_parse_time", "received_at", "request_id", "index"] {
        members.remove(name);
    }
    if !from_record {
        members.remove("p_event_time");
    }
    if let Some(ingest) = members.get_mut("ingest").and_then(Value::as_object_mut) {
        ingest.remove("request_id");
    }
}

/// The bytes of a rejected record as they were sent.
fn raw(row: &Value) -> Option<Vec<u8>> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    match (&row["raw"], &row["raw_base64"]) {
        (Value::String(text), Value::Null) => Some(text.clone().into_bytes()),
        (Value::Null, Value::String(base64)) => BASE64_STANDARD.decode(base64).ok(),
        _ => None,
    }
}

/// Decompresses an object that ends where its compression says.
fn decompress(compression: Compression, bytes: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    match compression {
        Compression::Gzip => {
            let mut rest = bytes;
            flate2::bufread::GzDecoder::new(&mut rest).read_to_end(&mut text).ok()?;
            rest.is_empty().then_some(())?;
        }
        Compression::Zstd => text = zstd::decode_all(bytes).ok()?,
        Compression::None => text.extend_from_slice(bytes),
    }
    String::from_utf8(text).ok()
}
