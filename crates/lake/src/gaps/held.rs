//! What a lake holds, hour by hour.
//!
//! A row stands in the hour of its `p_event_time`, and that is known from the record: so one hour is read, and its ids are
//! kept, 16 bytes each, for the records that follow. At most three hours are kept. A row whose time was that of its request
//! can stand in any hour from then on: all rows of that kind are read once, when the first such record is looked for.
//! Rejects are read once, when the first record is found in no hour.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    iter,
};

use chrono::{DateTime, DurationRound, TimeDelta, Timelike, Utc};
use serde::Deserialize;

use super::{
    Clock,
    logged::{Key, Logged},
};
use crate::{
    outcome::Failure,
    print::visible,
    reading::{LakeError, Reading, Rows},
    rejected::RejectRow,
    stored::Keys,
};
use auth0_log_lake::object::{ObjectKey, Table};

/// Hours whose ids are kept.
const HOURS: usize = 3;
/// Objects whose rows are held at once.
const OBJECTS_AT_ONCE: usize = 16;
/// How far the clock of whoever received a record may lie behind Auth0's.
const SKEW: TimeDelta = TimeDelta::days(1);

/// Where a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Among the events.
    Event,
    /// In a reject, which keeps it as it was sent.
    Reject,
    /// Nowhere.
    Nowhere,
}

/// A lake that is looked into.
pub struct Held<'a> {
    reading: Reading,
    clock: &'a Clock<'a>,
    source: Option<String>,
    since: DateTime<Utc>,
    hours: VecDeque<Hour>,
    anywhere: Option<HashSet<Key>>,
    rejects: Option<HashSet<Key>>,
    sources: BTreeSet<String>,
    /// What could not be read, as sentences.
    pub problems: BTreeSet<String>,
    /// Objects read.
    pub objects: usize,
}

/// The ids of one hour.
#[derive(Debug)]
struct Hour {
    start: DateTime<Utc>,
    /// Sorted.
    keys: Vec<Key>,
    /// Those that were looked for before, and have been counted as missing.
    noted: HashSet<Key>,
}

/// What of an event row is read.
#[derive(Deserialize)]
struct Row {
    log_id: String,
    #[serde(default)]
    p_source_label: String,
    ingest: Ingest,
}

#[derive(Deserialize)]
struct Ingest {
    time_source: String,
}

impl<'a> Held<'a> {
    /// Takes a lake, the source to look at where it is given, and from when on its rows are of interest.
    ///
    /// # Errors
    /// A lake that cannot be listed.
    pub fn new(reading: Reading, source: Option<String>, since: DateTime<Utc>, clock: &'a Clock<'a>) -> Result<Self, LakeError> {
        reading.list(&Keys::below(folder(since)))?;
        let (hours, problems, sources) = (VecDeque::new(), BTreeSet::new(), BTreeSet::new());
        Ok(Self { reading, clock, source, since, hours, anywhere: None, rejects: None, sources, problems, objects: 0 })
    }

    /// Looks for a record.
    ///
    /// # Errors
    /// A lake that cannot be read, or that holds events of several sources where none is given.
    pub fn look(&mut self, logged: &Logged) -> Result<Found, Failure> {
        for at in iter::once(logged.at).chain(logged.elsewhere) {
            if self.hour(at)?.holds(&logged.key) {
                return Ok(Found::Event);
            }
        }
        if logged.is_anywhere && self.anywhere()?.contains(&logged.key) {
            return Ok(Found::Event);
        }
        Ok(if self.rejects()?.contains(&logged.key) { Found::Reject } else { Found::Nowhere })
    }

    /// Notes that a record has been counted as missing, so that it is not counted twice.
    pub fn note(&mut self, logged: &Logged) -> Result<(), Failure> {
        let key = logged.key;
        self.hour(logged.at)?.noted.insert(key);
        Ok(())
    }

    /// Forgets what was read, to look again.
    pub fn forget(&mut self) {
        self.hours.clear();
        (self.anywhere, self.rejects) = (None, None);
    }

