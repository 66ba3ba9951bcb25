//! The buffered mode: a request waits in a queue of SQS, and the same binary makes objects of many of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use support::{
    files::project,
    function::{Answer, Function, TOKEN, event, sample, settings},
    s3::{BUCKET, KEY, S3, SECRET},
    server::{Told, told},
    sqs::Sqs,
};

use crate::RECEIVER;

const QUEUED: &str = r#"{"queued":true}"#;

/// A bucket, a queue, and both functions.
struct Stack {
    s3: S3,
    sqs: Sqs,
    receiver: Function,
    writer: Function,
}

impl Stack {
    async fn start() -> Self {
        let (s3, sqs) = (S3::start(), Sqs::start());
        let receiver = receiver(&s3.server.endpoint, &sqs);
        let writer = Function::start(RECEIVER, &[settings(&s3.server.endpoint), handler("drain")].concat());
        Self { s3, sqs, receiver, writer }
    }

    async fn post(&mut self, body: &str) -> Answer {
        self.receiver.invoke(&event(body)).await
    }

    /// Delivers all that waits, up to `most` at a time.
    async fn drain(&mut self, most: usize) {
        while self.sqs.deliver(&mut self.writer, most).await > 0 {}
    }
}

fn receiver(endpoint: &str, sqs: &Sqs) -> Function {
    Function::start(RECEIVER, &[settings(endpoint), sqs.settings(), handler("receive")].concat())
}

/// What Lambda says of the template's `Handler`.
fn handler(name: &str) -> Vec<(&'static str, String)> {
    vec![("_HANDLER", name.to_owned())]
}

/// Every row without what depends on when it came, by its id.
fn rows(s3: &S3) -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    for bytes in objects(s3).values() {
        for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let mut row: Value = serde_json::from_slice(line).expect("a row");
            for own in ["p_parse_time", "received_at", "index"] {
                row[own].take();
            }
            if row["ingest"]["time_source"] == "received" {
                row["p_event_time"].take();
            }
            rows.insert(row["p_row_id"].as_str().expect("an id").to_owned(), row);
        }
    }
    rows
}

fn objects(s3: &S3) -> BTreeMap<String, Vec<u8>> {
    s3.objects().into_iter().filter(|(name, _)| name.contains(".ndjson")).collect()
}

