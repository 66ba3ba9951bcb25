//! What a lake holds, hour by hour.
//!
//! A row is stored in the hour of its `p_event_time`, which the record tells: so one hour is read, and its ids are kept, 16
//! bytes each, for the records that follow. A row whose time was that of its request can be in any hour from then on: all
//! rows of that kind are read once, when the first such record is looked for. Rejects are read once, when the first record
//! is in no hour. Everything that is kept is bounded, and what was skipped is a problem that is named.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    iter,
    rc::Rc,
};

use chrono::{DateTime, Days, DurationRound, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;

use super::{
    Clock,
    ids::{self, Ids},
    logged::{Key, Logged},
    problems::Problems,
    window::{Checkpoint, stored_at},
};
use crate::{
    outcome::Failure,
    print::visible,
    reading::{LakeError, Reading, each_row},
    rejected::RejectRow,
    stored::Keys,
};
use auth0_log_lake::object::{ObjectKey, Table};

/// Most hours whose ids are kept.
const HOURS: usize = 3;
/// Most ids of hours that are kept while another hour is read.
const KEPT_IDS: usize = 1_000_000;
/// Most ids of one hour.
const HOUR_IDS: usize = 3_000_000;
/// Most ids of rejects, and of rows whose time was that of their request.
const MOST_IDS: usize = 1_000_000;
/// How far the clock of whoever received a record may lie behind or before Auth0's.
const SKEW: TimeDelta = TimeDelta::days(1);
/// How far back an id to begin at is looked for: hour by hour, then day by day, as long as Auth0 keeps its log.
const HOURS_BACK: i64 = 24;
const DAYS_BACK: i64 = 30;
/// Objects of an hour or a day in which an id to begin at is looked for.
const NEWEST_OBJECTS: usize = 16;
/// How much later than its event Auth0 may store a record that shows that the lake knows of a time.
const STORED_WITHIN: TimeDelta = TimeDelta::minutes(5);

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
    reading: Rc<Reading>,
    clock: &'a Clock<'a>,
    source: Option<String>,
    since: DateTime<Utc>,
    hours: VecDeque<Hour>,
    anywhere: Option<Ids>,
    rejects: Option<Ids>,
    sources: BTreeSet<String>,
    /// What could not be read.
    pub problems: Problems,
    /// Objects in which records were looked for.
    pub objects: usize,
}

/// The ids of one hour.
#[derive(Debug)]
struct Hour {
    start: DateTime<Utc>,
    ids: Ids,
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
    /// Takes a lake, the source to look at where it is given, and the time from which its rows are of interest.
    ///
    /// # Errors
    /// The lake cannot be listed.
    pub fn new(reading: Reading, source: Option<String>, since: DateTime<Utc>, clock: &'a Clock<'a>) -> Result<Self, LakeError> {
        reading.list(&Keys::below(folder(since)))?;
        let (reading, hours, problems, sources) = (Rc::new(reading), VecDeque::new(), Problems::default(), BTreeSet::new());
        Ok(Self { reading, clock, source, since, hours, anywhere: None, rejects: None, sources, problems, objects: 0 })
    }

