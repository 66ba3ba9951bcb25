//! Bodies of extreme size and form: an answer in the contract's form, and nothing lost.

use auth0_log_lake::{batch::MOST_RECORDS, partition::MOST_HOURS, receive::LARGEST_BODY};
use chrono::TimeDelta;
use serde_json::Value;

use support::pure::{Landed, land, time};

const EVENT: &str = "{\"log_id\":\"1\",\"data\":{}}";

fn tally(landed: &Landed) -> (usize, usize) {
    (landed.tally.accepted, landed.tally.rejected)
}

fn rejects(landed: &Landed) -> Vec<Value> {
    landed.rows("rejects/").into_iter().map(|(_, row)| serde_json::from_str(row).expect(row)).collect()
}

fn reasons(landed: &Landed) -> Vec<String> {
    rejects(landed).iter().map(|row| row["reason"].as_str().unwrap_or_default().to_owned()).collect()
}

fn raw(row: &Value) -> Vec<u8> {
    crate::lossless::raw(&row.to_string()).expect("a reject holds its bytes")
}

#[test]
fn a_hundred_thousand_open_brackets_are_one_record() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = open.repeat(100_000);
        let whole = format!("{deep}1{}", close.repeat(100_000));
        for body in [deep.clone(), whole.clone(), format!("[{deep}"), format!("{{\"logs\":[{whole}]}}")] {
            let landed = land(body.as_bytes());
            assert_eq!(tally(&landed), (0, 1), "{}", &body[..20]);
            let stored = rejects(&landed).first().map(raw).unwrap_or_default();
            assert!(stored.len() + 12 >= body.len() && body.as_bytes().windows(stored.len()).any(|part| part == stored), "{}", &body[..20]);
        }
    }
}

#[test]
fn a_hundred_thousand_levels_in_a_field_are_kept_as_its_text() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let landed = land(format!("{{\"log_id\":\"1\",\"data\":{{\"details\":{deep},\"new\":{deep}}}}}").as_bytes());
    let row: Value = serde_json::from_str(landed.rows("events/")[0].1).expect("a row");
    let text = |json: &Value| serde_json::from_str::<Value>(json.as_str().unwrap_or_default()).expect("json");
    assert_eq!(text(&row["data"]["details"]), Value::String(deep.clone()));
    assert_eq!(text(&row["data"]["unmapped"])["new"], Value::String(deep));
}

#[test]
fn a_hundred_thousand_tiny_records_are_that_many_rows() {
    let elements = vec!["1"; MOST_RECORDS];
    for body in [format!("[{}]", elements.join(",")), elements.join("\n"), format!("{{\"logs\":[{}]}}", elements.join(" , "))] {
        assert_eq!(tally(&land(body.as_bytes())), (0, MOST_RECORDS), "{}", &body[..10]);
    }
    let events = format!("[{}]", vec![EVENT; MOST_RECORDS].join(","));
    assert_eq!(tally(&land(events.as_bytes())), (MOST_RECORDS, 0));
}

#[test]
fn what_is_past_a_hundred_thousand_records_is_one_reject_that_holds_it_all() {
    let numbers: Vec<String> = (0..MOST_RECORDS + 5).map(|number| number.to_string()).collect();
    let rest = |separator: &str| numbers[MOST_RECORDS..].join(separator);
    for (body, rest) in [
        (format!("[{}]", numbers.join(",")), format!("{}]", rest(","))),
        (numbers.join("\n"), rest("\n")),
        (format!("{{\"a\":1,\"logs\":[{}],\"b\":2}}", numbers[1..].join(",")), format!("{}],\"b\":2}}", rest(","))),
    ] {
        let landed = land(body.as_bytes());
        assert_eq!(tally(&landed), (0, MOST_RECORDS + 1));
        let last = rejects(&landed).pop().unwrap_or_default();
        assert_eq!((last["reason"].as_str(), raw(&last)), (Some("batch_limit"), rest.into_bytes()), "{}", &body[..10]);
    }
    for (start, separator, end) in [("[", ",", "]"), ("", "\n", "")] {
        let events = |count: usize| format!("{}{end}", vec![EVENT; count].join(separator));
        let landed = land(format!("{start}{}", events(MOST_RECORDS + 5)).as_bytes());
        assert_eq!(tally(&landed), (MOST_RECORDS, 1));
        let last = rejects(&landed).pop().unwrap_or_default();
        assert_eq!((last["reason"].as_str(), raw(&last)), (Some("batch_limit"), events(5).into_bytes()), "{separator:?}");
    }
}

