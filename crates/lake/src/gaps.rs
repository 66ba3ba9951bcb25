//! Comparing a lake with the log that Auth0 itself keeps, and filling what is missing.
//!
//! Auth0's log is read page by page, in the order in which Auth0 stored the records, and each record is looked for in the
//! lake by its `log_id`: in the hour that its row would be in, then among the rejects. Nothing else is kept than the ids of
//! three hours of the lake, one page, and what waits to be posted. To repeat does no harm: what is there is not posted, and
//! the same event from the same source has the same `p_row_id`.

use std::{
    collections::{HashSet, VecDeque},
    io::Write,
    time::Duration,
};

use chrono::{DateTime, Utc};

use crate::{
    body, boolean,
    layout::{count, number},
    outcome::{Failure, Verdict},
    post::{ReceiverClient, Token},
    reading::Reading,
};
use auth0_log_lake::{auth::Source, config::LakeUrl};
use fill::Fill;
use held::{Found, Held};
use logged::{Key, Logged};
use management::{Management, Page};
use tally::Tally;
use tenant::{Credentials, Tenant};
use window::{Checkpoint, Moment, Place, Window, show};

pub use management::ManagementError;

mod fill;
mod held;
mod logged;
mod management;
mod tally;
mod tenant;
mod window;

/// Records that are known again where the API repeats them.
const REMEMBERED: usize = 2_000;
/// Pages in a row that may hold nothing new.
const MOST_OLD_PAGES: usize = 10;
/// Pages after which progress is shown, even where little of the window has passed.
const PAGES: usize = 200;

/// Compares a lake with the log that Auth0 itself keeps, and fills what is missing.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Auth0 is asked as the application in the variables AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, which needs the \
                        scope read:logs, or with the token in AUTH0_TOKEN. Filling needs the receiver's token in the variable TOKEN. \
                        It ends with 0 if nothing is missing or all was filled, with 1 if something is missing, and with 2 if that \
                        cannot be said.")]
pub struct Args {
    /// Domain of the Auth0 tenant, such as acme.eu.auth0.com
    #[arg(long, value_name = "DOMAIN", value_parser = Tenant::parse)]
    domain: Tenant,
    /// Lake to compare: s3://bucket[/prefix] or file://dir
    #[arg(long, value_name = "LAKE_URL")]
    lake: LakeUrl,
    /// Source of the tenant; needed where the lake has several
    #[arg(long, value_name = "NAME", value_parser = source)]
    source: Option<String>,
    /// From when on: a day (2026-07-01), a time (2026-07-01T12:00:00Z), or how long ago (90m, 24h, 7d); in UTC
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Until when; a day is compared whole [default: now; the last 10 minutes are never judged]
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,
    /// Go on after this log_id, as a run that stopped says
    #[arg(long, value_name = "LOG_ID", value_parser = Checkpoint::parse)]
    from: Option<Checkpoint>,
    /// Post what is missing to the receiver
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_value = "no", default_missing_value = "yes",
          value_parser = boolean::parse)]
    fill: bool,
    /// URL of the receiver that it is posted to
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Print the metric MissingEvents of this stack, as a line of CloudWatch's embedded metric format
    #[arg(long, value_name = "STACK")]
    metric: Option<String>,
}

fn source(name: &str) -> Result<String, String> {
    let known = Source::parse(name).map(|source| source.as_str().to_owned());
    known.ok_or_else(|| "a source is 1 to 32 of a-z, 0-9 and \"-\"".to_owned())
}

/// What tells the time, and passes it.
pub struct Clock<'a> {
    /// Gives the time.
    pub now: &'a dyn Fn() -> DateTime<Utc>,
    /// Waits so long.
    pub sleep: &'a dyn Fn(Duration),
}

/// Where a command writes: its result, and what happens meanwhile.
pub struct Writers<'a> {
    /// The result.
    pub out: &'a mut dyn Write,
    /// Progress, pauses and errors.
    pub err: &'a mut dyn Write,
}

/// Runs the command.
///
/// # Errors
/// Where nothing can be written. What else is wrong is said, and the verdict is that nothing can be said.
pub fn run(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, clock: &Clock<'_>, writers: &mut Writers<'_>) -> Result<Verdict, Failure> {
    match compare(args, lookup, clock, writers) {
        Err(Failure::System(error)) => Err(error.into()),
        Err(failure) => {
            writeln!(writers.err, "lake: {failure}.")?;
            Ok(Verdict::Unsure)
        }
        judged => judged,
    }
}

