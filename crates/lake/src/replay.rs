//! Posts rejected records again, as they were sent.
//!
//! A record is rejected by a receiver that could not read it. When a newer one can, its events are
//! had by posting what the rejects keep. To repeat it does no harm: the same event from the same
//! source has the same `p_row_id`, in whatever batch it comes, and so has the same reject; objects
//! are created, never replaced, so nothing that is stored can be lost; and a record that stands in
//! several rejects, as it does after a replay that did not help, is posted once. What is rejected
//! again is stored as a reject again. The objects to read are listed before the first record is
//! posted, so a replay does not meet its own rejects. A reject that is not rejected again is closed.
//!
//! One token is one source: rejects of other sources are never posted under it.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use auth0_log_lake::{config::LakeUrl, object::ObjectKey};
use chrono::{DateTime, Utc};

use crate::{
    body::{Raw, alone, together},
    deliver::{Undelivered, deliver},
    layout::{count, number, shorten, table},
    meaning::{meaning, status},
    options::{LakeOption, StackOption, UrlOption},
    outcome::{Failure, Verdict},
    post::{ReceiverClient, Taken, Token},
    print::visible,
    reading::Reading,
    rejected::{RejectRow, reason, row_id},
    rejects::{
        closed::{self, Closed, Closing},
        source_name,
    },
    window::WindowArgs,
};
use selection::{Selection, Summary, rejects_of};
use settled::Settled;

pub mod selection;
mod settled;

/// Most records in one request: fewer than the hours that it may touch.
const MOST_RECORDS: usize = 1_000;
/// A request takes no further record past this many bytes: far below the limit, and quick to store.
const ENOUGH_BYTES: usize = 1 << 20;
/// How much of a detail is shown, in columns.
const DETAIL_WIDTH: usize = 70;

/// Posts rejected records again.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "The token is read from the variable TOKEN. Use the token of the source that the rejects belong to. A reject \
                        whose record is stored as an event is closed, and not posted again. Ends with 0 if all were posted, 1 if \
                        some could not be, 2 if the lake cannot be read or the receiver does not answer.")]
pub struct Args {
    #[command(flatten)]
    lake: LakeOption,
    #[command(flatten)]
    url: UrlOption,
    #[command(flatten)]
    stack: StackOption,
    #[command(flatten)]
    window: WindowArgs,
    /// Only those rejected for this reason, such as malformed_json
    #[arg(long, value_name = "CODE", value_parser = reason)]
    reason: Option<String>,
    /// Only those of this source; needed where there are several
    #[arg(long, value_name = "NAME", value_parser = source_name)]
    source: Option<String>,
    /// Say what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
}

/// What became of the records rejected for one reason.
#[derive(Debug, Default)]
struct Outcome {
    posted: usize,
    events: usize,
    again: usize,
    /// Those that wait in the queue of the buffered mode.
    queued: usize,
    detail: String,
}

/// Records that wait for others of their reason, and the rejects that they come from.
#[derive(Debug, Default)]
struct Waiting {
    raws: Vec<Raw>,
    rejects: Vec<String>,
}

/// A replay under way.
struct Replay<'a> {
    receiver: &'a ReceiverClient,
    waiting: BTreeMap<String, Waiting>,
    outcomes: BTreeMap<String, Outcome>,
    settled: Settled,
    problems: Vec<String>,
    out: &'a mut dyn Write,
}

/// Runs the command.
///
/// # Errors
/// The lake cannot be listed, or the receiver cannot be reached.
pub fn run(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, now: DateTime<Utc>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let window = args.window.window(now).map_err(Failure::Window)?;
    let stack = args.stack.read()?;
    let receiver = match args.dry_run {
        true => None,
        false => Some(ReceiverClient::new(&args.url.of(stack.as_ref())?, Token::from_lookup(lookup)?)?),
    };
    let url = args.lake.or_local(stack.as_ref());
    let reading = Reading::open(&url)?;
    let listing = reading.list(&rejects_of(&window))?;
    writeln!(out, "Reading {} below {}rejects/", count(listing.objects.len(), "object"), with_slash(&url.to_string()))?;
    let closed = Closed::read(&url)?;
    let passed_over = listing.strangers.len() + closed.problems.len();
    for stranger in listing.strangers {
        writeln!(out, "  passed over, since its name is not a receiver's: {stranger}")?;
    }
    for problem in &closed.problems {
        writeln!(out, "  {problem}.")?;
    }
    let (reason, source) = (args.reason.clone(), args.source.clone());
    let selection = Selection { reading, objects: listing.objects, reason, source, window, closed };
    let summary = selection.summary();
    show_summary(&summary, out)?;
    let whole = Verdict::good_if(summary.problems.is_empty() && passed_over == 0);
    if summary.sources.len() > 1 {
        let sources: Vec<_> = summary.sources.keys().map(|source| visible(source)).collect();
        writeln!(out, "They are of several sources: {}. Choose with --source, and use its token.", sources.join(", "))?;
        return Ok(if args.dry_run { whole } else { Verdict::Bad });
    }
    let Some(receiver) = receiver.filter(|_| summary.distinct > 0) else { return Ok(whole) };
    let posted = post_all(&selection, &summary, &receiver, &url, now, out)?;
    Ok(if posted == Verdict::Good { whole } else { posted })
}