    /// Returns the hour of a time, which is read where it is not among the last ones.
    fn hour(&mut self, at: DateTime<Utc>) -> Result<&mut Hour, Failure> {
        let start = at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at);
        let hour = match self.hours.iter().position(|hour| hour.start == start).and_then(|known| self.hours.remove(known)) {
            Some(hour) => hour,
            None => {
                // Makes room first, so that no more than these are there at any time.
                self.hours.truncate(HOURS - 1);
                self.read_hour(start)?
            }
        };
        self.hours.push_front(hour);
        Ok(&mut self.hours[0])
    }

    fn read_hour(&mut self, start: DateTime<Utc>) -> Result<Hour, Failure> {
        let mut keys = Vec::new();
        self.read_events(&Keys::below(folder(start)), |row| keys.push(Key::of(row.log_id.as_bytes())))?;
        keys.sort_unstable();
        keys.dedup();
        keys.shrink_to_fit();
        Ok(Hour { start, keys, noted: HashSet::new() })
    }

    fn anywhere(&mut self) -> Result<&HashSet<Key>, Failure> {
        if self.anywhere.is_none() {
            let mut found = HashSet::new();
            self.read_events(&self.on_from(Table::Events), |row| {
                if row.ingest.time_source == "received" {
                    found.insert(Key::of(row.log_id.as_bytes()));
                }
            })?;
            self.anywhere = Some(found);
        }
        Ok(self.anywhere.get_or_insert_default())
    }

    fn rejects(&mut self) -> Result<&HashSet<Key>, Failure> {
        if self.rejects.is_none() {
            let (keys, mut found) = (self.on_from(Table::Rejects), HashSet::new());
            self.each(&keys, |this, key, line| {
                match RejectRow::parse(line).and_then(|row| Ok((row.records()?, row))) {
                    Ok((_, row)) if this.source.as_ref().is_some_and(|source| *source != row.source) => {}
                    Ok((records, _)) => found.extend(records.iter().flat_map(|raw| log_ids(&raw.bytes)).map(Key::of)),
                    Err(fault) => _ = this.problems.insert(format!("a reject of {key} was passed over: {fault}")),
                }
                Ok(())
            })?;
            self.rejects = Some(found);
        }
        Ok(self.rejects.get_or_insert_default())
    }

    /// Returns the keys of a table whose requests may have come in the window or after it.
    fn on_from(&self, table: Table) -> Keys {
        Keys { prefix: format!("{}/", table.prefix()), from: table.day((self.since - SKEW).date_naive()), to: None }
    }

    fn read_events(&mut self, keys: &Keys, mut then: impl FnMut(&Row)) -> Result<(), Failure> {
        self.each(keys, |this, key, line| {
            let Ok(row) = serde_json::from_slice::<Row>(line) else {
                this.problems.insert(format!("a row of {key} was passed over: it is no event row"));
                return Ok(());
            };
            match &this.source {
                Some(source) if *source != row.p_source_label => {}
                Some(_) => then(&row),
                None => {
                    this.meet(&row.p_source_label)?;
                    then(&row);
                }
            }
            Ok(())
        })
    }

    /// Notes the source of a row, where none is given.
    fn meet(&mut self, source: &str) -> Result<(), Failure> {
        if self.sources.contains(&*visible(source)) {
            return Ok(());
        }
        self.sources.insert(visible(source).into_owned());
        if self.sources.len() == 1 {
            return Ok(());
        }
        let all = self.sources.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(Failure::Gaps(format!("the lake holds events of several sources, {all}: give that of the tenant, SOURCE= (--source)")))
    }

    /// Reads objects, some side by side, and calls `then` with each of their rows.
    fn each(&mut self, keys: &Keys, mut then: impl FnMut(&mut Self, &ObjectKey, &[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
        for some in self.reading.list(keys)?.objects.chunks(OBJECTS_AT_ONCE) {
            self.clock.check()?;
            for (key, rows) in some.iter().zip(self.reading.rows_of(some)) {
                let rows: Rows = rows?;
                self.objects += 1;
                if let Some(fault) = &rows.fault {
                    self.problems.insert(format!("{key} is damaged, and was read up to there: {fault}"));
                }
                rows.lines().try_for_each(|line| then(self, key, line))?;
            }
        }
        Ok(())
    }
}

impl Hour {
    fn holds(&self, key: &Key) -> bool {
        self.keys.binary_search(key).is_ok() || self.noted.contains(key)
    }
}

fn folder(at: DateTime<Utc>) -> String {
    format!("{}/hour={:02}/", Table::Events.day(at.date_naive()), at.hour())
}

/// Finds what stands behind `"log_id":` and `"_id":`, whatever the text is otherwise: a reject need not be JSON.
fn log_ids(text: &[u8]) -> Vec<&[u8]> {
    const NAME: &[u8] = b"_id\"";
    let mut found = Vec::new();
    for at in text.windows(NAME.len()).enumerate().filter(|(_, name)| *name == NAME).map(|(at, _)| at) {
        let is_name = text[..at].ends_with(b"\"log") || text[..at].ends_with(b"\"");
        let Some(value) = text[at + NAME.len()..].trim_ascii_start().strip_prefix(b":").filter(|_| is_name) else { continue };
        let value = value.trim_ascii_start();
        let (value, end): (&[u8], fn(&u8) -> bool) = match value.strip_prefix(b"\"") {
            Some(string) => (string, |byte| *byte == b'"'),
            None => (value, |byte| !byte.is_ascii_digit()),
        };
        let length = value.iter().position(end).unwrap_or(value.len());
        found.extend((length > 0).then_some(&value[..length]));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use auth0_log_lake::object::Compression;

    fn logged(number: u32, hour: u32) -> Logged {
        let at = format!("2026-07-01T{hour:02}:00:00Z").parse().expect("a time");
        let log_id = format!("id-{number}");
        let key = Key::of(log_id.as_bytes());
        Logged { key, log_id, kind: "s".to_owned(), at, elsewhere: None, is_anywhere: false, stored_at: Some(at) }
    }

    fn row(log_id: &str, source: &str, time_source: &str) -> String {
        format!("{{\"log_id\":\"{log_id}\",\"p_source_label\":\"{source}\",\"ingest\":{{\"time_source\":\"{time_source}\"}}}}\n")
    }

    fn write(lake: &Path, table: Table, at: DateTime<Utc>, rows: &str) {
        let key = ObjectKey::new(table, at, [rows.len() as u8; 16], Compression::None).to_string();
        let path = lake.join(key);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, rows).expect("an object");
    }

    const CLOCK: &Clock<'static> = &Clock { now: &|| DateTime::UNIX_EPOCH, sleep: &|_| (), deadline: None };

    fn open(lake: &Path, source: Option<&str>) -> Held<'static> {
        let url = format!("file://{}", lake.display()).parse().expect("a lake");
        Held::new(Reading::open(&url).expect("a runtime"), source.map(str::to_owned), logged(0, 0).at, CLOCK).expect("a lake")
    }

    #[test]
    fn no_more_than_three_hours_are_kept_and_16_bytes_of_each_event() {
        let lake = tempfile::tempdir().expect("a folder");
        for hour in 0..24 {
            let rows: String = (0..1_000).map(|number| row(&format!("id-{number}"), "eu", "date")).collect();
            write(lake.path(), Table::Events, logged(0, hour).at, &rows);
        }
        let mut held = open(lake.path(), None);
        for hour in (0..24).chain([23, 22, 21]) {
            assert_eq!(held.look(&logged(999, hour)).expect("a lake"), Found::Event);
            assert_eq!(held.look(&logged(1_000, hour)).expect("a lake"), Found::Nowhere);
            assert!(held.hours.len() <= HOURS && held.hours.iter().all(|hour| hour.keys.capacity() * size_of::<Key>() == 16_000));
        }
        assert_eq!(held.objects, 24, "an hour among the last three is not read again");
    }

    #[test]
    fn a_record_is_looked_for_in_both_its_hours_and_where_it_says_none_in_all() {
        let lake = tempfile::tempdir().expect("a folder");
        write(lake.path(), Table::Events, logged(0, 5).at, &row("id-1", "eu", "log_id"));
        write(lake.path(), Table::Events, logged(0, 9).at, &(row("id-2", "eu", "received") + &row("id-3", "eu", "date")));
        let mut held = open(lake.path(), Some("eu"));
        let mut found = |logged: Logged| held.look(&logged).expect("a lake");
        assert_eq!(found(logged(1, 4)), Found::Nowhere);
        assert_eq!(found(Logged { elsewhere: Some(logged(1, 5).at), ..logged(1, 4) }), Found::Event);
        assert_eq!(found(Logged { is_anywhere: true, ..logged(2, 4) }), Found::Event);
        assert_eq!(found(Logged { is_anywhere: true, ..logged(3, 4) }), Found::Nowhere);
    }

    #[test]
    fn a_record_that_a_reject_keeps_is_found_and_one_of_another_source_is_not() {
        let lake = tempfile::tempdir().expect("a folder");
        let reject =
            |source: &str, raw: &str| serde_json::json!({"reason": "malformed_json", "source": source, "raw": raw}).to_string() + "\n";
        let rows = reject("eu", "{\"log_id\" : \"id-1\", NaN") + &reject("us", "{\"log_id\":\"id-2\"");
        write(lake.path(), Table::Rejects, logged(0, 8).at + TimeDelta::days(40), &rows);
        write(lake.path(), Table::Events, logged(0, 8).at, &row("id-3", "us", "date"));
        let mut held = open(lake.path(), Some("eu"));
        let found = [1, 2, 3].map(|number| held.look(&logged(number, 8)).expect("a lake"));
        assert_eq!(found, [Found::Reject, Found::Nowhere, Found::Nowhere]);
        held.note(&logged(2, 8)).expect("a lake");
        assert_eq!(held.look(&logged(2, 8)).expect("a lake"), Found::Event, "it has been counted");
    }

    #[test]
    fn several_sources_must_be_told_apart_and_damage_is_named() {
        let lake = tempfile::tempdir().expect("a folder");
        write(lake.path(), Table::Events, logged(0, 8).at, &(row("id-1", "eu", "date") + &row("id-2", "us", "date") + "no row\n"));
        let error = open(lake.path(), None).look(&logged(1, 8)).expect_err("two sources").to_string();
        assert_eq!(error, "the lake holds events of several sources, eu, us: give that of the tenant, SOURCE= (--source)");
        let mut held = open(lake.path(), Some("us"));
        assert_eq!(held.look(&logged(2, 8)).expect("a lake"), Found::Event);
        assert!(held.problems.len() == 1 && held.problems.iter().all(|problem| problem.contains("it is no event row")));
    }

    #[test]
    fn an_hour_of_many_objects_is_not_read_beyond_the_end_of_a_run() {
        let lake = tempfile::tempdir().expect("a folder");
        for second in 0..2 * OBJECTS_AT_ONCE as i64 {
            write(lake.path(), Table::Events, logged(0, 8).at + TimeDelta::seconds(second), &row(&format!("id-{second}"), "eu", "date"));
        }
        // Each look at the clock takes a second, and the run is over in the second one.
        let looks = std::cell::Cell::new(0);
        let now = || DateTime::UNIX_EPOCH + TimeDelta::seconds(looks.replace(looks.get() + 1));
        let clock = Clock { now: &now, sleep: &|_| (), deadline: Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(1)) };
        let url = format!("file://{}", lake.path().display()).parse().expect("a lake");
        let mut held = Held::new(Reading::open(&url).expect("a runtime"), None, logged(0, 0).at, &clock).expect("a lake");
        let error = held.look(&logged(1, 8)).expect_err("no time").to_string();
        assert_eq!((error.as_str(), held.objects), ("the time of this run is up", OBJECTS_AT_ONCE));
    }

    #[test]
    fn ids_are_found_in_any_text() {
        for (text, ids) in [
            (r#"{"log_id":"a","data":{"log_id" : "b"}}"#, vec!["a", "b"]),
            (r#"{"_id":"a","user_id":"c","log_id":12}"#, vec!["a", "12"]),
            (r#"x"_id":"cut"#, vec!["cut"]),
            (r#"{"log_id":null,"_id":"","log_id"}"#, vec![]),
            ("_id\"", vec![]),
        ] {
            let found: Vec<&[u8]> = log_ids(text.as_bytes());
            assert_eq!(found, ids.iter().map(|id| id.as_bytes()).collect::<Vec<_>>(), "{text}");
        }
    }
}