fn compare(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, clock: &Clock<'_>, writers: &mut Writers<'_>) -> Result<Verdict, Failure> {
    let window = Window::new(args.since, args.until, args.from.as_ref(), (clock.now)()).map_err(Failure::Gaps)?;
    let credentials = Credentials::from_lookup(lookup).map_err(|error| Failure::Gaps(error.to_string()))?;
    let receiver = receiver(args, lookup)?;
    let held = Held::new(Reading::open(&args.lake)?, args.source.clone(), window.since)?;
    let fill = receiver.as_ref().map(Fill::new).transpose()?;
    let management = Management::new(&args.domain, &credentials, clock);
    writeln!(
        writers.out,
        "Comparing {} with the log of {}, from {} to {}",
        args.lake,
        args.domain,
        show(window.since),
        show(window.until)
    )?;
    let from = args.from.clone().unwrap_or_else(|| Checkpoint::before(window.since));
    let mut comparison =
        Comparison { management, held, fill, window, clock, tally: Tally::default(), known: Known::default(), done: from, shown: (0, 0) };
    let ended = comparison.all(writers);
    comparison.show(ended.is_ok(), writers)?;
    match ended {
        Ok(()) => comparison.verdict(args, writers),
        Err(Failure::System(error)) => Err(error.into()),
        Err(failure) if comparison.tally.pages == 0 => Err(failure),
        Err(failure) => {
            let from = comparison.done.as_str();
            Err(Failure::Gaps(format!("stopped before the end: {failure}. To go on where it stopped, give FROM={from} (--from)")))
        }
    }
}

fn receiver(args: &Args, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<ReceiverClient>, Failure> {
    match &args.to {
        _ if !args.fill => Ok(None),
        Some(url) => Ok(Some(ReceiverClient::new(url, Token::from_lookup(lookup)?)?)),
        None => Err(Failure::Gaps("where to post what is missing is not said; give the receiver's URL, URL= (--to)".to_owned())),
    }
}

/// The records that were seen last.
#[derive(Debug, Default)]
struct Known {
    keys: HashSet<Key>,
    order: VecDeque<Key>,
}

impl Known {
    /// Says whether a record is new, and remembers it.
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

/// A comparison under way.
struct Comparison<'a> {
    management: Management<'a>,
    held: Held,
    fill: Option<Fill<'a>>,
    window: Window,
    clock: &'a Clock<'a>,
    tally: Tally,
    known: Known,
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
    /// The last record with an id.
    last: Option<Logged>,
}

impl Comparison<'_> {
    fn all(&mut self, writers: &mut Writers<'_>) -> Result<(), Failure> {
        let mut url = self.management.after(&self.done);
        let mut old_pages = 0;
        loop {
            let page = self.management.page(&url, writers.err)?;
            self.tally.pages += 1;
            let turned = self.turn(&page, writers)?;
            old_pages = if turned.has_news { 0 } else { old_pages + 1 };
            if !turned.has_records || turned.is_after {
                return self.post(writers);
            }
            if old_pages == MOST_OLD_PAGES {
                return Err(Failure::Gaps(format!("{MOST_OLD_PAGES} pages of Auth0's log in a row held nothing new")));
            }
            let after = turned.last.as_ref().and_then(|last| Checkpoint::parse(&last.log_id).ok());
            url = match (page.next, &after) {
                (Some(next), _) => next,
                (None, Some(after)) => self.management.after(after),
                (None, None) => return Err(Failure::Gaps("Auth0 does not say where its log goes on".to_owned())),
            };
            if let (Some(after), Some(at)) = (after, turned.last.and_then(|last| last.stored_at)) {
                self.show_progress(at, after, writers)?;
            }
        }
    }

    /// Compares the records of a page.
    fn turn(&mut self, page: &Page, writers: &mut Writers<'_>) -> Result<Turned, Failure> {
        let records = body::split(&page.body);
        let records: Vec<&[u8]> = records.iter().map(|record| record.bytes.as_ref()).collect();
        let mut turned = Turned { has_records: !records.is_empty(), ..Turned::default() };
        let mut is_before = false;
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
            turned.last = Some(logged);
        }
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
        writeln!(writers.err, "  {hundredths} %, up to {at}: {compared} compared, {missing} missing; FROM={done}")?;
        Ok(())
    }

    fn show(&self, is_whole: bool, writers: &mut Writers<'_>) -> Result<(), Failure> {
        let out = &mut *writers.out;
        if self.tally.pages == 0 {
            return Ok(());
        }
        self.tally.show(self.held.objects, out)?;
        if is_whole {
            self.tally.show_edges(&self.window, out)?;
        }
        if let Some(fill) = &self.fill {
            let (posted, events) = (number(fill.events + fill.rejects), number(fill.events));
            writeln!(
                out,
                "Posted {posted} of them to the receiver: {events} became events, {} were rejected and kept.",
                number(fill.rejects)
            )?;
        }
        if self.tally.unreadable > 0 {
            let many = count(self.tally.unreadable, "record");
            writeln!(out, "Problem: {many} of Auth0's log cannot be compared: a receiver would reject them, since they have no id.")?;
        }
        let problems = self.held.problems.iter().chain(self.fill.iter().flat_map(|fill| &fill.problems));
        problems.into_iter().try_for_each(|problem| writeln!(out, "Problem: {problem}."))?;
        Ok(())
    }

    fn verdict(&self, args: &Args, writers: &mut Writers<'_>) -> Result<Verdict, Failure> {
        let filled = self.fill.as_ref().map_or(0, |fill| fill.events + fill.rejects);
        let missing = self.tally.missing() - filled;
        if let Some(stack) = &args.metric {
            writeln!(writers.out, "{}", Tally::metric(missing, stack, args.source.as_deref(), (self.clock.now)()))?;
        }
        Ok(Verdict::good_if(missing == 0 && self.tally.unreadable == 0))
    }
}
