//! Talks to a receiver as Auth0 does: one `POST`, one answer.

use std::{fmt, io, net::IpAddr, sync::Arc, time::Duration};

use http::{
    Response, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use serde::Deserialize;
use ureq::{
    Agent, Body,
    tls::{RootCerts, TlsConfig},
};

/// Timeout of one request: longer than a receiver takes to answer.
const LONGEST: Duration = Duration::from_secs(60);
/// Timeout of a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest answer that is read, in bytes: a receiver's has less than 100, AWS's own a few hundred.
const LARGEST_ANSWER: u64 = 64 << 10;

/// A bearer token. Its `Debug` hides it.
#[derive(Clone)]
pub struct Token(String);

/// Why a text is not a token. The text is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None was given.
    #[error("TOKEN must hold the token that is in Auth0's Authorization Token field, without \"Bearer \"; it is not set")]
    Missing,
    /// It begins with the scheme.
    #[error("TOKEN must hold the token alone; it begins with \"Bearer \"")]
    Scheme,
    /// It has characters that no header can hold.
    #[error("TOKEN must be visible ASCII without spaces; it holds something else")]
    Form,
}

impl Token {
    /// Reads a token, without the white space around it.
    ///
    /// # Errors
    /// Text that no receiver would take for a token.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let token = text.trim();
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.get(.."Bearer ".len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("Bearer ")) {
            return Err(TokenError::Scheme);
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Form);
        }
        Ok(Self(token.to_owned()))
    }

    /// Reads the token from the environment.
    ///
    /// # Errors
    /// It is missing, or not a token.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, TokenError> {
        Self::parse(&lookup("TOKEN").unwrap_or_default())
    }

    /// The token itself, for a digest or a header.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A text that is not a receiver's URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a receiver's URL must be http://host[:port]/ or https://host/; got {0:?}")]
pub struct UrlError(String);

/// A receiver, and the token to send to it.
#[derive(Clone, Debug)]
pub struct ReceiverClient {
    agent: Agent,
    url: Uri,
    token: Token,
}

/// An answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Body, as text.
    pub body: String,
    /// What `Retry-After` says, in seconds.
    pub retry_after: Option<u64>,
}

/// What became of a request that got in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Every record is stored.
    Stored(Counts),
    /// The queue of the buffered mode has it; every record will be stored.
    Queued,
}

/// How many records of a request were received, accepted and rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Counts {
    /// Records in the body.
    pub received: usize,
    /// Records that became event rows.
    pub accepted: usize,
    /// Records that became reject rows.
    pub rejected: usize,
}

impl Answer {
    /// What became of the request, if a receiver took it.
    pub fn taken(&self) -> Option<Taken> {
        #[derive(Deserialize)]
        struct Queued {
            queued: bool,
        }
        if self.status != 200 {
            return None;
        }
        let is_queued = serde_json::from_str(&self.body).is_ok_and(|Queued { queued }| queued);
        if is_queued { Some(Taken::Queued) } else { serde_json::from_str(&self.body).ok().map(Taken::Stored) }
    }

    /// The counts, if every record is stored.
    pub fn counts(&self) -> Option<Counts> {
        match self.taken()? {
            Taken::Stored(counts) => Some(counts),
            Taken::Queued => None,
        }
    }

    /// The receiver's error code, if there is one.
    pub fn code(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Coded {
            error: String,
        }
        serde_json::from_str(&self.body).ok().map(|coded: Coded| coded.error)
    }
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{url} gave no answer: {}", why(.source))]
pub struct NoAnswer {
    url: String,
    source: ureq::Error,
}

impl NoAnswer {
    /// What failed, as a sentence.
    pub fn why(&self) -> String {
        why(&self.source)
    }
}

/// Explains in a sentence why a request was not answered.
pub fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "the name of the host is not known to DNS".to_owned(),
        ureq::Error::ConnectionFailed => "no connection to the host could be made".to_owned(),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "the host refuses the connection: nothing listens on the port".to_owned()
        }
        ureq::Error::Io(error) => format!("the connection failed: {error}"),
        ureq::Error::Timeout(which) => format!("it took too long ({which})"),
        ureq::Error::Rustls(error) => format!("no secure connection (TLS) could be made: {error}"),
        ureq::Error::Tls(error) => format!("no secure connection (TLS) could be made: {error}"),
        ureq::Error::Protocol(error) => format!("what listens there does not speak HTTP as it should: {error}"),
        other => other.to_string(),
    }
}

impl ReceiverClient {
    /// Takes a receiver's URL and a token; nothing is sent yet.
    ///
    /// # Errors
    /// A URL that is neither `http://` nor `https://`, or has no host.
    pub fn new(url: &str, token: Token) -> Result<Self, UrlError> {
        let wrong = || UrlError(url.to_owned());
        let uri: Uri = url.trim().parse().map_err(|_| wrong())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.host().filter(|host| known && !host.is_empty() && !url.contains('@')).ok_or_else(wrong)?;
        let agent = agent(is_loopback(host));
        Ok(Self { agent, url: uri, token })
    }

