//! The commands against a receiver in the buffered mode, which answers before anything is stored.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use support::{files::folder, management::Api, sqs::Sqs};

use crate::{
    GOOD, TOKEN,
    folder::{Lake, row},
    gaps::{ids, once},
    logged::{Event, events, gaps, log, stream},
    program::{Said, command, lake, run},
    receiver::{RunningReceiver, write},
};

/// A lake, a queue, and a receiver that sends to it.
fn buffering() -> (Lake, Sqs, RunningReceiver) {
    let (folder, sqs) = (Lake::new(), Sqs::start());
    fs::create_dir_all(folder.path()).expect("a lake");
    let receiver = RunningReceiver::buffering(&folder.url(), &sqs);
    (folder, sqs, receiver)
}

/// Runs a command, and does something once it has written a line with these words.
fn run_until(command: &mut Command, words: &str, then: impl FnOnce()) -> Said {
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command");
    let mut reader = BufReader::new(running.stdout.take().expect("its output"));
    let mut out = String::new();
    while !out.contains(words) {
        assert!(reader.read_line(&mut out).expect("text") > 0, "it ended without {words}: {out}");
    }
    then();
    reader.read_to_string(&mut out).expect("text");
    let status = running.wait().expect("an end");
    Said { out, error: String::new(), good: status.success(), code: status.code().unwrap_or(-1) }
}

#[test]
fn the_doctor_says_that_its_event_is_queued_and_waits_until_its_row_lands() {
    let (folder, sqs, receiver) = buffering();
    let mut doctor = command(&["doctor", "--url", &receiver.url, "--lake", &folder.url()], Some(TOKEN));
    let said = run_until(&mut doctor, "Waiting for its row, up to 360 s", || write(&sqs, &folder.url()));
    assert!(said.good, "{}", said.out);
    for line in ["authenticated ok", "queued ok The queue has it.", "found in the lake ok Its row is in events/dt="] {
        assert!(said.has(line), "{line} in {}", said.out);
    }
    assert!(folder.rows("events")[0].contains("\"log_id\":\"lake-doctor-"));
    assert!(said.out.is_ascii() && said.out.lines().all(|line| line.len() <= 100), "{}", said.out);
}

#[test]
fn the_doctor_says_what_to_look_at_where_a_queued_event_is_not_written() {
    let (folder, sqs, receiver) = buffering();
    let said = lake(&["doctor", "--url", &receiver.url, "--lake", &folder.url(), "--wait", "1"], Some(TOKEN));
    assert!(!said.good && !said.out.contains("The event is not stored, so"), "{}", said.out);
    for line in [
        "queued ok The queue has it.",
        "found in the lake FAILED It was queued, and after 1 s it is not in",
        "It waits in the queue and is not lost. Look at the alarms Writer errors, Old batches and Dead batches",
    ] {
        assert!(said.has(line), "{line} in {}", said.out);
    }
    assert_eq!((sqs.waiting().len(), folder.rows("events").len()), (1, 0));

    let unseen = lake(&["doctor", "--url", &receiver.url], Some(TOKEN));
    assert!(unseen.good && unseen.has("queued ok") && unseen.has("found in the lake - Not looked for"), "{}", unseen.out);
    sqs.fail(true);
    let down = lake(&["doctor", "--url", &receiver.url, "--lake", &folder.url()], Some(TOKEN));
    assert!(!down.good && down.has("stored FAILED It answers 503") && down.has("a queue that takes nothing"), "{}", down.out);
}

#[test]
fn a_replay_counts_what_is_queued_as_posted_and_says_that_it_is_not_stored_yet() {
    let (folder, sqs, receiver) = buffering();
    folder.reject("2026-07-01", &(row("missing_data", "eu", GOOD) + &row("malformed_json", "eu", "{\"a\":\nNaN}")));
    let said = lake(&["replay", "--lake", &folder.url(), "--url", &receiver.url], Some(TOKEN));
    assert!(said.good, "{}{}", said.out, said.error);
    for line in [
        "2 of 2 rejects: 2 records posted, 0 became events, 0 rejected again, 2 queued",
        "all 2 0 0",
        "Queued, and not stored yet: 2 records.",
    ] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    assert_eq!((sqs.waiting().len(), folder.rows("events").len()), (2, 0));
    write(&sqs, &folder.url());
    assert_eq!((folder.rows("events").len(), folder.rows("rejects").len()), (1, 3));
}

#[test]
fn a_fill_counts_what_is_queued_as_filled_and_nothing_is_missing_once_it_is_stored() {
    let (folder, sqs, receiver) = buffering();
    let all = events("2024-03-01T00:00:00Z", 2, 40);
    let arrived: Vec<&Event> = all.iter().take(30).collect();
    stream(&receiver, &arrived);
    write(&sqs, &folder.url());
    let (api, window) = (Api::start(log(&all), &[]), ["--since", "2024-03-01", "--until", "2024-03-01"]);
    let filled = gaps(&api, &folder.url(), &[&window[..], &["--fill", "--to", &receiver.url]].concat());
    assert_eq!(filled.code, 0, "{}{}", filled.out, filled.error);
    for line in [
        "Posted 50 of them to the receiver: 0 became events, 0 were rejected and kept.",
        "Queued, and not stored yet: 50 records. So it was not seen that they land in this lake.",
    ] {
        assert!(filled.has_line(line), "{line} in {}", filled.out);
    }
    let early = gaps(&api, &folder.url(), &window);
    assert!(early.code == 1 && early.has("50 are missing."), "{}{}", early.out, early.error);
    write(&sqs, &folder.url());
    let late = gaps(&api, &folder.url(), &window);
    assert!(late.code == 0 && late.has("80 are events there, 0 are kept as rejects, 0 are missing."), "{}{}", late.out, late.error);
    assert_eq!(once(&folder), ids(&all));
}

#[cfg(feature = "run")]
#[test]
fn a_sample_that_is_queued_is_taken_and_said_to_be_not_stored_yet() {
    let (lake_folder, sqs, _) = buffering();
    let samples = folder();
    fs::write(samples.path().join("one.json"), GOOD).expect("a sample");
    fs::write(samples.path().join("two.json"), "[]").expect("a sample");
    let (port, folder) = (crate::run::port().to_string(), samples.path().display().to_string());
    let mut command = command(&["run", "--once", "--port", &port, "--samples", &folder, "--lake", &lake_folder.url()], None);
    let said = run(command.envs(sqs.settings()));
    assert!(said.good && !said.out.contains("Problem:"), "{}{}", said.out, said.error);
    for line in [
        "one.json 105 200 queued - -",
        "two.json 2 200 0 0 0",
        "Queued, and not stored yet: 1 sample. The stack stores what is queued within its BufferSeconds.",
    ] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    assert_eq!(lake_folder.rows("events").len(), 0);
    write(&sqs, &lake_folder.url());
    assert_eq!(lake_folder.rows("events").len(), 1);
}
