//! The binary where Lambda gives an instance several requests at once (Lambda Managed Instances).

use serde_json::Value;
use support::{
    function::{event, settings},
    instance,
    pure::rows_of,
    s3::S3,
};

use crate::RECEIVER;

#[tokio::test]
async fn requests_of_one_instance_at_one_time_share_objects_and_each_has_its_answer() {
    const EVENTS: usize = 64;
    let s3 = S3::start();
    let record = |number: usize| format!(r#"[{{"log_id":"event-{number}","data":{{"date":"2026-07-01T12:00:00.000Z"}}}}]"#);
    let events = (0..EVENTS).map(|number| event(&record(number))).collect();
    let answers = instance::answers(RECEIVER, &settings(&s3.server.endpoint), events, 16).await;
    let good = |answer: &Value| answer["statusCode"] == 200 && answer["body"] == r#"{"received":1,"accepted":1,"rejected":0}"#;
    assert!(answers.len() == EVENTS && answers.values().all(good), "{answers:?}");
    let objects: Vec<Vec<u8>> = s3.objects().into_iter().filter(|(name, _)| name.contains(".ndjson")).map(|(_, bytes)| bytes).collect();
    let row = |row: &str| -> Value { serde_json::from_str(row).expect("a row") };
    let mut rows: Vec<(String, String)> = objects
        .iter()
        .flat_map(|bytes| rows_of(bytes).map(row))
        .map(|row| (row["log_id"].to_string(), row["ingest"]["request_id"].to_string()))
        .collect();
    rows.sort();
    let mut expected: Vec<_> = (0..EVENTS).map(|number| (format!("\"event-{number}\""), format!("\"request-{number}\""))).collect();
    expected.sort();
    assert_eq!(rows, expected);
    assert!(objects.len() <= EVENTS / 2, "{} objects of {EVENTS} requests", objects.len());
}
