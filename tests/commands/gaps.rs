//! `make gaps` against a simulated Management API, and a receiver that `make run` has started.

use support::management::{Api, CLIENT, Mishap};

use crate::desk::{Desk, port};

const AS: &str = "AUTH0_CLIENT_ID=lake-check AUTH0_CLIENT_SECRET=hidden-secret";

/// Makes a log of 150 events of one hour, each with its `log_id`.
fn log() -> Vec<(String, String)> {
    let record = |number: u32| {
        let (minute, second) = (number / 60, number % 60);
        let log_id = format!("9002024030112{minute:02}{second:02}500{number:036}");
        let date = format!("2024-03-01T12:{minute:02}:{second:02}.000Z");
        let record = format!(r#"{{"date":"{date}","type":"s","log_id":"{log_id}","_id":"{log_id}"}}"#);
        (log_id, record)
    };
    (0..150).map(record).collect()
}

#[test]
fn what_a_lake_lacks_is_said_and_filled_as_the_documents_write_it() {
    let (desk, port) = (Desk::new(), port());
    let staying = desk.starts(&format!("PORT={port} make run"), "The receiver is up at ");
    let (api, url) = (Api::start(log(), &[Mishap::Limit(2)]), format!("http://127.0.0.1:{port}/"));
    let gaps = format!("{AS} make gaps AUTH0_DOMAIN={} LAKE=file://lake SOURCE=local SINCE=2024-03-01", api.url);
    let missing = desk.types(&format!("{gaps} UNTIL=2024-03-01"));
    assert!(missing.code == 2 && missing.has_line("2024-03-01 12:00 s 150"), "{missing:?}");
    assert!(missing.error.contains("Error 1") && missing.error.contains("429, too many requests"), "{missing:?}");
    let metric = desk.types(&format!("{gaps} UNTIL=2024-03-01T12:01:00Z METRIC=auth0-log-lake"));
    assert!(metric.code == 2 && metric.has("\"MissingEvents\":60"), "{metric:?}");

    let filled = desk.types(&format!("TOKEN=local-development-token {gaps} UNTIL=2024-03-01 FILL=1 URL={url}"));
    assert!(filled.code == 0 && filled.has("Posted 150 of them to the receiver: 150 became events"), "{filled:?}");
    let again = desk.types(&format!("{gaps} UNTIL=2024-03-01 FILL=0"));
    assert!(again.code == 0 && again.has_line("150 are events there, 0 are kept as rejects, 0 are missing."), "{again:?}");
    let rest = desk.types(&format!("{gaps} UNTIL=2024-03-01 FROM={}", log()[99].0));
    assert!(rest.code == 0 && rest.has_line("50 are events there, 0 are kept as rejects, 0 are missing."), "{rest:?}");
    for said in [missing, metric, filled, again, rest] {
        assert!(!format!("{said:?}").contains(CLIENT[1].1), "{said:?}");
    }
    staying.ends();
}

#[test]
fn a_comparison_that_cannot_be_made_says_what_it_needs() {
    let (desk, scope) = (Desk::new(), Api::start(log(), &[Mishap::Scope]));
    std::fs::create_dir(desk.path("lake")).expect("a lake");
    let gaps = format!("make gaps AUTH0_DOMAIN={} LAKE=file://lake", scope.url);
    for (typed, sentence) in [
        ("make gaps".to_owned(), "gaps needs AUTH0_DOMAIN=<the tenant's domain>, and AUTH0_CLIENT_ID"),
        (format!("{AS} make gaps LAKE=file://lake"), "gaps needs AUTH0_DOMAIN=<the tenant's domain>"),
        (format!("{gaps} SINCE=24h"), "lake: missing Auth0 credentials: AUTH0_CLIENT_ID is not set"),
        (format!("AUTH0_TOKEN=other {gaps} SINCE=24h"), "AUTH0_TOKEN is not a token of this tenant's Management API, or it has expired"),
        (format!("{AS} {gaps} SINCE=24h"), "the token lacks the scope read:logs"),
        (format!("{AS} {gaps}"), "lake: missing start: give --since"),
        (format!("{AS} {gaps} SINCE=2024-03-02 UNTIL=2024-03-01T00:00:00Z"), "lake: --since must be before --until; got 2024-03-02"),
        (format!("{AS} {gaps} SINCE=24h FILL=1"), "lake: missing receiver URL: give --url or --stack."),
        (format!("{AS} {gaps} SINCE=24h FILL=1 URL=http://127.0.0.1:1/"), "lake: TOKEN must hold the token that is in Auth0's"),
        (format!("{AS} {gaps} SINCE=24h FILL=2"), "it must be 1, true or yes, or 0, false, no or empty"),
        (
            format!("{AS} make gaps AUTH0_DOMAIN=acme LAKE=file://lake SINCE=24h"),
            "it must be the tenant's domain, such as acme.eu.auth0.com",
        ),
    ] {
        let said = desk.types(&typed);
        assert!(said.code == 2 && said.has(sentence), "{typed}: {said:?}");
    }
}
