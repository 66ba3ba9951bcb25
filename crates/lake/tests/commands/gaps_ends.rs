//! How `lake gaps` ends where something stands in its way, and what else it says.

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use http::StatusCode;
use support::{
    management::{Api, CLIENT, Mishap},
    s3::{BUCKET, S3},
    server::{Told, nobody, told},
};

use crate::{
    folder::Lake,
    logged::{Event, event, events, gaps, log, run, stream},
    receiver::RunningReceiver,
};

#[test]
fn a_fill_to_another_lake_or_another_source_is_noticed_after_its_first_request() {
    let (folder, other, all) = (Lake::new(), Lake::new(), events("2024-03-01T00:00:00Z", 30, 100));
    stream(&RunningReceiver::start(&folder.url(), &[]), &[&all[0]]);
    let receiver = RunningReceiver::start(&other.url(), &[]);
    let window = ["--since", "2024-03-01", "--until", "2024-03-02", "--fill", "--url", &receiver.url];
    let said = gaps(&Api::start(log(&all), &[]), &folder.url(), &window);
    assert!(
        said.code == 2 && said.error.contains("has stored what was posted, but the lake does not hold it (is it the receiver of this lake"),
        "{}",
        said.error
    );
    assert_eq!(other.rows("events").len(), 99, "more went elsewhere");
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let window = ["--since", "2024-03-01", "--until", "2024-03-02", "--source", "us", "--fill", "--url", &receiver.url];
    let said = gaps(&Api::start(log(&all), &[]), &folder.url(), &window);
    assert!(said.code == 2 && said.error.contains("TOKEN that of the tenant's source?)."), "{}", said.error);
}

#[test]
fn a_receiver_that_stores_nothing_stops_the_fill_and_the_place_is_said() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 1, 100));
    stream(&RunningReceiver::start(&folder.url(), &[]), &[&all[0]]);
    const NONE: Told = Told::Answer(StatusCode::OK, "{\"received\":0,\"accepted\":0,\"rejected\":0}");
    const ONE: Told = Told::Answer(StatusCode::OK, "{\"received\":1,\"accepted\":1,\"rejected\":0}");
    const LATER: Told = Told::Answer(StatusCode::SERVICE_UNAVAILABLE, "{\"error\":\"store_unavailable\"}");
    const REFUSED: Told = Told::Answer(StatusCode::UNAUTHORIZED, "{\"error\":\"invalid_token\"}");
    const TOO_LARGE: Told = Told::Answer(StatusCode::PAYLOAD_TOO_LARGE, "{\"error\":\"body_too_large\"}");
    let window = |url: &str| ["--since", "2024-03-01", "--until", "2024-03-01", "--fill", "--url", url].map(str::to_owned);
    for (answers, sentence) in [
        (&[NONE, LATER][..], "lake: stopped before the end: after 5 times, the answer is 503 store_unavailable."),
        (&[NONE, ONE], "99 records arrived as 1: the receiver is of another version."),
        (&[REFUSED], "answers 401 invalid_token. The token in TOKEN"),
    ] {
        let receiver = told(answers);
        let window = window(&receiver.endpoint);
        let window: Vec<&str> = window.iter().map(String::as_str).collect();
        let said = gaps(&Api::start(log(&all), &[]), &folder.url(), &window);
        assert!(said.code == 2 && said.error.contains(sentence), "{sentence} in {}", said.error);
    }
    let receiver = told(&[NONE, TOO_LARGE]);
    let too_large = window(&receiver.endpoint);
    let said = gaps(&Api::start(log(&all), &[]), &folder.url(), &too_large.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(
        said.code == 1 && said.has("Posted 0 of them") && said.has("Problem: 99 records, the last of them 900"),
        "{}{}",
        said.out,
        said.error
    );
}

