//! The time window of a command: `--since` and `--until`.
//!
//! One grammar everywhere, shared with the Python package through the vectors in `tests/windows.tsv`: a UTC day, which is
//! whole as an end; a time; or how long ago.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Years in which a window may lie.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2999;

/// The two options, for every command that takes a window.
#[derive(clap::Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowArgs {
    /// Start: a day (2026-07-01), a time (2026-07-01T12:00:00Z), or how long ago (90m, 24h, 7d); in UTC
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub since: Option<Moment>,
    /// End, in the same forms; a day is whole
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub until: Option<Moment>,
}

/// A window of time: from `since` to before `until`. A side that is missing is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub since: Option<DateTime<Utc>>,
    /// The first moment after it.
    pub until: Option<DateTime<Utc>>,
}

impl WindowArgs {
    /// Returns the window as seen now.
    ///
    /// # Errors
    /// A window that holds no moment, or lies outside the years that are supported, as a sentence.
    pub fn window(&self, now: DateTime<Utc>) -> Result<Window, String> {
        let since = self.since.map(|since| since.start(now)).transpose()?;
        let until = self.until.map(|until| until.end(now)).transpose()?;
        match (since, until) {
            (Some(since), Some(until)) if until <= since => {
                Err(format!("--since must be before --until; got {} and {}", show(since), show(until)))
            }
            _ => Ok(Window { since, until }),
        }
    }
}

impl Window {
    /// Whether a moment lies in the window.
    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

/// One side of a window, as given on a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A time.
    At(DateTime<Utc>),
    /// A UTC day, whole.
    Day(NaiveDate),
    /// So long before now.
    Ago(TimeDelta),
}

impl Moment {
    /// Parses a moment.
    ///
    /// # Errors
    /// Text of no known form, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        ago(text).or_else(|| day_or_time(text)).ok_or_else(|| {
            let years = format!("in a year from {} to {}", YEARS.start(), YEARS.end());
            format!("it must be a day (2026-07-01), a time (2026-07-01T12:00:00Z), or how long ago (90m, 24h, 7d), {years}")
        })
    }

    /// Returns it as the start of a window.
    ///
    /// # Errors
    /// A moment too long ago, as a sentence.
    pub fn start(self, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
        let at = match self {
            Self::At(at) => Some(at),
            Self::Day(day) => Some(day.and_time(NaiveTime::MIN).and_utc()),
            Self::Ago(long) => now.checked_sub_signed(long),
        };
        at.filter(|at| YEARS.contains(&at.year())).ok_or_else(|| format!("a window must lie in a year from {} on", YEARS.start()))
    }

    /// Returns it as the end of a window: the first moment after it.
    ///
    /// # Errors
    /// A moment too long ago, as a sentence.
    pub fn end(self, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
        let start = self.start(now)?;
        Ok(if let Self::Day(_) = self { start + Days::new(1) } else { start })
    }
}

fn ago(text: &str) -> Option<Moment> {
    let count = text.get(..text.len().checked_sub(1)?).filter(|count| count.bytes().all(|byte| byte.is_ascii_digit()))?;
    let count = i64::from(count.parse::<u32>().ok()?);
    let long = match text.as_bytes().last()? {
        b'm' => TimeDelta::try_minutes(count),
        b'h' => TimeDelta::try_hours(count),
        b'd' => TimeDelta::try_days(count),
        _ => None,
    };
    long.map(Moment::Ago)
}

/// Parses `YYYY-MM-DD`, or that and a time of day, whose seconds and offset may be missing; without an offset it is UTC.
fn day_or_time(text: &str) -> Option<Moment> {
    let (day, rest) = text.split_at_checked(10)?;
    let is_day = day.bytes().enumerate().all(|(i, byte)| if i == 4 || i == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    let day: NaiveDate = day.parse().ok().filter(|day: &NaiveDate| is_day && YEARS.contains(&day.year()))?;
    if rest.is_empty() {
        return Some(Moment::Day(day));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
    let seconds = if clock.len() == "00:00".len() { ":00" } else { "" };
    let offset = if offset.is_empty() { "Z" } else { offset };
    // A leap second has no place on this time line.
    let time = DateTime::parse_from_rfc3339(&format!("{day}T{clock}{seconds}{offset}")).ok().filter(|_| !clock.contains(":60"))?;
    Some(Moment::At(time.to_utc()))
}

/// Returns a time for a person.
pub fn show(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: &str = include_str!("../../../tests/windows.tsv");

    #[test]
    fn every_vector_is_read_as_written() {
        let rows = VECTORS.lines().filter(|line| !line.starts_with('#')).skip(1);
        let mut count = 0;
        for line in rows {
            let [text, side, now, result] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
            let now: DateTime<Utc> = now.parse().expect(line);
            let read = Moment::parse(text).and_then(|moment| if side == "since" { moment.start(now) } else { moment.end(now) });
            let wanted = (result != "error").then(|| result.parse::<DateTime<Utc>>().expect(line));
            assert_eq!(read.ok(), wanted, "{line:?}");
            count += 1;
        }
        assert!(count > 50, "{count}");
    }

    #[test]
    fn a_window_runs_from_its_start_to_before_its_end() {
        let (now, day) = ("2026-07-08T12:00:00Z".parse().expect("a time"), Moment::parse("2026-07-01").ok());
        let window = WindowArgs { since: day, until: day }.window(now).expect("a day");
        for (at, is_in) in [("2026-06-30T23:59:59Z", false), ("2026-07-01T00:00:00Z", true), ("2026-07-02T00:00:00Z", false)] {
            assert_eq!(window.holds(at.parse().expect("a time")), is_in, "{at}");
        }
        assert!(Window::default().holds(now));
        let swapped = WindowArgs { since: Moment::parse("2026-07-02").ok(), until: day }.window(now);
        assert_eq!(swapped, Err("--since must be before --until; got 2026-07-02 00:00:00 UTC and 2026-07-02 00:00:00 UTC".to_owned()));
    }
}
