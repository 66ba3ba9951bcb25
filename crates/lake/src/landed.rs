//! What landed in a lake, summed up for a person.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use serde::Deserialize;

use crate::{
    layout::{count, members, number, shorten, table},
    reading::{LakeError, Reading},
    stored::Keys,
};
use auth0_log_lake::object::{ObjectKey, Table};

/// Days whose hours are shown.
const MOST_DAYS: usize = 8;
/// Columns of a reject's text that are shown.
const REJECT_WIDTH: usize = 88;
/// Types that make a good example, the best first.
const TELLING: [&str; 5] = ["fp", "limit_wc", "pwd_leak", "gd_auth_failed", "s"];

/// What a lake holds.
#[derive(Debug, Default)]
pub struct Landed {
    events: Share,
    rejects: Share,
    hours: BTreeMap<String, BTreeSet<String>>,
    event: Option<Example>,
    reject: Option<Example>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// What a lake holds of one table.
#[derive(Debug, Default)]
struct Share {
    objects: usize,
    new: usize,
    rows: usize,
    bytes: usize,
}

/// A row to be shown, and where it is.
#[derive(Debug)]
struct Example {
    rank: usize,
    row: String,
    key: ObjectKey,
}

/// What of a row says whether it is worth showing, and of a reject is shown.
#[derive(Deserialize)]
struct Glance {
    #[serde(default)]
    data: Data,
    reason: Option<String>,
    detail: Option<String>,
    raw: Option<String>,
    raw_base64: Option<String>,
}

#[derive(Default, Deserialize)]
struct Data {
    r#type: Option<String>,
    user_name: Option<String>,
}

impl Landed {
    /// Reads a lake; objects that are not `before` are new.
    ///
    /// # Errors
    /// A lake that cannot be listed. Objects that cannot be read are noted.
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
        let (share, example) = match key.table() {
            Table::Events => (&mut self.events, &mut self.event),
            Table::Rejects => (&mut self.rejects, &mut self.reject),
        };
        share.objects += 1;
        share.new += usize::from(is_new);
        share.bytes += rows.bytes;
        for row in rows.lines() {
            share.rows += 1;
            offer(example, row, key);
        }
        if key.table() == Table::Events {
            let day = self.hours.entry(key.at().format("%Y-%m-%d").to_string()).or_default();
            day.insert(key.at().format("%H").to_string());
        }
    }

    /// Shows all of it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |name: &str, share: &Share| {
            [name.to_owned(), number(share.objects), number(share.new), number(share.rows), number(share.bytes)]
        };
        let rows = [row("events", &self.events), row("rejects", &self.rejects)];
        writeln!(out, "{}", table(["", "objects", "of them new", "rows", "bytes"], &rows))?;
        if self.events.new < self.events.objects {
            writeln!(out, "Event objects that were there already were not written again: the same batch makes them once.\n")?;
        }
        self.show_hours(out)?;
        self.show_examples(out)?;
        self.problems.iter().try_for_each(|problem| writeln!(out, "Problem: {problem}."))
    }

    fn show_hours(&self, out: &mut dyn Write) -> io::Result<()> {
        let hours: usize = self.hours.values().map(BTreeSet::len).sum();
        writeln!(
            out,
            "The events are of {} on {}, in UTC; each is an object or more:\n",
            count(hours, "hour"),
            count(self.hours.len(), "day")
        )?;
        let (days, head) = (self.hours.len(), if self.hours.len() > MOST_DAYS { MOST_DAYS / 2 } else { MOST_DAYS });
        for (i, (day, hours)) in self.hours.iter().enumerate() {
            if i == head {
                writeln!(out, "  ... {} more ...", count(days - 2 * head, "day"))?;
            }
            if i < head || i + head >= days {
                let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
                writeln!(out, "  dt={day}  hour= {}", hours.join(" "))?;
            }
        }
        writeln!(out)
    }

    fn show_examples(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(event) = &self.event {
            writeln!(out, "One event row (long values cut short here), from {}:\n\n{}", hour_folder(&event.key), members(&event.row))?;
        }
        let Some(reject) = &self.reject else { return Ok(()) };
        let Ok(glance) = serde_json::from_str::<Glance>(&reject.row) else { return Ok(()) };
        writeln!(out, "One reject row, from {}:\n", hour_folder(&reject.key))?;
        let raw = [("raw", glance.raw), ("base64", glance.raw_base64)];
        let all = [("reason", glance.reason), ("detail", glance.detail)].into_iter().chain(raw);
        for (name, value) in all {
            if let Some(value) = value {
                writeln!(out, "  {name:<8}{}", shorten(&value, REJECT_WIDTH))?;
            }
        }
        writeln!(out)
    }

    /// Gives an object with an event that is worth a look.
    pub fn telling(&self) -> Option<ObjectKey> {
        self.event.as_ref().map(|event| event.key)
    }
}

/// Gives the folder of an object, a slash at its end.
pub fn hour_folder(key: &ObjectKey) -> String {
    let key = key.to_string();
    key.rsplit_once('/').map_or(key.clone(), |(folder, _)| format!("{folder}/"))
}

/// Keeps the row that tells more.
fn offer(example: &mut Option<Example>, row: &[u8], key: ObjectKey) {
    let Ok(row) = str::from_utf8(row) else { return };
    let Ok(glance) = serde_json::from_str::<Glance>(row) else { return };
    let rank = rank(&glance);
    if example.as_ref().is_none_or(|known| rank < known.rank) {
        *example = Some(Example { rank, row: row.to_owned(), key });
    }
}

/// Ranks a row: an event by its type and that it has a user, a reject by how little of it is not shown.
fn rank(glance: &Glance) -> usize {
    if let Some(raw) = &glance.raw {
        return raw.len().abs_diff(REJECT_WIDTH);
    }
    let place = |kind: &String| TELLING.iter().position(|known| known == kind);
    let telling = glance.data.r#type.as_ref().and_then(place).unwrap_or(TELLING.len());
    2 * telling + usize::from(glance.data.user_name.is_none())
}
