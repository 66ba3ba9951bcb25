//! Which part of Auth0's log is compared: by the time at which Auth0 stored a record, which stands in its `log_id`.
//!
//! The API gives records in that order, so that windows side by side see each record once, however late it was stored.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::window::{WindowArgs, show};

/// The newest records are not judged: their delivery may be under way.
pub const MARGIN: TimeDelta = TimeDelta::minutes(10);
/// Digits of a `log_id` as Auth0 makes them today.
const DIGITS: usize = 56;

/// A place in Auth0's log: what comes after this `log_id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint(String);

impl Checkpoint {
    /// Takes a `log_id`.
    ///
    /// # Errors
    /// Text that is none, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if is_id && stored_at(text).is_some() {
            return Ok(Self(text.to_owned()));
        }
        Err("it must be a log_id of Auth0, whose first 20 digits hold a time".to_owned())
    }

    /// Makes the place before all that was stored from then on.
    ///
    /// No record has this id. That the API takes it is not in Auth0's documentation, but what Elastic's integration has done for years.
    pub fn before(at: DateTime<Utc>) -> Self {
        Self(format!("900{:0<width$}", at.format("%Y%m%d%H%M%S%3f"), width = DIGITS - 3))
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads when Auth0 stored a record: 17 digits after the first three of its `log_id`, in UTC.
pub fn stored_at(log_id: &str) -> Option<DateTime<Utc>> {
    let digits = log_id.get(..20).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let second = NaiveDateTime::parse_from_str(&digits[3..17], "%Y%m%d%H%M%S").ok()?.and_utc();
    Some(second + TimeDelta::milliseconds(digits[17..].parse().ok()?))
}

/// What is compared: from the first moment to before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub since: DateTime<Utc>,
    /// The first moment after it.
    pub until: DateTime<Utc>,
    /// Its end was moved, since the newest records are not judged.
    pub is_cut: bool,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the window.
    Before,
    /// In it.
    Inside,
    /// After it.
    After,
}

impl Window {
    /// Returns the window that was asked for, as seen now; a checkpoint overrides its start.
    ///
    /// # Errors
    /// An empty window, as a sentence.
    pub fn new(asked: &WindowArgs, from: Option<&Checkpoint>, now: DateTime<Utc>) -> Result<Self, String> {
        let given = asked.window(now)?;
        let since = from.and_then(|from| stored_at(from.as_str())).or(given.since);
        let since = since.ok_or("missing start: give --since, or --from to go on where a run stopped")?;
        let (until, latest) = (given.until.unwrap_or(now), now - MARGIN);
        if until <= since {
            return Err(format!("the window must start before it ends; got {} and {}", show(since), show(until)));
        }
        if latest <= since {
            let margin = MARGIN.num_minutes();
            return Err(format!("--since must be more than {margin} minutes ago, for newer records are not judged; got {}", show(since)));
        }
        Ok(Self { since, until: until.min(latest), is_cut: until > latest })
    }

    /// Tells where a record stands that was stored then.
    pub fn place(&self, stored_at: DateTime<Utc>) -> Place {
        match stored_at {
            at if at < self.since => Place::Before,
            at if at < self.until => Place::Inside,
            _ => Place::After,
        }
    }

    /// Explains how much of it lies before a moment, in hundredths.
    pub fn hundredths(&self, at: DateTime<Utc>) -> i64 {
        let whole = (self.until - self.since).num_milliseconds().max(1);
        (100 * (at - self.since).num_milliseconds() / whole).clamp(0, 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Moment;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn asked(since: &str, until: Option<&str>) -> WindowArgs {
        let moment = |text: &str| Moment::parse(text).expect(text);
        WindowArgs { since: Some(moment(since)), until: until.map(moment) }
    }

    #[test]
    fn the_newest_ten_minutes_are_never_judged() {
        let now = time("2026-07-08T12:00:00Z");
        for (since, until, from, to) in [
            ("2026-07-01", Some("2026-07-02"), "2026-07-01T00:00:00Z", "2026-07-03T00:00:00Z"),
            ("7d", None, "2026-07-01T12:00:00Z", "2026-07-08T11:50:00Z"),
            ("90m", Some("2026-07-08"), "2026-07-08T10:30:00Z", "2026-07-08T11:50:00Z"),
        ] {
            let window = Window::new(&asked(since, until), None, now).expect(since);
            assert_eq!((window.since, window.until), (time(from), time(to)), "{since}");
            assert_eq!(window.is_cut, to.contains("11:50"), "{since}");
        }
    }

    #[test]
    fn a_window_with_nothing_in_it_is_an_error() {
        let now = time("2026-07-08T12:00:00Z");
        let error = |asked: &WindowArgs| Window::new(asked, None, now).expect_err("no window");
        assert!(error(&WindowArgs::default()).starts_with("missing start: give --since"));
        assert!(error(&asked("2026-07-02", Some("2026-07-01"))).starts_with("--since must be before --until"));
        assert!(error(&asked("2026-07-09", None)).starts_with("the window must start before it ends"));
        assert!(error(&asked("9m", None)).starts_with("--since must be more than 10 minutes ago"));
    }

    #[test]
    fn a_checkpoint_is_a_log_id_and_goes_before_the_first_moment() {
        let at = time("2026-07-01T12:34:56.789Z");
        let made = Checkpoint::before(at);
        assert_eq!(made.as_str(), "90020260701123456789000000000000000000000000000000000000");
        assert_eq!((stored_at(made.as_str()), Checkpoint::parse(made.as_str())), (Some(at), Ok(made.clone())));
        let window = Window::new(&asked("2026-06-01", None), Some(&made), time("2026-07-08T12:00:00Z")).expect("a window");
        assert_eq!(window.since, at);
        for text in ["", "1", "90020261301123456789", "90020260701123456789&take=1", "90020260701123456789 1", "é"] {
            assert!(Checkpoint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_record_is_before_in_or_after_a_window() {
        let window = Window { since: time("2026-07-01T00:00:00Z"), until: time("2026-07-02T00:00:00Z"), is_cut: false };
        for (at, place, hundredths) in [
            ("2026-06-30T23:59:59.999Z", Place::Before, 0),
            ("2026-07-01T00:00:00Z", Place::Inside, 0),
            ("2026-07-01T12:00:00Z", Place::Inside, 50),
            ("2026-07-02T00:00:00Z", Place::After, 100),
        ] {
            assert_eq!((window.place(time(at)), window.hundredths(time(at))), (place, hundredths), "{at}");
        }
    }
}
