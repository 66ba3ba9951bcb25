//! Auth0's side: streams that send until they get a 2xx, in new batches each time.
//!
//! Three attempts with a pause between them, then the cycle starts again. Several connections send
//! at the same time, so there is no order. A stream may be paused; one that begins at an old
//! cursor sends again what another one has sent.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::{
    World,
    body::{self, Batch, Format},
    invocation::{Post, post},
    mutant::Mutant,
    operator::{EU, EU_OLD, US, US_ONLY},
    record::{self, Record},
};
use crate::random::Random;

/// Attempts of one cycle.
const ATTEMPTS: usize = 3;
/// Milliseconds in which the log is written.
const LOG_LASTS: u64 = 90 * 60_000;

/// One log stream of a tenant.
#[derive(Debug)]
pub struct Stream {
    pub source: &'static str,
    pub token: Cell<&'static str>,
    format: Cell<Format>,
    records: Vec<Rc<Record>>,
    /// What is neither answered 2xx nor under way.
    pending: RefCell<Vec<Rc<Record>>>,
    under_way: Cell<usize>,
    /// Seconds from the start until it exists, and between which it is paused.
    begins: u64,
    paused: (u64, u64),
    patience: Duration,
    most_records: u64,
    gives_up: bool,
}

/// Makes the streams of a world: two tenants with the same log, a second stream of one on the same URL, and a replay.
pub fn streams(random: &mut Random, epoch: DateTime<Utc>, mutant: Option<Mutant>) -> Vec<Rc<Stream>> {
    let count = random.between(15, 60) as usize;
    let available = |random: &mut Random| if random.percent(30) { 0 } else { random.below(LOG_LASTS) };
    let log: Vec<Rc<Record>> = (0..count)
        .map(|position| {
            let available = available(random);
            Rc::new(record::make(random, epoch, position, available))
        })
        .collect();
    let some = |random: &mut Random, chance| log.iter().filter(|_| random.percent(chance)).cloned().collect::<Vec<_>>();
    let cursor = random.below(LOG_LASTS);
    let since_cursor = log.iter().filter(|record| record.available >= cursor).cloned().collect();
    let parts = [(EU, EU_OLD, log.clone(), 0), (US, US_ONLY, some(random, 70), 0), (EU, EU_OLD, some(random, 50), 0)];
    let replay = (EU, EU_OLD, since_cursor, random.between(0, 7_200));
    let gives_up = mutant == Some(Mutant::GivesUp);
    parts.into_iter().chain([replay]).map(|part| Rc::new(Stream::new(random, part, gives_up))).collect()
}

impl Stream {
    fn new(
        random: &mut Random,
        (source, token, records, begins): (&'static str, &'static str, Vec<Rc<Record>>, u64),
        gives_up: bool,
    ) -> Self {
        let paused_at = random.below(7_200);
        Self {
            source,
            token: Cell::new(token),
            format: Cell::new(*random.pick(&Format::ALL)),
            pending: RefCell::new(records.clone()),
            records,
            under_way: Cell::new(0),
            begins,
            paused: (paused_at, paused_at + if random.percent(50) { random.below(3_600) } else { 0 }),
            patience: Duration::from_secs(random.between(5, 40)),
            most_records: *random.pick(&[1, 5, 12, 50]),
            gives_up,
        }
    }

    pub fn records(&self) -> &[Rc<Record>] {
        &self.records
    }

    fn sends_at(&self, seconds: u64) -> bool {
        seconds >= self.begins && !(self.paused.0..self.paused.1).contains(&seconds)
    }

    fn is_done(&self) -> bool {
        self.under_way.get() == 0 && self.pending.borrow().is_empty()
    }

    /// Takes some of what can be sent by now, in any order.
    fn cut(&self, random: &mut Random, now: Duration) -> Vec<Rc<Record>> {
        let mut pending = self.pending.borrow_mut();
        if random.percent(50) {
            random.shuffle(&mut pending);
        }
        let most = random.between(1, self.most_records) as usize;
        let (ready, later): (Vec<_>, Vec<_>) = pending.drain(..).partition(|record| u128::from(record.available) <= now.as_millis());
        let (batch, rest) = ready.split_at(most.min(ready.len()));
        *pending = [rest, &later].concat();
        self.under_way.set(self.under_way.get() + batch.len());
        batch.to_vec()
    }

    /// Takes back a batch that was not answered 2xx.
    fn end(&self, batch: Vec<Rc<Record>>, delivered: bool) {
        self.under_way.set(self.under_way.get() - batch.len());
        if !delivered && !self.gives_up {
            self.pending.borrow_mut().extend(batch);
        }
    }
}

/// One of a stream's connections: sends until all is delivered.
pub async fn connection(world: Rc<World>, stream: Rc<Stream>, mut random: Random) {
    while !stream.is_done() && !world.is_over() {
        let now = world.elapsed();
        let batch = if stream.sends_at(now.as_secs()) { stream.cut(&mut random, now) } else { Vec::new() };
        if batch.is_empty() {
            sleep(Duration::from_secs(random.between(20, 120))).await;
            continue;
        }
        let delivered = cycle(&world, &stream, &mut random, &batch).await;
        stream.end(batch, delivered);
        if !delivered {
            sleep(Duration::from_secs(random.between(30, 300))).await;
        }
    }
}

/// Sends one batch up to three times; says whether it was answered 2xx.
async fn cycle(world: &Rc<World>, stream: &Stream, random: &mut Random, records: &[Rc<Record>]) -> bool {
    if random.percent(3) {
        stream.format.set(*random.pick(&Format::ALL));
    }
    for _ in 0..ATTEMPTS {
        let batch = body::write(random, stream.format.get(), records);
        let request = Post { token: stream.token.get(), source: Some(stream.source), batch, patience: stream.patience };
        if matches!(post(world, request).await, Some(200..300)) {
            return true;
        }
        sleep(Duration::from_secs(random.between(1, 30))).await;
    }
    false
}

/// Somebody who knows the URL and no token.
pub async fn stranger(world: Rc<World>, mut random: Random) {
    for _ in 0..5 {
        sleep(Duration::from_secs(random.below(1_800))).await;
        let body = Bytes::from(format!("[{{\"log_id\":\"{}\",\"data\":{{\"type\":\"s\"}}}}]", random.next()));
        let batch = Batch { body, records: Vec::new() };
        let token = *random.pick(&["", "token-of-nobody", "eu"]);
        post(&world, Post { token, source: None, batch, patience: Duration::from_secs(10) }).await;
    }
}
