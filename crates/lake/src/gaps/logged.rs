//! A record as Auth0 logged it, and where its row stands in a lake.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::window::stored_at;
use auth0_log_lake::{auth::Source, batch::RecordParts, event::Normalizer, row::Arrival};

/// 128 bits of the digest of a `log_id`: what an event is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// Takes a `log_id`.
    pub fn of(log_id: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(log_id).into();
        Self(std::array::from_fn(|i| digest[i]))
    }
}

/// What of a record of Auth0's log is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// What it is known by.
    pub key: Key,
    /// Its id.
    pub log_id: String,
    /// Auth0's code of its type.
    pub kind: String,
    /// The time of its row.
    pub at: DateTime<Utc>,
    /// The time of its row where a receiver could not use its `date` when it came.
    pub elsewhere: Option<DateTime<Utc>>,
    /// Neither its `date` nor its `log_id` says in which hour its row stands: that is the hour of its request.
    pub is_anywhere: bool,
    /// When Auth0 stored it, where its `log_id` or else its `date` says so.
    pub stored_at: Option<DateTime<Utc>>,
}

/// Reads records as a receiver would read them now; none where it would reject one.
pub fn read(records: &[&[u8]], now: DateTime<Utc>) -> Vec<Option<Logged>> {
    // The name is in no result: a key is of the log_id alone.
    let Some(source) = Source::parse("gaps") else { return Vec::new() };
    let arrival = Arrival::new(&source, "gaps", now);
    let (mut normalizer, mut parts, mut row, mut read) = (Normalizer::new(&arrival), RecordParts::default(), Vec::new(), Vec::new());
    for record in records {
        row.clear();
        let event = parts.read(record).and_then(|()| normalizer.normalize(&mut parts, &mut row)).ok();
        read.push(event.and_then(|event| Logged::of(&row, event.at)));
    }
    read
}

#[derive(Deserialize)]
struct Row {
    log_id: String,
    data: Data,
    ingest: Ingest,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    r#type: String,
}

#[derive(Deserialize)]
struct Ingest {
    time_source: String,
}

impl Logged {
    fn of(row: &[u8], at: DateTime<Utc>) -> Option<Self> {
        let row: Row = serde_json::from_slice(row).ok()?;
        let stored = stored_at(&row.log_id);
        Some(Self {
            key: Key::of(row.log_id.as_bytes()),
            kind: row.data.r#type,
            at,
            elsewhere: stored.filter(|_| row.ingest.time_source == "date"),
            is_anywhere: row.ingest.time_source == "received",
            stored_at: stored.or((row.ingest.time_source == "date").then_some(at)),
            log_id: row.log_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(record: &str) -> Option<Logged> {
        read(&[record.as_bytes()], "2026-07-08T12:00:00Z".parse().expect("a time")).pop().flatten()
    }

    #[test]
    fn a_flat_record_is_placed_as_a_receiver_places_its_row() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().expect(text);
        let (id, stored) = ("90020260701130000123000000000000000001", time("2026-07-01T13:00:00.123Z"));
        let logged = one(&format!(r#"{{"_id":"{id}","log_id":"{id}","type":"s","date":"2026-07-01T12:59:59.999Z"}}"#)).expect("an event");
        assert_eq!((logged.kind.as_str(), logged.at, logged.elsewhere), ("s", time("2026-07-01T12:59:59.999Z"), Some(stored)));
        assert_eq!((logged.key, logged.stored_at, logged.is_anywhere), (Key::of(id.as_bytes()), Some(stored), false));
        for record in
            [format!(r#"{{"_id":"{id}","type":"s"}}"#), format!(r#"{{"log_id":"{id}","type":"s","date":"2027-01-01T00:00:00Z"}}"#)]
        {
            let logged = one(&record).expect("an event");
            assert_eq!((logged.at, logged.elsewhere, logged.is_anywhere), (stored, None, false), "{record}");
        }
        let logged = one(r#"{"log_id":"h-1","type":"s","date":"never"}"#).expect("an event");
        assert!(logged.is_anywhere && logged.elsewhere.is_none() && logged.stored_at.is_none());
        for record in [r#"{"type":"s"}"#, "7", r#"{"log_id":"1"}"#] {
            assert_eq!(one(record), None, "{record}");
        }
    }
}
