//! Settings that stop the start: one sentence, and an exit code that says so.

use std::time::Duration;

use support::function::{DIGEST, command};

use crate::RECEIVER;

/// Starts the binary; gives whether it succeeded, and its standard error.
async fn start(settings: &[(&str, &str)]) -> (bool, String) {
    let settings: Vec<(&str, String)> = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let output = command(RECEIVER, &settings).output();
    let output = tokio::time::timeout(Duration::from_secs(60), output).await.expect("the start stops").expect("the receiver starts");
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    (output.status.success(), String::from_utf8(output.stderr).expect("text"))
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_with_one_sentence_that_names_it() {
    let good = [("LAKE_URL", "s3://bucket"), ("TOKEN_DIGESTS", DIGEST)];
    let cut = &DIGEST[..DIGEST.len() - 1];
    for (name, value, got) in [
        ("LAKE_URL", "", "nothing"),
        ("LAKE_URL", "https://bucket.example.com", "\"https://bucket.example.com\""),
        ("LAKE_URL", "s3://Bucket", "\"s3://Bucket\""),
        ("TOKEN_DIGESTS", "", "nothing"),
        ("TOKEN_DIGESTS", cut, "64 hexadecimal digits in entry 1"),
        ("TOKEN_DIGESTS", "dev:00", "no equals sign in entry 1"),
        ("COMPRESSION", "brotli", "\"brotli\""),
        ("PORT", "http", "\"http\""),
        ("SOURCE_CIDRS", "192.0.2.0/33", "\"192.0.2.0/33\""),
        ("SOURCE_CIDRS_MODE", "maybe", "\"maybe\""),
    ] {
        let settings: Vec<_> = good.into_iter().filter(|(known, _)| *known != name).chain([(name, value)]).collect();
        let (ended_well, written) = start(&settings).await;
        assert!(!ended_well, "{name}={value}");
        let line: serde_json::Value = serde_json::from_str(&written).expect("one line of JSON");
        let sentence = line["message"].as_str().unwrap_or_default();
        assert_eq!(line["level"], "FATAL");
        assert!(sentence.starts_with(&format!("{name} must be ")) && sentence.ends_with(got), "{sentence}");
        assert!(!written.contains(&cut[4..]) && written.matches('\n').count() == 1, "{written}");
    }
}

#[tokio::test]
async fn missing_settings_stop_the_start() {
    let (ended_well, written) = start(&[]).await;
    assert!(!ended_well && written.contains("LAKE_URL must be"), "{written}");
}
