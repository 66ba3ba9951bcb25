//! A bucket that creates and never replaces, and fails as S3 fails.
//!
//! A request that is under way lives apart from its client: a client that gives up, or is killed,
//! does not call it back, and it may take effect a minute later. The client tries as the receiver's
//! own client does: three times, 412 means stored, 403 is final, the rest is tried again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use auth0_log_lake::{
    object::Object,
    store::{Put, Store, StoreError, StoreErrorKind},
};
use bytes::Bytes;
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

use super::mutant::Mutant;
use crate::random::Random;

/// Longest time for one try, as in the receiver's client.
const TRY: Duration = Duration::from_secs(6);
/// Tries of one put, as in the receiver's client.
const TRIES: usize = 3;

/// How the bucket does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Every request does what it should.
    Clear,
    /// One request in so many of a hundred fails.
    Storm(u64),
    /// Nobody may write.
    Denied,
    /// Nothing answers.
    Down,
}

/// What the bucket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Created,
    PreconditionFailed,
    Conflict,
    SlowDown,
    InternalError,
    Denied,
    Reset,
}

#[derive(Debug)]
struct State {
    random: Random,
    weather: Weather,
    /// Everything ever written under a key: a second version means that an object was replaced.
    versions: BTreeMap<String, Vec<Bytes>>,
    /// Keys in the order of their creation.
    created: Vec<String>,
    under_way: BTreeSet<String>,
    faults: u64,
    puts: u64,
}

/// The bucket, and the client of it: both ends of one wire.
#[derive(Clone, Debug)]
pub struct Bucket {
    state: Arc<Mutex<State>>,
    mutant: Option<Mutant>,
}

