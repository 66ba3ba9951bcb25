//! The `receiver` binary between a Runtime API and S3, both on loopback.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use auth0_log_lake::metrics::NAMESPACE;
use serde_json::Value;
use support::{
    files::project,
    function::{Answer, Function, TOKEN, Written, event, sample, settings},
    pure::{land, rows_of},
    s3::{KEY, S3, SECRET},
    server::{Told, told},
};

use crate::RECEIVER;

/// The sample events with their answers.
const SAMPLES: [(&str, u64, &str); 9] = [
    ("array.json", 200, r#"{"received":14,"accepted":14,"rejected":0}"#),
    ("lines-base64.json", 200, r#"{"received":10,"accepted":10,"rejected":0}"#),
    ("logs-object.json", 200, r#"{"received":9,"accepted":9,"rejected":0}"#),
    ("broken-record.json", 200, r#"{"received":3,"accepted":2,"rejected":1}"#),
    ("empty-batch.json", 200, r#"{"received":0,"accepted":0,"rejected":0}"#),
    ("no-token.json", 401, r#"{"error":"missing_token"}"#),
    ("odd-query.json", 401, r#"{"error":"missing_token"}"#),
    ("wrong-token.json", 401, r#"{"error":"invalid_token"}"#),
    ("get.json", 405, r#"{"error":"method_not_allowed"}"#),
];

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(String::as_str)
}

fn body(event: &Value) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let text = event["body"].as_str().unwrap_or_default();
    if event["isBase64Encoded"] == true { BASE64_STANDARD.decode(text).expect("base64") } else { text.as_bytes().to_vec() }
}

/// Counts the rows of each table below the lake's prefix.
fn rows(objects: &BTreeMap<String, Vec<u8>>, table: &str) -> usize {
    let below = objects.iter().filter(|(path, _)| path.starts_with(&format!("auth0/{table}/")));
    below.map(|(_, bytes)| rows_of(bytes).count()).sum()
}

/// Starts a function, sends it every sample event, and ends it.
async fn every_sample(s3: &S3) -> (Vec<Answer>, Written) {
    let mut function = Function::over(RECEIVER, s3);
    let mut answers = Vec::new();
    for (name, ..) in SAMPLES {
        answers.push(function.invoke(&sample(name)).await);
    }
    (answers, function.end().await)
}

#[tokio::test]
async fn every_sample_event_is_answered_as_its_description_says() {
    let (answers, _) = every_sample(&S3::start()).await;
    for ((name, status, body), answer) in SAMPLES.iter().zip(&answers) {
        assert_eq!((answer.status, answer.body.as_str()), (*status, *body), "{name}");
        assert_eq!(header(answer, "content-type"), Some("application/json"), "{name}");
    }
    let of = |name: &str| SAMPLES.iter().zip(&answers).find(|((known, ..), _)| *known == name).map(|(_, answer)| answer).expect(name);
    assert_eq!(header(of("no-token.json"), "www-authenticate"), Some("Bearer"));
    assert_eq!(header(of("wrong-token.json"), "www-authenticate"), Some("Bearer error=\"invalid_token\""));
    assert_eq!(header(of("get.json"), "allow"), Some("POST"));
    let described = std::fs::read_to_string(project("events/README.md")).expect("the description");
    assert!(
        SAMPLES.iter().all(|(name, status, _)| described
            .lines()
            .any(|line| line.contains(&format!("`{name}`")) && line.contains(&status.to_string())))
    );
}

#[tokio::test]
async fn every_record_of_the_sample_events_is_in_the_bucket() {
    let s3 = S3::start();
    every_sample(&s3).await;
    let objects = s3.objects();
    assert_eq!((rows(&objects, "events"), rows(&objects, "rejects")), (35, 1));
    let expected: BTreeSet<String> =
        SAMPLES.iter().filter(|(_, status, _)| *status == 200).flat_map(|(name, ..)| hours(&body(&sample(name)))).collect();
    let stored: BTreeSet<String> =
        objects.keys().filter_map(|path| path.strip_prefix("auth0/events/")?.rsplit_once('/')).map(|(hour, _)| hour.to_owned()).collect();
    assert_eq!(stored, expected);
}

/// The hours of the events in a body.
fn hours(body: &[u8]) -> Vec<String> {
    let folder = |key: String| key.rsplit_once('/').map(|(folder, _)| folder.trim_start_matches("events/").to_owned());
    land(body).keys("events/").into_iter().filter_map(folder).collect()
}

#[tokio::test]
async fn the_same_event_twice_is_stored_once() {
    let s3 = S3::start();
    let mut function = Function::over(RECEIVER, &s3);
    let first = function.invoke(&sample("array.json")).await;
    let once = s3.objects();
    let second = function.invoke(&sample("array.json")).await;
    assert_eq!((first.status, second.status, &second.body), (200, 200, &first.body));
    assert_eq!(s3.objects(), once);
    let already = function.end().await.stdout.iter().filter(|line| line.contains("\"ObjectsWritten\":0")).count();
    assert_eq!(already, 1);
}

#[tokio::test]
async fn nothing_connects_to_s3_before_the_first_request_that_stores() {
    let s3 = S3::start();
    let mut function = Function::over(RECEIVER, &s3);
    function.has_started().await;
    assert_eq!(s3.server.seen.connections(), 0, "at the start");
    for refused in ["no-token.json", "wrong-token.json", "get.json", "empty-batch.json"] {
        function.invoke(&sample(refused)).await;
    }
    assert_eq!(s3.server.seen.connections(), 0, "after requests that store nothing");
    function.invoke(&sample("array.json")).await;
    assert!(s3.server.seen.connections() > 0, "after one that stores");
}

#[tokio::test]
async fn a_batch_of_hundreds_of_records_over_many_hours_is_stored_whole() {
    let s3 = S3::start();
    let mut function = Function::over(RECEIVER, &s3);
    let record = |number: usize| {
        let hour = number % 40;
        format!(
            "{{\"log_id\":\"generated-{number}\",\"data\":{{\"date\":\"2026-0{}-02T{:02}:00:00.000Z\",\"type\":\"s\"}}}}",
            1 + hour / 20,
            hour % 20
        )
    };
    let records: Vec<String> = (0..600).map(record).collect();
    let answer = function.invoke(&event(&format!("{}\nbroken", records.join("\n")))).await;
    assert_eq!(answer.body, r#"{"received":601,"accepted":600,"rejected":1}"#);
    let objects = s3.objects();
    assert_eq!((objects.len(), rows(&objects, "events"), rows(&objects, "rejects")), (41, 600, 1));
}

#[tokio::test]
async fn each_put_says_how_s3_is_to_encrypt_and_whose_bucket_it_must_be() {
    const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000001";
    let s3 = S3::start();
    let names = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-expected-bucket-owner"];
    for (more, expected) in [
        (vec![], [None, None, None]),
        (vec![("S3_SSE", "AES256")], [Some("AES256"), None, None]),
        (
            vec![("S3_SSE", "aws:kms"), ("S3_SSE_KMS_KEY_ID", KEY), ("S3_BUCKET_OWNER", "123456789012")],
            [Some("aws:kms"), Some(KEY), Some("123456789012")],
        ),
    ] {
        let more: Vec<(&str, String)> = more.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        let mut function = Function::start(RECEIVER, &[settings(&s3.server.endpoint), more].concat());
        function.invoke(&sample("array.json")).await;
        let headers = s3.server.seen.puts().pop().expect("a put that was seen");
        let said = names.map(|name| headers.get(name).map(|value| value.to_str().expect("text").to_owned()));
        assert_eq!(said.each_ref().map(Option::as_deref), expected);
    }
}

#[tokio::test]
async fn a_store_that_never_answers_is_answered_503_before_the_function_ends() {
    let hole = told(&[Told::Nothing]);
    let mut function = Function::start(RECEIVER, &settings(&hole.endpoint));
    let answer = function.invoke_within(&sample("array.json"), Duration::from_millis(1_500)).await;
    assert_eq!((answer.status, answer.body.as_str()), (503, r#"{"error":"store_unavailable"}"#));
    assert!(header(&answer, "retry-after").and_then(|seconds| seconds.parse::<u32>().ok()).is_some_and(|seconds| seconds > 0));
    let written = function.end().await;
    assert!(written.stdout.iter().any(|line| line.contains("\"error.kind\":\"late\"")), "{:?}", written.stdout);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_answered_400_and_what_nobody_reads_may_be_anything() {
    let s3 = S3::start();
    let mut function = Function::over(RECEIVER, &s3);
    let mut odd = sample("array.json");
    odd["queryStringParameters"] = serde_json::json!({"a": null});
    odd["requestContext"]["http"]["path"] = serde_json::json!(7);
    odd["headers"]["x-odd"] = serde_json::json!([null]);
    assert_eq!(function.invoke(&odd).await.status, 200);
    const SECRET_TEXT: &str = "text-of-a-header\n";
    for (pointer, value) in [
        ("/requestContext/http/method", serde_json::json!("P ST")),
        ("/requestContext/http/method", serde_json::json!(null)),
        ("/headers/authorization", serde_json::json!(SECRET_TEXT)),
        ("/body", serde_json::json!({})),
        ("/requestContext", serde_json::json!("gone")),
    ] {
        let mut event = sample("array.json");
        *event.pointer_mut(pointer).expect(pointer) = value;
        let answer = function.invoke(&event).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"error":"malformed_event"}"#), "{pointer}");
    }
    for event in ["[1]", "", "not JSON", "{\"body\":\"", "{}", "\u{7f}\0{", "{\"Records\":[]}", "{\"Records\":7}"] {
        let answer = function.ask_text(event, Duration::from_secs(30)).await.expect("a response");
        assert_eq!(
            (answer["statusCode"].as_u64(), answer["body"].as_str()),
            (Some(400), Some(r#"{"error":"malformed_event"}"#)),
            "{event}"
        );
    }
    let written = function.end().await;
    assert!(!written.stdout.concat().contains("text-of-a-header") && written.stderr.is_empty(), "{}", written.stderr);
}

#[tokio::test]
async fn each_request_writes_a_log_line_and_a_line_of_metrics_and_each_refusal_one_short_line() {
    let (_, written) = every_sample(&S3::start()).await;
    assert_eq!(written.stderr, "");
    let mut lines = written.stdout.iter().map(|line| (line.len(), serde_json::from_str::<Value>(line).expect(line)));
    for (name, status, body) in SAMPLES {
        let (length, log) = lines.next().expect(name);
        if status != 200 {
            assert!(length <= 300 && log["level"] == "WARN", "{name}: {log}");
            assert!(body.contains(log["error.code"].as_str().expect(name)), "{name}: {log}");
            assert_eq!(log["AuthenticationFailures"].as_u64(), (status == 401).then_some(1), "{name}");
            continue;
        }
        let (_, metrics) = lines.next().expect(name);
        assert_eq!((&log["response.status"], &log["request.id"]), (&Value::from(status), &Value::from("request-of-the-runtime")), "{name}");
        assert!(log["message"].is_string() && log["level"].is_string() && log["duration_ms"].is_number(), "{log}");
        is_embedded_metrics(&metrics);
    }
    assert!(lines.next().is_none());
}

/// Checks a line against CloudWatch's specification of the embedded metric format.
fn is_embedded_metrics(line: &Value) {
    assert!(line["_aws"]["Timestamp"].as_u64().is_some_and(|at| at > 1_700_000_000_000), "{line}");
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().expect("directives");
    assert!(directives.len() == 2 && directives.iter().all(|directive| directive["Namespace"] == NAMESPACE), "{line}");
    let by_source = serde_json::json!([["stack"], ["stack", "source"]]);
    assert_eq!((&directives[0]["Dimensions"], line["source"].as_str()), (&by_source, Some("dev")));
    assert_eq!((&directives[1]["Dimensions"], line["stack"].as_str()), (&serde_json::json!([["stack"]]), Some("lake-of-tests")));
    let metrics = directives.iter().flat_map(|directive| directive["Metrics"].as_array().expect("metrics"));
    assert!((11..=100).contains(&metrics.clone().count()), "{line}");
    for metric in metrics {
        let (name, unit) = (metric["Name"].as_str().unwrap_or_default(), metric["Unit"].as_str().unwrap_or_default());
        assert!(line[name].is_number(), "{name} has no number in {line}");
        assert!(["Count", "Bytes", "Seconds", "Milliseconds"].contains(&unit), "{name}: {unit}");
    }
}

/// Collects every string in a sample event.
fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text).ok().filter(Value::is_object) {
            Some(inner) => strings(&inner, found),
            None => _ = found.insert(text.clone()),
        },
        Value::Array(elements) => elements.iter().for_each(|element| strings(element, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        _ => {}
    }
}

/// Everything in the sample events that is secret, personal, or what somebody typed.
fn private() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, ..) in SAMPLES {
        let event = sample(name);
        strings(&event["headers"], &mut found);
        strings(&event["requestContext"]["http"]["sourceIp"], &mut found);
        for (_, row) in land(&body(&event)).rows("events/") {
            let row: Value = serde_json::from_str(row).expect(row);
            strings(&row["data"], &mut found);
            strings(&row["log_id"], &mut found);
        }
    }
    found.extend([TOKEN, KEY, SECRET, "not-the-token", "@example."].map(str::to_owned));
    found.into_iter().filter(|text| text.len() >= 8).collect()
}

#[tokio::test]
async fn nothing_secret_or_personal_and_nothing_of_a_body_is_written() {
    let (_, written) = every_sample(&S3::start()).await;
    let private = private();
    assert!(private.len() > 200, "{}", private.len());
    let text = format!("{}\n{}", written.stdout.join("\n"), written.stderr);
    let leaked: Vec<&String> = private.iter().filter(|secret| text.contains(secret.as_str())).collect();
    assert!(leaked.is_empty(), "{leaked:?} in {text}");
}
