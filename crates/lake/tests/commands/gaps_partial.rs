//! What `lake gaps` makes of an API whose answer is not the whole log: no answer is not a good answer.

use serde_json::Value;
use support::management::{Api, Mishap};

use crate::{
    folder::Lake,
    logged::{Event, events, gaps, log, stream},
    program::Said,
    receiver::RunningReceiver,
};

const DAY: [&str; 4] = ["--since", "2024-03-01", "--until", "2024-03-01"];
/// The same day, of whose first two hours the lake holds events.
const FROM_TWO: [&str; 4] = ["--since", "2024-03-01T02:00:00Z", "--until", "2024-03-01"];

/// A lake that holds the events of six hours.
fn lake() -> (Lake, Vec<Event>) {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 6, 40));
    stream(&RunningReceiver::start(&folder.url(), &[]), &all.iter().collect::<Vec<_>>());
    (folder, all)
}

fn assert_partial(said: &Said, sentence: &str) {
    assert!(said.code == 2 && said.error.contains(sentence), "{sentence} in {}: {}{}", said.code, said.out, said.error);
    assert!(said.error.contains("lake: what is missing cannot be said: Auth0 gave no record"), "{}", said.error);
}

fn assert_whole(said: &Said, records: usize) {
    let line = format!("{records} are events there, 0 are kept as rejects, 0 are missing.");
    assert!(said.code == 0 && said.has_line(&line), "{line} in {}: {}{}", said.code, said.out, said.error);
}

#[test]
fn nothing_of_a_time_of_which_the_lake_holds_events_is_no_answer() {
    let (folder, all) = lake();
    let url = folder.url();
    let of_day =
        "from 2024-03-01 00:00:00 UTC to 2024-03-02 00:00:00 UTC, but the lake holds an event that it stored at 2024-03-01 00:00:00 UTC";
    assert_partial(&gaps(&Api::start(log(&all), &[Mishap::UnknownIsEmpty]), &url, &DAY), of_day);
    assert_partial(&gaps(&Api::start(Vec::new(), &[]), &url, &DAY), of_day);
    // The log begins within the window, ends within it, or leaves some hours out.
    assert_partial(
        &gaps(&Api::start(log(&all), &[Mishap::Forget(100)]), &url, &DAY),
        "from 2024-03-01 00:00:00 UTC to 2024-03-01 02:30:00 UTC",
    );
    assert_partial(&gaps(&Api::start(log(&all[..100]), &[]), &url, &DAY), "from 2024-03-01 02:28:30 UTC to 2024-03-02 00:00:00 UTC");
    let holed = [log(&all[..80]), log(&all[160..])].concat();
    assert_partial(&gaps(&Api::start(holed, &[]), &url, &DAY), "from 2024-03-01 01:58:30 UTC to 2024-03-01 04:00:00 UTC");
    // It begins after the window.
    assert_partial(
        &gaps(&Api::start(log(&all), &[Mishap::Forget(200)]), &url, &["--since", "2024-03-01", "--until", "2024-03-01T03:00:00Z"]),
        "to 2024-03-01 03:00:00 UTC",
    );
    let metric = gaps(&Api::start(log(&all[..100]), &[]), &url, &[&DAY[..], &["--metric", "lake-dev"]].concat());
    let line: Value = metric.out.lines().find_map(|line| serde_json::from_str(line).ok()).expect("a line");
    assert_eq!((metric.code, &line["PartialAnswers"], &line["MissingEvents"]), (2, &Value::from(1), &Value::Null));
}

#[test]
fn no_record_of_any_time_is_no_answer_for_an_empty_lake_either() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 2, 40));
    std::fs::create_dir_all(folder.path()).expect("a lake");
    for api in [Api::start(log(&all), &[Mishap::UnknownIsEmpty]), Api::start(Vec::new(), &[Mishap::Linkless])] {
        assert_partial(&gaps(&api, &folder.url(), &DAY), "Auth0 gave no record at all");
    }
}

#[test]
fn a_comparison_begins_at_an_id_that_the_lake_holds_where_the_api_knows_no_other() {
    let (folder, all) = lake();
    let begin = &all[78].log_id;
    for mishap in [Mishap::UnknownIsEmpty, Mishap::UnknownIsRefused] {
        let api = Api::start(log(&all), &[mishap]);
        assert_whole(&gaps(&api, &folder.url(), &FROM_TWO), 160);
        assert_eq!(api.asked()[0], format!("/api/v2/logs?from={begin}&take=100"));
    }
    // An id that Auth0 no longer knows is not the end: the next place is one made of the time.
    let later: Vec<_> = log(&all[80..]);
    let said = gaps(&Api::start(later.clone(), &[]), &folder.url(), &FROM_TWO);
    assert_whole(&said, 160);
    let said = gaps(&Api::start(later, &[Mishap::UnknownIsRefused]), &folder.url(), &FROM_TWO);
    assert!(
        said.code == 2 && said.error.contains("answers 400 (Invalid log id)") && said.error.contains("give a later --since"),
        "{}",
        said.error
    );
}

#[test]
fn empty_pages_that_name_a_next_one_are_asked_on_a_bounded_number_of_times() {
    let (folder, all) = lake();
    for empty in [&[1_usize][..], &[2], &[2, 3, 4, 5], &[1, 3, 5]] {
        let mishaps: Vec<Mishap> = empty.iter().copied().map(Mishap::Empty).collect();
        assert_whole(&gaps(&Api::start(log(&all), &mishaps), &folder.url(), &DAY), 240);
    }
    let api = Api::start(log(&all), &(2..100).map(Mishap::Empty).collect::<Vec<_>>());
    assert_partial(&gaps(&api, &folder.url(), &DAY), "from 2024-03-01 02:28:30 UTC to 2024-03-02 00:00:00 UTC");
    assert_eq!(api.asked().len(), 6);
}

#[test]
fn a_quiet_time_that_auth0_and_the_lake_agree_on_is_well() {
    let (folder, all) = lake();
    let said = gaps(&Api::start(log(&all), &[]), &folder.url(), &["--since", "2024-03-01T06:00:00Z", "--until", "2024-03-01"]);
    assert!(said.code == 0 && said.has("Auth0 gave no record of this time"), "{}{}", said.out, said.error);
    let said = gaps(
        &Api::start(log(&all), &[Mishap::Descending, Mishap::Linkless]),
        &folder.url(),
        &["--since", "2024-02-29", "--until", "2024-03-01"],
    );
    assert_whole(&said, 240);
}