fn record(number: usize) -> String {
    format!(r#"{{"log_id":"event-{number}","data":{{"date":"2026-07-01T12:00:00.000Z","type":"s"}}}}"#)
}

#[tokio::test]
async fn every_sample_becomes_the_rows_that_it_becomes_directly() {
    const SAMPLES: [&str; 5] = ["array.json", "lines-base64.json", "logs-object.json", "broken-record.json", "empty-batch.json"];
    let (mut stack, directly) = (Stack::start().await, S3::start());
    let mut direct = Function::over(RECEIVER, &directly);
    let odd = [b"\xff\x00[1,".to_vec(), b"\x1b not a record".to_vec()].map(|body| {
        let mut event = sample("array.json");
        event["body"] = json!(base64(&body));
        event["isBase64Encoded"] = json!(true);
        event
    });
    let mut encoded = event("[1]");
    encoded["headers"]["content-encoding"] = json!("gzip");
    for event in SAMPLES.map(sample).into_iter().chain(odd).chain([encoded]) {
        let (buffered, stored) = (stack.receiver.invoke(&event).await, direct.invoke(&event).await);
        let is_empty = stored.body.contains("\"received\":0");
        assert_eq!((buffered.status, stored.status), (200, 200));
        assert_eq!(buffered.body, if is_empty { &stored.body } else { QUEUED });
    }
    assert!(objects(&stack.s3).is_empty(), "nothing is stored before it is drained");
    assert_eq!(stack.sqs.sent(), SAMPLES.len() - 1 + 3, "an empty batch is not sent");
    stack.drain(10_000).await;
    assert_eq!(rows(&stack.s3), rows(&directly));
    assert!(rows(&directly).len() > 38);
    assert!(stack.sqs.waiting().is_empty() && stack.sqs.dead().is_empty());
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}

#[tokio::test]
async fn many_requests_become_one_object_for_each_source_and_hour() {
    let mut stack = Stack::start().await;
    for number in 0..60 {
        assert_eq!(stack.post(&format!("[{}]", record(number))).await.body, QUEUED);
    }
    stack.drain(10_000).await;
    assert_eq!((objects(&stack.s3).len(), rows(&stack.s3).len()), (1, 60));
    let other = r#"{"source":"other","request_id":"r","received_at":1795403527123}"#;
    stack.sqs.slip_in(&format!("{other}\n[{}]", record(0)));
    stack.post(&record(61)).await;
    stack.drain(10_000).await;
    assert_eq!((objects(&stack.s3).len(), rows(&stack.s3).len()), (3, 62), "two sources never share an object");
}

#[tokio::test]
async fn a_body_larger_than_a_message_is_stored_directly() {
    let mut stack = Stack::start().await;
    // Base64 makes the second larger than a message.
    let (large, binary) = (format!("[{}{}]", record(0), " ".repeat(256 << 10)), [vec![0; 200 << 10], record(1).into_bytes()].concat());
    assert_eq!(stack.post(&large).await.body, r#"{"received":1,"accepted":1,"rejected":0}"#);
    let mut event = event("");
    (event["body"], event["isBase64Encoded"]) = (json!(base64(&binary)), json!(true));
    assert_eq!(stack.receiver.invoke(&event).await.body, r#"{"received":1,"accepted":0,"rejected":1}"#);
    assert_eq!((stack.sqs.sent(), rows(&stack.s3).len()), (0, 2));
}

#[tokio::test]
async fn a_queue_that_does_not_take_a_batch_is_answered_503_and_the_retry_is_queued() {
    let mut stack = Stack::start().await;
    stack.sqs.fail(true);
    let answer = stack.post(&record(1)).await;
    assert_eq!((answer.status, &*answer.body, answer.headers.contains_key("retry-after")), (503, r#"{"error":"store_unavailable"}"#, true));
    stack.sqs.fail(false);
    assert_eq!(stack.post(&record(1)).await.body, QUEUED);
    let said = stack.receiver.end().await.stdout.join("\n");
    assert!(said.contains("\"error.kind\":\"unavailable\"") && said.contains("the queue could not be reached or failed"), "{said}");

    let elsewhere =
        [settings(&stack.s3.server.endpoint), stack.sqs.settings(), vec![("QUEUE_URL", "http://127.0.0.1:1/1/other".to_owned())]];
    let mut elsewhere = Function::start(RECEIVER, &elsewhere.concat());
    assert_eq!(elsewhere.invoke(&event(&record(1))).await.status, 503);
    let said = elsewhere.end().await.stdout.join("\n");
    assert!(said.contains("\"error.kind\":\"not_found\"") && said.contains("check QUEUE_URL"), "{said}");
}

#[tokio::test]
async fn a_store_that_fails_leaves_every_message_in_the_queue() {
    let mut stack = Stack::start().await;
    for number in 0..5 {
        stack.post(&record(number)).await;
    }
    let failing = told(&[Told::Error(http::StatusCode::FORBIDDEN, "AccessDenied")]);
    let mut broken = Function::start(RECEIVER, &settings(&failing.endpoint));
    assert_eq!(stack.sqs.deliver(&mut broken, 10_000).await, 5);
    assert_eq!(stack.sqs.waiting().len(), 5);
    let said = broken.end().await.stdout.join("\n");
    assert!(said.contains("\"StoreFailures\":1") && said.contains("\"error.kind\":\"denied\""), "{said}");
    stack.drain(2).await;
    assert_eq!((rows(&stack.s3).len(), stack.sqs.waiting().len(), stack.sqs.dead().len()), (5, 0, 0));
}

#[tokio::test]
async fn a_message_that_no_receiver_wrote_is_dead_in_the_end_and_those_beside_it_are_stored() {
    let mut stack = Stack::start().await;
    for poison in ["", "poison", "{}\n[]", r#"{"source":"NO","request_id":"r","received_at":1}"#] {
        stack.sqs.slip_in(poison);
    }
    stack.post(&record(1)).await;
    stack.drain(10_000).await;
    assert_eq!((rows(&stack.s3).len(), stack.sqs.waiting().len(), stack.sqs.dead().len()), (1, 0, 4));
    let said = stack.writer.end().await.stdout.join("\n");
    assert!(said.contains("malformed_message") && !said.contains("poison"), "{said}");
}

#[tokio::test]
async fn a_message_that_is_delivered_again_makes_the_same_rows() {
    let mut stack = Stack::start().await;
    for number in 0..4 {
        stack.post(&record(number)).await;
    }
    let again = stack.sqs.waiting();
    stack.drain(10_000).await;
    let first = (objects(&stack.s3), rows(&stack.s3));
    again.iter().for_each(|text| stack.sqs.slip_in(text));
    stack.drain(10_000).await;
    assert_eq!(objects(&stack.s3), first.0, "the same batch is the same object");
    again.iter().for_each(|text| stack.sqs.slip_in(text));
    stack.drain(3).await;
    assert_eq!(rows(&stack.s3), first.1, "and any other the same rows");
    assert!(objects(&stack.s3).len() > first.0.len());
}

#[tokio::test]
async fn of_the_sample_of_messages_the_requests_are_stored_and_the_other_is_named() {
    let mut stack = Stack::start().await;
    let text = std::fs::read(project("events/queue/messages.json")).expect("a sample");
    let event: Value = serde_json::from_slice(&text).expect("JSON");
    let answer = stack.writer.ask(&event, std::time::Duration::from_secs(10)).await.expect("an answer");
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "00000000-0000-4000-8000-000000000003"}]}));
    let ids: BTreeSet<String> = rows(&stack.s3).values().map(|row| row["ingest"]["request_id"].to_string()).collect();
    assert_eq!(ids, ["\"request-1\"", "\"request-2\""].map(str::to_owned).into());
    assert_eq!((rows(&stack.s3).len(), objects(&stack.s3).len()), (3, 1));
}

