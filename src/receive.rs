//! One request, from its head to the report of how it ended: authenticate, read, make objects, put.
//!
//! Splitting and normalizing are one loop in [`partition::normalize`](crate::partition::normalize).

use std::net::IpAddr;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, header::CONTENT_ENCODING, request::Parts};
use tokio::time::{Instant, timeout_at};

use crate::{
    auth::{Sender, Sources},
    config::{Addresses, Config},
    metrics::Report,
    object::Compression,
    partition::Partitioner,
    reject::Reason,
    response::{NotStored, Refusal, Stored},
    row::Arrival,
    store::{self, Lake, Store, StoreError},
};

/// Largest body accepted, in bytes: the quota of a Lambda invocation's payload (AWS Lambda
/// Developer Guide, "Lambda quotas"), a Function URL refuses larger ones before they reach us.
pub const LARGEST_BODY: usize = 6 << 20;

/// What a receiver needs besides the request.
#[derive(Debug)]
pub struct Receiver<S = Lake> {
    /// Where objects are put.
    pub store: S,
    /// Who may send.
    pub sources: Sources,
    /// From where senders may come.
    pub addresses: Addresses,
    /// What makes objects of batches.
    pub partitioner: Partitioner,
    /// Name of the stack, a dimension of every metric.
    pub stack: Option<String>,
}

impl Receiver {
    /// Opens the lake that the settings name. Nothing is sent to it before the first request.
    pub async fn open(config: Config) -> Self {
        let receiver = Self::with_store(Lake::open(config.lake).await, config.sources, config.addresses, config.compression);
        Self { stack: config.stack, ..receiver }
    }
}

impl<S: Store> Receiver<S> {
    /// Creates a receiver that puts its objects into `store`.
    pub fn with_store(store: S, sources: Sources, addresses: Addresses, compression: Compression) -> Self {
        Self { store, sources, addresses, partitioner: Partitioner::new(compression), stack: None }
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
pub async fn receive<S: Store>(
    receiver: &Receiver<S>,
    context: Context<'_>,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Refusal>>,
) -> Report {
    let mut report = Report::new(context.received_at, context.request_id, receiver.stack.as_deref());
    let result = answer(receiver, context, head, body, &mut report).await;
    report.end(result);
    report
}

async fn answer<S: Store>(
    receiver: &Receiver<S>,
    context: Context<'_>,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Refusal>>,
    report: &mut Report,
) -> Result<Stored, NotStored> {
    let sender = admit(receiver, context.peer, head, report)?;
    let body = timeout_at(context.deadline, body).await.unwrap_or(Err(Refusal::Incomplete)).and_then(within_limit)?;
    report.bytes_received = body.len();
    let arrival = Arrival::new(sender.source(), context.request_id, context.received_at);
    let unread = is_encoded(&head.headers).then_some(Reason::UnsupportedEncoding);
    let (tally, objects) = receiver.partitioner.partition(&arrival, &sender.with_body(&body), unread).map_err(StoreError::from)?;
    let puts = store::put_all(&receiver.store, &objects, context.deadline).await?;
    Ok(Stored { tally, puts })
}

/// Decides by the head alone whether to admit a request; the report gets its source and its address.
fn admit<'a, S>(receiver: &'a Receiver<S>, peer: Option<IpAddr>, head: &Parts, report: &mut Report) -> Result<Sender<'a>, Refusal> {
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
