//! Requests that are under way together share their objects, and each is answered when what holds its rows is stored.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use auth0_log_lake::{
    commit::group::LARGEST_SHARED,
    config::Addresses,
    metrics::Report,
    object::{Compression, Object},
    receive::{Context, Receiver, receive},
    response::Outcome,
    store::{Put, Store, StoreError},
};
use bytes::Bytes;
use http::Request;
use serde_json::Value;
use support::pure::{headers, received_at, sources};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::memory::{Failing, MemoryStore, in_time};

/// How long members wait for each other.
const WAIT: Duration = Duration::from_millis(5);

/// A store whose puts take time, and wait for a permit where there is one to wait for.
#[derive(Debug)]
struct Slow<S> {
    inner: S,
    takes: Duration,
    gate: Semaphore,
    begun: AtomicUsize,
}

impl<S> Slow<S> {
    fn new(inner: S, takes: Duration, permits: usize) -> Self {
        Self { inner, takes, gate: Semaphore::new(permits), begun: AtomicUsize::new(0) }
    }
}

impl<S: Store> Store for Slow<S> {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let _permit = self.gate.acquire().await.expect("a gate that stays");
        sleep(self.takes).await;
        self.inner.put(object).await
    }
}

fn receiver<S: Store>(store: S) -> Arc<Receiver<S>> {
    Arc::new(Receiver::with_store(store, sources(), Addresses::default(), Compression::None).sharing_objects(WAIT))
}

fn over_memory(takes: Duration, permits: usize) -> Arc<Receiver<Slow<MemoryStore>>> {
    receiver(Slow::new(MemoryStore::default(), takes, permits))
}

