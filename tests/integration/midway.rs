//! A store that fails midway: the answer says so, and a repeat of the request ends whole.

use auth0_log_lake::{
    config::Addresses,
    metrics::Report,
    object::Compression,
    receive::{Context, Receiver, receive},
    response::Outcome,
    store::{FileStore, Store},
};
use bytes::Bytes;
use http::{Request, StatusCode, header::RETRY_AFTER};

use support::{
    files::{files, project},
    pure::{TOKEN, headers, land, received_at, rows_of, sources},
};

use crate::memory::{Failing, MemoryStore, deadline};

fn receiver<S: Store>(store: S) -> Receiver<S> {
    Receiver::with_store(store, sources(), Addresses::default(), Compression::None)
}

async fn post<S: Store>(receiver: &Receiver<S>, body: &[u8]) -> Report {
    let mut request = Request::post("/").body(()).expect("a request");
    request.headers_mut().extend(headers());
    let context = Context { received_at: received_at(), request_id: "golden-request", peer: None, deadline: deadline() };
    let body = Bytes::copy_from_slice(body);
    receive(receiver, context, &request.into_parts().0, std::future::ready(Ok(body))).await
}

/// A batch over several hours, with rejects.
fn body() -> Vec<u8> {
    let read = |name: &str| std::fs::read(project("events").join(name)).expect(name);
    [read("several-hours.json"), b"\n".to_vec(), read("broken-records.jsonl")].concat()
}

#[tokio::test]
async fn a_request_whose_store_fails_midway_is_answered_503_and_its_repeat_stores_every_record_once() {
    let body = body();
    let landed = land(&body);
    assert!(landed.objects.len() >= 5, "several objects");
    for puts in 0..landed.objects.len() {
        let receiver = receiver(Failing::after(puts, MemoryStore::default()));
        let failed = post(&receiver, &body).await;
        let response = failed.outcome.response();
        assert_eq!((response.status(), &response.body()[..]), (StatusCode::SERVICE_UNAVAILABLE, &b"{\"error\":\"store_unavailable\"}"[..]));
        let seconds = response.headers()[RETRY_AFTER].to_str().ok().and_then(|value| value.parse::<u32>().ok());
        assert!(seconds.is_some_and(|seconds| seconds > 0), "{response:?}");
        let before = receiver.committer.store.inner.objects().clone();
        assert!(before.len() <= puts, "{} of {puts}", before.len());

        receiver.committer.store.mend();
        let repeated = post(&receiver, &body).await;
        let after = receiver.committer.store.inner.objects();
        assert_eq!(repeated.outcome, Outcome::Stored { accepted: landed.tally.accepted, rejected: landed.tally.rejected });
        assert_eq!((repeated.puts.already_there, repeated.puts.created), (before.len(), after.len() - before.len()));
        assert!(before.iter().all(|(key, bytes)| after[key] == *bytes), "no object is replaced");
        let expected = landed.objects.iter().map(|object| (object.key.to_string(), object.bytes.clone()));
        assert!(after.clone().into_iter().eq(std::collections::BTreeMap::from_iter(expected)), "every record is stored once");
    }
}

#[tokio::test]
async fn a_failed_request_counts_nothing_as_stored_and_tells_the_log_alone_why() {
    let receiver = receiver(Failing::after(1, MemoryStore::default()));
    let failed = post(&receiver, &body()).await;
    let lines = failed.lines();
    let (log, metrics) = lines.split_once('\n').expect("two lines");
    assert!(log.contains("\"error.kind\":\"unavailable\"") && log.contains("on fire"), "{log}");
    assert!(metrics.contains("\"StoreFailures\":1") && metrics.contains("\"EventsStored\":0"), "{metrics}");
    assert!(!String::from_utf8_lossy(failed.outcome.response().body()).contains("fire"));
    assert!(!log.contains(TOKEN) && !metrics.contains(TOKEN));
}

#[tokio::test]
async fn the_same_request_twice_leaves_the_lake_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = receiver(FileStore::new(folder.path().to_owned()));
    post(&receiver, &body()).await;
    let once = files(folder.path());
    let again = post(&receiver, &body()).await;
    assert_eq!((again.puts.created, again.puts.already_there), (0, once.len()));
    assert_eq!(files(folder.path()), once);
    let rows: usize = once.values().map(|bytes| rows_of(bytes).count()).sum();
    assert_eq!(rows, again.tally.accepted + again.tally.rejected);
}