#[test]
fn the_retention_of_auth0_and_the_last_minutes_are_said() {
    let (folder, all) = (Lake::new(), events("2024-03-05T00:00:00Z", 2, 10));
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    stream(&receiver, &all.iter().collect::<Vec<_>>());
    let api = Api::start(log(&all), &[]);
    let said = gaps(&api, &folder.url(), &["--since", "2024-03-01"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.error);
    assert!(
        said.has("The oldest record that Auth0 gave is of 2024-03-05 00:00:00 UTC: before, it was quiet, or the log of your plan,"),
        "{}",
        said.out
    );
    assert!(said.has("was not judged: its delivery may be under way."), "{}", said.out);
    // Auth0 stores a record now, and it has not arrived.
    #[expect(clippy::disallowed_methods, reason = "the command reads the clock")]
    let now = Utc::now();
    let fresh = event(99, now, TimeDelta::zero(), "s");
    let said = gaps(&Api::start([log(&all), log(&[fresh])].concat(), &[]), &folder.url(), &["--since", "2024-03-01"]);
    assert!(said.code == 0 && said.has_line("20 are events there, 0 are kept as rejects, 0 are missing."), "{}", said.out);
}

#[test]
fn a_metric_is_printed_for_cloudwatch() {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 1, 9));
    stream(&RunningReceiver::start(&folder.url(), &[]), &all[2..].iter().collect::<Vec<_>>());
    let api = Api::start(log(&all), &[]);
    for (more, dimensions) in [(&[] as &[&str], "[[\"stack\"]]"), (&["--source", "eu"], "[[\"stack\"],[\"stack\",\"source\"]]")] {
        let said = gaps(&api, &folder.url(), &[&["--since", "2024-03-01", "--until", "2024-03-01", "--metric", "lake-dev"], more].concat());
        let line: Value = said.out.lines().find_map(|line| serde_json::from_str(line).ok()).expect("a line");
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((said.code, &line["MissingEvents"], &line["PartialAnswers"]), (1, &Value::from(2), &Value::from(0)));
        assert_eq!(line["stack"], "lake-dev");
        assert_eq!(directive["Namespace"], "Auth0LogLake");
        assert_eq!(
            (directive["Dimensions"].to_string(), directive["Metrics"].to_string()),
            (
                dimensions.to_owned(),
                "[{\"Name\":\"MissingEvents\",\"Unit\":\"Count\"},{\"Name\":\"PartialAnswers\",\"Unit\":\"Count\"}]".to_owned()
            )
        );
        assert_eq!(line["source"].as_str(), more.get(1).copied());
        assert!(line["_aws"]["Timestamp"].as_i64().is_some_and(|at| at > 1_700_000_000_000), "{line}");
    }
}

/// Options, variables, and what the command says of them.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

