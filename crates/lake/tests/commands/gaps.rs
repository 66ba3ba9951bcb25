//! `lake gaps`, run as a program against a simulated Management API and a running receiver.

use std::{collections::BTreeSet, fs, process::Stdio};

use auth0_log_lake::object::Compression;
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::Value;
use support::{
    files::files,
    management::{Api, CLIENT, Mishap},
    server::{Told, told},
};

use crate::{
    TOKEN,
    folder::{Lake, row},
    logged::{Event, event, events, gaps, log, run, stream, time},
    program::{command, ended},
    receiver::RunningReceiver,
};

/// Returns the `log_id` of each event row; each event must stand there once.
pub fn once(lake: &Lake) -> BTreeSet<String> {
    let rows: Vec<Value> = lake.rows("events").iter().map(|row| serde_json::from_str(row).expect("a row")).collect();
    let ids: BTreeSet<String> = rows.iter().map(|row| row["log_id"].as_str().expect("an id").to_owned()).collect();
    let row_ids: BTreeSet<&str> = rows.iter().map(|row| row["p_row_id"].as_str().expect("an id")).collect();
    assert_eq!((rows.len(), row_ids.len()), (ids.len(), ids.len()), "an event stands there twice");
    ids
}

pub fn ids(events: &[Event]) -> BTreeSet<String> {
    events.iter().map(|event| event.log_id.clone()).collect()
}

#[test]
fn what_is_missing_is_said_by_hour_and_type_and_filled_once() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 6, 40));
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    // The hours 2 and 3 did not arrive, nor did one event of the hour 5.
    let arrived: Vec<&Event> =
        all.iter().enumerate().filter(|(i, _)| !(80..160).contains(i) && *i != 201).map(|(_, event)| event).collect();
    stream(&receiver, &arrived);
    let (api, window) = (Api::start(log(&all), &[]), ["--since", "2024-03-01", "--until", "2024-03-01"]);
    let before = files(&folder.path()).len();
    let said = gaps(&api, &folder.url(), &window);
    assert_eq!(said.code, 1, "{}{}", said.out, said.error);
    for line in [
        "hour (UTC) type missing",
        "2024-03-01 02:00 fp 13",
        "2024-03-01 02:00 s 13",
        "2024-03-01 02:00 seacft 14",
        "2024-03-01 03:00 s 14",
        "2024-03-01 05:00 s 1",
        "Compared 240 records on 8 pages of Auth0's log with 7 objects of the lake:",
        "159 are events there, 0 are kept as rejects, 81 are missing.",
    ] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    assert_eq!((api.asked().len(), files(&folder.path()).len()), (8, before), "nothing was posted");

    let filled = gaps(&api, &folder.url(), &[&window[..], &["--fill", "--url", &receiver.url]].concat());
    assert_eq!(filled.code, 0, "{}{}", filled.out, filled.error);
    assert!(filled.has_line("Posted 81 of them to the receiver: 81 became events, 0 were rejected and kept."), "{}", filled.out);
    assert_eq!(once(&folder), ids(&all));
    let again = gaps(&api, &folder.url(), &[&window[..], &["--fill=1", "--url", &receiver.url]].concat());
    assert!(again.code == 0 && again.has_line("240 are events there, 0 are kept as rejects, 0 are missing."), "{}", again.out);
    assert_eq!(once(&folder), ids(&all));
}

#[test]
fn a_stream_that_was_paused_for_a_week_is_filled_by_a_run_that_is_killed_and_one_that_goes_on() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 10 * 24, 10));
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    // Days 2 to 8 did not arrive.
    let arrived: Vec<&Event> = all.iter().enumerate().filter(|(i, _)| !(240..1_920).contains(i)).map(|(_, event)| event).collect();
    stream(&receiver, &arrived);
    let window = ["--since", "2024-03-01", "--until", "2024-03-10"];
    let api = Api::start(log(&all), &[Mishap::Hang(13)]);
    let mut killed = command(
        &[&["gaps", "--domain", &api.url, "--lake", &folder.url(), "--fill", "--url", &receiver.url], &window[..]].concat(),
        Some(TOKEN),
    );
    let mut killed = killed.envs(CLIENT).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command");
    api.wait_until_it_hangs();
    killed.kill().expect("it runs");
    let said = ended(killed.wait_with_output().expect("an end"));
    let filled = once(&folder).len() - arrived.len();
    assert!(said.code == -1 && (900..1_000).contains(&filled), "{filled}: {}", said.error);
    let from = said.error.lines().last().and_then(|line| line.split_once("--from=")).expect("a place").1.to_owned();

    let api = Api::start(log(&all), &[]);
    let rest = gaps(&api, &folder.url(), &[&window[..], &["--from", &from, "--fill", "--url", &receiver.url]].concat());
    assert_eq!(rest.code, 0, "{}{}", rest.out, rest.error);
    let posted = 1_680 - filled;
    assert!(rest.has(&format!("Posted {posted} of them to the receiver: {posted} became events")), "{posted}: {}", rest.out);
    assert_eq!((once(&folder), api.asked().len()), (ids(&all), 17));
    let again = gaps(&api, &folder.url(), &window);
    assert!(again.code == 0 && again.has_line("2,400 are events there, 0 are kept as rejects, 0 are missing."), "{}", again.out);
    let last = "  99 %, up to 2024-03-10 23:54:00 UTC: 2,400 records compared, 0 missing; --from=9002024031023540";
    assert!(again.error.lines().count() == 24 && again.error.lines().last().is_some_and(|line| line.starts_with(last)), "{}", again.error);
}