fn with_slash(url: &str) -> String {
    format!("{}/", url.trim_end_matches('/'))
}

fn show_summary(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    for problem in &summary.problems {
        writeln!(out, "  {problem}")?;
    }
    let same = summary.rows - summary.distinct;
    let more = if same == 0 { String::new() } else { format!(", {} of them the same again", number(same)) };
    writeln!(out, "Found {}{more}\n", count(summary.rows, "reject"))?;
    let rows: Vec<[String; 2]> = summary.reasons.iter().map(|(reason, many)| [reason.clone(), number(*many)]).collect();
    if rows.is_empty() { Ok(()) } else { writeln!(out, "{}", table(["reason", "records"], &rows)) }
}

fn post_all(
    selection: &Selection,
    summary: &Summary,
    receiver: &ReceiverClient,
    lake: &LakeUrl,
    now: DateTime<Utc>,
    out: &mut dyn Write,
) -> Result<Verdict, Failure> {
    // An empty batch stores nothing, and shows whether requests get in at all.
    let answer = receiver.post(b"[]")?;
    if answer.counts().is_none() {
        writeln!(out, "Nothing was posted: {} answered {}. {}", receiver.url(), status(&answer), meaning(&answer))?;
        return Ok(Verdict::Bad);
    }
    writeln!(out, "Posting to {}", receiver.url())?;
    let settled = Settled::before(&selection.reading, now)?;
    let mut replay = Replay { receiver, waiting: BTreeMap::new(), outcomes: BTreeMap::new(), settled, problems: Vec::new(), out };
    let ended = replay.all(selection, summary.distinct);
    show_outcomes(&replay.outcomes, replay.out)?;
    let again = replay.outcomes.values().map(|outcome| outcome.again).sum();
    match replay.settled.done(&selection.reading, again)? {
        Some(ids) => {
            closed::close(lake, &ids, &Closing { at: now, by: "replay", reason: "a replay stored what the reject keeps" })?;
            writeln!(replay.out, "Closed {}.", count(ids.len(), "reject"))?;
        }
        None => replay.problems.push(format!(
            "no reject was closed: the receiver rejected {} again, and they are not in {lake}. Is this its lake?",
            count(again, "record")
        )),
    }
    for problem in &replay.problems {
        writeln!(replay.out, "Problem: {problem}")?;
    }
    match ended {
        Ok(()) => Ok(Verdict::good_if(replay.problems.is_empty())),
        Err(Undelivered::Output(error)) => Err(error.into()),
        Err(why) => {
            writeln!(replay.out, "Stopped before the end: {why} Run the same again later: to repeat it does no harm.")?;
            Ok(Verdict::Bad)
        }
    }
}

