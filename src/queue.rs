//! Where batches wait in the buffered mode: a request is answered once its message is there.

use std::future::Future;

use crate::{message::Message, partition::Partitioner, store::StoreError};

mod sqs;

pub use sqs::SqsQueue;

/// Largest text of a message, in bytes.
///
/// SQS takes up to 1 MiB, and bills each 64 KiB of a message when it is sent and when it is received. So one of 384 KiB costs as
/// much as a put to S3 (COSTS.md has the prices), and a body of that size is worth an object of its own.
pub const LARGEST_MESSAGE: usize = 256 << 10;

/// A place where messages wait.
pub trait Queue: Send + Sync {
    /// Sends a message; afterwards it is stored durably, and will be delivered at least once.
    fn send(&self, text: String) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Most objects that a queued message may open: an ordinary body touches an hour or two, and has rejects at most.
///
/// A body that touches many hours shares few objects with others, and would keep them waiting.
pub const MOST_OBJECTS: usize = 8;

/// The text of a message, unless it is better stored directly: it is large, opens many objects, or holds nothing.
pub fn text_of(message: &Message, partitioner: &Partitioner) -> Option<String> {
    // A body above this is larger in any form.
    if message.body().len() > LARGEST_MESSAGE {
        return None;
    }
    let opened = partitioner.spread(&message.batch()).objects.len();
    (1..=MOST_OBJECTS).contains(&opened).then(|| message.encode()).filter(|text| text.len() <= LARGEST_MESSAGE)
}
