//! The messages of a queue, stored in slices: one sender's work fails nobody else's.

use std::{
    collections::BTreeSet,
    fmt::Write,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use auth0_log_lake::{
    config::Addresses,
    drain::{Delivery, Drained, drain},
    object::{Compression, Object},
    receive::{Context, Receiver},
    store::{Put, Store, StoreError, StoreErrorKind},
};
use chrono::{DateTime, TimeDelta, Utc};
use support::pure::{received_at, rows_of, sources, time};
use tokio::time::sleep;

use crate::memory::{MemoryStore, in_time};

/// How long a put takes, in the test's own time.
const PUT: Duration = Duration::from_millis(20);
/// How long a delivery may take.
const TIME: Duration = Duration::from_secs(2);

/// A store whose puts take time, and fail where their rows hold a text.
#[derive(Debug, Default)]
struct Slow {
    inner: MemoryStore,
    refuses: Option<&'static str>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Store for Slow {
    async fn put(&self, object: &Object) -> Result<Put, StoreError> {
        let _under_way = UnderWay::begin(self);
        sleep(PUT).await;
        let text = std::str::from_utf8(&object.bytes).expect("rows are UTF-8");
        match self.refuses {
            Some(refused) if text.contains(refused) => Err(StoreError::new(StoreErrorKind::Denied, "refused")),
            _ => self.inner.put(object).await,
        }
    }
}

/// One put, until it ends or is given up.
struct UnderWay<'a>(&'a Slow);

impl<'a> UnderWay<'a> {
    fn begin(store: &'a Slow) -> Self {
        let under_way = store.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        store.most.fetch_max(under_way, Ordering::SeqCst);
        Self(store)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

type Writer = Receiver<Slow>;

fn writer(refuses: Option<&'static str>) -> Writer {
    Receiver::with_store(Slow { refuses, ..Slow::default() }, sources(), Addresses::default(), Compression::None)
}

/// A queued message of a source, with an event at each of these times.
fn message(source: &str, id: &str, times: impl IntoIterator<Item = DateTime<Utc>>) -> String {
    let mut text = format!("{{\"source\":\"{source}\",\"request_id\":\"{id}\",\"received_at\":1795403527123}}\n");
    for (number, at) in times.into_iter().enumerate() {
        writeln!(text, r#"{{"log_id":"{id}-{number}","data":{{"date":"{}"}}}}"#, at.format("%Y-%m-%dT%H:%M:%SZ")).expect("memory");
    }
    text
}

fn hours(first: usize, count: usize) -> impl Iterator<Item = DateTime<Utc>> {
    let start = time("2012-01-01T00:30:00Z");
    (first..first + count).map(move |hour| start + TimeDelta::hours(hour as i64))
}

async fn deliver(writer: &Writer, texts: &[String], count: u32) -> Drained {
    let deliveries: Vec<Delivery<'_>> = texts.iter().map(|text| Delivery { text, count }).collect();
    let context = Context { received_at: received_at(), request_id: "delivery", peer: None, deadline: in_time(TIME) };
    drain(writer, context, &deliveries).await
}

/// The ids of the events that are stored.
fn stored(writer: &Writer) -> BTreeSet<String> {
    let objects = writer.committer.store.inner.objects();
    let id = |row: &str| serde_json::from_str::<serde_json::Value>(row).expect("a row")["log_id"].as_str().map(str::to_owned);
    objects.values().flat_map(|bytes| rows_of(bytes).filter_map(id).collect::<Vec<_>>()).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_one_source_sends_the_others_are_stored_at_once_and_it_is_soon() {
    // What must be stored takes two deliveries at least: one has time for 100 times the puts that are under way together.
    for (name, messages, hours_each) in [("many hours in each", 12, 1_000), ("many messages of few hours", 1_500, 8)] {
        let writer = writer(None);
        let mut texts: Vec<String> =
            (0..messages).map(|number| message("thief", &format!("h{number}"), hours(number * hours_each, hours_each))).collect();
        for (at, source) in [(0, "acme"), (messages / 2, "us"), (messages + 2, "zeta")] {
            texts.insert(at, message(source, source, hours(5, 2)));
        }
        let mut count = 0;
        while !texts.is_empty() {
            count += 1;
            let Drained { failed, reports } = deliver(&writer, &texts, count).await;
            let is_failed = |text: &str| failed.iter().any(|&at| texts[at].contains(text));
            assert!(!["acme", "us", "zeta"].iter().any(|source| is_failed(&format!("\"{source}\""))), "{name}: delivery {count}");
            assert!(failed.len() < texts.len(), "{name}: delivery {count} stores nothing");
            assert_eq!(reports.iter().filter(|report| report.failure.is_some()).count(), usize::from(!failed.is_empty()), "{name}");
            texts = failed.into_iter().map(|at| texts[at].clone()).collect();
        }
        assert!((2..=3).contains(&count), "{name}: {count} deliveries");
        assert!(writer.committer.store.most.load(Ordering::SeqCst) <= 64, "{name}: puts under way together");
        assert_eq!(stored(&writer).len(), messages * hours_each + 6, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_whose_objects_are_refused_fails_alone() {
    let writer = writer(Some("eu-"));
    let texts = ["eu", "us", "eu", "zeta"].map(|source| message(source, source, hours(5, 3)));
    let drained = deliver(&writer, &texts, 1).await;
    assert_eq!(drained.failed, [0, 2]);
    assert_eq!(stored(&writer).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_more_often_messages_were_delivered_the_fewer_are_tried_together_and_in_the_end_each_alone() {
    let texts: Vec<String> = (0..40).map(|number| message("eu", if number == 17 { "poison" } else { "fine" }, hours(number, 1))).collect();
    // All in one hour, so that those of a slice share an object.
    let texts: Vec<String> = texts
        .iter()
        .map(|text| text.replace(&text[text.find("\"date\"").expect("a date")..], "\"date\":\"2026-07-01T12:00:00Z\"}}\n"))
        .collect();
    let mut failed_before = usize::MAX;
    for (count, most_failed) in [(1, 40), (3, 40), (12, 32), (13, 16), (15, 4), (16, 2), (17, 1), (180, 1)] {
        let writer = writer(Some("poison"));
        let failed = deliver(&writer, &texts, count).await.failed;
        assert!(failed.contains(&17) && failed.len() <= most_failed && failed.len() <= failed_before, "delivery {count}: {failed:?}");
        failed_before = failed.len();
    }
    assert_eq!(failed_before, 1);
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_nothing_is_begun_and_everything_fails() {
    let writer = writer(None);
    let text = message("eu", "a", hours(0, 2));
    let context = Context { received_at: received_at(), request_id: "delivery", peer: None, deadline: in_time(Duration::ZERO) };
    let drained = drain(&writer, context, &[Delivery { text: &text, count: 1 }]).await;
    assert_eq!((drained.failed, writer.committer.store.most.load(Ordering::SeqCst)), (vec![0], 0));
}
