//! What landed in a lake, as one screen for a person.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use crate::{
    layout::{hour_folder, members, number, table},
    reading::{LakeError, Reading},
    stored::Keys,
};
use auth0_log_lake::object::{ObjectKey, Table};

/// What a lake holds of one table.
#[derive(Debug, Default)]
pub struct Share {
    objects: usize,
    new: usize,
    rows: usize,
    bytes: usize,
    /// The first row that is text, and its object.
    pub example: Option<(String, ObjectKey)>,
}

/// What a lake holds.
#[derive(Debug, Default)]
pub struct Landed {
    /// Event rows.
    pub events: Share,
    /// Reject rows.
    pub rejects: Share,
    /// Objects that could not be read, each as a sentence without its full stop.
    pub problems: Vec<String>,
}

impl Landed {
    /// Reads a lake; objects that are not in `before` are new.
    ///
    /// # Errors
    /// The lake cannot be listed. Objects that cannot be read are noted.
    pub fn read(reading: &Reading, before: &BTreeSet<String>) -> Result<Self, LakeError> {
        let mut landed = Self::default();
        for table in [Table::Events, Table::Rejects] {
            for key in reading.list(&Keys::below(format!("{}/", table.prefix())))?.objects {
                landed.add(reading, key, !before.contains(&key.to_string()));
            }
        }
        Ok(landed)
    }

    fn add(&mut self, reading: &Reading, key: ObjectKey, is_new: bool) {
        let rows = match reading.rows(&key) {
            Ok(rows) => rows,
            Err(error) => return self.problems.push(error.to_string()),
        };
        if let Some(fault) = &rows.fault {
            self.problems.push(format!("{key} is damaged: {fault}"));
        }
        let share = if key.table() == Table::Events { &mut self.events } else { &mut self.rejects };
        share.objects += 1;
        share.new += usize::from(is_new);
        share.bytes += rows.bytes;
        for row in rows.lines() {
            share.rows += 1;
            share.example = share.example.take().or_else(|| Some((str::from_utf8(row).ok()?.to_owned(), key)));
        }
    }

    /// Shows the counts and one row of each table.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |name: &str, share: &Share| {
            [name.to_owned(), number(share.objects), number(share.new), number(share.rows), number(share.bytes)]
        };
        let rows = [row("events", &self.events), row("rejects", &self.rejects)];
        writeln!(out, "{}", table(["", "objects", "of them new", "rows", "bytes"], &rows))?;
        for (name, share) in [("event", &self.events), ("reject", &self.rejects)] {
            if let Some((row, key)) = &share.example {
                writeln!(out, "One {name} row (long values cut short), from {}:\n\n{}", hour_folder(key), members(row))?;
            }
        }
        self.problems.iter().try_for_each(|problem| writeln!(out, "Problem: {problem}."))
    }
}
