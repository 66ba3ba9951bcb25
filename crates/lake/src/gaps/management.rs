//! Auth0's Management API: its log, page by page, politely.
//!
//! `GET /api/v2/logs?from=<log_id>&take=100` gives the records after that one in the order in which Auth0 stored them, and
//! in its `Link` header where the next page is. When the limit of requests is used up, the time of `x-ratelimit-reset` is
//! waited for.

use std::{
    io::{self, Write},
    time::Duration,
};

use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use serde::Deserialize;
use ureq::Agent;

use super::{
    Clock,
    tenant::{Credentials, Secret, Tenant},
    window::Checkpoint,
};
use crate::post;
use answer::Answer;

mod answer;

/// Most records that the API gives at a time.
const TAKE: usize = 100;
/// Times that one request is made.
const ATTEMPTS: u32 = 8;
/// Longest pause where no header says how long, in seconds.
const LONGEST_GUESS: i64 = 60;
/// Most of an answer that is read, in bytes: a hundred records of more than half a megabyte each.
const LARGEST_ANSWER: u64 = 64 << 20;

/// A page of Auth0's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// A JSON array of records.
    pub body: Vec<u8>,
    /// Where the next one is, if it says so.
    pub next: Option<String>,
}

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManagementError {
    /// The tenant does not give it.
    #[error("{0}")]
    Refused(String),
    /// The tenant does not take the place to begin at.
    #[error("{0}")]
    Place(String),
    /// What happens cannot be shown.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// The Management API of a tenant.
pub struct Management<'a> {
    agent: Agent,
    tenant: &'a Tenant,
    credentials: &'a Credentials,
    clock: &'a Clock<'a>,
    bearer: Option<Secret>,
    /// The tenant has answered before, so that it is the tenant.
    is_known: bool,
    /// The limit is used up until then.
    full_until: Option<DateTime<Utc>>,
    /// Requests made.
    pub requests: usize,
}

/// Why a request is made again.
struct Later {
    why: String,
    seconds: Option<i64>,
}

/// What one request gave.
enum Given<T> {
    This(T),
    Later(Later),
    /// Another token may do.
    Renew,
}

impl<'a> Management<'a> {
    /// Takes whom to ask, and as whom; nothing is sent yet.
    pub fn new(tenant: &'a Tenant, credentials: &'a Credentials, clock: &'a Clock<'a>) -> Self {
        let agent = post::agent(tenant.is_nearby());
        Self { agent, tenant, credentials, clock, bearer: None, is_known: false, full_until: None, requests: 0 }
    }

    /// Where the page after a record is.
    pub fn after(&self, from: &Checkpoint) -> String {
        self.tenant.url(&format!("/api/v2/logs?from={}&take={TAKE}", from.as_str()))
    }

    /// Reads a page; where the API asks for later or fails for once, waits and asks again.
    ///
    /// # Errors
    /// A refusal, or an API that still fails at the last time.
    pub fn page(&mut self, url: &str, err: &mut dyn Write) -> Result<Page, ManagementError> {
        let mut is_renewed = matches!(self.credentials, Credentials::Token(_));
        loop {
            let token = self.token(err)?;
            let authorization = format!("Bearer {}", token.reveal());
            let given = self.patiently(err, |this| {
                let request = this.agent.get(url).header(AUTHORIZATION, authorization.as_str());
                this.page_of(request.call())
            })?;
            match given {
                Some(page) => return Ok(page),
                None if is_renewed => return Err(answer::refused(self.tenant, self.credentials, 401, &[])),
                None => (self.bearer, is_renewed) = (None, true),
            }
        }
    }

