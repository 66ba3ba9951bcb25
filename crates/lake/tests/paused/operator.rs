//! Whoever types `lake gaps`: again where a run died, and from the place that it said where it stopped.

use std::{
    cell::RefCell,
    io::{self, ErrorKind, Write},
    path::Path,
};

use chrono::TimeDelta;
use clap::Parser;
use lake::{
    gaps::{self, Clock, Writers},
    outcome::Verdict,
};
use support::{management::CLIENT, server::Server};

use crate::{
    intake::TOKEN,
    random::Random,
    tenant::{Event, Time},
    world::{Summary, Wrong},
};

/// Runs that may die or run out of time; those after them may not.
const CUT_RUNS: usize = 12;
/// Runs after which a fill must have come to its end. What the world does to one is bounded, so each of the last ones does.
const MOST_RUNS: usize = 20;
/// Records behind the place that a run said, from which the mutant goes on.
const TOO_FAR: usize = 40;

/// The command line, as `lake` reads it.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    gaps: gaps::Args,
}

/// How a run is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Never,
    /// Its time is up after so many seconds.
    After(u64),
    /// It dies after so many lines.
    Dies(usize),
}

/// What a run left behind.
struct Ran {
    verdict: Option<Verdict>,
    said: String,
}

pub struct Operator<'a> {
    random: Random,
    time: Time,
    lake: String,
    servers: [&'a Server; 2],
    events: &'a [Event],
    pub summary: Summary,
}

/// Where a run writes; it dies where no more lines are left to it.
struct Paper<'a> {
    text: &'a RefCell<String>,
    lines: usize,
}

impl Write for Paper<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).expect("text");
        let ends = text.matches('\n').count();
        if ends > self.lines {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.lines -= ends;
        self.text.borrow_mut().push_str(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> Operator<'a> {
    pub fn new(random: Random, time: Time, lake: &Path, servers: [&'a Server; 2], events: &'a [Event]) -> Self {
        Self { random, time, lake: format!("file://{}", lake.display()), servers, events, summary: Summary::default() }
    }

    /// Compares, and holds what is said against what is missing.
    pub fn compare(&self, missing: usize) -> Result<(), Wrong> {
        let ran = self.run(&[], Cut::Never);
        let said = format!("{missing} are missing.");
        let is_right = ran.said.replace(',', "").lines().any(|line| line.ends_with(&said) && line.contains("are kept as rejects"));
        let verdict = if missing == 0 { Verdict::Good } else { Verdict::Bad };
        if is_right && ran.verdict == Some(verdict) { Ok(()) } else { Err(Wrong::Count) }
    }

    /// Fills until a run has come to its end.
    pub fn fill(&mut self, goes_too_far: bool) -> Result<(), Wrong> {
        let (url, mut from) = (self.servers[1].endpoint.clone(), None::<String>);
        for run in 0..MOST_RUNS {
            let cut = if run < CUT_RUNS { self.cut() } else { Cut::Never };
            let mut more = vec!["--fill", "--url", &url];
            more.extend(from.iter().flat_map(|from| ["--from", from]));
            self.summary.went_on += usize::from(from.is_some());
            let ran = self.run(&more, cut);
            self.summary.runs += 1;
            if ran.verdict == Some(Verdict::Good) {
                return Ok(());
            }
            self.summary.cut += usize::from(ran.said.contains("the time of this run is up"));
            self.summary.died += usize::from(ran.verdict.is_none());
            // Who does not go on where it stopped begins again.
            let place = ran.said.rsplit("--from=").next().filter(|_| ran.said.contains("--from="));
            let place = place.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
            if let Some(place) = place.filter(|_| self.random.percent(70)) {
                from = Some(if goes_too_far { self.too_far(&place) } else { place });
            }
        }
        Err(Wrong::Stuck)
    }

    fn cut(&mut self) -> Cut {
        match self.random.below(4) {
            0 => Cut::Never,
            1 => Cut::Dies(self.random.between(1, 30) as usize),
            _ => Cut::After(self.random.between(1, 120)),
        }
    }

    fn too_far(&self, place: &str) -> String {
        let mut later: Vec<&str> = self.events.iter().map(|event| event.log_id.as_str()).filter(|log_id| *log_id > place).collect();
        later.sort_unstable();
        later.get(TOO_FAR).map_or_else(|| place.to_owned(), |log_id| (*log_id).to_owned())
    }

    fn run(&self, more: &[&str], cut: Cut) -> Ran {
        let domain = self.servers[0].endpoint.as_str();
        let line = ["gaps", "--domain", domain, "--lake", &self.lake, "--since", "2024-02-28", "--source", "eu"];
        let Line { gaps: args } = Line::parse_from(line.iter().chain(more));
        let now = || self.time.now();
        let sleep = |pause| self.time.pass(TimeDelta::from_std(pause).expect("a pause"));
        let deadline = if let Cut::After(seconds) = cut { Some(self.time.now() + TimeDelta::seconds(seconds as i64)) } else { None };
        let clock = Clock { now: &now, sleep: &sleep, deadline };
        let variables = [CLIENT[0], CLIENT[1], ("TOKEN", TOKEN)];
        let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let text = RefCell::default();
        let lines = if let Cut::Dies(lines) = cut { lines } else { usize::MAX };
        let (mut out, mut err) = (Paper { text: &text, lines }, Paper { text: &text, lines });
        let verdict = gaps::run(&args, &lookup, &clock, &mut Writers { out: &mut out, err: &mut err }).ok();
        Ran { verdict, said: text.into_inner() }
    }
}
