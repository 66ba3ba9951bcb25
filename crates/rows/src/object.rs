//! Object keys. No other code spells one.

use std::fmt;

use base16ct::{HexDisplay, mixed};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::time::to_millisecond;

pub use compression::Compression;

mod compression;

/// The table of an object's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Event rows.
    Events,
    /// Reject rows.
    Rejects,
}

impl Table {
    /// The first segment of a key.
    pub const fn prefix(self) -> &'static str {
        match self {
            Table::Events => "events",
            Table::Rejects => "rejects",
        }
    }

    /// The prefix of the keys of a UTC day, without a slash at its end. Prefixes sort by day.
    pub fn day(self, day: NaiveDate) -> String {
        format!("{}/dt={}", self.prefix(), day.format("%Y-%m-%d"))
    }
}

/// The key of an object: its table, UTC hour, earliest time, content digest and compression.
///
/// Invariants: the hour in the folders is the hour of the time in the name, and the time has whole milliseconds.
///
/// ```
/// use rows::object::ObjectKey;
/// let text = "events/dt=2026-07-01/hour=12/20260701T123456789Z-0123456789abcdef0123456789abcdef.ndjson.gz";
/// assert_eq!(ObjectKey::parse(text).unwrap().to_string(), text);
/// assert!(ObjectKey::parse(&text.replace("hour=12", "hour=13")).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectKey {
    table: Table,
    at: DateTime<Utc>,
    digest: [u8; 16],
    compression: Compression,
}

impl ObjectKey {
    /// Format of the time in the name; milliseconds follow it.
    const SECOND: &'static str = "%Y%m%dT%H%M%S";

    /// Creates a key; `digest` is the first half of a SHA-256 over the source and the records.
    pub fn new(table: Table, earliest: DateTime<Utc>, digest: [u8; 16], compression: Compression) -> Self {
        Self { table, at: to_millisecond(earliest), digest, compression }
    }

    /// Parses a key; `None` if it does not have our form.
    pub fn parse(text: &str) -> Option<Self> {
        let (folders, name) = text.rsplit_once('/')?;
        let table = [Table::Events, Table::Rejects].into_iter().find(|table| folders.starts_with(table.prefix()))?;
        let (time, rest) = name.split_once("Z-")?;
        let (second, millisecond) = time.split_at_checked(15)?;
        let second = NaiveDateTime::parse_from_str(second, Self::SECOND).ok()?.and_utc();
        let millisecond: u16 = millisecond.parse().ok()?;
        let at = DateTime::from_timestamp_millis(second.timestamp_millis() + i64::from(millisecond))?;
        let (digits, rest) = rest.split_at_checked(32)?;
        let mut digest = [0; 16];
        mixed::decode(digits, &mut digest).ok()?;
        let extension = rest.strip_prefix(".ndjson")?;
        let compression = Compression::ALL.into_iter().find(|compression| compression.extension() == extension)?;
        Some(Self { table, at, digest, compression }).filter(|key| key.to_string() == text)
    }

    /// Returns the prefix of all keys with this earliest time.
    pub fn stem(table: Table, earliest: DateTime<Utc>) -> String {
        let at = to_millisecond(earliest);
        let (folders, second) = (at.format("dt=%Y-%m-%d/hour=%H"), at.format(Self::SECOND));
        format!("{}/{folders}/{second}{:03}Z-", table.prefix(), at.timestamp_subsec_millis())
    }

    /// The earliest time in the object, to the millisecond.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The table that the object belongs to.
    pub fn table(&self) -> Table {
        self.table
    }

    /// How the object is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stem = Self::stem(self.table, self.at);
        write!(f, "{stem}{:x}.ndjson{}", HexDisplay(&self.digest), self.compression.extension())
    }
}

/// One object to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where to store it.
    pub key: ObjectKey,
    /// Its compressed rows.
    pub bytes: Bytes,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_whose_time_no_clock_shows_is_none_of_ours() {
        let key = "events/dt=2026-07-01/hour=12/20260701T123456789Z-0123456789abcdef0123456789abcdef.ndjson.gz";
        assert!(ObjectKey::parse(key).is_some());
        for time in ["T1234569223372036854775807Z", "T123456Z", "T12345678Z", "T123460789Z"] {
            assert_eq!(ObjectKey::parse(&key.replace("T123456789Z", time)), None, "{time}");
        }
    }

    proptest! {
        #[test]
        fn prop_parsing_a_printed_key_gives_the_key(
            milliseconds in 1_262_304_000_000..4_102_444_800_000i64, digest: [u8; 16], table in 0..2usize, compression in 0..3usize,
        ) {
            let at = DateTime::from_timestamp_millis(milliseconds).expect("a time");
            let table = [Table::Events, Table::Rejects][table];
            let key = ObjectKey::new(table, at, digest, Compression::ALL[compression]);
            prop_assert_eq!(ObjectKey::parse(&key.to_string()), Some(key));
        }

        #[test]
        fn prop_no_text_makes_parsing_a_key_panic(text in "(events|rejects|x)(/dt=[0-9-]{10}/hour=[0-9]{2}/[0-9T]{0,20}Z-[0-9a-fé]{0,40}.ndjson)?.{0,9}") {
            if let Some(key) = ObjectKey::parse(&text) {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