impl Bucket {
    pub fn new(random: Random, mutant: Option<Mutant>) -> Self {
        let state = State {
            random,
            weather: Weather::Clear,
            versions: BTreeMap::new(),
            created: Vec::new(),
            under_way: BTreeSet::new(),
            faults: 0,
            puts: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), mutant }
    }

    pub fn set_weather(&self, weather: Weather) {
        self.locked(|state| state.weather = weather);
    }

    /// How many requests have failed so far.
    pub fn faults(&self) -> u64 {
        self.locked(|state| state.faults)
    }

    /// How many requests were made so far.
    pub fn puts(&self) -> u64 {
        self.locked(|state| state.puts)
    }

    /// The objects created since `from` objects were there.
    pub fn created_since(&self, from: usize) -> Vec<(String, Bytes)> {
        self.locked(|state| state.created[from..].iter().map(|key| (key.clone(), state.versions[key][0].clone())).collect())
    }

    /// A key that was written more than once.
    pub fn replaced(&self) -> Option<String> {
        self.locked(|state| state.versions.iter().find(|(_, versions)| versions.len() > 1).map(|(key, _)| key.clone()))
    }

    fn locked<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts one request, and waits for its answer.
    async fn request(&self, key: &str, bytes: &Bytes) -> Answer {
        let (answer, answered) = oneshot::channel();
        let (bucket, key, bytes) = (self.clone(), key.to_owned(), bytes.clone());
        tokio::spawn(async move { _ = answer.send(bucket.serve(key, bytes).await) });
        answered.await.unwrap_or(Answer::Reset)
    }

    /// What becomes of one request at the bucket.
    async fn serve(&self, key: String, bytes: Bytes) -> Answer {
        let (weather, mut random) = self.locked(|state| {
            state.puts += 1;
            (state.weather, state.random.fork())
        });
        let is_slow = random.percent(5);
        let latency = if is_slow { random.between(400, 9_000) } else { random.between(5, 400) };
        let fails = matches!(weather, Weather::Storm(chance) if random.percent(chance));
        self.locked(|state| state.faults += u64::from(is_slow || fails || matches!(weather, Weather::Denied | Weather::Down)));
        match weather {
            Weather::Denied => Answer::Denied,
            Weather::Down => self.silence().await,
            Weather::Storm(_) if fails => self.fail(random, key, bytes).await,
            _ => self.write(key, bytes, latency).await,
        }
    }

    /// One of the ways in which S3 fails.
    async fn fail(&self, mut random: Random, key: String, bytes: Bytes) -> Answer {
        let latency = random.between(5, 2_000);
        match random.below(10) {
            0 | 1 => Answer::SlowDown,
            2 => Answer::InternalError,
            3 => Answer::Conflict,
            // In the middle of the body: nothing is written.
            4 => Answer::Reset,
            5 => self.silence().await,
            // It takes effect, but the answer is lost.
            6 => {
                self.write(key, bytes, latency).await;
                Answer::Reset
            }
            7 => {
                self.write(key, bytes, latency).await;
                Answer::InternalError
            }
            8 => {
                self.write(key, bytes, latency).await;
                self.silence().await
            }
            // It takes effect long after the client has given up.
            _ => self.write(key, bytes, random.between(6_500, 90_000)).await,
        }
    }

    /// An answer that never comes.
    async fn silence(&self) -> Answer {
        sleep(Duration::from_secs(600)).await;
        Answer::Reset
    }

    /// The conditional put: 409 while another put of the key is under way, 412 if the object exists.
    async fn write(&self, key: String, bytes: Bytes, latency: u64) -> Answer {
        if !self.locked(|state| state.under_way.insert(key.clone())) {
            self.locked(|state| state.faults += 1);
            return Answer::Conflict;
        }
        sleep(Duration::from_millis(latency)).await;
        self.locked(|state| {
            state.under_way.remove(&key);
            if self.mutant == Some(Mutant::Replaces) && state.versions.contains_key(&key) {
                state.versions.entry(key).or_default().push(bytes);
                return Answer::Created;
            }
            if state.versions.contains_key(&key) {
                return Answer::PreconditionFailed;
            }
            state.created.push(key.clone());
            state.versions.insert(key, vec![bytes]);
            Answer::Created
        })
    }

    /// Puts as the receiver's client does.
    async fn put_object(&self, key: &str, bytes: &Bytes) -> Result<Put, StoreErrorKind> {
        let mut last = StoreErrorKind::Unavailable;
        for attempt in 0..TRIES {
            if attempt > 0 {
                let pause = self.locked(|state| state.random.below(2_000));
                sleep(Duration::from_millis(pause)).await;
            }
            last = match timeout(TRY, self.request(key, bytes)).await {
                Ok(Answer::Created) => return Ok(Put::Created),
                Ok(Answer::PreconditionFailed) => return Ok(Put::AlreadyThere),
                Ok(Answer::Denied) => return Err(StoreErrorKind::Denied),
                Ok(Answer::SlowDown) => StoreErrorKind::Throttled,
                Ok(Answer::Conflict | Answer::InternalError | Answer::Reset) => StoreErrorKind::Unavailable,
                Err(_) => StoreErrorKind::Late,
            };
        }
        Err(last)
    }
}

impl Store for Bucket {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        let key = object.key.to_string();
        let put = match self.mutant {
            None | Some(Mutant::Replaces) => self.put_object(&key, &object.bytes).await,
            Some(mutant) => self.put_wrongly(mutant, key, &object.bytes).await,
        };
        put.map_err(|kind| StoreError::new(kind, "the simulated bucket failed"))
    }
}

impl Bucket {
    /// Puts as a store with a mutant's fault would.
    async fn put_wrongly(&self, mutant: Mutant, key: String, bytes: &Bytes) -> Result<Put, StoreErrorKind> {
        let (key, bytes) = (mutant.key(key), mutant.bytes(bytes));
        let one_in_ten = self.locked(|state| state.random.percent(10));
        match mutant {
            Mutant::LosesWrites if one_in_ten => Ok(Put::Created),
            Mutant::ForgetsRejects if key.starts_with("rejects/") => Ok(Put::Created),
            Mutant::AnswersEarly => {
                tokio::spawn({
                    let (bucket, key, bytes) = (self.clone(), key, bytes);
                    async move { while bucket.put_object(&key, &bytes).await.is_err() {} }
                });
                Ok(Put::Created)
            }
            Mutant::SwallowsErrors => self.put_object(&key, &bytes).await.or(Ok(Put::Created)),
            Mutant::RefusesRejects if key.starts_with("rejects/") => Err(StoreErrorKind::Unavailable),
            _ => self.put_object(&key, &bytes).await,
        }
    }
}