#[tokio::test]
async fn an_event_whose_messages_cannot_be_told_apart_fails_and_none_is_taken_for_stored() {
    let mut stack = Stack::start().await;
    let good = json!({"messageId": "1", "body": "x", "eventSource": "aws:sqs"});
    for bad in [json!({"body": "x"}), json!({"messageId": "2"}), json!(7)] {
        let answer = stack.writer.ask(&json!({"Records": [good, bad]}), std::time::Duration::from_secs(10)).await;
        assert_eq!(answer, None, "{bad}");
    }
    let elsewhere = json!({"Records": [{"eventSource": "aws:s3"}]});
    let mut either = Function::over(RECEIVER, &stack.s3);
    let answer = either.invoke(&elsewhere).await;
    assert_eq!((answer.status, &*answer.body), (400, r#"{"error":"malformed_event"}"#));
    assert_eq!(stack.writer.ask(&elsewhere, std::time::Duration::from_secs(10)).await, None, "drain takes messages alone");
}

#[tokio::test]
async fn messages_that_come_to_the_wrong_function_stay_in_the_queue_and_it_answers_no_request() {
    let mut stack = Stack::start().await;
    stack.post(&record(1)).await;
    assert_eq!(stack.sqs.deliver(&mut stack.receiver, 10).await, 1);
    assert_eq!((stack.sqs.waiting().len(), rows(&stack.s3).len()), (1, 0));
    assert_eq!(stack.writer.ask(&sample("array.json"), std::time::Duration::from_secs(10)).await, None);
    let mut either = Function::over(RECEIVER, &stack.s3);
    assert_eq!(stack.sqs.deliver(&mut either, 10).await, 1);
    assert_eq!((stack.sqs.waiting().len(), rows(&stack.s3).len()), (0, 1), "without a handler the event says what it is");
}

#[tokio::test]
async fn a_body_that_touches_many_hours_is_stored_directly() {
    let mut stack = Stack::start().await;
    let body = |hours: usize| {
        let record = |hour: usize| format!(r#"{{"log_id":"h{hours}-{hour}","data":{{"date":"2026-07-01T{hour:02}:00:00Z"}}}}"#);
        (0..hours).map(record).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(stack.post(&body(8)).await.body, QUEUED);
    assert_eq!(stack.post(&body(9)).await.body, r#"{"received":9,"accepted":9,"rejected":0}"#);
    assert_eq!(stack.post(&format!("{}\n7", body(8))).await.body, r#"{"received":9,"accepted":8,"rejected":1}"#);
    assert_eq!((stack.sqs.sent(), rows(&stack.s3).len()), (1, 18));
}

#[tokio::test]
async fn events_are_counted_where_they_are_stored_and_bytes_where_they_came_in() {
    let mut stack = Stack::start().await;
    let body = format!("{}\nnot a record", record(1));
    stack.post(&body).await;
    stack.post(&record(2)).await;
    stack.drain(10_000).await;
    let sum = |lines: &[String], name: &str| -> u64 {
        let metrics = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|line| line.get("_aws").is_some());
        metrics.map(|line| line[name].as_u64().unwrap_or_default()).sum()
    };
    let (received, written) = (stack.receiver.end().await.stdout, stack.writer.end().await.stdout);
    let bytes = (body.len() + record(2).len()) as u64;
    for (name, at_the_door, at_the_lake) in [
        ("BytesReceived", bytes, 0),
        ("RecordsReceived", 0, 3),
        ("EventsStored", 0, 2),
        ("RecordsRejected", 0, 1),
        ("ObjectsWritten", 0, 2),
        ("StoreFailures", 0, 0),
    ] {
        assert_eq!((sum(&received, name), sum(&written, name)), (at_the_door, at_the_lake), "{name}");
    }
    let sources: BTreeSet<String> =
        written.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()).map(|line| line["source"].to_string()).collect();
    assert_eq!(sources, BTreeSet::from(["\"dev\"".to_owned()]));
}

#[tokio::test]
async fn no_secret_is_in_a_message_and_nothing_of_a_body_in_a_log() {
    let mut stack = Stack::start().await;
    stack.post(r#"[{"log_id":"1","data":{"type":"s","user_name":"person@example.com","ip":"192.0.2.77"}},{"log_id":"person"}]"#).await;
    let message = stack.sqs.waiting().concat();
    for secret in [TOKEN, "Bearer", "ccee612f", KEY, SECRET] {
        assert!(!message.contains(secret), "{secret} is in {message}");
    }
    stack.drain(10_000).await;
    let (received, written) = (stack.receiver.end().await, stack.writer.end().await);
    let all = [received.stdout, written.stdout, vec![received.stderr, written.stderr]].concat().join("\n");
    for private in [TOKEN, "ccee612f", KEY, SECRET, "person", "192.0.2.77"] {
        assert!(!all.contains(private), "{private} is in {all}");
    }
    assert!(all.contains(BUCKET), "the stack's name is a dimension of every metric");
}
