//! One world: tenants, their streams, the receiver and its bucket, from one seed and in virtual time.
//!
//! At its end every record that a stream held is in the lake as what it must become; no object was
//! replaced or is half there; no row id stands for two events; and each answer was the right one at
//! the moment it was given. Every chance is drawn from the seed and the clock only moves when
//! everybody waits, so a seed always tells the same story.

mod body;
mod bucket;
mod invocation;
mod lake;
pub mod mutant;
mod operator;
mod queue;
mod record;
mod sender;
mod violation;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fmt,
    rc::Rc,
    time::Duration,
};

use auth0_log_lake::message::Message;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    runtime::Builder,
    task::LocalSet,
    time::{Instant, sleep, timeout},
};

pub use self::violation::{Violation, Wrong};
use self::{bucket::Bucket, invocation::Instance, lake::Lake, mutant::Mutant, queue::SimulatedQueue, record::Record, sender::Stream};
use crate::random::Random;

/// When a world begins: twenty minutes before an hour ends.
const START: &str = "2026-07-01T11:40:00Z";
/// Time after which a world must have come to its end. Its storms end after three hours.
const LONGEST: Duration = Duration::from_secs(48 * 3_600);
/// Time after which nothing that a bucket was asked for is still under way.
const AFTERMATH: Duration = Duration::from_secs(700);

/// How a receiver stores what it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each request has objects of its own.
    Direct,
    /// Requests that are under way together share theirs.
    Grouped,
    /// Requests wait in a queue.
    Buffered,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Direct, Self::Grouped, Self::Buffered];
}

/// What happened in one world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub requests: usize,
    pub stored: usize,
    /// Requests whose objects another request brought with it.
    pub shared: usize,
    pub failed: usize,
    pub killed: usize,
    pub unheard: usize,
    pub puts: u64,
    pub faults: u64,
    pub objects: usize,
    pub rows: usize,
    /// A digest of all that happened, in order.
    pub story: u64,
}

/// What the actors of one world share.
#[derive(Debug)]
pub struct World {
    start: Instant,
    epoch: DateTime<Utc>,
    mode: Mode,
    mutant: Option<Mutant>,
    bucket: Bucket,
    queue: SimulatedQueue,
    /// Every request with a token that was answered, by what it held.
    posted: RefCell<BTreeMap<Bytes, Vec<Rc<Record>>>>,
    /// Every stream has come to its end.
    ended: Cell<bool>,
    lake: RefCell<Lake>,
    instance: RefCell<Rc<Instance>>,
    /// Source and row id of every record that a request with a token held.
    sent: RefCell<BTreeSet<(String, String)>>,
    violation: RefCell<Option<Violation>>,
    summary: Cell<Summary>,
    random: RefCell<Random>,
    /// The story is printed as it goes.
    aloud: bool,
}

/// Whether a world's story is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    Silent,
    Aloud,
}

/// Runs the world of a seed.
pub fn run(seed: u64, mode: Mode, mutant: Option<Mutant>, voice: Voice) -> Result<Summary, Violation> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let mut random = Random::new(seed);
        let world = Rc::new(World::new(&mut random, mode, mutant, voice));
        let streams = sender::streams(&mut random, world.epoch, mutant);
        world.live(&mut random, streams).await
    })
}

impl World {
    fn new(random: &mut Random, mode: Mode, mutant: Option<Mutant>, voice: Voice) -> Self {
        let bucket = Bucket::new(random.fork(), mutant);
        let queue = SimulatedQueue::new(random.fork(), mutant);
        let instance = Instance::new(mode, bucket.clone(), queue.clone(), operator::Phase::Before, mutant, random);
        Self {
            start: now(),
            epoch: START.parse().expect("a time"),
            mode,
            mutant,
            bucket,
            queue,
            posted: RefCell::default(),
            ended: Cell::default(),
            lake: RefCell::default(),
            instance: RefCell::new(Rc::new(instance)),
            sent: RefCell::default(),
            violation: RefCell::default(),
            summary: Cell::default(),
            random: RefCell::new(random.fork()),
            aloud: voice == Voice::Aloud,
        }
    }