fn assert_each_ends_with_2(cases: &[Case<'_>]) {
    for (arguments, variables, sentence) in cases {
        let said = run(arguments, variables);
        assert!(said.code == 2 && said.error.contains(sentence), "{sentence} in {}: {}{}", said.code, said.out, said.error);
    }
}

/// A lake with the events of an hour, and Auth0's log of them.
fn an_hour() -> (Lake, Vec<Event>, Api) {
    let (folder, all) = (Lake::new(), events("2024-03-01T00:00:00Z", 1, 9));
    stream(&RunningReceiver::start(&folder.url(), &[]), &all.iter().collect::<Vec<_>>());
    let api = Api::start(log(&all), &[]);
    (folder, all, api)
}

#[test]
fn a_tenant_that_is_not_asked_as_it_wants_is_a_sentence_and_ends_with_2() {
    let (folder, all, api) = an_hour();
    let (url, id) = (folder.url(), CLIENT[0]);
    let good = ["--domain", &api.url, "--lake", &url, "--since", "2024-03-01"];
    let scope = Api::start(log(&all), &[Mishap::Scope]);
    let login = Api::start(log(&all), &[Mishap::Credentials]);
    let nobody = nobody();
    assert_each_ends_with_2(&[
        (
            &good[..],
            &[],
            "lake: missing Auth0 credentials: AUTH0_CLIENT_ID is not set; set it and AUTH0_CLIENT_SECRET, or AUTH0_TOKEN alone.",
        ),
        (&good, &[id], "missing Auth0 credentials: AUTH0_CLIENT_SECRET is not set;"),
        (&good, &[("AUTH0_TOKEN", "hidden-other")], "answers 401: AUTH0_TOKEN is not a token of this tenant's Management API"),
        (&good, &[id, ("AUTH0_CLIENT_SECRET", "hidden-other")], "answers 401 to a request for a token (Unauthorized): AUTH0_CLIENT_ID and"),
        (&["--domain", &login.url, "--lake", &url, "--since", "2024-03-01"], &CLIENT, "are not those of an application of this tenant."),
        (&["--domain", &scope.url, "--lake", &url, "--since", "2024-03-01"], &CLIENT, "the token lacks the scope read:logs"),
        (
            &["--domain", nobody.trim_end_matches('/'), "--lake", &url, "--since", "2024-03-01"],
            &CLIENT,
            "nothing listens on the port (is that the tenant's domain?).",
        ),
    ]);
}

#[test]
fn bad_input_is_a_sentence_and_ends_with_2() {
    let (folder, _, api) = an_hour();
    let url = folder.url();
    let good = ["--domain", &api.url, "--lake", &url, "--since", "2024-03-01"];
    assert_each_ends_with_2(&[
        (
            &["--domain", "acme", "--lake", &url, "--since", "2024-03-01"],
            &CLIENT,
            "it must be the tenant's domain, such as acme.eu.auth0.com; got \"acme\"",
        ),
        (&["--domain", &api.url, "--lake", &url], &CLIENT, "lake: missing start: give --since"),
        (
            &[&good[..], &["--until", "2024-02-01"]].concat(),
            &CLIENT,
            "lake: --since must be before --until; got 2024-03-01 00:00:00 UTC and 2024-02-02 00:00:00 UTC.",
        ),
        (&["--domain", &api.url, "--lake", &url, "--since", "5m"], &CLIENT, "lake: --since must be more than 10 minutes ago"),
        (&[&good[..], &["--from", "7"]].concat(), &CLIENT, "it must be a log_id of Auth0, whose first 20 digits hold a time"),
        (&[&good[..], &["--source", "It's"]].concat(), &CLIENT, "a source is 1 to 32 of a-z, 0-9 and \"-\""),
        (&[&good[..], &["--fill"]].concat(), &CLIENT, "lake: missing receiver URL: give --url or --stack."),
        (&[&good[..], &["--fill", "--url", "host"]].concat(), &CLIENT, "lake: a receiver's URL must be http://"),
        (
            &["--domain", &api.url, "--lake", "file:///nowhere", "--since", "2024-03-01"],
            &CLIENT,
            "of file:///nowhere cannot be read: it is not there",
        ),
    ]);
}

#[test]
fn a_bucket_is_compared_and_filled() {
    let s3 = S3::start();
    let (lake, aws) = (format!("s3://{BUCKET}/auth0"), s3.environment());
    let receiver = RunningReceiver::start(&lake, &aws);
    let all = events("2024-03-01T00:00:00Z", 3, 20);
    let api = Api::start(log(&all), &[]);
    let variables = [&aws[..], &CLIENT].concat();
    let window = ["--domain", &api.url, "--lake", &lake, "--since", "2024-03-01", "--until", "2024-03-01"];
    stream(&receiver, &all[..30].iter().collect::<Vec<_>>());
    let said = run(&[&window[..], &["--fill", "--url", &receiver.url]].concat(), &variables);
    assert!(said.code == 0 && said.has("30 are events there") && said.has("Posted 30 of them"), "{}{}", said.out, said.error);
    let said = run(&window, &variables);
    assert!(said.code == 0 && said.has_line("60 are events there, 0 are kept as rejects, 0 are missing."), "{}", said.out);
    assert!(s3.objects().keys().filter(|key| key.contains("events/")).count() >= 3);
}
