//! One body: an answer in the contract's form, and everything of it in the lake.

use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, str, time::Duration};

use auth0_log_lake::{
    auth::{Sender, Source, Sources, TokenDigest},
    batch::{self, MOST_RECORDS, Record},
    config::Addresses,
    message::Message,
    object::{Compression, Object, ObjectKey, Table},
    partition,
    receive::{Context, Receiver, receive},
    reject::Reason,
    response::Outcome,
    row::Arrival,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, header::AUTHORIZATION, request::Parts};
use tokio::runtime::{Builder, Runtime};

use super::{
    row::{check_event_row, received_at, trim},
    store::Kept,
};
use crate::json::{self, Json};

thread_local! {
    static WORLD: RefCell<(Runtime, Receiver<Kept>, Parts)> = RefCell::new(world());
}

fn world() -> (Runtime, Receiver<Kept>, Parts) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let sources = vec![(Source::parse("fuzz").expect("a source"), TokenDigest::of(b"token"))];
    let receiver = Receiver::with_store(Kept::default(), Sources::new(sources), Addresses::default(), Compression::None);
    let head = Request::post("/").header(AUTHORIZATION, "Bearer token").body(()).expect("a request").into_parts().0;
    (runtime, receiver, head)
}

/// Receives one body twice, and checks the answer and the objects against the contract.
///
/// # Panics
/// If the contract is broken.
pub fn body_to_outcome(body: &[u8]) {
    WORLD.with_borrow(|(runtime, receiver, head)| {
        let source = &receiver.sources;
        let records = batch::split(body);
        check_records(body, &records);
        let sender = source.authenticate(&head.headers).expect("a known token");
        check_message(sender, body, records.is_empty());
        let arrival = Arrival::new(sender.source(), "request", received_at());
        let rows = partition::normalize(&arrival, body, Vec::new());
        assert!(rows.records().eq(records.iter().map(|record| record.bytes())), "rows of other records than splitting gives");
        let [first, second] = [0, 1].map(|_| runtime.block_on(answer(receiver, head, body)));
        assert_eq!(first, second, "the same body twice makes other objects");
        let (outcome, objects) = first;
        let Outcome::Stored { accepted, rejected } = outcome else { panic!("{outcome:?} for an authenticated body") };
        assert_eq!(accepted + rejected, records.len(), "events + rejects = records");
        let rows = check_objects(&objects, body.len());
        assert_eq!((rows.events, rows.raws.values().sum()), (accepted, rejected));
        for (raw, count) in &rows.raws {
            let sent = records.iter().filter(|record| record.bytes() == raw.as_slice()).count();
            assert!(*count <= sent, "a reject that was not sent");
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a deadline that never comes is counted from the runtime's own clock")]
async fn answer(receiver: &Receiver<Kept>, head: &Parts, body: &[u8]) -> (Outcome, Vec<Object>) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(3_600);
    let context = Context { received_at: received_at(), request_id: "request", peer: None, deadline };
    let report = receive(receiver, context, head, std::future::ready(Ok(Bytes::copy_from_slice(body)))).await;
    let response = report.outcome.response();
    assert!(json::read(str::from_utf8(response.body()).expect("UTF-8")).is_ok(), "an answer that is not JSON");
    for line in [report.log_line(), report.metrics_line()] {
        assert!(json::read(&line).is_ok() && line.len() < 2_500, "{line}");
    }
    let mut objects = receiver.committer.store.take();
    objects.sort_by_key(|object| object.key.to_string());
    (report.outcome, objects)
}

/// Checks that a body comes out of the queue as it was sent, and is sent there only if it holds a record.
fn check_message(sender: Sender<'_>, body: &[u8], is_empty: bool) {
    let message = Message::new(sender, "request", received_at(), false, Bytes::copy_from_slice(body));
    assert_eq!(message.is_empty(), is_empty);
    assert_eq!(Message::decode(&message.encode()).as_ref(), Some(&message));
}

/// Checks that the records are slices of the body, in order, with nothing but structure between them.
fn check_records(body: &[u8], records: &[Record<'_>]) {
    assert!(records.len() <= MOST_RECORDS + 2, "{} records", records.len());
    let mut at = 0;
    let has_wrapper_members = records.iter().any(|record| record.rejected() == Some(Reason::WrapperMembers));
    for record in records {
        assert!(!record.bytes().is_empty() && trim(record.bytes()).len() == record.bytes().len(), "{record:?}");
        let (Record::Unread(bytes) | Record::Rejected(Cow::Borrowed(bytes), _)) = record else { continue };
        let start = bytes.as_ptr().addr() - body.as_ptr().addr();
        assert!(start >= at && start + bytes.len() <= body.len(), "records overlap or are not in order");
        assert!(has_wrapper_members || is_structure(&body[at..start]), "lost: {:?}", String::from_utf8_lossy(&body[at..start]));
        at = start + bytes.len();
    }
    assert!(has_wrapper_members || is_structure(&body[at..]), "lost: {:?}", String::from_utf8_lossy(&body[at..]));
}

/// Whether this is only white space, brackets, commas, a byte-order mark and the name `logs`.
fn is_structure(gap: &[u8]) -> bool {
    let gap = gap.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(gap);
    let Ok(text) = str::from_utf8(gap) else { return false };
    let is_mark = |c: char| " \t\r\n[]{},:".contains(c);
    text.split(is_mark).filter(|word| !word.is_empty()).all(|word| json::read(word) == Ok(Json::String("logs".to_owned())))
}

/// What the objects hold.
#[derive(Default)]
struct Rows {
    events: usize,
    /// How often each rejected record occurs.
    raws: BTreeMap<Vec<u8>, usize>,
}

fn check_objects(objects: &[Object], body_length: usize) -> Rows {
    let mut rows = Rows::default();
    for Object { key, bytes } in objects {
        let key = key.to_string();
        let table = ObjectKey::parse(&key).expect("a key").table();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let time = match table {
                Table::Events => {
                    rows.events += 1;
                    check_event_row(line, body_length).get("p_event_time").cloned()
                }
                Table::Rejects => {
                    let row = json::read(str::from_utf8(line.strip_suffix(b"\n").expect("a line")).expect("UTF-8")).expect("JSON");
                    *rows.raws.entry(raw(&row)).or_default() += 1;
                    row.get("received_at").cloned()
                }
            };
            let time = time.as_ref().and_then(Json::text).expect("a time").to_owned();
            assert!(key.contains(&format!("/dt={}/hour={}/", &time[..10], &time[11..13])), "{time} in {key}");
        }
    }
    let mut keys: Vec<String> = objects.iter().map(|object| object.key.to_string()).collect();
    keys.dedup();
    assert_eq!(keys.len(), objects.len(), "one key stands twice");
    rows
}

fn raw(row: &Json) -> Vec<u8> {
    match (row.get("raw"), row.get("raw_base64")) {
        (Some(Json::String(text)), None) => text.clone().into_bytes(),
        (None, Some(Json::String(base64))) => BASE64_STANDARD.decode(base64).expect("base64"),
        _ => panic!("neither raw nor raw_base64: {row:?}"),
    }
}