    /// Looks for a record.
    ///
    /// # Errors
    /// The lake cannot be read, or holds events of several sources where none is given.
    pub fn look(&mut self, logged: &Logged) -> Result<Found, Failure> {
        for at in iter::once(logged.at).chain(logged.elsewhere) {
            if self.hour(at)?.holds(&logged.key) {
                return Ok(Found::Event);
            }
        }
        if logged.is_anywhere && self.anywhere()?.hold(&logged.key) {
            return Ok(Found::Event);
        }
        Ok(if self.rejects()?.hold(&logged.key) { Found::Reject } else { Found::Nowhere })
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

    /// Finds an event that Auth0 stored after the first moment and before the second, and returns when.
    ///
    /// # Errors
    /// The lake cannot be read, or holds events of several sources where none is given.
    pub fn stored_between(&mut self, after: DateTime<Utc>, before: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Failure> {
        let (mut hour, objects, mut found) = (start_of_hour(after - STORED_WITHIN), self.objects, None);
        while hour < before && found.is_none() {
            self.read_events(&Keys::below(folder(hour)), |row| {
                let stored = stored_at(&row.log_id).filter(|at| *at > after && *at < before);
                found = [found, stored].into_iter().flatten().min();
                Ok(())
            })?;
            hour += TimeDelta::hours(1);
        }
        self.objects = objects;
        Ok(found)
    }

    /// Finds a place to begin at: the last but one of the newest ids from before that time, so that Auth0 must give the last.
    ///
    /// Returns none where no event from before is found, or where their source is not certain.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub fn before(&mut self, since: DateTime<Utc>) -> Result<Option<Checkpoint>, Failure> {
        let hours = (0..=HOURS_BACK).map(|back| folder(since - TimeDelta::hours(back)));
        let days = (1..=DAYS_BACK).map(|back| format!("{}/", Table::Events.day((since - TimeDelta::days(back)).date_naive())));
        let (mut found, mut sources, objects_read) = (BTreeSet::new(), BTreeSet::new(), self.objects);
        for folder in hours.chain(days) {
            let mut objects = self.reading.list(&Keys::below(folder))?.objects;
            objects.retain(|key| key.at() < since);
            let newest = objects.split_off(objects.len().saturating_sub(NEWEST_OBJECTS));
            self.read(&newest, |this, _, line| {
                let Ok(row) = serde_json::from_slice::<Row>(line) else { return Ok(()) };
                let is_before = stored_at(&row.log_id).is_some_and(|at| at < since);
                if is_before && this.source.as_ref().is_none_or(|source| *source == row.p_source_label) {
                    found.extend(Checkpoint::parse(&row.log_id));
                    sources.insert(row.p_source_label);
                    // The last but one and the last, of one source: no more is needed.
                    if found.len() > 2 {
                        found.pop_first();
                    }
                    if sources.len() > 2 {
                        sources.pop_first();
                    }
                }
                Ok(())
            })?;
            if found.len() > 1 {
                break;
            }
        }
        self.objects = objects_read;
        Ok(if sources.len() > 1 { None } else { found.pop_first() })
    }

    /// Returns the hour of a time, which is read where it is not among the last ones.
    fn hour(&mut self, at: DateTime<Utc>) -> Result<&mut Hour, Failure> {
        let start = start_of_hour(at);
        let hour = match self.hours.iter().position(|hour| hour.start == start).and_then(|known| self.hours.remove(known)) {
            Some(hour) => hour,
            None => {
                self.make_room();
                self.read_hour(start)?
            }
        };
        self.hours.push_front(hour);
        Ok(&mut self.hours[0])
    }

    /// Forgets the hours that were not asked for lately, before another is read.
    fn make_room(&mut self) {
        self.hours.truncate(HOURS - 1);
        while self.hours.iter().map(|hour| hour.ids.len()).sum::<usize>() > KEPT_IDS {
            self.hours.pop_back();
        }
    }

    fn read_hour(&mut self, start: DateTime<Utc>) -> Result<Hour, Failure> {
        let mut ids = Ids::at_most(HOUR_IDS);
        self.read_events(&Keys::below(folder(start)), |row| {
            ids.add(Key::of(row.log_id.as_bytes()));
            Ok(())
        })?;
        if ids.are_cut() {
            let hour = start.format("%Y-%m-%d %H:00");
            return Err(Failure::Gaps(format!("the hour {hour} holds more events than can be compared, {HOUR_IDS}")));
        }
        ids.sort();
        Ok(Hour { start, ids, noted: HashSet::new() })
    }

    fn anywhere(&mut self) -> Result<&Ids, Failure> {
        if self.anywhere.is_none() {
            let mut ids = Ids::at_most(MOST_IDS);
            for day in self.days() {
                self.read_events(&Keys::below(format!("{}/", Table::Events.day(day))), |row| {
                    if row.ingest.time_source == "received" {
                        ids.add(Key::of(row.log_id.as_bytes()));
                    }
                    Ok(())
                })?;
            }
            self.anywhere = Some(self.sorted(ids, "events without a time of their own"));
        }
        Ok(self.anywhere.get_or_insert_default())
    }

    fn rejects(&mut self) -> Result<&Ids, Failure> {
        if self.rejects.is_none() {
            let mut ids = Ids::at_most(MOST_IDS);
            for day in self.days() {
                self.each(&Keys::below(format!("{}/", Table::Rejects.day(day))), |this, key, line| {
                    match RejectRow::parse(line).and_then(|row| Ok((row.text()?, row))) {
                        Ok((_, row)) if this.source.as_ref().is_some_and(|source| *source != row.source) => {}
                        Ok((text, _)) => ids::each_in(&text, |id| ids.add(Key::of(id))),
                        Err(fault) => this.problems.add(format!("a reject of {key} was skipped: {fault}")),
                    }
                    Ok(())
                })?;
            }
            self.rejects = Some(self.sorted(ids, "rejects"));
        }
        Ok(self.rejects.get_or_insert_default())
    }

    fn sorted(&mut self, mut ids: Ids, whose: &str) -> Ids {
        if ids.are_cut() {
            self.problems.add(format!("the {whose} hold more than {MOST_IDS} ids; the rest of them was not looked at"));
        }
        ids.sort();
        ids
    }

    /// Returns the days on which the requests of the window's records may have come.
    fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let (first, last) = ((self.since - SKEW).date_naive(), ((self.clock.now)() + SKEW).date_naive());
        iter::successors(Some(first), |day| day.checked_add_days(Days::new(1))).take_while(move |day| *day <= last)
    }