    async fn live(self: Rc<Self>, random: &mut Random, streams: Vec<Rc<Stream>>) -> Result<Summary, Violation> {
        let others = [
            tokio::task::spawn_local(operator::weather(Rc::clone(&self), random.fork())),
            tokio::task::spawn_local(operator::deploys(Rc::clone(&self), random.fork(), streams.clone())),
            tokio::task::spawn_local(operator::kills(Rc::clone(&self), random.fork())),
            tokio::task::spawn_local(sender::stranger(Rc::clone(&self), random.fork())),
        ];
        // Enough of them that some are under way together.
        let most = if self.mode == Mode::Grouped { 12 } else { 3 };
        let connections: Vec<_> = streams
            .iter()
            .flat_map(|stream| (0..random.between(1, most)).map(|_| (Rc::clone(stream), random.fork())).collect::<Vec<_>>())
            .map(|(stream, random)| tokio::task::spawn_local(sender::connection(Rc::clone(&self), stream, random)))
            .collect();
        let mut pollers = Vec::new();
        if self.mode == Mode::Buffered {
            pollers.extend((0..2).map(|_| tokio::task::spawn_local(queue::mapping(Rc::clone(&self), random.fork()))));
            pollers.push(tokio::task::spawn_local(queue::vandal(Rc::clone(&self), random.fork())));
            pollers.push(tokio::task::spawn_local(queue::thief(Rc::clone(&self), random.fork())));
        }
        let all = async {
            for task in connections.into_iter().chain(others) {
                task.await.expect("an actor that comes to its end");
            }
            // A call to the queue may take effect after its client has given up.
            sleep(Duration::from_secs(60)).await;
            self.ended.set(true);
            for task in pollers {
                task.await.expect("an actor that comes to its end");
            }
        };
        if timeout(LONGEST, all).await.is_err() {
            self.break_promise(Violation::new(Wrong::Stuck, "after two days"));
        }
        sleep(AFTERMATH).await;
        self.judge(&streams)
    }

    /// Checks the whole lake at the end.
    fn judge(&self, streams: &[Rc<Stream>]) -> Result<Summary, Violation> {
        if let Some(violation) = self.violation.take() {
            return Err(violation);
        }
        let mut lake = self.lake.borrow_mut();
        lake.look(&self.bucket)?;
        for stream in streams {
            if let Some(record) = stream.records().iter().find(|record| !lake.holds(stream.source, record)) {
                return Err(Violation::new(Wrong::Lost, format!("{}: {record:?}", stream.source)));
            }
        }
        if let Some(row) = lake.invented(&self.sent.borrow()) {
            return Err(Violation::new(Wrong::Invented, row));
        }
        let poison = if self.mode == Mode::Buffered { self.poison() } else { Vec::new() };
        let mut dead = self.queue.dead();
        // Deliveries here are too short for a thief's messages. They may be given up after all of them; nobody else's may.
        dead.retain(|text| !text.contains(record::THIEF));
        dead.sort();
        if dead != poison {
            return Err(Violation::new(Wrong::Dead, format!("{dead:?}")));
        }
        let (puts, faults) = (self.bucket.puts(), self.bucket.faults() + self.queue.faults());
        Ok(Summary { puts, faults, objects: lake.objects(), rows: lake.rows(), ..self.summary.get() })
    }

    /// Messages that no receiver wrote, in order.
    fn poison(&self) -> Vec<String> {
        ["", "[{\"log_id\":\"1\",\"data\":{}}]", "{\"source\":\"eu\"}\n[]"].map(str::to_owned).to_vec()
    }

    /// Whether every stream has come to its end.
    fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// What a request held, by its message.
    fn records_of(&self, message: &Message) -> Vec<Rc<Record>> {
        self.posted.borrow().get(message.body()).cloned().unwrap_or_default()
    }

    /// Whether the story is over before its end.
    fn is_over(&self) -> bool {
        self.violation.borrow().is_some()
    }

    /// Notes a broken promise; a run reports the first.
    fn break_promise(&self, violation: Violation) {
        self.tell(format_args!("{violation:?}"));
        self.violation.borrow_mut().get_or_insert(violation);
    }

    /// Notes what a request that has a token holds.
    fn note_sent(&self, source: &str, body: &Bytes, records: &[Rc<Record>]) {
        self.posted.borrow_mut().insert(body.clone(), records.to_vec());
        self.sent.borrow_mut().extend(records.iter().map(|record| (source.to_owned(), record.row_id(source))));
    }

    fn count(&self, count: impl FnOnce(&mut Summary)) {
        let mut summary = self.summary.get();
        count(&mut summary);
        self.summary.set(summary);
    }

    /// Adds a line to the story.
    fn tell(&self, line: fmt::Arguments<'_>) {
        let line = format!("{:>10.3} {line}", self.elapsed().as_secs_f64());
        if self.aloud {
            println!("{line}");
        }
        // FNV-1a.
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
        self.count(|summary| summary.story = line.bytes().fold(summary.story ^ 0xCBF2_9CE4_8422_2325, step));
    }

    fn elapsed(&self) -> Duration {
        now() - self.start
    }

    /// The wall clock's time, on a clock that is this many milliseconds off.
    fn wall_clock(&self, off: i64) -> DateTime<Utc> {
        self.epoch + TimeDelta::milliseconds(self.elapsed().as_millis() as i64 + off)
    }
}

#[expect(clippy::disallowed_methods, reason = "the paused clock of this world, which moves only when everybody waits")]
fn now() -> Instant {
    Instant::now()
}