/// A body of one event in an hour.
fn body(number: usize, hour: usize) -> String {
    format!(r#"[{{"log_id":"event-{number}","data":{{"date":"2026-07-01T{hour:02}:00:00.000Z","type":"s"}}}}]"#)
}

async fn post<S: Store>(receiver: &Receiver<S>, id: &str, body: String, time: Duration) -> Report {
    let mut request = Request::post("/").body(()).expect("a request");
    request.headers_mut().extend(headers());
    let context = Context { received_at: received_at(), request_id: id, peer: None, deadline: in_time(time) };
    receive(receiver, context, &request.into_parts().0, std::future::ready(Ok(Bytes::from(body)))).await
}

/// Posts bodies at the same time, as requests `0`, `1` and so on; gives the reports in their order.
async fn post_together<S: Store>(receiver: &Arc<Receiver<S>>, bodies: Vec<String>) -> Vec<Report> {
    let mut posts: JoinSet<(usize, Report)> = JoinSet::new();
    for (number, body) in bodies.into_iter().enumerate() {
        let receiver = Arc::clone(receiver);
        posts.spawn(async move { (number, post(&receiver, &number.to_string(), body, Duration::from_secs(20)).await) });
    }
    let mut reports = posts.join_all().await;
    reports.sort_by_key(|(number, _)| *number);
    reports.into_iter().map(|(_, report)| report).collect()
}

/// The rows of each object.
fn rows(store: &MemoryStore) -> Vec<Vec<Value>> {
    let objects = store.objects();
    let rows = |bytes: &Bytes| bytes.split(|&byte| byte == b'\n').filter(|row| !row.is_empty()).map(row).collect();
    objects.values().map(rows).collect()
}

fn row(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("a row")
}

#[expect(clippy::disallowed_methods, reason = "the paused clock of a test")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test(start_paused = true)]
async fn a_lone_request_waits_for_nobody() {
    let receiver = over_memory(Duration::ZERO, Semaphore::MAX_PERMITS);
    for number in 0..3 {
        let started = now();
        let report = post(&receiver, "lone", body(number, 12), Duration::from_secs(20)).await;
        assert_eq!((report.outcome, report.puts.created), (Outcome::Stored { accepted: 1, rejected: 0 }, 1));
        assert!(now() - started < WAIT, "{:?}", now() - started);
    }
    assert_eq!(rows(&receiver.committer.store.inner).len(), 3, "each has an object of its own");
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_under_way_together_share_an_object_and_each_row_keeps_its_request() {
    let receiver = over_memory(Duration::from_millis(50), Semaphore::MAX_PERMITS);
    let started = now();
    let reports = post_together(&receiver, (0..40).map(|number| body(number, 12)).collect()).await;
    // Two puts, the first of which is that of whoever came first; the timer counts whole milliseconds.
    assert!(now() - started <= Duration::from_millis(51) + WAIT, "{:?}", now() - started);
    assert!(reports.iter().all(|report| report.outcome == Outcome::Stored { accepted: 1, rejected: 0 }));
    let rows = rows(&receiver.committer.store.inner);
    assert_eq!(rows.len(), 2, "one object of the first, and one of all others");
    let kept: BTreeSet<(String, String)> = rows
        .iter()
        .flatten()
        .map(|row| (row["log_id"].as_str().expect("text").to_owned(), row["ingest"]["request_id"].as_str().expect("text").to_owned()))
        .collect();
    assert_eq!(kept, (0..40).map(|number| (format!("event-{number}"), number.to_string())).collect());
    assert_eq!(reports.iter().map(|report| report.puts.created).sum::<usize>(), 2, "an object is counted once");
}

#[tokio::test(start_paused = true)]
async fn those_who_were_answered_together_are_waited_for_again_and_not_longer_than_the_wait() {
    let receiver = over_memory(Duration::from_millis(50), Semaphore::MAX_PERMITS);
    post_together(&receiver, (0..9).map(|number| body(number, 12)).collect()).await;
    assert_eq!(rows(&receiver.committer.store.inner).len(), 2);
    post_together(&receiver, (9..17).map(|number| body(number, 12)).collect()).await;
    assert_eq!(rows(&receiver.committer.store.inner).len(), 3, "the eight of the last group are one again");
    let started = now();
    post(&receiver, "alone", body(17, 12), Duration::from_secs(20)).await;
    let took = now() - started;
    assert!(took >= Duration::from_millis(50) + WAIT && took <= Duration::from_millis(51) + WAIT, "the others are gone: {took:?}");
    sleep(WAIT).await;
    let started = now();
    post(&receiver, "alone", body(18, 12), Duration::from_secs(20)).await;
    assert!(now() - started <= Duration::from_millis(51), "and are forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_only_when_its_own_object_is_stored() {
    let receiver = over_memory(Duration::ZERO, 0);
    let waiting = tokio::spawn({
        let receiver = Arc::clone(&receiver);
        async move { post_together(&receiver, vec![body(0, 1), body(1, 2), body(2, 3)]).await }
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(receiver.committer.store.begun.load(Ordering::SeqCst), 3, "all are being put");
    assert!(!waiting.is_finished() && rows(&receiver.committer.store.inner).is_empty());
    receiver.committer.store.gate.add_permits(3);
    let reports = waiting.await.expect("posts that end");
    assert!(reports.iter().all(|report| report.outcome == Outcome::Stored { accepted: 1, rejected: 0 }));
    assert_eq!(rows(&receiver.committer.store.inner).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_the_failure_of_each_whose_rows_are_not_there_and_of_no_other() {
    // The first request is alone; of the others' two objects one is put.
    let receiver = receiver(Slow::new(Failing::after(2, MemoryStore::default()), Duration::from_millis(10), Semaphore::MAX_PERMITS));
    let reports = post_together(&receiver, vec![body(0, 1), body(1, 2), body(2, 3), body(3, 2)]).await;
    let stored = rows(&receiver.committer.store.inner.inner);
    let held: BTreeSet<String> =
        stored.iter().flatten().map(|row| row["ingest"]["request_id"].as_str().expect("text").to_owned()).collect();
    for (number, report) in reports.iter().enumerate() {
        let is_stored = held.contains(&number.to_string());
        let expected = if is_stored { Outcome::Stored { accepted: 1, rejected: 0 } } else { Outcome::Failed };
        assert_eq!((report.outcome, report.failure.is_some()), (expected, !is_stored), "{number}");
    }
    assert_eq!(stored.len(), 2);
    receiver.committer.store.inner.mend();
    let again = post_together(&receiver, vec![body(0, 1), body(1, 2), body(2, 3), body(3, 2)]).await;
    assert!(again.iter().all(|report| report.outcome == Outcome::Stored { accepted: 1, rejected: 0 }));
}

#[tokio::test(start_paused = true)]
async fn a_member_whose_time_is_over_is_answered_and_one_whose_sender_has_gone_is_stored_all_the_same() {
    let receiver = over_memory(Duration::ZERO, 1);
    let hold = receiver.committer.store.gate.acquire().await.expect("a gate");
    let spawn = |id: &'static str, number, seconds| {
        let receiver = Arc::clone(&receiver);
        tokio::spawn(async move { post(&receiver, id, body(number, 12), Duration::from_secs(seconds)).await })
    };
    let first = spawn("first", 0, 60);
    tokio::task::yield_now().await;
    let (gone, late) = (spawn("gone", 1, 60), spawn("late", 2, 60));
    sleep(Duration::from_secs(1)).await;
    gone.abort();
    let impatient = spawn("impatient", 3, 2);
    assert_eq!(impatient.await.expect("a post that ends").outcome, Outcome::Failed);
    drop(hold);
    assert_eq!(late.await.expect("a post that ends").outcome, Outcome::Stored { accepted: 1, rejected: 0 });
    assert_eq!(first.await.expect("a post that ends").outcome, Outcome::Stored { accepted: 1, rejected: 0 });
    let ids: BTreeSet<String> =
        rows(&receiver.committer.store.inner).iter().flatten().map(|row| row["ingest"]["request_id"].to_string()).collect();
    assert!(ids.contains("\"gone\""), "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn a_large_body_has_objects_of_its_own() {
    let receiver = over_memory(Duration::from_millis(50), Semaphore::MAX_PERMITS);
    let large = format!("{}{}", body(1, 12), " ".repeat(LARGEST_SHARED));
    let reports = post_together(&receiver, vec![body(0, 12), large, body(2, 12), body(3, 12)]).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Stored { accepted: 1, rejected: 0 }));
    let mut sizes: Vec<usize> = rows(&receiver.committer.store.inner).iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 1, 2]);
    assert_eq!(reports[1].puts.created, 1);
}

#[tokio::test(start_paused = true)]
async fn a_bad_record_harms_nobody_beside_it() {
    let receiver = over_memory(Duration::from_millis(50), Semaphore::MAX_PERMITS);
    let reports = post_together(&receiver, vec![body(0, 12), "not a record".to_owned(), body(2, 12), "[]".to_owned()]).await;
    let outcomes: Vec<Outcome> = reports.iter().map(|report| report.outcome).collect();
    let stored = |accepted, rejected| Outcome::Stored { accepted, rejected };
    assert_eq!(outcomes, [stored(1, 0), stored(0, 1), stored(1, 0), stored(0, 0)]);
}
