//! The times of which Auth0 gave no record, though it was asked.

use chrono::{DateTime, TimeDelta, Utc};

use super::window::Window;

/// How long Auth0 may give nothing before the lake is asked whether it knows of that time.
pub const QUIET: TimeDelta = TimeDelta::hours(1);

/// Follows the records as they come, and notes where there are none.
#[derive(Debug)]
pub struct Silence {
    /// The last record so far, or just before the window.
    last: DateTime<Utc>,
    until: DateTime<Utc>,
    /// Auth0 gave a record from before the window: its log reaches back to there.
    reaches_back: bool,
    /// Auth0 gave a record from after the window: its log goes on.
    goes_on: bool,
    has_begun: bool,
    spans: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Silence {
    /// Listens to a window. Records that are stored at `window.since` itself are in it, unless `is_after_it`.
    pub fn new(window: &Window, is_after_it: bool) -> Self {
        let last = if is_after_it { window.since } else { window.since - TimeDelta::milliseconds(1) };
        Self { last, until: window.until, reaches_back: false, goes_on: false, has_begun: false, spans: Vec::new() }
    }

    /// Notes when Auth0 stored the records of a page.
    pub fn hear(&mut self, mut stored: Vec<DateTime<Utc>>) {
        stored.sort_unstable();
        for at in stored {
            if at >= self.until {
                self.goes_on = true;
            } else if at > self.last {
                let is_proven = self.has_begun || self.reaches_back;
                self.note(at, is_proven);
                (self.last, self.has_begun) = (at, true);
            } else if !self.has_begun {
                self.reaches_back = true;
            }
        }
    }

    /// Returns the times of which nothing was given: each after the first moment and before the second.
    pub fn spans(mut self) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let is_proven = if self.has_begun { self.goes_on } else { self.goes_on && self.reaches_back };
        self.note(self.until, is_proven);
        self.spans
    }

    fn note(&mut self, end: DateTime<Utc>, is_proven: bool) {
        if !is_proven || end - self.last > QUIET {
            self.spans.push((self.last, end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_records_is_noted_where_it_is_long_or_at_an_edge_that_nothing_proves() {
        let time = |text: &str| format!("2026-07-01T{text}:00Z").parse::<DateTime<Utc>>().expect(text);
        let window = Window { since: time("10:00"), until: time("20:00"), is_cut: false };
        for (pages, spans) in [
            (&[] as &[&[&str]], &["09:59-20:00"] as &[&str]),
            (&[&["09:30", "10:01"], &["10:30", "11:30", "12:00"]], &["12:00-20:00"]),
            (&[&["10:20", "10:40"], &["21:00"]], &["09:59-10:20", "10:40-20:00"]),
            (&[&["19:59", "19:30", "20:00"]], &["09:59-19:30"]),
            (
                &[&["09:00", "10:50", "11:40", "12:30", "13:20", "14:10", "15:00", "15:50", "16:40", "17:30", "18:20", "19:10", "20:00"]],
                &[],
            ),
            (&[&["09:00", "20:00"]], &["09:59-20:00"]),
            (&[&["09:00"], &["15:00"], &["15:00", "10:30"], &["20:00"]], &["09:59-15:00", "15:00-20:00"]),
        ] {
            let mut silence = Silence::new(&window, false);
            pages.iter().for_each(|page| silence.hear(page.iter().map(|at| time(at)).collect()));
            let shown: Vec<String> = silence.spans().iter().map(|(a, b)| format!("{}-{}", a.format("%H:%M"), b.format("%H:%M"))).collect();
            assert_eq!(shown, spans, "{pages:?}");
        }
        let mut after = Silence::new(&window, true);
        after.hear(vec![time("10:30"), time("20:00")]);
        assert_eq!(after.spans(), [(time("10:00"), time("10:30")), (time("10:30"), time("20:00"))]);
    }
}
