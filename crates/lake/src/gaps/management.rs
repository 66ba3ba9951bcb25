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
use http::{
    HeaderMap,
    header::{AUTHORIZATION, CONTENT_TYPE, LINK, RETRY_AFTER},
};
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
/// Longest pause before the next time, in seconds, whatever a header says.
const LONGEST_PAUSE: i64 = 300;
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

    /// Gives where the page after a record is.
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

    /// Gives the token, and asks for one first where there is none.
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
            let seconds = later.seconds.unwrap_or(LONGEST_GUESS.min(1 << (attempt - 1))).clamp(1, LONGEST_PAUSE);
            writeln!(err, "  {}: again in {seconds} s", later.why)?;
            self.sleep(seconds);
        }
        Ok(None)
    }

    fn sleep(&self, seconds: i64) {
        (self.clock.sleep)(Duration::from_secs(seconds.unsigned_abs()));
    }

    /// Waits where the last answer said that no further request is allowed until later.
    fn wait_for_room(&mut self, err: &mut dyn Write) -> io::Result<()> {
        let Some(until) = self.full_until.take() else { return Ok(()) };
        let seconds = seconds_until(until, (self.clock.now)());
        if seconds > 0 {
            writeln!(err, "  the limit of requests is used up: going on in {seconds} s")?;
            self.sleep(seconds);
        }
        Ok(())
    }

    /// Reads an answer whole, and the limit from its headers.
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
            200 if answer.is_array() => Ok(Given::This(Page { next: self.next(&answer.headers)?, body: answer.body })),
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
                let seconds = answer.reset().map(|reset| seconds_until(reset, now)).or(answer.number(RETRY_AFTER.as_str()));
                Some(Later { why: format!("{} answers 429, too many requests", self.tenant), seconds })
            }
            500..600 => Some(Later { why: format!("{} answers {}", self.tenant, answer.status), seconds: None }),
            _ => None,
        }
    }

    /// Finds the next page in the `Link` header. A token follows no link to elsewhere.
    fn next(&self, headers: &HeaderMap) -> Result<Option<String>, ManagementError> {
        let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let next = links.map(str::trim).find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"));
        let Some(url) = next.and_then(|link| link.strip_prefix('<')?.split_once('>')).map(|(url, _)| url) else { return Ok(None) };
        if url.starts_with(&self.tenant.url("/api/v2/logs?")) {
            return Ok(Some(url.to_owned()));
        }
        Err(ManagementError::Refused(format!("{} says that the next page of its log is elsewhere; a token is not sent there", self.tenant)))
    }
}

/// Gives whole seconds, so that the moment is past after them.
fn seconds_until(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let milliseconds = (at - now).num_milliseconds();
    if milliseconds < 0 { 0 } else { (milliseconds / 1_000 + 1).min(LONGEST_PAUSE) }
}

#[cfg(test)]
mod tests;
