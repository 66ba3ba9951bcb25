//! Reads senders' times, and writes times that every query engine can read.
//!
//! Athena reads `YYYY-MM-DD HH:MM:SS.fff` in every SerDe and ISO 8601 in only some, so rows use the former, in UTC.
//! Reading is strict: there are exactly two accepted formats.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};

/// How far an event's time may be past the request, to allow for clock skew.
const LATEST: TimeDelta = TimeDelta::hours(24);
/// First plausible year of an event. Auth0 was founded in 2013; the contract leaves some room.
const EARLIEST_YEAR: i32 = 2010;
/// Nanoseconds in a millisecond.
const MILLISECOND: u32 = 1_000_000;

/// Whether a time is plausible for an event, given the time of its request.
pub(crate) fn is_plausible(at: DateTime<Utc>, received_at: DateTime<Utc>) -> bool {
    at.year() >= EARLIEST_YEAR && at <= received_at + LATEST
}

/// Truncates a time to whole milliseconds.
pub(crate) fn to_millisecond(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_nanosecond(at.nanosecond() % 1_000_000_000 / MILLISECOND * MILLISECOND).unwrap_or(at)
}

/// Reads an RFC 3339 time, or one with a space and no offset, which means UTC.
///
/// Seconds are at most 59, offsets at most ±23:59, fractions at most nine digits.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = text.as_bytes().split_first_chunk::<10>()?;
    let (separator, rest) = rest.split_first()?;
    let (clock, rest) = rest.split_first_chunk::<8>()?;
    if date[4] != b'-' || date[7] != b'-' || clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let (nanoseconds, rest) = fraction(rest)?;
    let offset = match (separator, rest) {
        (b'T' | b't' | b' ', rest) if !rest.is_empty() => offset(rest)?,
        (b' ', _) => TimeDelta::zero(),
        _ => return None,
    };
    let local = civil(
        [digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..])?],
        [digits(&clock[..2])?, digits(&clock[3..5])?, digits(&clock[6..])?],
        nanoseconds,
    )?;
    local.checked_sub_signed(offset)
}

/// Reads the time that Auth0 puts into a `log_id`: 17 digits after the first three, in UTC.
pub(crate) fn from_log_id(log_id: &str) -> Option<DateTime<Utc>> {
    let digits_of = log_id.as_bytes().first_chunk::<20>()?;
    if !digits_of.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let part = |from: usize, to: usize| digits(&digits_of[from..to]);
    let milliseconds = part(17, 20)?;
    civil([part(3, 7)?, part(7, 9)?, part(9, 11)?], [part(11, 13)?, part(13, 15)?, part(15, 17)?], milliseconds * MILLISECOND)
}

fn civil([year, month, day]: [u32; 3], [hour, minute, second]: [u32; 3], nanosecond: u32) -> Option<DateTime<Utc>> {
    if year == 0 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(date.and_hms_nano_opt(hour, minute, second, nanosecond)?.and_utc())
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

/// Reads an optional fraction, `.f` to `.fffffffff`. Returns nanoseconds and the rest of the text.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(rest) = text.strip_prefix(b".") else { return Some((0, text)) };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&count) {
        return None;
    }
    let (fraction, rest) = rest.split_at(count);
    Some((digits(fraction)? * 10u32.pow(9 - count as u32), rest))
}

fn offset(text: &[u8]) -> Option<TimeDelta> {
    let (sign, clock) = match text {
        [b'Z' | b'z'] => return Some(TimeDelta::zero()),
        [b'+', clock @ ..] => (1, clock),
        [b'-', clock @ ..] => (-1, clock),
        _ => return None,
    };
    let [h1, h2, b':', m1, m2] = *clock else { return None };
    let (hours, minutes) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
    (hours < 24 && minutes < 60).then(|| TimeDelta::minutes(sign * i64::from(hours * 60 + minutes)))
}

/// A time as in a row, with 3 fraction digits, or 6 or 9 if fewer would lose precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeText {
    bytes: [u8; 29],
    length: usize,
}

