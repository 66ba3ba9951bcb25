//! Finds a person's rows in an object, and removes them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::{
    identifier::{Identifier, Kind},
    person::{Named, Person},
    records,
};
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

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, and is nobody's that is searched for.
    Stays,
    /// It is erased.
    Goes,
    /// It stays until somebody has judged what it holds: each is longer than an identifier.
    Judged(BTreeSet<String>),
    /// It is a reject that holds so many records of others too, and stays until its row id is given.
    Shared(usize),
}

/// A row that stays until somebody has judged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its row id; empty if it has none.
    pub id: String,
    /// Why it stays.
    pub fate: Fate,
}

/// What a search of one object found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// All its rows.
    pub rows: usize,
    /// Row ids of the rows to erase; empty for a row without an id.
    pub persons: Vec<String>,
    /// The rows that stay until somebody has judged them.
    pub open: Vec<Open>,
    /// The rows that cannot be looked at whole: their ids, and why.
    pub unreadable: Vec<(String, &'static str)>,
    /// How many rows each identifier is found in.
    pub found: BTreeMap<Identifier, usize>,
    /// How many rows to erase carry another name of their user.
    pub others: BTreeMap<String, usize>,
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
            sight.add(row, person);
        }
        Ok(sight)
    }

    fn add(&mut self, row: &[u8], person: &Person) {
        let named = person.find(row);
        for id in &named.whole {
            *self.found.entry((*id).clone()).or_default() += 1;
        }
        if let Some(why) = named.unreadable {
            self.unreadable.push((id(row), why));
        }
        match fate(row, &named, person) {
            Fate::Stays => {}
            Fate::Goes => {
                self.persons.push(id(row));
                self.names.extend(person.names(row));
                person.other_names(row).into_iter().for_each(|name| *self.others.entry(name).or_default() += 1);
            }
            fate => self.open.push(Open { id: id(row), fate }),
        }
    }
}

/// Decides what becomes of a row.
pub fn fate(row: &[u8], named: &Named<'_>, person: &Person) -> Fate {
    if named.whole.iter().any(|id| id.kind == Kind::Row) {
        return Fate::Goes;
    }
    if named.whole.is_empty() {
        return if named.parts.is_empty() { Fate::Stays } else { Fate::Judged(named.parts.clone()) };
    }
    match records::of_others(row, person) {
        0 => Fate::Goes,
        many => Fate::Shared(many),
    }
}

/// The object without the rows to erase; all others stay byte for byte.
///
/// # Errors
/// The object is damaged, or another row would be lost.
pub fn without(key: &ObjectKey, held: &Held, person: &Person) -> io::Result<Held> {
    let text = unpack(key.compression(), &held.bytes)?;
    let stay: Vec<&[u8]> = rows(&text).filter(|row| fate(row, &person.find(row), person) != Fate::Goes).collect();
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
        person.add("ann@example.com", "").expect("an address");
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
        person.add("ann@example.com", "").expect("an address");
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
