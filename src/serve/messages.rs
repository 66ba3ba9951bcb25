//! The event of a queue's event source mapping → its messages, and the answer that names those that failed.
//!
//! Shapes: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", and "Implementing partial batch responses" there.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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
}

impl AsRef<str> for QueuedMessage<'_> {
    fn as_ref(&self) -> &str {
        &self.body
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

/// Reads the messages of an event; `None` if it is not one of SQS.
///
/// # Errors
/// A message without an id or a text. None of the event may then be taken for stored.
pub fn read_messages(event: &RawValue) -> Option<serde_json::Result<Vec<QueuedMessage<'_>>>> {
    let Event { records } = serde_json::from_str(event.get()).ok()?;
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
