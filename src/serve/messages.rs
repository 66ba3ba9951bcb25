//! The event of a queue's event source mapping → its messages, and the answer that names those that failed.
//!
//! Shapes: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", and "Implementing partial batch responses" there.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::drain::Delivery;

/// One message as Lambda delivers it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueuedMessage<'a> {
    /// The id by which the answer names it.
    #[serde(borrow)]
    pub message_id: Cow<'a, str>,
    /// Its text.
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(borrow, default)]
    attributes: Attributes<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes<'a> {
    #[serde(borrow)]
    approximate_receive_count: Option<Cow<'a, str>>,
}

impl QueuedMessage<'_> {
    /// The message as `drain` takes it; without a count it is taken for new.
    pub fn delivery(&self) -> Delivery<'_> {
        let count = self.attributes.approximate_receive_count.as_ref().and_then(|count| count.parse().ok());
        Delivery { text: &self.body, count: count.unwrap_or(1) }
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin<'a> {
    #[serde(borrow)]
    event_source: Cow<'a, str>,
}

/// Reads the messages of an event; `None` if it is not one of SQS, which its first name says.
///
/// # Errors
/// A message without an id or a text. None of the event may then be taken for stored.
pub fn read_messages(event: &[u8]) -> Option<serde_json::Result<Vec<QueuedMessage<'_>>>> {
    // No event of a Function URL has the name at its top, so a request costs no parse here.
    event.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"Records\"")?;
    let Event { records } = serde_json::from_slice(event).ok()?;
    let first: Origin<'_> = serde_json::from_str(records.first()?.get()).ok()?;
    (first.event_source == "aws:sqs").then(|| records.into_iter().map(|record| serde_json::from_str(record.get())).collect())
}

/// Names the messages that must stay in the queue; Lambda deletes the others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl BatchResponse {
    /// Names those at these positions.
    pub fn of(messages: &[QueuedMessage<'_>], failed: &[usize]) -> Self {
        let failure = |&at: &usize| Some(Failure { item_identifier: messages.get(at)?.message_id.clone().into_owned() });
        Self { batch_item_failures: failed.iter().filter_map(failure).collect() }
    }
}
