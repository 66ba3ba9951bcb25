//! A request that got in, as it waits: for requests beside it, or in the queue of the buffered mode.
//!
//! The text of a queued message is one line of JSON that says how the request came, and then its body: as it was sent where SQS
//! takes its characters, else as base64. No token is in it. Whoever may send to the queue is believed about the source, so
//! only the receiver's role may.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Sender, Source},
    batch::{Records, is_blank},
    partition::Batch,
    reject::Reason,
    row::Arrival,
};

/// A request that got in: its body, and what its rows say of how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    source: Source,
    request_id: String,
    received_at: DateTime<Utc>,
    /// Its body has a content coding, and is not read.
    is_encoded: bool,
    body: Bytes,
}

/// The first line of a queued message.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    request_id: Cow<'a, str>,
    /// Milliseconds since 1970.
    received_at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_encoded: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_base64: bool,
}

impl Message {
    /// Takes a request whose sender is known.
    pub fn new(sender: Sender<'_>, request_id: &str, received_at: DateTime<Utc>, is_encoded: bool, body: Bytes) -> Self {
        Self { source: sender.source().clone(), request_id: request_id.to_owned(), received_at, is_encoded, body }
    }

    /// The source that sent it.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The body, byte for byte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether there is no record in it.
    pub fn is_empty(&self) -> bool {
        if self.is_encoded { is_blank(&self.body) } else { Records::of(&self.body).next().is_none() }
    }

    /// The batch to make rows of.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            arrival: Arrival::new(&self.source, &self.request_id, self.received_at),
            body: &self.body,
            unread: self.is_encoded.then_some(Reason::UnsupportedEncoding),
        }
    }

    /// Writes the text of a queued message.
    pub fn encode(&self) -> String {
        let text = std::str::from_utf8(&self.body).ok().filter(|text| text.chars().all(is_allowed));
        let head = Head {
            source: self.source.as_str().into(),
            request_id: self.request_id.as_str().into(),
            received_at: self.received_at.timestamp_millis(),
            is_encoded: self.is_encoded,
            is_base64: text.is_none(),
        };
        let head = serde_json::to_string(&head).unwrap_or_default();
        format!("{head}\n{}", text.map_or_else(|| Cow::Owned(BASE64_STANDARD.encode(&self.body)), Cow::Borrowed))
    }

    /// Reads the text of a queued message; `None` if no receiver wrote it.
    pub fn decode(text: &str) -> Option<Self> {
        let (head, body) = text.split_once('\n')?;
        let head: Head<'_> = serde_json::from_str(head).ok()?;
        let body = if head.is_base64 { BASE64_STANDARD.decode(body).ok()?.into() } else { Bytes::copy_from_slice(body.as_bytes()) };
        Some(Self {
            source: Source::parse(&head.source)?,
            request_id: head.request_id.into_owned(),
            received_at: DateTime::from_timestamp_millis(head.received_at)?,
            is_encoded: head.is_encoded,
            body,
        })
    }
}

/// Whether SQS takes a character (Amazon SQS Developer Guide, "Amazon SQS message quotas", message content).
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn message(body: &[u8], is_encoded: bool) -> Message {
        let source = Source::parse("eu").expect("a name");
        let at = DateTime::from_timestamp_millis(1_795_403_527_123).expect("a time");
        Message::new(Sender::of(&source), "request-\"1\"", at, is_encoded, Bytes::copy_from_slice(body))
    }

    #[test]
    fn a_body_stays_text_unless_sqs_refuses_a_character_of_it() {
        for (body, is_text) in [
            (&b"[{\"log_id\":\"1\"}]\r\n\t"[..], true),
            ("é\u{2028}\u{1F600}".as_bytes(), true),
            (b"", true),
            (b"\0", false),
            (b"\x1b", false),
            ("\u{FFFE}".as_bytes(), false),
            ("\u{FFFF}".as_bytes(), false),
            (b"\xff", false),
        ] {
            let text = message(body, false).encode();
            assert!(text.chars().all(is_allowed), "{body:?}");
            assert_eq!(text.as_bytes().ends_with(body), is_text, "{body:?}");
            assert_eq!(text.contains("is_base64"), !is_text, "{body:?}");
        }
    }

    #[test]
    fn what_no_receiver_wrote_is_no_message() {
        let good = message(b"[]", false).encode();
        assert!(Message::decode(&good).is_some());
        for (part, other) in
            [("\n", " "), ("\"eu\"", "\"E U\""), ("1795403527123", "9223372036854775807"), ("request_id", "request"), ("{", "")]
        {
            assert!(good.contains(part), "{part}");
            assert_eq!(Message::decode(&good.replacen(part, other, 1)), None, "{part} → {other}");
        }
        assert_eq!(Message::decode(&message(b"\0", false).encode().replace("AA==", "A")), None);
    }

    #[test]
    fn a_body_without_a_record_is_empty() {
        for (body, plain, encoded) in [
            (&b""[..], true, true),
            (b" \n\r\n", true, true),
            (b"[]", true, false),
            (b"{\"logs\":[ ]}", true, false),
            (b"[{}]", false, false),
            (b"x", false, false),
        ] {
            assert_eq!((message(body, false).is_empty(), message(body, true).is_empty()), (plain, encoded), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn prop_reading_a_written_message_gives_the_message(body in vec(any::<u8>(), 0..200), text in ".{0,200}", is_encoded: bool) {
            for body in [&body, text.as_bytes()] {
                let message = message(body, is_encoded);
                prop_assert_eq!(Message::decode(&message.encode()), Some(message));
            }
        }
    }
}
