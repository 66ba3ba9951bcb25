//! Sends one request to the receiver's real code, and checks the answer.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use auth0_log_lake::{
    auth::{Source, Sources, TokenDigest},
    config::Addresses,
    metrics::Report,
    object::Compression,
    queue::MOST_OBJECTS,
    receive::{Context, Receiver, receive},
    response::{Outcome, Refusal},
};
use http::{Request, header::AUTHORIZATION};
use tokio::{
    sync::oneshot,
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{
    Mode, World,
    body::Batch,
    bucket::Bucket,
    mutant::Mutant,
    now,
    operator::{Phase, told},
    queue::SimulatedQueue,
    violation::{Violation, Wrong},
};
use crate::random::Random;

/// One process of the receiver.
#[derive(Debug)]
pub struct Instance {
    receiver: Receiver<Bucket, SimulatedQueue>,
    pub phase: Phase,
    under_way: RefCell<Vec<AbortHandle>>,
}

impl Instance {
    pub fn new(mode: Mode, bucket: Bucket, queue: SimulatedQueue, phase: Phase, mutant: Option<Mutant>, random: &mut Random) -> Self {
        let source = |name| Source::parse(name).expect("a source");
        let digest = |token: &str| TokenDigest::of(token.as_bytes());
        let sources = told(phase, mutant).into_iter().map(|(name, token)| (source(name), digest(token))).collect();
        let compression = match random.below(4) {
            0 if mutant.is_none() => Compression::Gzip,
            1 if mutant.is_none() => Compression::Zstd,
            _ => Compression::None,
        };
        let receiver = Receiver::with_store(bucket, Sources::new(sources), Addresses::default(), compression);
        let wait = Duration::from_millis(if mode == Mode::Grouped { random.between(1, 4_000) } else { 0 });
        let mut receiver = receiver.sharing_objects(wait).buffering(queue);
        receiver.queue = receiver.queue.filter(|_| mode == Mode::Buffered);
        Self { receiver, phase, under_way: RefCell::default() }
    }

    pub fn receiver(&self) -> &Receiver<Bucket, SimulatedQueue> {
        &self.receiver
    }

    /// Ends every request under way, wherever it is; gives their number.
    pub fn kill(&self) -> usize {
        let under_way = self.under_way.take();
        let alive = under_way.iter().filter(|request| !request.is_finished()).count();
        under_way.iter().for_each(AbortHandle::abort);
        alive
    }
}

/// One POST as the sender makes it.
#[derive(Debug)]
pub struct Post {
    pub token: &'static str,
    /// Whose token it is, if anybody's.
    pub source: Option<&'static str>,
    pub batch: Batch,
    /// How long the sender waits for an answer.
    pub patience: Duration,
}

/// What can happen to a request on its way.
struct Luck {
    /// It is killed after this many polls.
    polls: Option<u64>,
    body_breaks: bool,
    answer_is_lost: bool,
    body_takes: Duration,
    /// How long the receiver has.
    time: Duration,
    clock_is_off: i64,
}

impl Luck {
    fn draw(random: &mut Random) -> Self {
        let killed = random.percent(6);
        let polls = random.between(1, 25);
        Self {
            polls: killed.then_some(polls),
            body_breaks: random.percent(2),
            answer_is_lost: random.percent(5),
            body_takes: Duration::from_millis(random.below(300)),
            time: Duration::from_secs(random.between(8, 24)),
            clock_is_off: random.below(4_000) as i64 - 2_000,
        }
    }
}

/// Sends a request and gives the status of its answer, if one comes.
pub async fn post(world: &Rc<World>, post: Post) -> Option<u16> {
    let instance = Rc::clone(&world.instance.borrow());
    let (answer, answered) = oneshot::channel();
    let luck = Luck::draw(&mut world.random.borrow_mut());
    let (patience, number) = (post.patience, world.summary.get().requests);
    world.count(|summary| summary.requests += 1);
    let request = {
        let (world, instance) = (Rc::clone(world), Rc::clone(&instance));
        async move {
            let lost = luck.answer_is_lost;
            let status = invoke(&world, &instance, post, luck, number).await;
            if !lost {
                _ = answer.send(status);
            }
        }
    };
    instance.under_way.borrow_mut().push(tokio::task::spawn_local(request).abort_handle());
    let status = timeout(patience, answered).await.ok().and_then(Result::ok).flatten();
    world.count(|summary| summary.unheard += usize::from(status.is_none()));
    status
}

/// Lets the receiver answer, and checks the answer against the contract. None if it is killed.
async fn invoke(world: &World, instance: &Instance, post: Post, luck: Luck, number: usize) -> Option<u16> {
    let head = Request::post("/").header(AUTHORIZATION, format!("Bearer {}", post.token)).body(()).expect("a request").into_parts().0;
    let known = instance.phase.tokens().iter().any(|(_, token)| *token == post.token);
    let faults = || world.bucket.faults() + world.queue.faults();
    let (before, started) = (faults(), now());
    let late = if world.mutant == Some(Mutant::IgnoresTheDeadline) { Duration::from_secs(300) } else { Duration::ZERO };
    let id = format!("request-{number}");
    let context =
        Context { received_at: world.wall_clock(luck.clock_is_off), request_id: &id, peer: None, deadline: started + luck.time + late };
    if let Some(source) = post.source.filter(|_| known) {
        world.note_sent(source, &post.batch.body, &post.batch.records);
    }
    let body = async {
        sleep(luck.body_takes).await;
        if luck.body_breaks { Err(Refusal::Incomplete) } else { Ok(post.batch.body.clone()) }
    };
    let receiving = Box::pin(receive(&instance.receiver, context, &head, body));
    let Some(report) = (Killed { request: Some(receiving), polls: luck.polls }).await else {
        world.tell(format_args!("{id}: killed"));
        world.count(|summary| summary.killed += 1);
        return None;
    };
    let took = now() - started;
    let status = report.outcome.status().as_u16();
    world.tell(format_args!("{id}: {status} {:?} after {took:?}", report.puts));
    let expected = Expected { known, broken: luck.body_breaks, fault: faults() > before || took >= luck.time };
    let judged = judge(world, &post, &report, &expected, took.saturating_sub(luck.time));
    judged.unwrap_or_else(|wrong| world.break_promise(Violation::new(wrong, format!("{id}: {:?}", report.outcome))));
    Some(status)
}

/// What the answer depends on.
struct Expected {
    known: bool,
    broken: bool,
    fault: bool,
}

fn judge(world: &World, post: &Post, report: &Report, expected: &Expected, late: Duration) -> Result<(), Wrong> {
    // The clock has whole milliseconds.
    if late > Duration::from_millis(2) {
        return Err(Wrong::Late);
    }
    match report.outcome {
        Outcome::Refused(Refusal::Token(_)) if !expected.known => Ok(()),
        Outcome::Refused(Refusal::Incomplete) if expected.known && expected.broken => Ok(()),
        Outcome::Failed if expected.known && !expected.broken && expected.fault && report.failure.is_some() => {
            world.count(|summary| summary.failed += 1);
            Ok(())
        }
        Outcome::Queued if expected.known && !expected.broken && world.mode == Mode::Buffered => {
            world.count(|summary| summary.stored += 1);
            queued(world, post)
        }
        Outcome::Stored { accepted, rejected } if expected.known && !expected.broken && is_direct(world, report) => {
            let is_shared = report.puts.created + report.puts.already_there == 0;
            world.count(|summary| (summary.stored, summary.shared) = (summary.stored + 1, summary.shared + usize::from(is_shared)));
            stored(world, post, [accepted, rejected])
        }
        _ => Err(Wrong::Status),
    }
}

/// Whether a request may be stored before it is answered: in the buffered mode only one that touches many hours.
fn is_direct(world: &World, report: &Report) -> bool {
    world.mode != Mode::Buffered || report.puts.created + report.puts.already_there > MOST_OBJECTS
}

/// Checks an answer of 200 against the queue at this moment; what is no longer there is in the lake.
fn queued(world: &World, post: &Post) -> Result<(), Wrong> {
    if world.queue.holds(&post.batch.body) {
        return Ok(());
    }
    let mut lake = world.lake.borrow_mut();
    if let Err(violation) = lake.look(&world.bucket) {
        world.break_promise(violation);
    }
    let source = post.source.ok_or(Wrong::Status)?;
    let all = post.batch.records.iter().all(|record| lake.holds(source, record));
    if all { Ok(()) } else { Err(Wrong::NotStoredWhenAnswered) }
}

/// Checks an answer of 200 against the lake at this moment.
fn stored(world: &World, post: &Post, [accepted, rejected]: [usize; 2]) -> Result<(), Wrong> {
    let events = post.batch.records.iter().filter(|record| matches!(record.fate, super::record::Fate::Event { .. })).count();
    if (accepted, rejected) != (events, post.batch.records.len() - events) {
        return Err(Wrong::Counts);
    }
    let mut lake = world.lake.borrow_mut();
    if let Err(violation) = lake.look(&world.bucket) {
        let wrong = violation.wrong;
        world.break_promise(violation);
        return Err(wrong);
    }
    let source = post.source.ok_or(Wrong::Status)?;
    let all = post.batch.records.iter().all(|record| lake.holds(source, record));
    if all { Ok(()) } else { Err(Wrong::NotStoredWhenAnswered) }
}

/// A request that is dropped after this many polls.
pub struct Killed<F> {
    pub request: Option<Pin<Box<F>>>,
    pub polls: Option<u64>,
}

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        if self.polls == Some(0) {
            self.request = None;
        }
        self.polls = self.polls.map(|left| left.saturating_sub(1));
        match &mut self.request {
            Some(request) => request.as_mut().poll(context).map(Some),
            None => Poll::Ready(None),
        }
    }
}
