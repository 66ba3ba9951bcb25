//! What a comparison counted.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::json;

use super::{held::Found, logged::Logged, silence::QUIET, window::Window};
use crate::{
    layout::{count, number, shorten, table},
    window::show,
};
use auth0_log_lake::metrics::NAMESPACE;

/// Columns of a type that are shown.
const TYPE_WIDTH: usize = 40;

/// What a comparison counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Records that are events in the lake.
    pub events: usize,
    /// Records that a reject keeps.
    pub rejects: usize,
    /// Records that are missing, by the hour of their event and their type.
    missing: BTreeMap<(DateTime<Utc>, String), usize>,
    /// Records that no receiver would take for an event.
    pub unreadable: usize,
    /// Pages read.
    pub pages: usize,
    /// When Auth0 stored the earliest record.
    pub first: Option<DateTime<Utc>>,
}

impl Tally {
    /// Counts a record.
    pub fn count(&mut self, logged: &Logged, found: Found) {
        self.first = [self.first, logged.stored_at].into_iter().flatten().min();
        match found {
            Found::Event => self.events += 1,
            Found::Reject => self.rejects += 1,
            Found::Nowhere => {
                let hour = logged.at.duration_trunc(TimeDelta::hours(1)).unwrap_or(logged.at);
                *self.missing.entry((hour, logged.kind.clone())).or_default() += 1;
            }
        }
    }

    /// How many are missing.
    pub fn missing(&self) -> usize {
        self.missing.values().sum()
    }

    /// How many were compared.
    pub fn compared(&self) -> usize {
        self.events + self.rejects + self.missing()
    }

    /// Shows it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn show(&self, objects: usize, out: &mut dyn Write) -> io::Result<()> {
        if !self.missing.is_empty() {
            let cells = |((hour, kind), many): (&(DateTime<Utc>, String), &usize)| {
                [hour.format("%Y-%m-%d %H:00").to_string(), shorten(kind, TYPE_WIDTH), number(*many)]
            };
            let rows: Vec<[String; 3]> = self.missing.iter().map(cells).collect();
            writeln!(out, "\n{}", table(["hour (UTC)", "type", "missing"], &rows))?;
        }
        let (compared, pages) = (count(self.compared(), "record"), count(self.pages, "page"));
        writeln!(out, "Compared {compared} on {pages} of Auth0's log with {} of the lake:", count(objects, "object"))?;
        let (events, rejects, missing) = (number(self.events), number(self.rejects), number(self.missing()));
        writeln!(out, "{events} are events there, {rejects} are kept as rejects, {missing} are missing.")
    }

    /// Explains what could not be compared.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn show_edges(&self, window: &Window, out: &mut dyn Write) -> io::Result<()> {
        match self.first {
            None => writeln!(
                out,
                "Auth0 gave no record of this time: it was quiet, or the log of your plan, 1 to 30 days, does not reach back."
            )?,
            Some(first) if first - window.since > QUIET => {
                let first = show(first);
                writeln!(out, "The oldest record that Auth0 gave is of {first}: before, it was quiet, or the log of your plan,")?;
                writeln!(out, "1 to 30 days, does not reach back further. What Auth0 no longer has cannot be compared.")?;
            }
            Some(_) => {}
        }
        if window.is_cut {
            writeln!(out, "What Auth0 stored after {} was not judged: its delivery may be under way.", show(window.until))?;
        }
        Ok(())
    }
}

/// Writes metrics of a stack, each a count, in CloudWatch's embedded metric format.
///
/// None where there are none.
pub fn metrics(metrics: &[(&str, usize)], stack: &str, source: Option<&str>, now: DateTime<Utc>) -> Option<String> {
    if metrics.is_empty() {
        return None;
    }
    let dimensions = if source.is_some() { json!([["stack"], ["stack", "source"]]) } else { json!([["stack"]]) };
    let named: Vec<_> = metrics.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"})).collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": named});
    let aws = json!({"Timestamp": now.timestamp_millis(), "CloudWatchMetrics": [directive]});
    let mut line = json!({"_aws": aws, "stack": stack});
    metrics.iter().for_each(|(name, count)| line[*name] = (*count).into());
    if let Some(source) = source {
        line["source"] = source.into();
    }
    Some(line.to_string())
}
