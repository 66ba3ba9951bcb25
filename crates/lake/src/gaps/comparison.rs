//! One pass over Auth0's log: each record is looked for in the lake, and posted where it is missing.

use std::collections::{HashSet, VecDeque};

use chrono::{DateTime, Utc};

use super::{
    Clock, Compared, Writers,
    fill::Fill,
    held::{Found, Held},
    logged::{self, Key, Logged},
    management::{Management, ManagementError, Page},
    silence::Silence,
    tally::Tally,
    window::{Checkpoint, Place, Window},
};
use crate::{
    body,
    layout::{count, number},
    outcome::Failure,
    window::show,
};

/// Records that are known again where the API repeats them.
const REMEMBERED: usize = 2_000;
/// Empty pages in a row that name a next one, after which the log is taken to end.
const MOST_EMPTY_PAGES: usize = 5;
/// Pages in a row that may hold nothing new.
const MOST_OLD_PAGES: usize = 10;
/// Pages after which progress is shown, even where little of the window has passed.
const PAGES: usize = 200;

/// The records that were seen last.
#[derive(Debug, Default)]
struct Known {
    keys: HashSet<Key>,
    order: VecDeque<Key>,
}

impl Known {
    /// Whether a record is new, and remembers it.
    fn is_new(&mut self, key: Key) -> bool {
        if !self.keys.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }
}

/// What is compared, and where what is missing goes.
pub struct Sides<'a> {
    /// Auth0's log.
    pub management: Management<'a>,
    /// The lake.
    pub held: Held<'a>,
    /// The receiver, if the lake is to be filled.
    pub fill: Option<Fill<'a>>,
}

/// A comparison under way.
pub struct Comparison<'a> {
    management: Management<'a>,
    held: Held<'a>,
    fill: Option<Fill<'a>>,
    window: Window,
    clock: &'a Clock<'a>,
    tally: Tally,
    known: Known,
    /// The times of which Auth0 gave no record.
    silence: Option<Silence>,
    /// Auth0 gave a record, of whatever time.
    has_records: bool,
    /// Up to here all is compared, and what was missing is posted.
    done: Checkpoint,
    /// The hundredths and pages at which progress was shown.
    shown: (i64, usize),
}

/// What a page brought.
#[derive(Debug, Default)]
struct Turned {
    /// It holds a record.
    has_records: bool,
    /// Something in it was new.
    has_news: bool,
    /// It holds records, and all are after the window.
    is_after: bool,
    /// The record with an id that Auth0 stored last.
    last: Option<Logged>,
}

impl<'a> Comparison<'a> {
    /// Takes what is compared, and of which window, which begins after the checkpoint where one was given.
    pub fn new(sides: Sides<'a>, window: Window, clock: &'a Clock<'a>, from: Option<&Checkpoint>) -> Self {
        let Sides { management, held, fill } = sides;
        let (tally, known, silence) = (Tally::default(), Known::default(), Some(Silence::new(&window, from.is_some())));
        let done = from.cloned().unwrap_or_else(|| Checkpoint::before(window.since));
        Self { management, held, fill, window, clock, tally, known, silence, has_records: false, done, shown: (0, 0) }
    }

    /// Compares all of it, and posts what is missing. Returns why the answer was partial, if it was.
    ///
    /// Begins at the first of these places after which Auth0 gives a record.
    ///
    /// # Errors
    /// A log or a lake that cannot be read, a receiver that stores nothing.
    pub fn all(&mut self, places: &[Checkpoint], writers: &mut Writers<'_>) -> Result<Option<String>, Failure> {
        for (i, place) in places.iter().enumerate() {
            match self.after(place, writers) {
                Err(Failure::Management(ManagementError::Place(_))) if !self.has_records && i + 1 < places.len() => {}
                ended => ended?,
            }
            if self.has_records {
                break;
            }
        }
        self.post(writers)?;
        self.partial()
    }

    /// Compares what comes after a place, page by page.
    fn after(&mut self, place: &Checkpoint, writers: &mut Writers<'_>) -> Result<(), Failure> {
        let mut url = self.management.after(place);
        let (mut old_pages, mut empty_pages) = (0, 0);
        loop {
            self.clock.check()?;
            let page = self.management.page(&url, writers.err)?;
            self.tally.pages += 1;
            let turned = self.turn(&page, writers)?;
            if turned.is_after {
                return Ok(());
            }
            old_pages = if turned.has_news { 0 } else { old_pages + 1 };
            empty_pages = if turned.has_records { 0 } else { empty_pages + 1 };
            if old_pages == MOST_OLD_PAGES {
                return Err(Failure::Gaps(format!("{MOST_OLD_PAGES} pages of Auth0's log in a row held nothing new")));
            }
            let after = turned.last.as_ref().and_then(|last| Checkpoint::parse(&last.log_id).ok());
            url = match (page.next, &after) {
                (Some(_), _) if empty_pages == MOST_EMPTY_PAGES => return Ok(()),
                (Some(next), _) => next,
                (None, _) if !turned.has_records => return Ok(()),
                (None, Some(after)) => self.management.after(after),
                (None, None) => return Err(Failure::Gaps("Auth0 does not say where its log goes on".to_owned())),
            };
            if let (Some(after), Some(at)) = (after, turned.last.and_then(|last| last.stored_at)) {
                self.show_progress(at, after, writers)?;
            }
        }
    }