impl TimeText {
    pub fn of(at: DateTime<Utc>) -> Self {
        let at = at.naive_utc();
        let nanosecond = at.nanosecond() % 1_000_000_000;
        let (width, fraction) = match nanosecond {
            n if n % MILLISECOND == 0 => (3, n / MILLISECOND),
            n if n % 1_000 == 0 => (6, n / 1_000),
            n => (9, n),
        };
        let mut text = Self { bytes: *b"0000-00-00 00:00:00.000000000", length: 20 + width };
        text.write(0, 4, at.year().unsigned_abs());
        text.write(5, 2, at.month());
        text.write(8, 2, at.day());
        text.write(11, 2, at.hour());
        text.write(14, 2, at.minute());
        text.write(17, 2, at.second());
        text.write(20, width, fraction);
        text
    }

    fn write(&mut self, start: usize, width: usize, mut value: u32) {
        for digit in self.bytes[start..start + width].iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Display for TimeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(|at| TimeText::of(at).to_string())
    }

    #[test]
    fn times_are_written_in_utc_with_the_digits_they_need() {
        for (sent, written) in [
            ("2026-07-01T12:34:56.789Z", "2026-07-01 12:34:56.789"),
            ("2026-07-01t12:34:56z", "2026-07-01 12:34:56.000"),
            ("2026-07-01 12:34:56.5", "2026-07-01 12:34:56.500"),
            ("2026-07-01 12:34:56+00:30", "2026-07-01 12:04:56.000"),
            ("2026-07-01T23:30:00.123456-05:00", "2026-07-02 04:30:00.123456"),
            ("2026-07-01T12:00:00.123456789Z", "2026-07-01 12:00:00.123456789"),
            ("2026-07-01T12:00:00.100000000+23:59", "2026-06-30 12:01:00.100"),
            ("2024-02-29T00:00:00-00:00", "2024-02-29 00:00:00.000"),
        ] {
            assert_eq!(read(sent).as_deref(), Some(written), "{sent}");
        }
    }

    #[test]
    fn what_is_not_a_time_in_full_is_none() {
        for sent in [
            "",
            "2026-07-01",
            "2026-07-01T12:34:56",
            "2026-07-01T12:34Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-06-30T23:59:60Z",
            "2026-06-30T24:00:00Z",
            "2026-06-30T23:59:59.Z",
            "2026-06-30T23:59:59.1234567890Z",
            "2026-06-30T23:59:59+24:00",
            "2026-06-30T23:59:59+0100",
            "2026-06-30T23:59:59 Z",
            " 2026-06-30T23:59:59Z",
            "2026-06-30T23:59:59Z ",
            "0000-01-01T00:00:00Z",
            "٢٠٢٦-06-30T23:59:59Z",
            "2026/06/30 23:59:59",
            "+026-06-30T23:59:59Z",
        ] {
            assert_eq!(read(sent), None, "{sent}");
        }
    }

    #[test]
    fn a_log_id_holds_a_time_after_three_digits() {
        let at = |log_id| from_log_id(log_id).map(|at| TimeText::of(at).to_string());
        assert_eq!(at("90020260701123456789000000000000000001223372037868840734").as_deref(), Some("2026-07-01 12:34:56.789"));
        for log_id in ["", "h-1", "9002026070112345678", "9002026070112345678x", "90020261301123456789", "90020260701126056789"] {
            assert_eq!(at(log_id), None, "{log_id}");
        }
    }

    #[test]
    fn plausible_is_from_2010_to_a_day_past_the_request() {
        let time = |text| parse(text).expect(text);
        let received = time("2026-11-23T12:00:00Z");
        for (text, plausible) in [
            ("2009-12-31T23:59:59.999Z", false),
            ("2010-01-01T00:00:00Z", true),
            ("2026-11-24T12:00:00Z", true),
            ("2026-11-24T12:00:00.001Z", false),
        ] {
            assert_eq!(is_plausible(time(text), received), plausible, "{text}");
        }
    }
}