#[test]
fn a_run_that_is_killed_before_it_said_a_place_is_simply_repeated() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 24, 10));
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    stream(&receiver, &[&all[0]]);
    let window = ["--since", "2024-03-01", "--until", "2024-03-01"];
    let api = Api::start(log(&all), &[Mishap::Hang(2)]);
    let mut killed = command(
        &[&["gaps", "--domain", &api.url, "--lake", &folder.url(), "--fill", "--url", &receiver.url], &window[..]].concat(),
        Some(TOKEN),
    );
    let mut killed = killed.envs(CLIENT).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("the command");
    api.wait_until_it_hangs();
    killed.kill().expect("it runs");
    killed.wait().expect("an end");
    assert_eq!(once(&folder).len(), 100);
    let said = gaps(&Api::start(log(&all), &[]), &folder.url(), &[&window[..], &["--fill", "--url", &receiver.url]].concat());
    assert!(said.code == 0 && said.has("Posted 140 of them"), "{}", said.out);
    assert_eq!(once(&folder), ids(&all));
}

#[test]
fn an_api_that_limits_drops_fails_and_repeats_is_read_to_the_end_and_every_record_is_counted_once() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 10, 50));
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    stream(&receiver, &all[100..].iter().collect::<Vec<_>>());
    let mishaps = [Mishap::Limit(2), Mishap::Drop(3), Mishap::Fail(6), Mishap::Repeat(30)];
    for mishaps in [mishaps.as_slice(), &[Mishap::Linkless]] {
        let api = Api::start(log(&all), mishaps);
        let said = gaps(&api, &folder.url(), &["--since", "2024-03-01", "--until", "2024-03-01"]);
        assert_eq!(said.code, 1, "{}{}", said.out, said.error);
        assert!(said.has_line("400 are events there, 0 are kept as rejects, 100 are missing."), "{}", said.out);
        assert_eq!(api.asked().len(), if mishaps.len() > 1 { 13 } else { 6 });
        if mishaps.len() > 1 {
            for pause in ["answers 429, too many requests: again in 1 s", "gave no answer: the connection failed", "answers 503: again in"]
            {
                assert!(said.error.contains(pause), "{pause} in {}", said.error);
            }
        }
    }
}

#[test]
fn an_api_that_gives_the_same_page_for_ever_is_left() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 1, 100));
    stream(&RunningReceiver::start(&folder.url(), &[]), &[&all[0]]);
    // Each answer is the last one again.
    let answers = told(&[Told::Answer(StatusCode::OK, format!("[{}]", all[0].flat).leak())]);
    let url = &answers.endpoint;
    let said =
        run(&["--domain", url.trim_end_matches('/'), "--lake", &folder.url(), "--since", "2024-03-01"], &[("AUTH0_TOKEN", "hidden-token")]);
    assert!(said.code == 2 && said.error.contains("10 pages of Auth0's log in a row held nothing new. Give --from=9"), "{}", said.error);
}

#[test]
fn a_record_that_was_stored_late_is_looked_for_in_the_hour_of_its_date() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let late = event(1, time("2024-03-01T03:10:00Z"), TimeDelta::hours(30), "s");
    let lost = event(2, time("2024-03-01T04:10:00Z"), TimeDelta::hours(30), "f");
    stream(&receiver, &[&late]);
    let api = Api::start(log(&[late, lost]), &[]);
    let said = gaps(&api, &folder.url(), &["--since", "2024-03-02", "--until", "2024-03-03"]);
    assert!(
        said.code == 1
            && said.has_line("2024-03-01 04:00 f 1")
            && said.has_line("1 are events there, 0 are kept as rejects, 1 are missing."),
        "{}",
        said.out
    );
    let before = gaps(&api, &folder.url(), &["--since", "2024-03-01", "--until", "2024-03-01"]);
    assert!(before.code == 0 && before.has("Auth0 gave no record of this time"), "{}", before.out);
}