    fn read_events(&mut self, keys: &Keys, mut then: impl FnMut(&Row) -> Result<(), Failure>) -> Result<(), Failure> {
        self.each(keys, |this, key, line| {
            let Ok(row) = serde_json::from_slice::<Row>(line) else {
                this.problems.add(format!("a row of {key} was skipped: it is not an event row"));
                return Ok(());
            };
            match &this.source {
                Some(source) if *source != row.p_source_label => return Ok(()),
                Some(_) => {}
                None => this.meet(&row.p_source_label)?,
            }
            then(&row)
        })
    }

    /// Notes the source of a row, where none is given.
    fn meet(&mut self, source: &str) -> Result<(), Failure> {
        let source = visible(source);
        if self.sources.contains(&*source) {
            return Ok(());
        }
        self.sources.insert(source.into_owned());
        if self.sources.len() == 1 {
            return Ok(());
        }
        let all = self.sources.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(Failure::Gaps(format!("the lake holds events of several sources, {all}: give the tenant's with --source")))
    }

    /// Calls `then` with each row of the objects with these keys, and names other files as problems.
    fn each(&mut self, keys: &Keys, then: impl FnMut(&mut Self, &ObjectKey, &[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
        let listing = self.reading.list(keys)?;
        listing.strangers.iter().for_each(|name| self.problems.add(format!("{name} was skipped: its name is not a receiver's")));
        self.read(&listing.objects, then)
    }

    fn read(
        &mut self,
        objects: &[ObjectKey],
        mut then: impl FnMut(&mut Self, &ObjectKey, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let reading = Rc::clone(&self.reading);
        reading.each(objects, |key, held| {
            self.clock.check()?;
            self.objects += 1;
            let held = match held {
                Ok(held) => held,
                Err(why) => {
                    self.problems.add(format!("{key} was skipped: {why}"));
                    return Ok(());
                }
            };
            if let Some(fault) = each_row(key.compression(), &held.bytes, |line| then(self, key, line))? {
                self.problems.add(format!("{key} is damaged, and was read up to there: {fault}"));
            }
            Ok(())
        })
    }
}

impl Hour {
    fn holds(&self, key: &Key) -> bool {
        self.ids.hold(key) || self.noted.contains(key)
    }
}

fn start_of_hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

fn folder(at: DateTime<Utc>) -> String {
    format!("{}/{}", Table::Events.day(at.date_naive()), at.format("hour=%H/"))
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

    const CLOCK: &Clock<'static> = &Clock { now: &|| logged(0, 0).at + TimeDelta::days(60), sleep: &|_| (), deadline: None };

    fn open(lake: &Path, source: Option<&str>) -> Held<'static> {
        let url = format!("file://{}", lake.display()).parse().expect("a lake");
        Held::new(Reading::open(&url).expect("a runtime"), source.map(str::to_owned), logged(0, 0).at, CLOCK).expect("a lake")
    }

    #[test]
    fn no_more_than_three_hours_are_kept_and_one_id_of_each_event() {
        let lake = tempfile::tempdir().expect("a folder");
        for hour in 0..24 {
            let rows: String = (0..1_000).map(|number| row(&format!("id-{number}"), "eu", "date")).collect();
            write(lake.path(), Table::Events, logged(0, hour).at, &rows);
        }
        let mut held = open(lake.path(), None);
        for hour in (0..24).chain([23, 22, 21]) {
            assert_eq!(held.look(&logged(999, hour)).expect("a lake"), Found::Event);
            assert_eq!(held.look(&logged(1_000, hour)).expect("a lake"), Found::Nowhere);
            assert!(held.hours.len() <= HOURS && held.hours.iter().all(|hour| hour.ids.len() == 1_000));
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
        assert_eq!(error, "the lake holds events of several sources, eu, us: give the tenant's with --source");
        let mut held = open(lake.path(), Some("us"));
        assert_eq!(held.look(&logged(2, 8)).expect("a lake"), Found::Event);
        let mut said = Vec::new();
        held.problems.show(&mut said).expect("memory");
        let said = String::from_utf8(said).expect("text");
        assert!(said.lines().count() == 1 && said.contains("was skipped: it is not an event row"), "{said}");
    }

    #[test]
    fn an_hour_of_many_objects_is_not_read_beyond_the_end_of_a_run() {
        let lake = tempfile::tempdir().expect("a folder");
        for second in 0..20 {
            write(lake.path(), Table::Events, logged(0, 8).at + TimeDelta::seconds(second), &row(&format!("id-{second}"), "eu", "date"));
        }
        // Each look at the clock takes a second, and the run is over in the fourth one.
        let looks = std::cell::Cell::new(0);
        let now = || DateTime::UNIX_EPOCH + TimeDelta::seconds(looks.replace(looks.get() + 1));
        let clock = Clock { now: &now, sleep: &|_| (), deadline: Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(3)) };
        let url = format!("file://{}", lake.path().display()).parse().expect("a lake");
        let mut held = Held::new(Reading::open(&url).expect("a runtime"), None, logged(0, 0).at, &clock).expect("a lake");
        let error = held.look(&logged(1, 8)).expect_err("no time").to_string();
        assert_eq!((error.as_str(), held.objects), ("the time of this run is up", 3));
    }

    fn id(at: &str, number: u32) -> String {
        format!("900{at}000{number:036}")
    }

    #[test]
    fn an_event_shows_that_the_lake_knows_of_a_time_and_its_edges_do_not_count() {
        let lake = tempfile::tempdir().expect("a folder");
        write(lake.path(), Table::Events, logged(0, 8).at, &row(&id("20260701083000", 1), "eu", "date"));
        write(
            lake.path(),
            Table::Events,
            logged(0, 9).at,
            &(row("lake-doctor-1", "eu", "date") + &row(&id("20260701093000", 1), "us", "date")),
        );
        let mut held = open(lake.path(), Some("eu"));
        let mut between = |after: &str, before: &str| {
            let time = |text: &str| format!("2026-07-01T{text}:00Z").parse::<DateTime<Utc>>().expect(text);
            held.stored_between(time(after), time(before)).expect("a lake").map(|at| at.format("%H:%M").to_string())
        };
        assert_eq!(between("08:00", "12:00").as_deref(), Some("08:30"));
        assert_eq!(between("00:00", "08:31").as_deref(), Some("08:30"));
        for (after, before) in [("08:30", "12:00"), ("00:00", "08:30"), ("09:00", "12:00")] {
            assert_eq!(between(after, before), None, "{after} {before}");
        }
    }

    #[test]
    fn a_place_to_begin_at_is_the_last_but_one_of_what_the_lake_holds_from_before() {
        let lake = tempfile::tempdir().expect("a folder");
        let since = logged(0, 12).at;
        let before = |source: Option<&str>| open(lake.path(), source).before(since).expect("a lake").map(|place| place.as_str().to_owned());
        assert_eq!(before(None), None);
        write(lake.path(), Table::Events, logged(0, 8).at - TimeDelta::days(20), &row(&id("20260611080000", 1), "eu", "date"));
        assert_eq!(before(None), Some(id("20260611080000", 1)));
        let rows = ["20260701090000", "20260701092000", "20260701091000", "20260701130000"].map(|at| row(&id(at, 1), "eu", "date"));
        write(lake.path(), Table::Events, logged(0, 9).at, &(rows.concat() + &row("lake-doctor-1", "eu", "date")));
        assert_eq!(before(None), Some(id("20260701091000", 1)));
        write(lake.path(), Table::Events, logged(0, 10).at, &row(&id("20260701100000", 7), "us", "date"));
        assert_eq!((before(None), before(Some("eu"))), (None, Some(id("20260701091000", 1))));
    }
}
