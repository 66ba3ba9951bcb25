//! `lake replay`.

use std::fs;

use http::StatusCode;
use support::{
    files::files,
    s3::{BUCKET, S3},
    server::{Told, nobody, told},
};

use crate::{
    GOOD, TOKEN,
    folder::{Lake, reject, reject_key, row},
    program::{command, lake, run},
    receiver::RunningReceiver,
};

#[test]
fn rejects_whose_record_is_good_become_events_and_the_others_are_rejected_again() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let rest = format!("{},{}]", GOOD.replace("0001\"", "0002\""), GOOD.replace("0001\"", "0003\""));
    folder.reject(
        "2026-07-01",
        &(row("missing_data", "eu", GOOD) + &row("malformed_json", "eu", "{\"a\":\nNaN}") + &row("batch_limit", "eu", &rest)),
    );
    let replay = ["replay", "--lake", &folder.url(), "--url", &receiver.url];
    let said = lake(&replay, Some(TOKEN));
    assert!(said.good, "{}{}", said.out, said.error);
    for line in
        ["missing_data 1 1 0", "malformed_json 1 0 1", "batch_limit 2 2 0", "all 4 3 1", "malformed_json: it was so", "Closed 2 rejects."]
    {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    assert_eq!(folder.rows("events").len(), 3);
    assert!(folder.rows("rejects").iter().any(|row| row.contains("request_id") && row.contains(r#"{\"a\":\nNaN}"#)));

    let objects = files(&folder.path().join("events")).len();
    let again = lake(&replay, Some(TOKEN));
    // What became events is closed.
    assert!(again.good && again.has_line("Found 2 rejects, 1 of them the same again") && again.has_line("all 1 0 1"), "{}", again.out);
    assert_eq!(files(&folder.path().join("events")).len(), objects);
}

#[test]
fn a_replay_is_narrowed_by_day_reason_and_source_and_a_dry_run_posts_nothing() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    folder.reject("2026-07-01", &row("missing_data", "eu", "1"));
    folder.reject("2026-07-02", &(row("missing_data", "eu", "2") + &row("missing_log_id", "eu", "3") + &row("missing_data", "us", "4")));
    folder.reject("2026-07-03", &row("missing_data", "eu", "5"));
    let (from, url) = (folder.url(), &receiver.url);
    let all = lake(&["replay", "--lake", &from, "--url", url], Some(TOKEN));
    assert!(!all.good && all.has_line("They are of several sources: eu, us. Choose with --source, and use its token."), "{}", all.out);
    let dry = lake(&["replay", "--lake", &from, "--dry-run", "--source", "eu"], None);
    assert!(dry.good && dry.has_line("Found 4 rejects"), "{}{}", dry.out, dry.error);
    assert_eq!(folder.rows("rejects").len(), 5);
    let narrow = ["--since", "2026-07-02", "--until", "2026-07-02", "--reason", "missing_data", "--source", "eu"];
    let one = lake(&[&["replay", "--lake", &from, "--url", url], narrow.as_slice()].concat(), Some(TOKEN));
    assert!(one.good && one.has_line("all 1 0 1"), "{}", one.out);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_posted() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let cut = folder.reject("2026-07-01", &row("missing_data", "eu", &"x".repeat(999)));
    fs::write(&cut, &fs::read(&cut).expect("an object")[..30]).expect("half an object");
    folder.reject("2026-07-02", &("no row\n".to_owned() + &row("unsupported_encoding", "eu", "brotli") + &row("missing_data", "eu", GOOD)));
    fs::write(folder.path().join("rejects/notes.txt"), "").expect("a stranger");
    let said = lake(&["replay", "--lake", &folder.url(), "--url", &receiver.url], Some(TOKEN));
    assert!(!said.good, "{}", said.out);
    for line in [
        "rejects/notes.txt".to_owned(),
        format!("{} is damaged", reject_key("2026-07-01")),
        format!("{}, row 1: it is no reject row", reject_key("2026-07-02")),
        "cannot be decoded here".to_owned(),
        "all 1 1 0".to_owned(),
    ] {
        assert!(said.has(&line), "{line} in {}", said.out);
    }
    assert_eq!(folder.rows("events").len(), 1);
}

#[test]
fn a_receiver_that_asks_for_later_is_asked_again_and_one_that_refuses_is_not() {
    let replay = |url: &str| {
        let folder = Lake::new();
        folder.reject("2026-07-01", &row("missing_data", "eu", GOOD));
        lake(&["replay", "--lake", &folder.url(), "--url", url], Some(TOKEN))
    };
    const LATER: Told = Told::Answer(StatusCode::SERVICE_UNAVAILABLE, "{\"error\":\"store_unavailable\"}");
    const NONE: Told = Told::Answer(StatusCode::OK, "{\"received\":0,\"accepted\":0,\"rejected\":0}");
    const ONE: Told = Told::Answer(StatusCode::OK, "{\"received\":1,\"accepted\":1,\"rejected\":0}");
    let said = replay(&told(&[NONE, LATER, LATER, ONE]).endpoint);
    assert!(said.good && said.has_line("all 1 1 0"), "{}", said.out);
    let said = replay(&told(&[NONE, LATER]).endpoint);
    assert!(!said.good && said.has("Stopped before the end: after 5 times, the answer is 503 store_unavailable"), "{}", said.out);
    let said = replay(&told(&[Told::Answer(StatusCode::UNAUTHORIZED, "{\"error\":\"invalid_token\"}")]).endpoint);
    assert!(!said.good && said.has("Nothing was posted") && said.has("TOKEN_DIGESTS"), "{}", said.out);
    let said = replay(&told(&[NONE, LATER]).endpoint);
    let later = "  not stored: the answer is 503 store_unavailable. The receiver cannot write to its lake.";
    assert!(said.out.lines().any(|line| line.starts_with(later) && line.ends_with(" Again in 0 s")), "{}", said.out);
    let said = replay(&nobody());
    assert!(!said.good && said.error.contains("refuses the connection"), "{}", said.error);
}

#[test]
fn a_reason_that_is_none_or_a_missing_url_is_an_error_and_a_dry_run_posts_nothing() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    folder.reject("2026-07-01", &row("missing_data", "eu", GOOD));
    let replay = |more: &[&str]| lake(&[&["replay", "--lake", &folder.url(), "--url", &receiver.url], more].concat(), Some(TOKEN));
    let said = replay(&["--reason", "nonsense"]);
    assert!(said.code == 2 && said.error.contains("the reasons are invalid_utf8, malformed_json, not_an_object"), "{}", said.error);
    let said = replay(&["--since", "2026-07-02", "--until", "2026-07-01"]);
    assert!(said.code == 2 && said.error.contains("--since must be before --until"), "{}", said.error);
    assert!(replay(&["--dry-run"]).good && folder.rows("events").is_empty());
    let said = lake(&["replay", "--lake", &folder.url()], Some(TOKEN));
    assert_eq!((said.code, said.error.as_str()), (2, "lake: missing receiver URL: give --url or --stack.\n"));
    assert!(replay(&[]).good && folder.rows("events").len() == 1);
}

#[test]
fn a_receiver_of_another_lake_closes_nothing() {
    let (folder, other) = (Lake::new(), Lake::new());
    let receiver = RunningReceiver::start(&other.url(), &[]);
    folder.reject("2026-07-01", &(row("missing_data", "eu", GOOD) + &row("malformed_json", "eu", "{")));
    let said = lake(&["replay", "--lake", &folder.url(), "--url", &receiver.url], Some(TOKEN));
    assert!(
        said.code == 1 && said.has("Problem: no reject was closed: the receiver rejected 1 record again"),
        "{}{}",
        said.out,
        said.error
    );
    assert!(!folder.path().join("closed").exists());
}

#[test]
fn a_bucket_is_replayed_and_looked_into() {
    let s3 = S3::start();
    let run = |arguments: &[&str]| run(command(arguments, Some(TOKEN)).envs(s3.environment()));
    let lake_url = &format!("s3://{BUCKET}/auth0/");
    let receiver = RunningReceiver::start(&format!("s3://{BUCKET}/auth0"), &s3.environment());
    for (day, raw) in [("2026-07-01", GOOD), ("2026-07-02", "words"), ("2026-07-03", "more words")] {
        reject(&s3.bucket().join("auth0"), day, &row("missing_data", "eu", raw));
    }
    let replayed = run(&["replay", "--lake", lake_url, "--url", &receiver.url, "--until", "2026-07-02"]);
    assert!(
        replayed.good && replayed.has_line(&format!("Reading 2 objects below {lake_url}rejects/")) && replayed.has_line("all 2 1 1"),
        "{}{}",
        replayed.out,
        replayed.error
    );

    let looked = run(&["doctor", "--url", &receiver.url, "--lake", lake_url]);
    assert!(looked.good && looked.has("found in the lake ok Its row is in events/dt="), "{}", looked.out);
    let elsewhere = run(&["doctor", "--url", &receiver.url, "--lake", "s3://other-bucket"]);
    assert!(!elsewhere.good && elsewhere.has("found in the lake FAILED"), "{}", elsewhere.out);
}
