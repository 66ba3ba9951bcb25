//! Tells which rejects a replay has settled: all of their records are stored, and they were not rejected again.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use auth0_log_lake::object::ObjectKey;
use chrono::{DateTime, TimeDelta, Utc};

use super::selection::rejects_of;
use crate::{
    outcome::Failure,
    reading::{LakeError, Reading},
    rejected::RejectRow,
    window::Window,
};

/// How far the receiver's clock may be behind ours.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// The rejects of a replay, and what became of them.
#[derive(Debug)]
pub struct Settled {
    /// New rejects lie in this window.
    window: Window,
    /// Objects that were there before the first record was posted.
    before: HashSet<String>,
    /// Records of each reject that are not stored yet.
    open: BTreeMap<String, usize>,
    /// Ids that the records would have if they were rejected.
    records: HashSet<String>,
}

impl Settled {
    /// Notes which rejects there are before anything is posted.
    ///
    /// # Errors
    /// The lake cannot be listed.
    pub fn before(reading: &Reading, now: DateTime<Utc>) -> Result<Self, LakeError> {
        let window = Window { since: Some(now - CLOCKS), until: None };
        let before = reading.list(&rejects_of(&window))?.objects.iter().map(ToString::to_string).collect();
        Ok(Self { window, before, open: BTreeMap::new(), records: HashSet::new() })
    }

    /// Takes a reject and the ids that its records would have.
    pub fn expect(&mut self, reject: &str, records: impl ExactSizeIterator<Item = String>) {
        *self.open.entry(reject.to_owned()).or_default() += records.len();
        self.records.extend(records);
    }

    /// Takes one record of each of these rejects as stored.
    pub fn stored(&mut self, rejects: &[String]) {
        for reject in rejects {
            if let Some(open) = self.open.get_mut(reject) {
                *open = open.saturating_sub(1);
            }
        }
    }

    /// Returns the rejects that are settled; `None` where the records that were rejected again are not in this lake.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub fn done(&self, reading: &Reading, again: usize) -> Result<Option<BTreeSet<String>>, Failure> {
        let mut rejected = Vec::new();
        let objects = if again == 0 { Vec::new() } else { reading.list(&rejects_of(&self.window))?.objects };
        for key in objects.iter().filter(|key| !self.before.contains(&ObjectKey::to_string(key))) {
            let rows = reading.rows(key)?;
            rejected.extend(rows.lines().filter_map(|line| Some(RejectRow::parse(line).ok()?.id())).filter(|id| self.records.contains(id)));
        }
        if rejected.len() < again {
            return Ok(None);
        }
        let rejected: HashSet<String> = rejected.into_iter().collect();
        let settled = self.open.iter().filter(|(reject, open)| **open == 0 && !rejected.contains(*reject));
        Ok(Some(settled.map(|(reject, _)| reject.clone()).collect()))
    }
}
