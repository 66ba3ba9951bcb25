//! How the Management API is asked: against a server that says what it is told to.

use std::{
    cell::{Cell, RefCell},
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    sync::mpsc::{Receiver, channel},
    thread,
};

use chrono::TimeDelta;

use super::*;

const RECORD: &str = r#"[{"log_id":"1","type":"s"}]"#;
const NOW: i64 = 1_800_000_000;

/// A server that gives these answers, one a request, and then hangs up; and what it was asked.
fn told(answers: &'static [&'static str]) -> (Tenant, Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (tenant, (asked, requests)) = (Tenant::parse(&url).expect("a tenant"), channel());
    thread::spawn(move || {
        for (i, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let (mut request, mut line, mut length) = (String::new(), String::new(), 0);
            while stream.read_line(&mut line).is_ok_and(|_| line.trim() != "") {
                let header = line.to_ascii_lowercase();
                length = header.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().expect("a length"));
                request += &std::mem::take(&mut line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("a body");
            let _ = asked.send(request + &String::from_utf8(body).expect("text"));
            let Some((head, body)) = answers.get(i).and_then(|answer| answer.split_once('|')) else { continue };
            let head = head.replace("SELF", &url);
            let length = if head.contains("Content-Length") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            let answer = format!("HTTP/1.1 {head}\r\nConnection: close\r\n{length}\r\n{body}");
            stream.get_mut().write_all(answer.as_bytes()).expect("an answer");
        }
    });
    (tenant, requests)
}

/// What one page gave: itself or the error, the pauses, and what was said meanwhile.
struct Asked {
    page: Result<Page, String>,
    pauses: Vec<u64>,
    said: String,
}

/// Asks for so many pages, one after another, and gives the last; time passes only in pauses.
fn ask(tenant: &Tenant, credentials: &Credentials, pages: usize) -> Asked {
    let (passed, pauses, mut said) = (Cell::new(0), RefCell::new(Vec::new()), Vec::new());
    let now = || DateTime::from_timestamp(NOW, 0).expect("a time") + TimeDelta::seconds(passed.get());
    let sleep = |pause: Duration| {
        passed.set(passed.get() + i64::try_from(pause.as_secs()).expect("small"));
        pauses.borrow_mut().push(pause.as_secs());
    };
    let clock = Clock { now: &now, sleep: &sleep };
    let mut management = Management::new(tenant, credentials, &clock);
    let url = management.after(&Checkpoint::before(now()));
    let page = (0..pages).map(|_| management.page(&url, &mut said)).last().expect("a page").map_err(|error| error.to_string());
    drop(management);
    Asked { page, pauses: pauses.into_inner(), said: String::from_utf8(said).expect("text") }
}

fn token() -> Credentials {
    Credentials::Token(Secret::new("hidden-token".to_owned()))
}

fn client() -> Credentials {
    Credentials::Client { id: Secret::new("app".to_owned()), secret: Secret::new("hidden-secret".to_owned()) }
}

#[test]
fn a_page_is_asked_for_with_a_token_and_gives_its_records_and_where_the_next_is() {
    let (tenant, requests) = told(&["200 OK\r\nLink: <SELF/api/v2/logs?from=2&take=100>; rel=\"next\"|[]"]);
    let asked = ask(&tenant, &token(), 1);
    let next = tenant.url("/api/v2/logs?from=2&take=100");
    assert_eq!(asked.page, Ok(Page { body: b"[]".to_vec(), next: Some(next) }));
    let request = requests.recv().expect("a request");
    let line = format!("GET /api/v2/logs?from=90020270115080000000{}&take=100 HTTP/1.1\r\n", "0".repeat(36));
    assert!(request.starts_with(&line), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer hidden-token\r\n"), "{request}");
    assert_eq!((asked.pauses, asked.said.as_str()), (vec![], ""));
}

#[test]
fn an_application_gets_a_token_once_and_another_when_that_is_no_longer_taken() {
    const PAGE: &str = "200 OK|[]";
    const FIRST: &str = "200 OK|{\"access_token\":\"hidden-1\",\"expires_in\":86400,\"token_type\":\"Bearer\"}";
    const SECOND: &str = "200 OK|{\"access_token\":\"hidden-2\"}";
    let (tenant, requests) = told(&[FIRST, PAGE, PAGE, "401 Unauthorized|{}", SECOND, PAGE]);
    assert!(ask(&tenant, &client(), 3).page.is_ok());
    let requests: Vec<String> = requests.try_iter().collect();
    assert!(requests[0].starts_with("POST /oauth/token "), "{}", requests[0]);
    let body = requests[0].split("\r\n\r\n").last().and_then(|body| body.lines().last()).expect("a body");
    let body: serde_json::Value = serde_json::from_str(&body[body.find('{').expect("JSON")..]).expect("JSON");
    let given = ["grant_type", "client_id", "client_secret", "audience"].map(|name| body[name].as_str().unwrap_or_default().to_owned());
    assert_eq!(given, ["client_credentials".to_owned(), "app".to_owned(), "hidden-secret".to_owned(), tenant.url("/api/v2/")]);
    let with = |token: &str| requests.iter().filter(|request| request.to_lowercase().contains(&format!("bearer {token}\r\n"))).count();
    assert_eq!((requests.len(), with("hidden-1"), with("hidden-2")), (6, 3, 1));
}

#[test]
fn a_limit_is_waited_for_until_its_reset_and_before_it_is_broken() {
    let (tenant, _requests) = told(&[
        "429 Too Many Requests\r\nx-ratelimit-limit: 10\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1800000007|{}",
        "429 Too Many Requests\r\nretry-after: 3|{}",
        "429 Too Many Requests\r\nx-ratelimit-reset: 1700000000|{}",
        "200 OK\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1800000099|[]",
        "200 OK\r\nx-ratelimit-remaining: 9\r\nx-ratelimit-reset: 1900000000|[]",
        "200 OK|[]",
    ]);
    let asked = ask(&tenant, &token(), 3);
    assert!(asked.page.is_ok());
    assert_eq!(asked.pauses, [8, 3, 1, 88], "{}", asked.said);
    assert!(asked.said.contains("answers 429, too many requests: again in 8 s\n"), "{}", asked.said);
    assert!(asked.said.contains("the limit of requests is used up: going on in 88 s\n"), "{}", asked.said);
}

#[test]
fn a_reset_that_is_far_away_is_not_waited_for_longer_than_five_minutes() {
    let (tenant, _requests) = told(&["429 Too Many Requests\r\nx-ratelimit-reset: 1900000000|{}", "200 OK|[]"]);
    let asked = ask(&tenant, &token(), 1);
    assert_eq!((asked.page.is_ok(), asked.pauses), (true, vec![300]));
}

#[test]
fn a_failure_for_once_is_asked_again_and_one_that_stays_is_given_up() {
    // An error of the server, half an answer, no JSON, none at all.
    let (tenant, _requests) = told(&["502 Bad Gateway|x", "200 OK\r\nContent-Length: 99|[", "200 OK|<html>", "", "200 OK|[]"]);
    let asked = ask(&tenant, &token(), 1);
    assert_eq!((asked.page.map(|page| page.body), asked.pauses), (Ok(b"[]".to_vec()), vec![1, 2, 4, 8]));
    let (tenant, requests) = told(&["500 Internal Server Error|{}"; 9]);
    let asked = ask(&tenant, &token(), 1);
    assert_eq!(asked.page, Err(format!("after 8 times, {tenant} answers 500")));
    assert_eq!((asked.pauses, requests.try_iter().count()), (vec![1, 2, 4, 8, 16, 32, 60], 8));
}

#[test]
fn a_refusal_says_what_to_do_and_shows_no_secret() {
    const TOKEN: &str = "200 OK|{\"access_token\":\"hidden-1\"}";
    const SCOPE: &str = "403 Forbidden|{\"statusCode\":403,\"message\":\"Insufficient scope, expected any of: read:logs\"}";
    let cases: [(&'static [&'static str], Credentials, &str); 11] = [
        (&["401 Unauthorized|{}"], token(), "answers 401: AUTH0_TOKEN is not a token of this tenant"),
        (&[SCOPE], token(), "answers 403 (Insufficient scope, expected any of: read:logs): the token lacks the scope read:logs"),
        (&["404 Not Found|"], token(), "answers 404: there is no Management API"),
        (&["400 Bad Request|{}"], token(), "answers 400: it does not take the place in its log"),
        (&["302 Found\r\nLocation: /x|"], token(), "answers 302: that is no answer of the Management API"),
        (&["200 OK\r\nLink: <http://other.example/api/v2/logs?from=2>; rel=\"next\"|[]"], token(), "a token is not sent there"),
        (
            &["401 Unauthorized|{\"error\":\"access_denied\",\"error_description\":\"Unauthorized\"}"],
            client(),
            "(Unauthorized): AUTH0_CLIENT_ID and",
        ),
        (&["403 Forbidden|{}"], client(), "answers 403 to a request for a token: the application may not use the Management API"),
        (&["200 OK|<html>"], client(), "no token was given (is this the tenant's own domain"),
        (&[TOKEN, "401 Unauthorized|{}", TOKEN, "401 Unauthorized|{}"], client(), "answers 401: the token that it gave is not taken"),
        // Whom nobody has ever heard is not asked again.
        (&[""], client(), "(is that the tenant's domain?)"),
    ];
    for (answers, credentials, sentence) in cases {
        let (tenant, _requests) = told(answers);
        let asked = ask(&tenant, &credentials, 1);
        let error = asked.page.expect_err(sentence);
        assert!(error.contains(sentence) && error.starts_with(&tenant.to_string()) && !error.contains("hidden"), "{error}");
        assert_eq!((asked.pauses, asked.said.as_str()), (vec![], ""), "{sentence}");
    }
}

#[test]
fn the_next_page_is_found_among_several_links() {
    let (tenant, _requests) =
        told(&["200 OK\r\nLink: <SELF/api/v2/logs?x>; rel=\"first\", <SELF/api/v2/logs?y>; rel=next\r\nLink: <a>|[{}]"]);
    assert_eq!(ask(&tenant, &token(), 1).page.map(|page| page.next), Ok(Some(tenant.url("/api/v2/logs?y"))));
    let (tenant, _requests) = told(&["200 OK|[{\"log_id\":\"1\",\"type\":\"s\"}]"]);
    assert_eq!(ask(&tenant, &token(), 1).page, Ok(Page { body: RECORD.as_bytes().to_vec(), next: None }));
}
