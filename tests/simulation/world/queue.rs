//! A queue that delivers at least once and in no order, and fails as SQS fails, and the mapping that empties it by the receiver's code.
//!
//! A message that was delivered is hidden for a time, and comes again unless it was deleted. The mapping cuts batches as it likes,
//! its function is killed at any moment, and at times it ends between storing and deleting.

use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use auth0_log_lake::{
    drain::{Delivery, Drained, drain},
    message::Message,
    queue::Queue,
    receive::Context,
    store::{StoreError, StoreErrorKind},
};
use tokio::time::{sleep, timeout};

use super::{
    World, body,
    bucket::Weather,
    invocation::Killed,
    mutant::Mutant,
    now,
    record::{self, Record, THIEF},
    violation::{Violation, Wrong},
};
use crate::random::Random;

/// Longest time for one try, as in the receiver's client.
const TRY: Duration = Duration::from_secs(6);
/// Tries of one call, as in the receiver's client.
const TRIES: usize = 3;
/// How long a message is hidden, as in the template.
const HIDDEN: Duration = Duration::from_secs(480);
/// Deliveries after which a message is dead, as in the template.
const MOST_DELIVERIES: u32 = 180;

/// One message.
#[derive(Clone, Debug)]
struct Held {
    id: u64,
    text: String,
    hidden_until: Duration,
    deliveries: u32,
}

#[derive(Debug)]
struct State {
    random: Random,
    weather: Weather,
    messages: BTreeMap<u64, Held>,
    dead: Vec<String>,
    next_id: u64,
    faults: u64,
}

/// The queue, and the client of it.
#[derive(Clone, Debug)]
pub struct SimulatedQueue {
    state: Arc<Mutex<State>>,
    mutant: Option<Mutant>,
}

impl SimulatedQueue {
    pub fn new(random: Random, mutant: Option<Mutant>) -> Self {
        let state = State { random, weather: Weather::Clear, messages: BTreeMap::new(), dead: Vec::new(), next_id: 0, faults: 0 };
        Self { state: Arc::new(Mutex::new(state)), mutant }
    }

    pub fn set_weather(&self, weather: Weather) {
        self.locked(|state| state.weather = weather);
    }

    /// How many calls have failed so far.
    pub fn faults(&self) -> u64 {
        self.locked(|state| state.faults)
    }

    pub fn is_empty(&self) -> bool {
        self.locked(|state| state.messages.is_empty())
    }

    /// What could not be stored however often it was delivered.
    pub fn dead(&self) -> Vec<String> {
        self.locked(|state| state.dead.clone())
    }

    /// Whether a message with this body waits.
    pub fn holds(&self, body: &[u8]) -> bool {
        let is_it = |held: &Held| Message::decode(&held.text).is_some_and(|message| message.body() == body);
        self.locked(|state| state.messages.values().any(is_it))
    }

    /// Takes a message, durably.
    pub fn add(&self, text: String) {
        self.locked(|state| {
            state.next_id += 1;
            let held = Held { id: state.next_id, text, hidden_until: Duration::ZERO, deliveries: 0 };
            state.messages.insert(state.next_id, held);
        });
    }

    fn locked<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What becomes of one call at the queue; none where no answer comes in time.
    async fn call(&self, text: String) -> Result<(), StoreErrorKind> {
        let (weather, mut random) = self.locked(|state| (state.weather, state.random.fork()));
        let is_slow = random.percent(3);
        let fails = matches!(weather, Weather::Storm(chance) if random.percent(chance));
        self.locked(|state| state.faults += u64::from(is_slow || fails || matches!(weather, Weather::Denied | Weather::Down)));
        sleep(Duration::from_millis(if is_slow { random.between(400, 9_000) } else { random.between(1, 50) })).await;
        match weather {
            Weather::Denied => return Err(StoreErrorKind::Denied),
            Weather::Down => std::future::pending().await,
            // It is refused, or it takes effect and the answer is lost.
            Weather::Storm(_) if fails && random.percent(50) => return Err(StoreErrorKind::Unavailable),
            Weather::Storm(_) if fails => {
                self.add(text);
                return Err(StoreErrorKind::Unavailable);
            }
            _ => {}
        }
        if self.mutant != Some(Mutant::QueueLoses) || !random.percent(10) {
            self.add(text);
        }
        Ok(())
    }

    /// Takes messages that are not hidden, hides them, and at times forgets to.
    fn deliver(&self, random: &mut Random, now: Duration, most: usize) -> Vec<Held> {
        self.locked(|state| {
            let mut ready: Vec<u64> = state.messages.values().filter(|held| held.hidden_until <= now).map(|held| held.id).collect();
            random.shuffle(&mut ready);
            ready.truncate(most);
            let twice = random.percent(5);
            let take = |id: &u64| {
                let held = state.messages.get_mut(id)?;
                held.deliveries += 1;
                if !twice {
                    held.hidden_until = now + HIDDEN;
                }
                Some(held.clone())
            };
            ready.iter().filter_map(take).collect()
        })
    }

    fn delete(&self, ids: impl Iterator<Item = u64>) {
        self.locked(|state| ids.for_each(|id| _ = state.messages.remove(&id)));
    }

    /// Moves what was delivered too often.
    fn bury(&self) {
        let most = if self.mutant == Some(Mutant::BuriesTheLiving) { 1 } else { MOST_DELIVERIES };
        self.locked(|state| {
            let dead: Vec<u64> = state.messages.values().filter(|held| held.deliveries >= most).map(|held| held.id).collect();
            for id in dead {
                state.dead.extend(state.messages.remove(&id).map(|held| held.text));
            }
        });
    }
}