    /// Returns the token, and asks for one first where there is none.
    fn token(&mut self, err: &mut dyn Write) -> Result<Secret, ManagementError> {
        let (id, secret) = match (self.credentials, &self.bearer) {
            (Credentials::Token(token), _) | (_, Some(token)) => return Ok(token.clone()),
            (Credentials::Client { id, secret }, None) => (id, secret),
        };
        let body = serde_json::json!({
            "grant_type": "client_credentials",
            "client_id": id.reveal(),
            "client_secret": secret.reveal(),
            "audience": self.tenant.url("/api/v2/"),
        });
        let (url, body) = (self.tenant.url("/oauth/token"), body.to_string());
        let given = self.patiently(err, |this| {
            let request = this.agent.post(&url).header(CONTENT_TYPE, "application/json");
            this.token_of(request.send(body.as_bytes()))
        })?;
        let token = given.ok_or_else(|| answer::no_token(self.tenant, 401, &[]))?;
        self.bearer = Some(token.clone());
        Ok(token)
    }

    /// Makes a request until it gives something, a bounded number of times.
    fn patiently<T>(
        &mut self,
        err: &mut dyn Write,
        mut request: impl FnMut(&mut Self) -> Result<Given<T>, ManagementError>,
    ) -> Result<Option<T>, ManagementError> {
        for attempt in 1.. {
            self.wait_for_room(err)?;
            self.requests += 1;
            let later = match request(self)? {
                Given::This(value) => return Ok(Some(value)),
                Given::Renew => return Ok(None),
                Given::Later(later) => later,
            };
            if attempt == ATTEMPTS {
                return Err(ManagementError::Refused(format!("after {ATTEMPTS} times, {}", later.why)));
            }
            let seconds = later.seconds.unwrap_or(LONGEST_GUESS.min(1 << (attempt - 1))).clamp(1, answer::LONGEST_PAUSE);
            self.pause(seconds, &format!("{}: again in {seconds} s", later.why), err)?;
        }
        Ok(None)
    }

    /// Says why there is a pause, and waits; where this run would be over before, it is given up.
    fn pause(&self, seconds: i64, why: &str, err: &mut dyn Write) -> Result<(), ManagementError> {
        let pause = Duration::from_secs(seconds.unsigned_abs());
        if self.clock.is_over_within(pause) {
            return Err(ManagementError::Refused(format!("{why}, but the time of this run is up before that")));
        }
        writeln!(err, "  {why}")?;
        (self.clock.sleep)(pause);
        Ok(())
    }

    /// Waits where the last answer said that no further request is allowed until later.
    fn wait_for_room(&mut self, err: &mut dyn Write) -> Result<(), ManagementError> {
        let Some(until) = self.full_until.take() else { return Ok(()) };
        let seconds = answer::seconds_until(until, (self.clock.now)());
        if seconds == 0 {
            return Ok(());
        }
        self.pause(seconds, &format!("the limit of requests is used up: going on in {seconds} s"), err)
    }

