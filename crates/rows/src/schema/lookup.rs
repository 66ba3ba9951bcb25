//! Which column a sent name belongs to: a hash table without collisions, made at compile time.
//!
//! A name is read as two words, its first eight bytes and its last; they hash it, and up to sixteen
//! bytes they are all of it, so that most names are found without comparing bytes one by one.

use super::Column;

/// A name that senders use for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Position of the column in its table.
    pub column: u8,
    /// Position of the name in the column's `sent_as`.
    pub preference: u8,
}

/// Finds the column of a sent name with one comparison.
#[derive(Debug)]
pub(crate) struct Lookup {
    slots: [Option<Known>; Self::SLOTS],
    multiplier: u64,
}

/// A name of the table, its words, and what it stands for.
#[derive(Clone, Copy, Debug)]
struct Known {
    name: &'static str,
    words: [u64; 2],
    sent: Sent,
}

impl Lookup {
    const SLOTS: usize = 256;

    pub const fn of(columns: &[Column]) -> Self {
        let mut multiplier = 0x9E37_79B9_7F4A_7C15;
        loop {
            if let Some(slots) = Self::fill(columns, multiplier) {
                return Self { slots, multiplier };
            }
            multiplier += 2;
        }
    }

    const fn fill(columns: &[Column], multiplier: u64) -> Option<[Option<Known>; Self::SLOTS]> {
        let mut slots = [None; Self::SLOTS];
        let mut column = 0;
        while column < columns.len() {
            let names = columns[column].sent_as;
            assert!(names.len() <= 2, "a preferred name, and another");
            let mut preference = 0;
            while preference < names.len() {
                let (name, words) = (names[preference], words(names[preference].as_bytes()));
                let slot = slot(words, name.len(), multiplier);
                if slots[slot].is_some() {
                    return None;
                }
                slots[slot] = Some(Known { name, words, sent: Sent { column: column as u8, preference: preference as u8 } });
                preference += 1;
            }
            column += 1;
        }
        Some(slots)
    }

    /// Returns the column that a sender's name belongs to.
    #[inline(always)]
    pub fn find(&self, name: &str) -> Option<Sent> {
        let words = words(name.as_bytes());
        let known = self.slots[slot(words, name.len(), self.multiplier)].as_ref()?;
        let same = known.words == words && known.name.len() == name.len() && (name.len() <= 16 || known.name == name);
        same.then_some(known.sent)
    }
}

/// Two words that, with the length, are all of a name up to sixteen bytes: its first eight bytes and its last eight,
/// of a shorter one four and four, of one shorter still whatever it has.
#[inline(always)]
const fn words(name: &[u8]) -> [u64; 2] {
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        return [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
    }
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        return [u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64];
    }
    match name {
        [] => [0, 0],
        [first, .., last] => [*first as u64, *last as u64 | (name[1] as u64) << 8],
        [only] => [*only as u64, *only as u64],
    }
}

#[inline(always)]
const fn slot(words: [u64; 2], length: usize, multiplier: u64) -> usize {
    ((words[0] ^ words[1].rotate_left(29) ^ length as u64).wrapping_mul(multiplier) >> 56) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DATA, DATA_LOOKUP, LOCATION_INFO, LOCATION_LOOKUP};

    /// Names that differ from this one in one byte, or by one.
    fn neighbours(name: &str) -> Vec<String> {
        let changed = |at: usize, to: &str, rest: usize| format!("{}{to}{}", &name[..at], &name[at + rest..]);
        (0..name.len()).flat_map(|at| [changed(at, "", 1), changed(at, "~", 1), changed(at, &name[at..=at].repeat(2), 1)]).collect()
    }

    #[test]
    fn every_sent_name_finds_its_column_and_no_other_name_does() {
        for (columns, lookup) in [(DATA, &DATA_LOOKUP), (LOCATION_INFO, &LOCATION_LOOKUP)] {
            let is_sent = |name: &str| columns.iter().any(|column| column.sent_as.contains(&name));
            for (at, column) in columns.iter().enumerate() {
                for (preference, name) in column.sent_as.iter().enumerate() {
                    let sent = Sent { column: at as u8, preference: preference as u8 };
                    assert_eq!(lookup.find(name), Some(sent), "{name}");
                    assert_eq!(lookup.find(&name.to_uppercase()), None, "{name}");
                    for other in neighbours(name) {
                        assert!(is_sent(&other) || lookup.find(&other).is_none(), "{other}");
                    }
                }
            }
            for name in ["", "unmapped", "event_schema", "IP", "$envelope", "$duplicates", "x"] {
                assert_eq!(lookup.find(name), None, "{name}");
            }
        }
    }
}
