//! One request, from its head to the report of how it ended: authenticate, read, and store, alone or with others, or queue.
//!
//! Splitting and normalizing are one loop in [`partition::normalize`](crate::partition::normalize).

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, header::CONTENT_ENCODING, request::Parts};
use tokio::time::{Instant, timeout_at};

use crate::{
    auth::{Sender, Sources},
    commit::{Committer, group::Group},
    config::{Addresses, Config},
    message::Message,
    metrics::Report,
    object::Compression,
    partition::Partitioner,
    queue::{self, Queue, SqsQueue},
    response::{NotStored, Refusal, Taken},
    store::{Lake, Store, StoreError},
};

/// Largest body accepted, in bytes: the quota of a Lambda invocation's payload (AWS Lambda
/// Developer Guide, "Lambda quotas"), a Function URL refuses larger ones before they reach us.
pub const LARGEST_BODY: usize = 6 << 20;

/// What a receiver needs besides the request.
#[derive(Debug)]
pub struct Receiver<S = Lake, Q = SqsQueue> {
    /// What makes objects of batches, and puts them.
    pub committer: Arc<Committer<S>>,
    /// Who may send.
    pub sources: Sources,
    /// From where senders may come.
    pub addresses: Addresses,
    /// Name of the stack, a dimension of every metric.
    pub stack: Option<String>,
    /// What brings together requests that are under way at one time; without it each has objects of its own.
    pub group: Option<Group<S>>,
    /// Where batches wait in the buffered mode.
    pub queue: Option<Q>,
}

impl Receiver {
    /// Opens the lake and the queue that the settings name. Nothing is sent to them before the first request.
    pub async fn open(config: Config) -> Self {
        let queue = match config.queue {
            Some(url) => Some(SqsQueue::open(url).await),
            None => None,
        };
        let receiver = Self::with_store(Lake::open(config.lake, config.puts).await, config.sources, config.addresses, config.compression);
        Self { stack: config.stack, queue, ..receiver.sharing_objects(config.group_wait) }
    }
}

impl<S: Store> Receiver<S> {
    /// Creates a receiver that puts its objects into `store`, of each request its own.
    pub fn with_store(store: S, sources: Sources, addresses: Addresses, compression: Compression) -> Self {
        let committer = Arc::new(Committer { store, partitioner: Partitioner::new(compression) });
        Self { committer, sources, addresses, stack: None, group: None, queue: None }
    }

    /// Has requests wait in a queue, until [`drain`](crate::drain) stores them.
    pub fn buffering<Q>(self, queue: Q) -> Receiver<S, Q> {
        let Self { committer, sources, addresses, stack, group, queue: _ } = self;
        Receiver { committer, sources, addresses, stack, group, queue: Some(queue) }
    }

    /// Has requests that are under way together share their objects, and wait for each other for up to `wait`; zero is not at all.
    #[must_use]
    pub fn sharing_objects(self, wait: Duration) -> Self {
        let group = (!wait.is_zero()).then(|| Group::new(Arc::clone(&self.committer), wait));
        Self { group, ..self }
    }
}

/// What is known of a request besides what was sent.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Its id, for rows and logs.
    pub request_id: &'a str,
    /// The sender's address.
    pub peer: Option<IpAddr>,
    /// When the store must have answered.
    pub deadline: Instant,
}

/// Processes one request, and reports how it ended. `body` is read once its sender is known.
pub async fn receive<S: Store, Q: Queue>(
    receiver: &Receiver<S, Q>,
    context: Context<'_>,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Refusal>>,
) -> Report {
    let mut report = Report::new(context.received_at, context.request_id, receiver.stack.as_deref());
    let result = answer(receiver, context, head, body, &mut report).await;
    report.end(result);
    report
}

async fn answer<S: Store, Q: Queue>(
    receiver: &Receiver<S, Q>,
    context: Context<'_>,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Refusal>>,
    report: &mut Report,
) -> Result<Taken, NotStored> {
    let sender = admit(receiver, context.peer, head, report)?;
    let body = timeout_at(context.deadline, body).await.unwrap_or(Err(Refusal::Incomplete)).and_then(within_limit)?;
    report.bytes_received = body.len();
    let message = Message::new(sender, context.request_id, context.received_at, is_encoded(&head.headers), body);
    Ok(receiver.take(message, context.deadline).await?)
}

impl<S: Store, Q: Queue> Receiver<S, Q> {
    /// Queues a request, or stores it: without a queue, or where it is not for the queue.
    async fn take(&self, message: Message, deadline: Instant) -> Result<Taken, StoreError> {
        if let Some(queue) = &self.queue
            && let Some(text) = queue::text_of(&message, &self.committer.partitioner)
        {
            timeout_at(deadline, queue.send(text)).await.unwrap_or_else(|_| Err(StoreError::late().of_queue()))?;
            return Ok(Taken::Queued);
        }
        let stored = match &self.group {
            Some(group) => group.commit(message, deadline).await,
            None => self.committer.commit_one(message.batch(), deadline).await,
        };
        stored.map(Taken::Stored)
    }
}

/// Decides by the head alone whether to admit a request; the report gets its source and its address.
fn admit<'a, S, Q>(receiver: &'a Receiver<S, Q>, peer: Option<IpAddr>, head: &Parts, report: &mut Report) -> Result<Sender<'a>, Refusal> {
    if head.method != Method::POST {
        return Err(Refusal::Method);
    }
    report.from_elsewhere = receiver.addresses.exclude(peer);
    if report.from_elsewhere && !receiver.addresses.only_count {
        return Err(Refusal::Address);
    }
    let sender = receiver.sources.authenticate(&head.headers).map_err(Refusal::Token)?;
    report.source = Some(sender.source().as_str().to_owned());
    Ok(sender)
}

fn within_limit(body: Bytes) -> Result<Bytes, Refusal> {
    if body.len() > LARGEST_BODY { Err(Refusal::TooLarge) } else { Ok(body) }
}

/// Whether a body has a content coding other than `identity`.
fn is_encoded(headers: &HeaderMap) -> bool {
    let plain = |value: &[u8]| value.trim_ascii().is_empty() || value.trim_ascii().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().split(|&byte| byte == b',').all(plain))
}