impl Replay<'_> {
    fn all(&mut self, selection: &Selection, distinct: usize) -> Result<(), Undelivered> {
        let mut done = 0;
        // The summary has shown the lake's problems.
        selection.each(&mut Vec::new(), |key, row| {
            self.add(key, &row)?;
            done += 1;
            let tenth = |done: usize| 10 * done / distinct;
            if tenth(done) > tenth(done - 1) {
                self.post_waiting()?;
                self.show_progress(done, distinct)?;
            }
            Ok::<(), Undelivered>(())
        })?;
        self.post_waiting()
    }

    /// Posts the records of a reject, or holds them back to go with others.
    fn add(&mut self, key: &ObjectKey, row: &RejectRow) -> Result<(), Undelivered> {
        let records = match row.records() {
            Ok(records) => records,
            Err(fault) => {
                self.problems.push(format!("a reject of reason {} in {key}: {fault}", row.reason));
                return Ok(());
            }
        };
        let outcome = self.outcomes.entry(row.reason.clone()).or_default();
        outcome.detail.clone_from(&row.detail);
        let id = row.id();
        self.settled.expect(&id, records.iter().map(|raw| row_id(&row.source, &raw.bytes)));
        for raw in records {
            if raw.is_element() {
                self.wait(&row.reason, raw, &id)?;
                continue;
            }
            let body = alone(&raw);
            self.post(&row.reason, std::slice::from_ref(&id), body)?;
        }
        Ok(())
    }

    fn wait(&mut self, reason: &str, raw: Raw, reject: &str) -> Result<(), Undelivered> {
        let waiting = self.waiting.entry(reason.to_owned()).or_default();
        let bytes: usize = waiting.raws.iter().map(|raw| raw.bytes.len() + 1).sum();
        let is_full = !waiting.raws.is_empty() && (waiting.raws.len() >= MOST_RECORDS || bytes + raw.bytes.len() > ENOUGH_BYTES);
        let full = if is_full { std::mem::take(waiting) } else { Waiting::default() };
        waiting.raws.push(raw);
        waiting.rejects.push(reject.to_owned());
        if is_full { self.post_together(reason, &full) } else { Ok(()) }
    }

    fn post_waiting(&mut self) -> Result<(), Undelivered> {
        while let Some((reason, waiting)) = self.waiting.pop_first() {
            self.post_together(&reason, &waiting)?;
        }
        Ok(())
    }

    fn post_together(&mut self, reason: &str, waiting: &Waiting) -> Result<(), Undelivered> {
        if let Some(body) = together(&waiting.raws) {
            return self.post(reason, &waiting.rejects, Some(body));
        }
        let mut each = waiting.raws.iter().zip(&waiting.rejects);
        each.try_for_each(|(raw, reject)| self.post(reason, std::slice::from_ref(reject), alone(raw)))
    }

    /// Posts a body that holds one record of each of these rejects.
    fn post(&mut self, reason: &str, rejects: &[String], body: Option<Vec<u8>>) -> Result<(), Undelivered> {
        let records = rejects.len();
        let what = format!("{} of reason {reason}", count(records, "record"));
        let Some(body) = body else {
            self.problems.push(format!("{what}: no body was found in which it would arrive as it was sent"));
            return Ok(());
        };
        let taken = match deliver(self.receiver, &body, self.out) {
            Ok(taken) => taken,
            Err(Undelivered::Body(why)) => {
                self.problems.push(format!("{what}: {why}"));
                return Ok(());
            }
            Err(why) => return Err(why),
        };
        let outcome = self.outcomes.entry(reason.to_owned()).or_default();
        outcome.posted += records;
        let counts = match taken {
            Taken::Stored(counts) => counts,
            Taken::Queued => {
                outcome.queued += records;
                return Ok(());
            }
        };
        outcome.events += counts.accepted;
        outcome.again += counts.rejected;
        if counts.received == records {
            self.settled.stored(rejects);
        } else {
            self.problems.push(format!("{what} arrived as {}: the receiver is of another version", number(counts.received)));
        }
        Ok(())
    }

    fn show_progress(&mut self, done: usize, distinct: usize) -> io::Result<()> {
        let sum = |of: fn(&Outcome) -> usize| number(self.outcomes.values().map(of).sum());
        let (posted, events, again) = (sum(|all| all.posted), sum(|all| all.events), sum(|all| all.again));
        let done = format!("{} of {}", number(done), count(distinct, "reject"));
        let queued: usize = self.outcomes.values().map(|outcome| outcome.queued).sum();
        let queued = if queued == 0 { String::new() } else { format!(", {} queued", number(queued)) };
        writeln!(self.out, "  {done}: {posted} records posted, {events} became events, {again} rejected again{queued}")
    }
}

fn show_outcomes(outcomes: &BTreeMap<String, Outcome>, out: &mut dyn Write) -> io::Result<()> {
    let row = |name: &str, outcome: &Outcome| [name.to_owned(), number(outcome.posted), number(outcome.events), number(outcome.again)];
    let sum = |of: fn(&Outcome) -> usize| outcomes.values().map(of).sum();
    let all = Outcome {
        posted: sum(|all| all.posted),
        events: sum(|all| all.events),
        again: sum(|all| all.again),
        queued: sum(|all| all.queued),
        detail: String::new(),
    };
    let mut rows: Vec<[String; 4]> = outcomes.iter().map(|(reason, outcome)| row(reason, outcome)).collect();
    rows.push(row("all", &all));
    writeln!(out, "\n{}", table(["rejected before for", "posted", "became events", "rejected again"], &rows))?;
    if all.queued > 0 {
        writeln!(out, "Queued, and not stored yet: {}.", count(all.queued, "record"))?;
        writeln!(out, "The stack stores them within its BufferSeconds, as events or as rejects again.\n")?;
    }
    if all.again == 0 {
        return Ok(());
    }
    writeln!(out, "What was rejected again is kept below rejects/ once more, with the same p_row_id. For example:\n")?;
    for (reason, outcome) in outcomes.iter().filter(|(_, outcome)| outcome.again > 0) {
        writeln!(out, "  {reason}: {}", shorten(&outcome.detail, DETAIL_WIDTH))?;
    }
    writeln!(out)
}
