//! An answer of the Management API, and what a refusal means.

use chrono::{DateTime, Utc};
use http::{HeaderMap, header::LINK};
use serde::Deserialize;

use super::{
    super::tenant::{Credentials, Tenant},
    ManagementError,
};
use crate::layout::shorten;

/// Longest pause before the next time, in seconds, whatever a header says.
pub const LONGEST_PAUSE: i64 = 300;
/// Largest Unix time in seconds, in the year 5138.
const MOST_SECONDS: i64 = 100_000_000_000;
/// Columns of the API's own words that are shown.
const SAID_WIDTH: usize = 160;

/// An answer, whatever its status.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it is JSON of any kind.
    pub fn is_json(&self) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok()
    }

    /// Whether it is a whole page.
    pub fn is_array(&self) -> bool {
        serde_json::from_slice::<Vec<serde::de::IgnoredAny>>(&self.body).is_ok()
    }

    /// Reads a number from a header.
    pub fn number(&self, header: &str) -> Option<i64> {
        self.headers.get(header)?.to_str().ok()?.trim().parse().ok()
    }

    /// Finds the next page in the `Link` header.
    pub fn next(&self) -> Option<&str> {
        let links = self.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let next = links.map(str::trim).find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
        Some(next.strip_prefix('<')?.split_once('>')?.0)
    }

    /// Returns when further requests are allowed: the header holds Unix time, in seconds.
    ///
    /// A number that would be thousands of years away is taken as milliseconds.
    pub fn reset(&self) -> Option<DateTime<Utc>> {
        match self.number("x-ratelimit-reset")? {
            milliseconds if milliseconds > MOST_SECONDS => DateTime::from_timestamp_millis(milliseconds),
            seconds => DateTime::from_timestamp(seconds, 0),
        }
    }
}

/// Returns whole seconds, so that the moment is past after them.
pub fn seconds_until(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let milliseconds = (at - now).num_milliseconds();
    if milliseconds < 0 { 0 } else { (milliseconds / 1_000 + 1).min(LONGEST_PAUSE) }
}

/// Explains what a refused request for a page means, and what to do.
pub fn refused(tenant: &Tenant, credentials: &Credentials, status: u16, body: &[u8]) -> ManagementError {
    let meaning = match (status, credentials) {
        (401, Credentials::Token(_)) => "AUTH0_TOKEN is not a token of this tenant's Management API, or it has expired",
        (401, _) => "the token that it gave is not taken (is this the tenant's own domain, and not a custom one?)",
        (403, _) => "the token lacks the scope read:logs; grant it to the application: Applications > APIs > Auth0 Management API",
        (404, _) => "there is no Management API (is this the tenant's own domain, and not a custom one?)",
        (400, _) => "it does not take the place in its log to begin at; give a later --since, or a log_id that it still has with --from",
        _ => "that is no answer of the Management API (is this the tenant's domain?)",
    };
    let sentence = format!("{tenant} answers {status}{}: {meaning}", said(body));
    if status == 400 { ManagementError::Place(sentence) } else { ManagementError::Refused(sentence) }
}

/// Explains what a refused request for a token means, and what to do.
pub fn no_token(tenant: &Tenant, status: u16, body: &[u8]) -> ManagementError {
    let meaning = match status {
        401 => "AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET are not those of an application of this tenant",
        403 => {
            "the application may not use the Management API; authorize it with the scope read:logs: Applications > APIs > \
             Auth0 Management API"
        }
        404 => "there is no such tenant (is this its domain?)",
        _ => "no token was given (is this the tenant's own domain, and the application a machine-to-machine one?)",
    };
    ManagementError::Refused(format!("{} answers {status} to a request for a token{}: {meaning}", tenant, said(body)))
}

/// Returns the API's own words about an error, shortened.
fn said(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Error {
        #[serde(alias = "error_description")]
        message: Option<String>,
    }
    let message = serde_json::from_slice(body).ok().and_then(|error: Error| error.message);
    message.map_or_else(String::new, |message| format!(" ({})", shorten(&message, SAID_WIDTH)))
}
