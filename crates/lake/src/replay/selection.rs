//! Selects the rejects to post again: each record once, however many rows keep it.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Days, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{reading::Reading, rejected::RejectRow, rejects::closed::Closed, stored::Keys, window::Window};
use auth0_log_lake::object::{ObjectKey, Table};

/// Returns the keys of the rejects of a window; its first and last day are listed whole.
pub fn rejects_of(window: &Window) -> Keys {
    let day_after = |until: DateTime<Utc>| (until - TimeDelta::nanoseconds(1)).date_naive().checked_add_days(Days::new(1));
    Keys {
        prefix: format!("{}/", Table::Rejects.prefix()),
        from: window.since.map(|since| Table::Rejects.day(since.date_naive())).unwrap_or_default(),
        to: window.until.and_then(day_after).map(|day| Table::Rejects.day(day)),
    }
}

/// Rejects of a lake.
#[derive(Debug)]
pub struct Selection {
    /// The lake.
    pub reading: Reading,
    /// The objects to read.
    pub objects: Vec<ObjectKey>,
    /// Only rejects for this reason.
    pub reason: Option<String>,
    /// Only rejects of this source.
    pub source: Option<String>,
    /// Only rejects received in this window.
    pub window: Window,
    /// Rejects to leave out.
    pub closed: Closed,
}

/// What was selected.
#[derive(Debug, Default)]
pub struct Summary {
    /// Reject rows.
    pub rows: usize,
    /// Records, each counted once.
    pub distinct: usize,
    /// Records by reason.
    pub reasons: BTreeMap<String, usize>,
    /// Records by source.
    pub sources: BTreeMap<String, usize>,
    /// What could not be read, as sentences that name the object.
    pub problems: Vec<String>,
}

impl Selection {
    /// Reads every object once.
    pub fn summary(&self) -> Summary {
        let (mut summary, mut problems) = (Summary::default(), Vec::new());
        let counted: Result<usize, std::convert::Infallible> = self.each(&mut problems, |_, row| {
            summary.distinct += 1;
            *summary.reasons.entry(row.reason).or_default() += 1;
            *summary.sources.entry(row.source).or_default() += 1;
            Ok(())
        });
        let Ok(rows) = counted;
        Summary { rows, problems, ..summary }
    }

    /// Calls `then` with one reject row of each record and its place; gives the number of all rows.
    ///
    /// # Errors
    /// The first error of `then`. What cannot be read is noted in `problems` and skipped.
    pub fn each<E>(&self, problems: &mut Vec<String>, mut then: impl FnMut(&ObjectKey, RejectRow) -> Result<(), E>) -> Result<usize, E> {
        let (mut seen, mut rows) = (HashSet::new(), 0);
        for key in &self.objects {
            for row in self.rows_of(key, problems) {
                rows += 1;
                if seen.insert(identity(&row)) {
                    then(key, row)?;
                }
            }
        }
        Ok(rows)
    }

    /// Reads the selected rows of one object; what cannot be read is noted in `problems`.
    pub fn rows_of(&self, key: &ObjectKey, problems: &mut Vec<String>) -> Vec<RejectRow> {
        let rows = match self.reading.rows(key) {
            Ok(rows) => rows,
            Err(error) => {
                problems.push(format!("{error}."));
                return Vec::new();
            }
        };
        if let Some(fault) = &rows.fault {
            problems.push(format!("{key} is damaged, its rows up to there are taken: {fault}."));
        }
        let mut found = Vec::new();
        for (i, line) in rows.lines().enumerate() {
            match RejectRow::parse(line).and_then(|row| row.bytes().map(|_| row)) {
                Ok(row) => found.push(row),
                Err(fault) => problems.push(format!("{key}, row {}: {fault}.", i + 1)),
            }
        }
        found.retain(|row| self.wants(row));
        found
    }

    fn wants(&self, row: &RejectRow) -> bool {
        let is = |wanted: &Option<String>, got: &str| wanted.as_deref().is_none_or(|wanted| wanted == got);
        let received = row.received_at.as_deref().and_then(|time| NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.f").ok());
        let is_in = received.is_none_or(|at| self.window.holds(at.and_utc()));
        is_in && is(&self.reason, &row.reason) && is(&self.source, &row.source) && !self.closed.holds(&row.id())
    }
}

/// What makes a record the same: its source, how it is posted, and its bytes.
fn identity(row: &RejectRow) -> [u8; 32] {
    let bytes = row.bytes().unwrap_or_default();
    Sha256::new()
        .chain_update(&row.source)
        .chain_update([0])
        .chain_update(&row.reason)
        .chain_update([0])
        .chain_update(bytes)
        .finalize()
        .into()
}
