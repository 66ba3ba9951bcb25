//! Finds a person's rows in an object, and removes them.

use std::{
    collections::BTreeSet,
    io::{self, Read},
};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::person::{Found, Person};
use crate::stored::Held;
use auth0_log_lake::object::{Compression, ObjectKey};

/// A name of the person in one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The source (tenant), where another's name may be the same.
    pub source: String,
    /// The name, as it was sent.
    pub name: String,
}

/// What a search of one object found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// All its rows.
    pub rows: usize,
    /// Row ids of the person's rows; empty for a row without an id.
    pub persons: Vec<String>,
    /// Row ids of the rows with an identifier only inside something longer.
    pub parts: Vec<String>,
    /// Row ids of the rows that keep what cannot be read here.
    pub unreadable: Vec<String>,
    /// The names that the person's own events have.
    pub names: BTreeSet<Name>,
}

impl Sight {
    /// Searches each row of an object.
    ///
    /// # Errors
    /// The object is damaged.
    pub fn of(key: &ObjectKey, held: &Held, person: &Person) -> io::Result<Self> {
        let text = unpack(key.compression(), &held.bytes)?;
        let mut sight = Self::default();
        for row in rows(&text) {
            sight.rows += 1;
            match person.find(row) {
                Found::Whole => {
                    sight.persons.push(id(row));
                    sight.names.extend(person.names(row));
                }
                Found::Part => sight.parts.push(id(row)),
                Found::Unreadable => sight.unreadable.push(id(row)),
                Found::No => {}
            }
        }
        Ok(sight)
    }
}

/// The object without a person's rows; all others stay byte for byte.
///
/// # Errors
/// The object is damaged, or another row would be lost.
pub fn without(key: &ObjectKey, held: &Held, person: &Person) -> io::Result<Held> {
    let text = unpack(key.compression(), &held.bytes)?;
    let stay: Vec<&[u8]> = rows(&text).filter(|row| person.find(row) != Found::Whole).collect();
    let bytes = key.compression().compress(stay.iter().copied())?;
    if unpack(key.compression(), &bytes)? != stay.concat() {
        return Err(io::Error::other("what was compressed does not unpack to the same rows"));
    }
    Ok(Held { bytes, ..held.clone() })
}

/// Counts the rows of an object.
///
/// # Errors
/// The object is damaged.
pub fn count(key: &ObjectKey, held: &Held) -> io::Result<usize> {
    Ok(rows(&unpack(key.compression(), &held.bytes)?).count())
}

/// Each row, with the line break at its end.
fn rows(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}

fn id(row: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    struct Row {
        #[serde(default)]
        p_row_id: String,
    }
    serde_json::from_slice(row).unwrap_or(Row::default()).p_row_id
}

fn unpack(compression: Compression, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    match compression {
        Compression::Gzip => MultiGzDecoder::new(bytes).read_to_end(&mut text),
        Compression::Zstd => zstd::Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_end(&mut text)),
        Compression::None => (&mut &*bytes).read_to_end(&mut text),
    }?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(compression: Compression) -> ObjectKey {
        let name = "events/dt=2026-07-01/hour=12/20260701T123456789Z-0123456789abcdef0123456789abcdef.ndjson";
        ObjectKey::parse(&format!("{name}{}", compression.extension())).expect("a key")
    }

    #[test]
    fn other_rows_stay_byte_for_byte_in_every_compression() {
        let mut person = Person::default();
        person.add("ann@example.com").expect("an address");
        let all = b"{\"a\" : 1}\r\n\n{\"u\":\"ann@example.com\",\"p_row_id\":\"7\"}\n\xFF{}\n{\"b\":2}".as_slice();
        for compression in Compression::ALL {
            let key = key(compression);
            let held = Held { bytes: compression.compress([all].into_iter()).expect("memory"), ..Held::default() };
            let sight = Sight::of(&key, &held, &person).expect("rows");
            assert_eq!((sight.rows, sight.persons.as_slice()), (5, ["7".to_owned()].as_slice()));
            let left = without(&key, &held, &person).expect("rows");
            assert_eq!(unpack(compression, &left.bytes).expect("rows"), b"{\"a\" : 1}\r\n\n\xFF{}\n{\"b\":2}");
            assert_eq!(count(&key, &left).expect("rows"), 4);
        }
    }

    #[test]
    fn an_object_may_become_empty_and_a_damaged_one_is_not_made_again() {
        let mut person = Person::default();
        person.add("ann@example.com").expect("an address");
        for compression in Compression::ALL {
            let key = key(compression);
            let bytes = compression.compress([b"ann@example.com\n".as_slice()].into_iter()).expect("memory");
            let left = without(&key, &Held { bytes: bytes.clone(), ..Held::default() }, &person).expect("rows");
            assert_eq!(count(&key, &left).expect("rows"), 0, "{compression:?}");
            if compression != Compression::None {
                let cut = Held { bytes: bytes[..bytes.len() - 3].to_vec(), ..Held::default() };
                assert!(without(&key, &cut, &person).is_err(), "{compression:?}");
            }
        }
    }
}
