//! One world: a stream that is paused, and a fill that is cut off and goes on, from one seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use axum::body::to_bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use support::{
    files::{files, folder},
    server::Server,
};

use crate::{
    intake::{Intake, SOURCE},
    mutants::Mutant,
    operator::Operator,
    random::Random,
    tenant::{Event, Tenant, Time},
};

const START: &str = "2024-03-01T00:00:00Z";

/// What happened in one world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub events: usize,
    pub missing: usize,
    /// Runs of the fill.
    pub runs: usize,
    /// Runs whose time was up.
    pub cut: usize,
    /// Runs that died.
    pub died: usize,
    /// Runs that went on where another had stopped.
    pub went_on: usize,
}

/// A promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The comparison counts something else as missing than what is.
    Count,
    /// The fill never comes to its end.
    Stuck,
    /// The fill came to its end, and an event is not in the lake.
    Missing,
    /// A row id stands in the lake twice.
    Twice,
    /// A row of no event, or with another id than its own.
    Invented,
}

/// Runs the world of a seed.
pub fn run(seed: u64, mutant: Option<Mutant>) -> Result<Summary, Wrong> {
    let mut random = Random::new(seed);
    let lake = folder();
    let path = lake.path().join("lake");
    fs::create_dir(&path).expect("a folder");
    let days = random.between(4, 10) as i64;
    let start: DateTime<Utc> = START.parse().expect("a time");
    let events = log(&mut random, start, days);
    let time = Time::new(start + TimeDelta::days(days) + TimeDelta::hours(1));
    let tenant = Arc::new(Tenant::new(random.fork(), events.clone(), time.clone()));
    let intake = Arc::new(Intake::new(random.fork(), &path));
    let missing = stream(&mut random, &intake, &events, start, days);
    let (api, receiver) = servers(&tenant, &intake);
    let mut operator = Operator::new(random, time, &path, [&api, &receiver], &events);
    operator.compare(missing)?;
    tenant.spoil(mutant);
    intake.spoil(mutant);
    operator.fill(mutant == Some(Mutant::GoesOnTooFar))?;
    check(&path, &events)?;
    operator.compare(0)?;
    Ok(Summary { events: events.len(), missing, ..operator.summary })
}

/// Sees whether each event is in the lake, once and as itself.
fn check(lake: &Path, events: &[Event]) -> Result<(), Wrong> {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for (key, object) in files(lake) {
        assert!(key.starts_with("events/"), "{key}");
        for line in object.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let row: serde_json::Value = serde_json::from_slice(line).expect("a row");
            let id = row_id(row["log_id"].as_str().expect("an id"));
            if row["p_row_id"] != id.as_str() {
                return Err(Wrong::Invented);
            }
            *rows.entry(id).or_default() += 1;
        }
    }
    let expected: BTreeSet<String> = events.iter().map(|event| row_id(&event.log_id)).collect();
    match rows.iter().find(|(id, many)| **many > 1 || !expected.contains(*id)) {
        Some((_, 1)) => Err(Wrong::Invented),
        Some(_) => Err(Wrong::Twice),
        None if rows.len() < expected.len() => Err(Wrong::Missing),
        None => Ok(()),
    }
}

/// The row id that the contract gives an event: of its source and `log_id`.
fn row_id(log_id: &str) -> String {
    let digest = Sha256::new().chain_update(SOURCE).chain_update([0]).chain_update(log_id).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a log: some hours of each day, and in one of them more than a page holds.
fn log(random: &mut Random, start: DateTime<Utc>, days: i64) -> Vec<Event> {
    let (mut events, busy) = (Vec::new(), random.below(days as u64) as i64);
    for day in 0..days {
        for _ in 0..random.between(1, 2) {
            let hour = start + TimeDelta::days(day) + TimeDelta::hours(random.below(24) as i64);
            let many = if day == busy { random.between(90, 260) } else { random.between(0, 60) };
            for _ in 0..many {
                let stored = hour + TimeDelta::milliseconds(random.below(3_600_000) as i64);
                events.push(Event::new(random, events.len(), stored));
            }
        }
    }
    events
}

/// Streams what is not in the pause, and some of what is; gives the number of events that did not arrive.
fn stream(random: &mut Random, intake: &Intake, events: &[Event], start: DateTime<Utc>, days: i64) -> usize {
    let long = random.between(2, days.min(7) as u64) as i64;
    let from = start + TimeDelta::days(random.below((days - long + 1) as u64) as i64);
    let paused = from..from + TimeDelta::days(long);
    // When the stream is resumed, Auth0 may deliver some of what it had queued.
    let queued = *random.pick(&[0, 0, 10, 50]);
    let arrives = |event: &&Event| if paused.contains(&event.stored) { random.percent(queued) } else { !random.percent(1) };
    let mut arrived: Vec<&Event> = events.iter().filter(arrives).collect();
    let missing = events.len() - arrived.len();
    random.shuffle(&mut arrived);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for batch in arrived.chunks(200) {
        runtime.block_on(intake.stream(&batch.iter().map(|event| event.streamed()).collect::<Vec<_>>()));
    }
    missing
}

fn servers(tenant: &Arc<Tenant>, intake: &Arc<Intake>) -> (Server, Server) {
    let (tenant, intake) = (Arc::clone(tenant), Arc::clone(intake));
    let api = Server::start(move |request| {
        let answer = tenant.answer(&request);
        async { answer }
    });
    let receiver = Server::start(move |request| {
        let intake = Arc::clone(&intake);
        async move {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body that arrives whole");
            intake.answer(head, body).await
        }
    });
    (api, receiver)
}
