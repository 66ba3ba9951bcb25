//! What a sender is answered: the only file that picks a status code.
//!
//! An answer says what was stored, or one stable code. It holds nothing internal, and 5xx is for
//! our own faults alone.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{
    auth::TokenRefusal,
    partition::Tally,
    store::{Puts, StoreError},
};

/// Seconds after which a sender may try again what could not be stored.
const RETRY_AFTER_SECONDS: &str = "10";

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The queue has it: every record will be stored.
    Queued,
    /// Every record is stored.
    Stored {
        /// Records that became event rows.
        accepted: usize,
        /// Records that became reject rows.
        rejected: usize,
    },
    /// The request never got in.
    Refused(Refusal),
    /// The store failed; the sender should try again.
    Failed,
}

/// Why a request never got in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another method than `POST`.
    Method,
    /// An address from which no sender may come.
    Address,
    /// No token, or one that is not known.
    Token(TokenRefusal),
    /// A body larger than the Function URL accepts.
    TooLarge,
    /// A body that did not arrive whole.
    Incomplete,
    /// An event of the Function URL whose method, headers, address or body cannot be read.
    MalformedEvent,
    /// A message of the queue that no receiver wrote.
    MalformedMessage,
}

/// What a request whose records are all stored left behind.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// What became of its records.
    pub tally: Tally,
    /// What the store did.
    pub puts: Puts,
}

/// What became of a request that got in.
#[derive(Clone, Copy, Debug)]
pub enum Taken {
    /// Its records are stored.
    Stored(Stored),
    /// The queue has it.
    Queued,
}

/// Why a request's records are not stored.
#[derive(Debug)]
pub enum NotStored {
    /// The request is refused.
    Refused(Refusal),
    /// The store failed.
    Failed(StoreError),
}

impl From<Refusal> for NotStored {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NotStored {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<Tally> for Outcome {
    fn from(tally: Tally) -> Self {
        Self::Stored { accepted: tally.accepted, rejected: tally.rejected }
    }
}

impl Outcome {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Stored { .. } | Self::Queued => StatusCode::OK,
            Self::Refused(Refusal::Method) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused(Refusal::Address) => StatusCode::FORBIDDEN,
            Self::Refused(Refusal::Token(_)) => StatusCode::UNAUTHORIZED,
            Self::Refused(Refusal::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Refused(Refusal::Incomplete | Refusal::MalformedEvent | Refusal::MalformedMessage) => StatusCode::BAD_REQUEST,
            Self::Failed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The stable code of an error; `None` if all is stored or queued.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Stored { .. } | Self::Queued => None,
            Self::Refused(Refusal::Method) => Some("method_not_allowed"),
            Self::Refused(Refusal::Address) => Some("address_refused"),
            Self::Refused(Refusal::Token(TokenRefusal::Missing)) => Some("missing_token"),
            Self::Refused(Refusal::Token(TokenRefusal::Invalid)) => Some("invalid_token"),
            Self::Refused(Refusal::TooLarge) => Some("body_too_large"),
            Self::Refused(Refusal::Incomplete) => Some("incomplete_body"),
            Self::Refused(Refusal::MalformedEvent) => Some("malformed_event"),
            Self::Refused(Refusal::MalformedMessage) => Some("malformed_message"),
            Self::Failed => Some("store_unavailable"),
        }
    }

    /// Renders the answer.
    pub fn response(self) -> Response<Bytes> {
        let body = match self {
            Self::Stored { accepted, rejected } => {
                format!("{{\"received\":{},\"accepted\":{accepted},\"rejected\":{rejected}}}", accepted + rejected)
            }
            Self::Queued => r#"{"queued":true}"#.to_owned(),
            _ => format!("{{\"error\":\"{}\"}}", self.code().unwrap_or_default()),
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = self.header() {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    /// The header that tells a sender what to do about an error.
    fn header(self) -> Option<(http::HeaderName, &'static str)> {
        match self {
            Self::Refused(Refusal::Method) => Some((ALLOW, "POST")),
            Self::Refused(Refusal::Token(TokenRefusal::Missing)) => Some((WWW_AUTHENTICATE, "Bearer")),
            Self::Refused(Refusal::Token(TokenRefusal::Invalid)) => Some((WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")),
            Self::Failed => Some((RETRY_AFTER, RETRY_AFTER_SECONDS)),
            _ => None,
        }
    }
}