impl Queue for SimulatedQueue {
    /// Sends as the receiver's client does.
    async fn send(&self, text: String) -> Result<(), StoreError> {
        let mut last = StoreErrorKind::Unavailable;
        for attempt in 0..TRIES {
            if attempt > 0 {
                let pause = self.locked(|state| state.random.below(2_000));
                sleep(Duration::from_millis(pause)).await;
            }
            // A call lives apart from its client, who may be killed.
            let call = tokio::spawn({
                let (queue, text) = (self.clone(), text.clone());
                async move { queue.call(text).await }
            });
            last = match timeout(TRY, call).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(StoreErrorKind::Denied))) => {
                    last = StoreErrorKind::Denied;
                    break;
                }
                Ok(Ok(Err(kind))) => kind,
                Ok(Err(_)) | Err(_) => StoreErrorKind::Late,
            };
        }
        Err(StoreError::new(last, "the simulated queue failed"))
    }
}

/// Empties the queue until nobody sends any more: one of the mapping's pollers.
pub async fn mapping(world: Rc<World>, mut random: Random) {
    let window = Duration::from_secs(random.between(1, 300));
    let most = *random.pick(&[1, 3, 20, 10_000]);
    while !(world.is_over() || world.has_ended() && world.queue.is_empty()) {
        sleep(window).await;
        world.queue.bury();
        let batch = world.queue.deliver(&mut random, world.elapsed(), most);
        if batch.is_empty() {
            continue;
        }
        let failed = invoke(&world, &mut random, &batch).await;
        let Some(failed) = failed else { continue };
        // It ends before it deletes, at times.
        if random.percent(5) {
            continue;
        }
        let is_stored = |at: &usize| !failed.contains(at) || world.mutant == Some(Mutant::DeletesTheFailed);
        world.queue.delete((0..batch.len()).filter(is_stored).map(|at| batch[at].id));
    }
}

/// Lets the function store a batch; gives the positions that it says have failed, or none if it was killed.
async fn invoke(world: &Rc<World>, random: &mut Random, batch: &[Held]) -> Option<Vec<usize>> {
    let instance = Rc::clone(&world.instance.borrow());
    let is_thiefs = |held: &Held| held.text.contains(THIEF);
    // Too little time for all of a thief's messages, and enough for the others.
    let time = if batch.iter().any(is_thiefs) { random.between(300, 500) } else { random.between(8_000, 29_000) };
    let time = Duration::from_millis(time);
    let faults = world.bucket.faults();
    let polls = random.percent(10).then(|| random.between(1, 25));
    let deliveries: Vec<Delivery<'_>> = batch.iter().map(|held| Delivery { text: &held.text, count: held.deliveries }).collect();
    let received_at = world.wall_clock(random.below(4_000) as i64 - 2_000);
    let context = Context { received_at, request_id: "delivery", peer: None, deadline: now() + time };
    let draining = Box::pin(drain(instance.receiver(), context, &deliveries));
    let drained = Killed { request: Some(draining), polls }.await;
    world.tell(format_args!("delivery of {}: {:?}", batch.len(), drained.as_ref().map(|drained| &drained.failed)));
    let Some(Drained { failed, .. }) = drained else {
        world.count(|summary| summary.killed += 1);
        return None;
    };
    judge(world, batch, &failed);
    let is_innocent = |at: &&usize| !is_thiefs(&batch[**at]) && Message::decode(&batch[**at].text).is_some();
    if world.bucket.faults() == faults && failed.iter().any(|at| is_innocent(&at)) {
        world.break_promise(Violation::new(Wrong::FailedForAnother, format!("a delivery of {}", batch.len())));
    }
    Some(failed)
}

/// What was not named as failed is in the lake at this moment.
fn judge(world: &World, batch: &[Held], failed: &[usize]) {
    if world.mutant == Some(Mutant::DeletesTheFailed) {
        return;
    }
    let mut lake = world.lake.borrow_mut();
    if let Err(violation) = lake.look(&world.bucket) {
        world.break_promise(violation);
    }
    for (at, held) in batch.iter().enumerate().filter(|(at, _)| !failed.contains(at)) {
        let lost = match Message::decode(&held.text) {
            Some(message) => world.records_of(&message).iter().any(|record| !lake.holds(message.source().as_str(), record)),
            None => true,
        };
        if lost {
            world.break_promise(Violation::new(Wrong::NotStoredWhenAnswered, format!("message {at} of a delivery")));
        }
    }
}

/// Puts messages of a known source into the queue, in some worlds, that each touch many hours.
pub async fn thief(world: Rc<World>, mut random: Random) {
    if !random.percent(10) {
        return;
    }
    sleep(Duration::from_secs(random.below(3_600))).await;
    for number in 0..24 {
        let records: Vec<Rc<Record>> = (0..40).map(|hour| Rc::new(record::hostile(world.epoch, number, hour))).collect();
        let body = body::write(&mut random, body::Format::Lines, &records).body;
        world.note_sent("us", &body, &records);
        let head = format!("{{\"source\":\"us\",\"request_id\":\"thief\",\"received_at\":{}}}", world.epoch.timestamp_millis());
        world.queue.add(format!("{head}\n{}", String::from_utf8_lossy(&body)));
    }
}

/// Puts messages into the queue that no receiver wrote.
pub async fn vandal(world: Rc<World>, mut random: Random) {
    for poison in world.poison() {
        sleep(Duration::from_secs(random.below(3_600))).await;
        world.queue.add(poison);
    }
}