#[test]
fn a_value_of_five_megabytes_is_kept_whole() {
    let long = "0123456789abcdef".repeat(5 << 16);
    let body = format!("{{\"log_id\":\"1\",\"data\":{{\"user_agent\":\"{long}\",\"date\":\"2026-11-23T01:00:00Z\"}}}}");
    assert!(body.len() < LARGEST_BODY);
    let landed = land(body.as_bytes());
    let row: Value = serde_json::from_str(landed.rows("events/")[0].1).expect("a row");
    assert_eq!(row["data"]["user_agent"].as_str(), Some(long.as_str()));
}

#[test]
fn bodies_that_are_no_json_are_kept_as_they_are() {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| EVENT.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let marked = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
    let html = "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".as_bytes().to_vec();
    for (name, body, reason) in [
        ("UTF-16, little end first", marked(b"\xFF\xFE", utf16(u16::to_le_bytes)), "invalid_utf8"),
        ("UTF-16, big end first", marked(b"\xFE\xFF", utf16(u16::to_be_bytes)), "invalid_utf8"),
        ("bytes of no encoding", (0x80..=0xFF).collect(), "invalid_utf8"),
        ("a string cut inside a character", b"{\"log_id\":\"\xE2\x82\"}".to_vec(), "invalid_utf8"),
        ("HTML", html, "malformed_json"),
        ("zero bytes", vec![0; 1_000], "malformed_json"),
    ] {
        let landed = land(&body);
        assert_eq!((tally(&landed), reasons(&landed)), ((0, 1), vec![reason.to_owned()]), "{name}");
        assert_eq!(raw(&rejects(&landed)[0]), body, "{name}");
    }
}

#[test]
fn events_of_a_thousand_and_first_hour_are_rejects_and_those_of_known_hours_are_not() {
    let first = time("2026-01-01T00:30:00Z");
    let event = |number: usize, hour: i64| {
        let date = (first + TimeDelta::hours(hour)).to_rfc3339();
        format!("{{\"log_id\":\"h-{number}\",\"data\":{{\"date\":\"{date}\"}}}}")
    };
    let hours = (0..=1_000).chain([0, 500, 999, 1_001, 1_000]);
    let records: Vec<String> = hours.enumerate().map(|(number, hour)| event(number, hour)).collect();
    let landed = land(records.join("\n").as_bytes());
    assert_eq!(tally(&landed), (MOST_HOURS + 3, 3));
    assert_eq!(landed.keys("events/").len(), MOST_HOURS);
    let kept: Vec<Vec<u8>> = rejects(&landed).iter().map(raw).collect();
    assert_eq!(kept, [1_000, 1_004, 1_005].map(|number| records[number].clone().into_bytes()));
    assert_eq!(reasons(&landed), ["batch_limit"; 3]);
}

#[test]
fn nothing_is_made_of_a_body_that_holds_nothing() {
    for body in ["", " \r\n\t\n", "[]", "[ ]", "{\"logs\":[]}", "{ \"logs\" : [ ] }", "\u{feff}", "\u{feff}[]\n[]", "[,]", "\u{feff} "] {
        let landed = land(body.as_bytes());
        assert_eq!((tally(&landed), landed.objects.len()), ((0, 0), 0), "{body:?}");
    }
}

#[test]
fn a_long_name_before_many_brackets_costs_linear_time() {
    let body = format!("{{\"{}\":{}}}", "a".repeat(2 << 20), "[]".repeat(1 << 20));
    assert_eq!(tally(&land(body.as_bytes())), (0, 1));
}
