//! The column for each name that senders use.

use super::Column;

/// A name that senders use for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Position of the column in its table.
    pub column: u8,
    /// Position of the name in the column's `sent_as`.
    pub preference: u8,
}

/// The names of a table's columns, grouped by length.
#[derive(Debug)]
pub(crate) struct Lookup(Vec<Vec<(&'static str, Sent)>>);

impl Lookup {
    pub fn of(columns: &[Column]) -> Self {
        let mut by_length: Vec<Vec<_>> = Vec::new();
        for (column, names) in (0..).zip(columns.iter().map(|column| column.sent_as)) {
            for (preference, &name) in (0..).zip(names) {
                by_length.resize_with(by_length.len().max(name.len() + 1), Vec::new);
                by_length[name.len()].push((name, Sent { column, preference }));
            }
        }
        Self(by_length)
    }

    /// Returns the column that a sender's name belongs to.
    #[inline(always)]
    pub fn find(&self, name: &str) -> Option<Sent> {
        self.0.get(name.len())?.iter().find(|(known, _)| *known == name).map(|&(_, sent)| sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DATA, DATA_LOOKUP, LOCATION_INFO, LOCATION_LOOKUP};

    #[test]
    fn every_sent_name_finds_its_column_and_no_other_name_does() {
        for (columns, lookup) in [(DATA, &*DATA_LOOKUP), (LOCATION_INFO, &*LOCATION_LOOKUP)] {
            for (at, column) in columns.iter().enumerate() {
                assert!(column.sent_as.len() <= 2, "members are marked for a preferred name and one other");
                for (preference, name) in column.sent_as.iter().enumerate() {
                    let sent = Sent { column: at as u8, preference: preference as u8 };
                    assert_eq!(lookup.find(name), Some(sent), "{name}");
                    assert_eq!(lookup.find(&name.to_uppercase()), None, "{name}");
                }
            }
            for name in ["", "unmapped", "event_schema", "IP", "$envelope", "$duplicates", "x"] {
                assert_eq!(lookup.find(name), None, "{name}");
            }
        }
    }
}