    /// Explains where Auth0's answer cannot have been whole: where the lake knows better, or there was none.
    fn partial(&mut self) -> Result<Option<String>, Failure> {
        for (after, before) in self.silence.take().into_iter().flat_map(Silence::spans) {
            if let Some(at) = self.held.stored_between(after, before)? {
                let (after, before, at) = (show(after.max(self.window.since)), show(before), show(at));
                return Ok(Some(format!(
                    "what is missing cannot be said: Auth0 gave no record from {after} to {before}, but the lake holds an event that it stored \
                     at {at}. Either its log no longer reaches back so far (give a later --since), or its answer was not whole (try again)"
                )));
            }
        }
        Ok((!self.has_records).then(|| {
            "what is missing cannot be said: Auth0 gave no record at all, of any time, and the lake holds none to compare with either"
                .to_owned()
        }))
    }

    /// Compares the records of a page.
    fn turn(&mut self, page: &Page, writers: &mut Writers<'_>) -> Result<Turned, Failure> {
        let records = body::split(&page.body);
        let records: Vec<&[u8]> = records.iter().map(|record| record.bytes()).collect();
        let mut turned = Turned { has_records: !records.is_empty(), ..Turned::default() };
        let (mut is_before, mut stored) = (false, Vec::new());
        for (raw, logged) in records.iter().zip(logged::read(&records, (self.clock.now)())) {
            let Some(logged) = logged else {
                self.tally.unreadable += 1;
                continue;
            };
            // A record that says no time is none that the API would have left out.
            let place = logged.stored_at.map_or(Place::Inside, |at| self.window.place(at));
            is_before |= place != Place::After;
            if self.known.is_new(logged.key) {
                turned.has_news = true;
                if place == Place::Inside {
                    self.judge(raw, &logged, writers)?;
                }
            }
            stored.extend(logged.stored_at);
            if turned.last.as_ref().is_none_or(|last| last.stored_at <= logged.stored_at) {
                turned.last = Some(logged);
            }
        }
        self.has_records |= turned.has_records;
        self.silence.iter_mut().for_each(|silence| silence.hear(std::mem::take(&mut stored)));
        turned.is_after = turned.last.is_some() && !is_before;
        Ok(turned)
    }

    fn judge(&mut self, raw: &[u8], logged: &Logged, writers: &mut Writers<'_>) -> Result<(), Failure> {
        let found = self.held.look(logged)?;
        self.tally.count(logged, found);
        if found != Found::Nowhere {
            return Ok(());
        }
        self.held.note(logged)?;
        match &mut self.fill {
            Some(fill) => fill.add(raw, logged, &mut self.held, writers.err),
            None => Ok(()),
        }
    }

    fn post(&mut self, writers: &mut Writers<'_>) -> Result<(), Failure> {
        match &mut self.fill {
            Some(fill) => fill.post(&mut self.held, writers.err),
            None => Ok(()),
        }
    }

    fn show_progress(&mut self, at: DateTime<Utc>, after: Checkpoint, writers: &mut Writers<'_>) -> Result<(), Failure> {
        let (hundredths, pages) = (self.window.hundredths(at), self.tally.pages);
        if hundredths <= self.shown.0 && pages < self.shown.1 + PAGES {
            return Ok(());
        }
        self.post(writers)?;
        self.done = after;
        self.shown = (hundredths, pages);
        let (compared, missing) = (count(self.tally.compared(), "record"), number(self.tally.missing()));
        let (at, done) = (show(at), self.done.as_str());
        writeln!(writers.err, "  {hundredths} %, up to {at}: {compared} compared, {missing} missing; --from={done}")?;
        Ok(())
    }

    /// Shows what was found; where it did not end, only that.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn show(&self, is_whole: bool, writers: &mut Writers<'_>) -> Result<(), Failure> {
        let out = &mut *writers.out;
        if self.tally.pages == 0 {
            return Ok(());
        }
        self.tally.show(self.held.objects, out)?;
        if is_whole {
            self.tally.show_edges(&self.window, out)?;
        }
        if let Some(fill) = &self.fill {
            let (posted, events) = (number(fill.posted()), number(fill.events));
            writeln!(
                out,
                "Posted {posted} of them to the receiver: {events} became events, {} were rejected and kept.",
                number(fill.rejects)
            )?;
            if fill.queued > 0 {
                let many = count(fill.queued, "record");
                writeln!(out, "Queued, and not stored yet: {many}. So it was not seen that they land in this lake.")?;
                writeln!(out, "Compare again when the stack's BufferSeconds are over: then none of them may be missing.")?;
            }
        }
        if self.tally.unreadable > 0 {
            let many = count(self.tally.unreadable, "record");
            writeln!(out, "Problem: {many} of Auth0's log cannot be compared: a receiver would reject them, since they have no id.")?;
        }
        self.held.problems.show(out)?;
        self.fill.iter().flat_map(|fill| &fill.problems).try_for_each(|problem| writeln!(out, "Problem: {problem}."))?;
        Ok(())
    }

    /// Returns what was found so far.
    pub fn compared(&self) -> Compared {
        let filled = self.fill.as_ref().map_or(0, Fill::posted);
        let (records, missing) = (self.tally.compared(), self.tally.missing() - filled);
        let problems = self.held.problems.len() + self.fill.as_ref().map_or(0, |fill| fill.problems.len());
        Compared { records, missing, unreadable: self.tally.unreadable, problems, ..Compared::default() }
    }

    /// Whether no page was read.
    pub fn has_seen_nothing(&self) -> bool {
        self.tally.pages == 0
    }

    /// Returns the place up to which all is compared, and what was missing is posted.
    pub fn done(&self) -> &Checkpoint {
        &self.done
    }
}
