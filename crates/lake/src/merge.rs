//! Bringing what has landed into the table by hand, month by month, in the workgroup in which the stack merges.

use std::{io::Write, str::FromStr};

use chrono::{Days, Months, NaiveDate};

use crate::{
    athena::{Athena, Took},
    outcome::{Failure, Verdict},
    sql, tables,
};

/// Brings what has landed into the table `events`; safe to repeat.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Without --since it merges the last 35 days. A day is that of the event, in UTC. A month is merged in one statement, \
                        since Athena writes at most 100 days in one."
)]
pub struct Args {
    #[command(flatten)]
    place: tables::Where,
    /// First month or day: 2026-01 or 2026-01-15
    #[arg(long, value_name = "DATE")]
    since: Option<Period>,
    /// Last month or day, whole [default: that of --since]
    #[arg(long, value_name = "DATE", requires = "since")]
    until: Option<Period>,
}

/// A month or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    first: NaiveDate,
    after: NaiveDate,
}

impl FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "it needs a month or a day, such as 2026-01 or 2026-01-15";
        let (first, after) = if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            (day, day.checked_add_days(Days::new(1)))
        } else {
            let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map_err(|_| wrong)?;
            (first, first.checked_add_months(Months::new(1)))
        };
        Ok(Self { first, after: after.ok_or(wrong)? })
    }
}

/// Runs the command.
///
/// # Errors
/// A statement that Athena does not end well; what was merged before it stays.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Verdict, Failure> {
    if args.since.zip(args.until).is_some_and(|(since, until)| until.after <= since.first) {
        return Err(Failure::Window("--since must be before --until".to_owned()));
    }
    let (workgroup, database) = args.place.names()?;
    let athena = Athena::open(&tables::merges_of(&workgroup), &database)?;
    if !athena.is_there()? {
        writeln!(
            out,
            "There is no workgroup {}, in which the stack merges: deploy it with MergeCadence hourly or daily.",
            athena.workgroup()
        )?;
        return Ok(Verdict::Bad);
    }
    let Some(since) = args.since else {
        let took = athena.run(&sql::merge_lately())?;
        writeln!(out, "the last 35 days  {}", said(took))?;
        return Ok(Verdict::Good);
    };
    let last = args.until.unwrap_or(since);
    for (first, after) in months(since.first, last.after) {
        let took = athena.run(&sql::merge_days(first, after)).inspect_err(|_| {
            _ = writeln!(out, "{first}  failed; merge again from there: lake merge --since {first}");
        })?;
        writeln!(out, "{first} to {}  {}", after.pred_opt().unwrap_or(after), said(took))?;
        out.flush()?;
    }
    Ok(Verdict::Good)
}

/// Cuts days at the ends of months.
fn months(first: NaiveDate, after: NaiveDate) -> impl Iterator<Item = (NaiveDate, NaiveDate)> {
    let mut next = first;
    std::iter::from_fn(move || {
        let from = next;
        next = from.format("%Y-%m").to_string().parse::<Period>().map_or(after, |month| month.after.min(after));
        (from < after).then_some((from, next))
    })
}

fn said(took: Took) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let (megabytes, seconds) = (took.bytes as f64 / 1e6, took.milliseconds as f64 / 1e3);
    format!("merged, {megabytes:.1} MB read, {seconds:.1} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        text.parse().expect("a period")
    }

    #[test]
    fn a_period_is_a_month_or_a_day() {
        assert_eq!((period("2026-02").first, period("2026-02").after), (period("2026-02-01").first, period("2026-03-01").first));
        assert_eq!(period("2026-12-31").after, period("2027-01-01").first);
        for wrong in ["", "2026", "2026-13", "2026-02-30", "July", "2026-01-01T00"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_are_cut_at_the_ends_of_months_and_each_is_in_one_part() {
        let cut: Vec<_> = months(period("2026-01-15").first, period("2026-03").after).map(|(a, b)| format!("{a} {b}")).collect();
        assert_eq!(cut, ["2026-01-15 2026-02-01", "2026-02-01 2026-03-01", "2026-03-01 2026-04-01"]);
        assert_eq!(months(period("2026-01-15").first, period("2026-01-15").after).count(), 1);
    }
}