#[test]
fn a_record_that_a_reject_keeps_is_not_missing_and_one_without_an_id_is_a_problem() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 1, 4));
    stream(&RunningReceiver::start(&folder.url(), &[]), &[&all[0]]);
    let body = format!("[{},{}]", all[1].streamed, all[2].streamed);
    let encoded = serde_json::json!({"reason": "unsupported_encoding", "source": "eu", "raw_base64": base64(&Compression::Gzip.compress(std::iter::once(body.as_bytes())).expect("memory"))});
    folder.reject("2024-03-02", &format!("{encoded}\n"));
    folder.reject("2024-03-03", &row("malformed_json", "eu", &all[3].streamed.replace("false", "NaN")));
    let said = gaps(&Api::start(log(&all), &[]), &folder.url(), &["--since", "2024-03-01", "--until", "2024-03-01"]);
    assert!(said.code == 0 && said.has_line("1 are events there, 3 are kept as rejects, 0 are missing."), "{}{}", said.out, said.error);
    let nameless =
        [log(&all), vec![("900".to_owned(), "{\"type\":\"s\"}".to_owned()), ("90020240301x".to_owned(), "{\"type\":\"s\"}".to_owned())]]
            .concat();
    let said = gaps(&Api::start(nameless, &[]), &folder.url(), &["--since", "2024-03-01", "--until", "2024-03-01"]);
    assert!(said.code == 1 && said.has("Problem: 1 record of Auth0's log cannot be compared"), "{}", said.out);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

#[test]
fn a_filled_row_is_the_streamed_row_but_for_the_request_and_the_second_id() {
    let export = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/management-api-export.json");
    let flat: Vec<Value> = serde_json::from_str(&fs::read_to_string(export).expect("a sample")).expect("JSON");
    let (streamed_lake, filled_lake) = (Lake::new(), Lake::new());
    let receivers = [&streamed_lake, &filled_lake].map(|lake| RunningReceiver::start(&lake.url(), &[]));
    let event = |record: &Value| {
        let log_id = record["log_id"].as_str().expect("an id").to_owned();
        let mut data = record.clone();
        data.as_object_mut().expect("an object").remove("_id");
        Event { flat: record.to_string(), streamed: serde_json::json!({"log_id": log_id, "data": data}).to_string(), log_id }
    };
    let all: Vec<Event> = flat.iter().map(event).collect();
    stream(&receivers[0], &all.iter().collect::<Vec<_>>());
    fs::create_dir_all(filled_lake.path()).expect("a lake");
    let window = ["--since", "2026-06-18", "--until", "2026-06-18", "--fill", "--url", &receivers[1].url];
    let said = gaps(&Api::start(log(&all), &[]), &filled_lake.url(), &window);
    assert!(said.code == 0 && said.has("6 became events"), "{}{}", said.out, said.error);
    let rows = |lake: &Lake| {
        let mut rows: Vec<Value> = lake.rows("events").iter().map(|row| serde_json::from_str(row).expect("a row")).collect();
        rows.sort_by_key(|row| row["log_id"].to_string());
        rows
    };
    for (mut streamed, mut filled) in rows(&streamed_lake).into_iter().zip(rows(&filled_lake)) {
        assert_eq!(streamed["p_row_id"], filled["p_row_id"]);
        let mut unmapped: Value = serde_json::from_str(filled["data"]["unmapped"].as_str().expect("JSON text")).expect("JSON");
        let second = unmapped.as_object_mut().expect("an object").remove("_id");
        assert_eq!(second, Some(streamed["log_id"].clone()));
        let unmapped_there =
            streamed["data"]["unmapped"].as_str().map_or_else(|| serde_json::json!({}), |text| serde_json::from_str(text).expect("JSON"));
        assert_eq!(unmapped, unmapped_there);
        for row in [&mut streamed, &mut filled] {
            row["p_parse_time"].take();
            row["ingest"]["request_id"].take();
            row["data"]["unmapped"].take();
        }
        assert_eq!(streamed, filled);
    }
    assert_eq!(once(&filled_lake), ids(&all));
}
