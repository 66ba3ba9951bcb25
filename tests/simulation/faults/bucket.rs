//! The `receiver` binary and S3 over a failing network: the right status in time, and a harmless retry.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use support::{
    function::{DIGEST, Function, TOKEN, event, settings},
    s3::{KEY, S3, SECRET},
};
use tokio::{task::JoinSet, time::Instant};

use super::proxy::{Fault, Proxy};

/// The `receiver` of this build.
const RECEIVER: &str = env!("CARGO_BIN_EXE_receiver");

/// One way in which a network fails.
struct Case {
    name: &'static str,
    /// What the first connections meet.
    first: Vec<Fault>,
    /// What all that follow meet.
    then: Fault,
    /// How long the function may take.
    time: Duration,
    status: u64,
    /// What the log says of a failure.
    kind: &'static str,
}

fn case(name: &'static str, first: &[Fault], then: Fault, status: u64, kind: &'static str) -> Case {
    Case { name, first: first.to_vec(), then, time: Duration::from_secs(30), status, kind }
}

fn cases() -> Vec<Case> {
    const BUSY: Fault = Fault::Answer(503, "SlowDown");
    const BROKEN: Fault = Fault::Answer(500, "InternalError");
    const CONFLICT: Fault = Fault::Answer(409, "ConditionalRequestConflict");
    const DENIED: Fault = Fault::Answer(403, "AccessDenied");
    let soon = |case: Case| Case { time: Duration::from_secs(4), ..case };
    vec![
        case("no fault", &[], Fault::None, 200, ""),
        case("latency", &[], Fault::Latency(Duration::from_millis(700)), 200, ""),
        case("two resets", &[Fault::Reset, Fault::Reset], Fault::None, 200, ""),
        case("resets without end", &[], Fault::Reset, 503, "unavailable"),
        case("a reset in the head", &[Fault::ResetInHead(60)], Fault::None, 200, ""),
        case("a reset in the body", &[Fault::ResetInBody], Fault::None, 200, ""),
        case("busy twice", &[BUSY, BUSY], Fault::None, 200, ""),
        case("busy without end", &[], BUSY, 503, "throttled"),
        case("broken once", &[BROKEN], Fault::None, 200, ""),
        case("broken without end", &[], BROKEN, 503, "unavailable"),
        case("conflicts", &[CONFLICT, CONFLICT], Fault::None, 200, ""),
        case("denied", &[], DENIED, 503, "denied"),
        case("no bucket", &[], Fault::Answer(404, "NoSuchBucket"), 503, "not_found"),
        case("half an answer", &[Fault::HalfAnswer(20)], Fault::None, 200, ""),
        case("half answers without end", &[], Fault::HalfAnswer(20), 503, "unavailable"),
        case("an answer that is lost", &[Fault::NoAnswer], Fault::None, 200, ""),
        soon(case("answers lost without end", &[], Fault::NoAnswer, 503, "late")),
        case("a black hole that ends", &[Fault::BlackHole], Fault::None, 200, ""),
        soon(case("a black hole", &[], Fault::BlackHole, 503, "late")),
        soon(case("latency beyond the deadline", &[], Fault::Latency(Duration::from_secs(20)), 503, "late")),
    ]
}

/// One event and one reject: two objects, two puts at the same time.
const BODY: &str = "{\"log_id\":\"90020260701123456789000000000000000001223372037868840734\",\"data\":{\"date\":\"2026-07-01T12:34:56.789Z\",\"type\":\"s\"}}\nnot a record";

/// The rows of each object of the bucket, without what depends on the request.
fn rows(s3: &S3) -> BTreeMap<String, Vec<Value>> {
    let objects = s3.objects().into_iter().filter(|(name, _)| name.contains(".ndjson"));
    let rows = |(name, bytes): (String, Vec<u8>)| {
        let text = String::from_utf8(bytes).expect("rows");
        let lines = text.strip_suffix('\n').unwrap_or_else(|| panic!("half an object: {name}"));
        let rows = lines.split('\n').map(|line| {
            let mut row: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("half an object: {name}"));
            for own in ["p_parse_time", "received_at"] {
                row[own].take();
            }
            row
        });
        let rows = rows.collect();
        // A reject's name holds the time of its request.
        let folder = if name.contains("/rejects/") { "rejects".to_owned() } else { name };
        (folder, rows)
    };
    objects.map(rows).collect()
}

#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is measured")]
fn now() -> Instant {
    Instant::now()
}

async fn meet(case: Case, clean: BTreeMap<String, Vec<Value>>) {
    let name = case.name;
    let s3 = S3::start();
    let proxy = Proxy::start(&s3.server.endpoint, &case.first, case.then).await;
    let mut function = Function::start(RECEIVER, &settings(&proxy.endpoint));
    // The time of a request does not include the start of the function.
    function.has_started().await;
    let asked = now();
    let answer = function.invoke_within(&event(BODY), case.time).await;
    let took = now() - asked;
    assert_eq!(answer.status, case.status, "{name}: {}", answer.body);
    assert!(took < case.time, "{name}: {took:?}");
    if answer.status == 200 {
        assert_eq!(rows(&s3), clean, "{name}");
    } else {
        assert_eq!(answer.body, r#"{"error":"store_unavailable"}"#, "{name}");
    }
    assert_eq!(proxy.unmet(), 0, "{name}");
    proxy.mend();
    let again = function.invoke(&event(BODY)).await;
    assert_eq!((again.status, again.body.as_str()), (200, r#"{"received":2,"accepted":1,"rejected":1}"#), "{name}, again");
    assert_eq!(rows(&s3), clean, "{name}, again");
    let written = function.end().await;
    let said = |kind: &str| written.stdout.iter().any(|line| line.contains(&format!("\"error.kind\":\"{kind}\"")));
    assert!(case.kind.is_empty() || said(case.kind), "{name}: {:?}", written.stdout);
    let all = format!("{}{}", written.stdout.join("\n"), written.stderr);
    for private in [TOKEN, DIGEST, KEY, SECRET, "90020260701", "not a record"] {
        assert!(!all.contains(private), "{name}: {private:?} is in {all}");
    }
}

#[tokio::test]
async fn every_fault_is_answered_in_time_and_a_repetition_harms_nothing() {
    let s3 = S3::start();
    let mut function = Function::over(RECEIVER, &s3);
    assert_eq!(function.invoke(&event(BODY)).await.status, 200);
    let clean = rows(&s3);
    assert_eq!(clean.values().map(Vec::len).sum::<usize>(), 2);
    let mut all: JoinSet<()> = cases().into_iter().map(|case| meet(case, clean.clone())).collect();
    while let Some(met) = all.join_next().await {
        met.expect("a case that holds");
    }
}
