//! `lake rejects`: each reject once, and closed ones left out.

use std::fs;

use support::files::files;

use crate::{GOOD, TOKEN, folder::Lake, program::lake, receiver::RunningReceiver};

const IDS: [&str; 2] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

/// A reject row with an id, as a receiver writes it.
fn row(id: &str, at: &str, reason: &str, raw: &str) -> String {
    let row = serde_json::json!({"received_at": at, "reason": reason, "detail": "it was so", "index": 3, "source": "eu",
                                 "request_id": "r-1", "p_row_id": id, "raw": raw});
    format!("{row}\n")
}

fn two() -> Lake {
    let folder = Lake::new();
    let wrapper = row(IDS[0], "2026-07-01 03:12:07.412", "missing_data", r#"{"events":[1]}"#);
    let again = wrapper.replace("2026-07-01", "2026-07-03");
    folder.reject("2026-07-01", &(wrapper + &row(IDS[1], "2026-07-01 04:00:00.000", "malformed_json", "{\u{1b}[2J")));
    folder.reject("2026-07-03", &again);
    folder
}

#[test]
fn a_reject_is_listed_once_with_its_first_and_last_delivery_and_its_members() {
    let folder = two();
    let list = |more: &[&str]| lake(&[&["rejects", "--lake", &folder.url()], more].concat(), None);
    let said = list(&[]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.error);
    for line in [
        "malformed_json eu 2026-07-01 04:00 2026-07-01 04:00 1",
        "missing_data eu 2026-07-01 03:12 2026-07-03 03:12 1",
        "no `logs`; members: events",
        "Open: 2 rejects.",
    ] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    for (more, ids) in [
        (&["--reason", "malformed_json"][..], &IDS[1..]),
        (&["--source", "us"], &[]),
        (&["--since", "2026-07-02"], &IDS[..1]),
        (&["--until", "2026-07-01T03:59:00Z"], &IDS[..1]),
        (&["--since", "2026-07-01", "--until", "2026-07-01"], &IDS),
    ] {
        let json = list(&[more, &["--format", "json"]].concat());
        assert_eq!(json.out.lines().count(), ids.len(), "{more:?}: {}", json.out);
        assert!(ids.iter().all(|id| json.out.contains(id)) && json.code == i32::from(!ids.is_empty()), "{more:?}: {}", json.out);
    }
    let csv = list(&["--format", "csv"]).out;
    let first =
        format!("{},2026-07-01 03:12:07.412,eu,missing_data,no `logs`; members: events,true,rejects/dt=2026-07-01/hour=03/", IDS[0]);
    assert!(csv.lines().nth(1).is_some_and(|line| line.starts_with(&first) && line.ends_with(",3,r-1,it was so")), "{csv}");
}

#[test]
fn a_reject_is_closed_once_with_a_reason_and_is_not_listed_or_replayed_then() {
    let folder = two();
    let close = |ids: &[&str]| lake(&[&["rejects", "close", "--lake", &folder.url(), "--reason", "ours, a test"], ids].concat(), None);
    let said = close(&IDS[..1]);
    assert!(said.code == 0 && said.has_line("Closed 1 reject; 0 closed before."), "{}{}", said.out, said.error);
    let said = close(&IDS);
    assert!(said.code == 0 && said.has_line("Closed 1 reject; 1 closed before."), "{}{}", said.out, said.error);
    let closings = files(&folder.path().join("closed"));
    let text: String = closings.values().map(|bytes| String::from_utf8(bytes.clone()).expect("text")).collect();
    assert!(closings.len() == 2 && IDS.iter().all(|id| text.matches(id).count() == 1), "{text}");
    assert!(text.contains(r#""by":"operator""#) && text.contains(r#""reason":"ours, a test""#), "{text}");
    let open = lake(&["rejects", "--lake", &folder.url()], None);
    assert!(open.code == 0 && open.has_line("Open: 0 rejects."), "{}", open.out);
    let all = lake(&["rejects", "--lake", &folder.url(), "--all"], None);
    assert!(all.code == 0 && all.has_line("Open: 0 rejects, 2 closed."), "{}", all.out);
    let replay = lake(&["replay", "--lake", &folder.url(), "--dry-run"], None);
    assert!(replay.code == 0 && replay.has_line("Found 0 rejects"), "{}", replay.out);

    let unknown = close(&["00000000000000000000000000000000"]);
    assert!(unknown.code == 1 && unknown.has("There is no reject 00000000000000000000000000000000 in file://"), "{}", unknown.out);
    let wrong = close(&["one"]);
    assert!(wrong.code == 2 && wrong.error.contains("an id is the 32 hex digits of p_row_id"), "{}", wrong.error);
}

#[test]
fn a_replay_closes_what_became_an_event_and_leaves_open_what_was_rejected_again() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let good =
        [GOOD, "{\"a\":"].map(|raw| serde_json::json!({"reason": "malformed_json", "detail": "it was so", "source": "eu", "raw": raw}));
    folder.reject("2026-07-01", &format!("{}\n{}\n", good[0], good[1]));
    let said = lake(&["replay", "--lake", &folder.url(), "--url", &receiver.url], Some(TOKEN));
    assert!(said.code == 0 && said.has_line("all 2 1 1") && said.has_line("Closed 1 reject."), "{}{}", said.out, said.error);
    let open = lake(&["rejects", "--lake", &folder.url()], None);
    assert!(open.code == 1 && open.has_line("Open: 1 reject."), "{}", open.out);
}

#[test]
fn what_is_skipped_is_named_and_the_end_says_so() {
    let folder = Lake::new();
    folder.reject("2026-07-01", "no row\n");
    fs::create_dir_all(folder.path().join("closed")).expect("a folder");
    fs::write(folder.path().join("closed/x.ndjson"), "{}\n").expect("a file");
    fs::write(folder.path().join("closed/notes.txt"), "").expect("a file");
    fs::write(folder.path().join("rejects/notes.txt"), "").expect("a file");
    let said = lake(&["rejects", "--lake", &folder.url()], None);
    assert_eq!(said.code, 1, "{}", said.out);
    for name in
        ["rejects/notes.txt is skipped", "closed/notes.txt is skipped", "closed/x.ndjson, line 1, is skipped", "row 1: it is no reject row"]
    {
        assert!(said.error.contains(name), "{name} in {}", said.error);
    }
    let none = lake(&["rejects", "--lake", "/nowhere"], None);
    assert!(none.code == 2 && none.error.contains("it is not there"), "{}", none.error);
}