    /// Reads a whole answer, and the limit from its headers.
    fn answer(&mut self, sent: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, Later> {
        let later = |error: &ureq::Error| Later { why: format!("{} gave no answer: {}", self.tenant, post::why(error)), seconds: None };
        let mut response = sent.map_err(|error| later(&error))?;
        let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec().map_err(|error| later(&error))?;
        let answer = Answer { status: response.status().as_u16(), headers: response.headers().clone(), body };
        self.is_known = true;
        let is_full = answer.number("x-ratelimit-remaining") == Some(0) && answer.status != 429;
        self.full_until = answer.reset().filter(|_| is_full);
        Ok(answer)
    }

    /// Says that a request is made again, or, where this tenant has never answered, that there is none.
    fn again<T>(&self, later: Later) -> Result<Given<T>, ManagementError> {
        if self.is_known {
            Ok(Given::Later(later))
        } else {
            Err(ManagementError::Refused(format!("{} (is that the tenant's domain?)", later.why)))
        }
    }

    fn page_of(&mut self, sent: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Given<Page>, ManagementError> {
        let answer = match self.answer(sent) {
            Ok(answer) => answer,
            Err(later) => return self.again(later),
        };
        if let Some(later) = self.later(&answer) {
            return Ok(Given::Later(later));
        }
        match answer.status {
            200 if answer.is_array() => Ok(Given::This(Page { next: self.next(&answer)?, body: answer.body })),
            200 if answer.is_json() => {
                Err(ManagementError::Refused(format!("{} answers with something else than a page of its log", self.tenant)))
            }
            200 => Ok(Given::Later(Later { why: format!("{} gave no whole page of its log", self.tenant), seconds: None })),
            401 => Ok(Given::Renew),
            status => Err(answer::refused(self.tenant, self.credentials, status, &answer.body)),
        }
    }

    fn token_of(&mut self, sent: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Given<Secret>, ManagementError> {
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
        }
        let answer = match self.answer(sent) {
            Ok(answer) => answer,
            Err(later) => return self.again(later),
        };
        if let Some(later) = self.later(&answer) {
            return Ok(Given::Later(later));
        }
        match serde_json::from_slice(&answer.body) {
            Ok(Token { access_token }) if answer.status == 200 => Ok(Given::This(Secret::new(access_token))),
            _ => Err(answer::no_token(self.tenant, answer.status, &answer.body)),
        }
    }

    fn later(&self, answer: &Answer) -> Option<Later> {
        let now = (self.clock.now)();
        match answer.status {
            429 => {
                let seconds = answer.reset().map(|reset| answer::seconds_until(reset, now)).or(answer.number(RETRY_AFTER.as_str()));
                Some(Later { why: format!("{} answers 429, too many requests", self.tenant), seconds })
            }
            500..600 => Some(Later { why: format!("{} answers {}", self.tenant, answer.status), seconds: None }),
            _ => None,
        }
    }

    /// Returns where the next page is. A token follows no link to another host.
    fn next(&self, answer: &Answer) -> Result<Option<String>, ManagementError> {
        let Some(link) = answer.next() else { return Ok(None) };
        let url = if link.starts_with('/') { self.tenant.url(link) } else { link.to_owned() };
        if url.starts_with(&self.tenant.url("/api/v2/logs?")) {
            return Ok(Some(url));
        }
        let said = format!("{} says that the next page of its log is elsewhere; a token is not sent there", self.tenant);
        Err(ManagementError::Refused(said))
    }
}

#[cfg(test)]
mod tests {
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
        let clock = Clock { now: &now, sleep: &sleep, deadline: None };
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
    fn a_reset_in_milliseconds_is_read_as_such() {
        let (tenant, _requests) = told(&["429 Too Many Requests\r\nx-ratelimit-reset: 1800000007000|{}", "200 OK|[]"]);
        assert_eq!(ask(&tenant, &token(), 1).pauses, [8]);
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
        let cases: [(&'static [&'static str], Credentials, &str); 13] = [
            (&["401 Unauthorized|{}"], token(), "answers 401: AUTH0_TOKEN is not a token of this tenant"),
            (&[SCOPE], token(), "answers 403 (Insufficient scope, expected any of: read:logs): the token lacks the scope read:logs"),
            (&["404 Not Found|"], token(), "answers 404: there is no Management API"),
            (&["200 OK|{\"start\":0,\"logs\":[]}"], token(), "answers with something else than a page of its log"),
            (&["200 OK\r\nLink: <//other.example/api/v2/logs?from=2>; rel=\"next\"|[]"], token(), "a token is not sent there"),
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
        let (tenant, _requests) = told(&["200 OK\r\nLink: </api/v2/logs?z>; rel=\"next\"; title=\"a, b\"|[{}]"]);
        assert_eq!(ask(&tenant, &token(), 1).page.map(|page| page.next), Ok(Some(tenant.url("/api/v2/logs?z"))));
        let (tenant, _requests) = told(&["200 OK|[{\"log_id\":\"1\",\"type\":\"s\"}]"]);
        assert_eq!(ask(&tenant, &token(), 1).page, Ok(Page { body: RECORD.as_bytes().to_vec(), next: None }));
    }
}