    pub fn url(&self) -> String {
        self.url.to_string()
    }

    /// Whether the token crosses a network unencrypted.
    pub fn is_in_the_clear(&self) -> bool {
        self.url.scheme_str() == Some("http") && !self.url.host().is_some_and(is_loopback)
    }

    /// Posts one body.
    ///
    /// A body that is not UTF-8 is marked as binary, so that a Function URL passes it on unchanged (as base64).
    ///
    /// # Errors
    /// No answer. Any status is an answer.
    pub fn post(&self, body: &[u8]) -> Result<Answer, NoAnswer> {
        let failed = |source| NoAnswer { url: self.url(), source };
        // A server that refuses a request closes the connection before it has read the body, and a client may notice that only at the
        // next one. Posting a body again does no harm.
        let sent = self.send(body).or_else(|error| if is_cut_off(&error) { self.send(body) } else { Err(error) });
        let mut response = sent.map_err(failed)?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let text = response.body_mut().with_config().limit(LARGEST_ANSWER).lossy_utf8(true).read_to_string();
        Ok(Answer { status: response.status().as_u16(), body: text.map_err(failed)?, retry_after })
    }

    fn send(&self, body: &[u8]) -> Result<Response<Body>, ureq::Error> {
        let content_type = if std::str::from_utf8(body).is_ok() { "application/json" } else { "application/octet-stream" };
        let request =
            self.agent.post(&self.url).header(AUTHORIZATION, format!("Bearer {}", self.token.0)).header(CONTENT_TYPE, content_type);
        request.send(body)
    }
}

/// Whether a connection that was there has ended without an answer.
fn is_cut_off(error: &ureq::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error, ureq::Error::Io(error) if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof))
}

/// A client that takes any status as an answer, and never follows a redirect with the token.
pub fn agent(nearby: bool) -> Agent {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).unversioned_rustls_crypto_provider(provider).build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(LONGEST))
        .timeout_connect(Some(CONNECT))
        .user_agent(concat!("auth0-log-lake/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls);
    // A proxy in the environment is not used for this machine.
    if nearby { config.proxy(None) } else { config }.build().new_agent()
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_token_alone_and_is_never_shown() {
        for (text, error) in [
            ("", TokenError::Missing),
            (" \n", TokenError::Missing),
            ("bearer abc", TokenError::Scheme),
            ("a b", TokenError::Form),
            ("a\nb", TokenError::Form),
            ("é", TokenError::Form),
        ] {
            assert_eq!(Token::parse(text).map(|_| ()), Err(error), "{text:?}");
        }
        let token = Token::parse("secret-abc\n").expect("a token");
        assert_eq!(token.reveal(), "secret-abc");
        assert!(!format!("{token:?}").contains("abc"));
    }

    #[test]
    fn a_url_is_of_http_and_has_a_host() {
        let receiver = |url| ReceiverClient::new(url, Token::parse("abc").expect("a token"));
        for url in ["", "127.0.0.1:9000", "ftp://host/", "http://", "/path", "http://user@host/", "http://a b/"] {
            assert!(receiver(url).is_err(), "{url}");
        }
        for (url, in_the_clear) in [
            ("http://127.0.0.1:9000", false),
            ("http://[::1]:9000/", false),
            ("http://localhost/x", false),
            ("https://host/", false),
            ("http://host/", true),
        ] {
            assert_eq!(receiver(url).expect(url).is_in_the_clear(), in_the_clear, "{url}");
        }
    }

    #[test]
    fn only_a_receivers_own_answer_has_counts_or_a_code_or_says_that_it_is_queued() {
        let answer = |status, body: &str| Answer { status, body: body.to_owned(), retry_after: None };
        let counts = Counts { received: 3, accepted: 2, rejected: 1 };
        assert_eq!(answer(200, r#"{"received":3,"accepted":2,"rejected":1}"#).counts(), Some(counts));
        assert_eq!(answer(503, r#"{"received":3,"accepted":2,"rejected":1}"#).counts(), None);
        assert_eq!(answer(200, "<html>").taken(), None);
        let queued = answer(200, r#"{"queued":true}"#);
        assert_eq!((queued.taken(), queued.counts()), (Some(Taken::Queued), None));
        assert_eq!((answer(202, r#"{"queued":true}"#).taken(), answer(200, r#"{"queued":false}"#).taken()), (None, None));
        assert_eq!(answer(401, r#"{"error":"invalid_token"}"#).code().as_deref(), Some("invalid_token"));
        assert_eq!(answer(403, r#"{"Message":"Forbidden"}"#).code(), None);
    }
}
