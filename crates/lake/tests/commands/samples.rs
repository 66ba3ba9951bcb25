//! `lake try`: every sample is posted, and what landed is shown.

use std::fs;

use support::files::{files, folder, project};

use crate::{GOOD, folder::Lake, program::lake, receiver::RunningReceiver};

#[test]
fn every_sample_is_tried_and_what_landed_is_shown() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let samples = &project("events").display().to_string();
    let said = lake(&["try", "--url", &receiver.url, "--samples", samples, "--lake", &folder.url()], None);
    assert!(said.good, "{}{}", said.out, said.error);
    for name in files(&project("events")).into_keys().filter(|name| !name.contains('/')) {
        assert_eq!(said.out.contains(&format!("  {name} ")), name != "README.md", "{name}");
    }
    for table in ["events", "rejects"] {
        let objects = files(&folder.path().join(table));
        let bytes: usize = objects.values().map(Vec::len).sum();
        let bytes = format!("{},{:03}", bytes / 1_000, bytes % 1_000);
        let row = format!("{table} {} {} {} {bytes}", objects.len(), objects.len(), folder.rows(table).len());
        assert!(said.has_line(&row), "{row} in {}", said.out);
    }
    for line in ["\"p_log_type\": \"Auth0.Events\",", "\"reason\": \"malformed_json\","] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    assert!(
        said.out.is_ascii()
            && said.out.lines().all(|line| line.len() <= 100 || line.contains(&folder.url()[7..]) || line.contains(samples)),
        "{}",
        said.out
    );

    let before = files(&folder.path().join("events")).len();
    let again = lake(&["try", "--url", &receiver.url, "--samples", samples, "--lake", &folder.url()], None);
    let after = files(&folder.path().join("events")).len();
    let row = format!("events {after} {} {} ", after - before, folder.rows("events").len());
    assert!(again.good && again.has(&row), "{row} in {}", again.out);
}

#[test]
fn a_sample_that_is_not_stored_is_named_and_ends_the_command_badly() {
    let lake_folder = Lake::new();
    let receiver = RunningReceiver::start(&lake_folder.url(), &[]);
    fs::create_dir_all(lake_folder.path()).expect("a lake");
    let samples = folder();
    fs::write(samples.path().join("one.json"), GOOD).expect("a sample");
    let tried = ["try", "--url", &receiver.url, "--samples", &samples.path().display().to_string(), "--lake", &lake_folder.url()];
    let said = lake(&tried, Some("a-wrong-token"));
    assert!(!said.good && !said.out.contains("a-wrong-token"), "{}", said.out);
    assert!(
        said.has_line("one.json 105 401 - - -") && said.has("Problem: one.json got 401 invalid_token. The token in TOKEN"),
        "{}",
        said.out
    );
    let none = lake(&["try", "--samples", "/nowhere"], None);
    assert!(!none.good && none.error.starts_with("lake: the samples cannot be read from /nowhere"), "{}", none.error);
}

#[test]
fn a_lake_that_cannot_be_written_is_told_once_with_the_log_and_the_receivers_reason() {
    let folder = folder();
    let (file, log) = (folder.path().join("file"), folder.path().join("receiver.log"));
    fs::write(&file, "").expect("a file");
    let lines = [
        r#"{"level":"ERROR","message":"the lake may not be written to","error.chain":"no folder (os error 20)"}"#,
        r#"{"_aws":{}}"#,
        "noise",
    ];
    fs::write(&log, lines.join("\n")).expect("a log");
    let receiver = RunningReceiver::start(&format!("file://{}/lake", file.display()), &[]);
    let samples = &project("events").display().to_string();
    let log = log.display().to_string();
    let said = lake(
        &["try", "--url", &receiver.url, "--samples", samples, "--lake", &format!("file://{}", folder.path().display()), "--log", &log],
        None,
    );
    assert!(!said.good && said.out.matches("Problem:").count() == 1, "{}", said.out);
    assert!(said.has("Problem: 15 of the samples got 503 store_unavailable. The receiver cannot write to its lake."), "{}", said.out);
    let reason = format!("The receiver's log, {log}, says: the lake may not be written to (no folder (os error 20)).");
    assert!(said.has_line(&reason), "{}", said.out);
}
