//! One request, from its head to its answer: authenticate, split, normalize, partition, put, render.

use std::{
    io,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, header::CONTENT_ENCODING, request::Parts};
use tokio::time::{Instant, timeout_at};

use crate::{
    auth::{AuthenticatedBody, Sources},
    config::{Addresses, Config},
    metrics::Report,
    object::{Compression, Object},
    partition::{self, Tally},
    reject::Reason,
    response::{Outcome, Refusal},
    row::Arrival,
    store::{self, Lake, Store, StoreError, StoreErrorKind},
};

/// Largest body accepted, in bytes: the quota of a Lambda invocation's payload (AWS Lambda
/// Developer Guide, "Lambda quotas"), which a Function URL refuses before us.
pub const LARGEST_BODY: usize = 6 << 20;

/// What a receiver needs beside the request.
#[derive(Debug)]
pub struct Receiver<S = Lake> {
    /// Where objects are put.
    pub store: S,
    /// Who may send.
    pub sources: Sources,
    /// From where senders may come.
    pub addresses: Addresses,
    /// How objects are compressed.
    pub compression: Compression,
    /// Name of the stack, a dimension of every metric.
    pub stack: Option<String>,
    /// Memory that the last request's rows were written to: taking megabytes anew costs as much as filling them.
    rows: Mutex<Vec<u8>>,
}

impl Receiver {
    /// Takes the settings, and opens the lake; nothing is sent before the first request.
    pub async fn open(config: Config) -> Self {
        let receiver = Self::with_store(Lake::open(config.lake).await, config.sources, config.addresses, config.compression);
        Self { stack: config.stack, ..receiver }
    }
}

impl<S: Store> Receiver<S> {
    /// Takes a store, who may send from where, and how objects are compressed.
    pub fn with_store(store: S, sources: Sources, addresses: Addresses, compression: Compression) -> Self {
        Self { store, sources, addresses, compression, stack: None, rows: Mutex::default() }
    }

    /// Turns one request's body into objects; one that is `unread` is not looked into.
    fn objects(&self, arrival: &Arrival<'_>, batch: &AuthenticatedBody<'_>, unread: Option<Reason>) -> (Tally, io::Result<Vec<Object>>) {
        let memory = std::mem::take(&mut *self.rows.lock().unwrap_or_else(PoisonError::into_inner));
        let rows = match unread {
            Some(reason) => partition::reject(arrival, batch, reason, memory),
            None => partition::normalize(arrival, batch, memory),
        };
        let (tally, objects) = (rows.tally, rows.objects(self.compression));
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = rows.into_text();
        (tally, objects)
    }

    /// Keeps the whole body as a reject where making its objects panics: our own fault would return at each retry, and stop the stream.
    fn objects_or_reject(
        &self,
        arrival: &Arrival<'_>,
        batch: &AuthenticatedBody<'_>,
        make: impl FnOnce() -> (Tally, io::Result<Vec<Object>>),
    ) -> (Tally, io::Result<Vec<Object>>) {
        // What a panic leaves half done is memory of this request, which is lost with it.
        catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| self.objects(arrival, batch, Some(Reason::ReceiverError)))
    }
}

/// What is known of a request beside what was sent.
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

/// Answers one request, and reports what became of it. `body` is read once its sender is known.
pub async fn receive<S: Store>(
    receiver: &Receiver<S>,
    context: Context<'_>,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Refusal>>,
) -> Report {
    let mut report = Report::new(context.received_at, context.request_id, receiver.stack.as_deref());
    let outcome = answer(receiver, context, head, body, &mut report).await;
    report.outcome = outcome.unwrap_or_else(|refused| refused);
    report
}

async fn answer<S: Store>(
    receiver: &Receiver<S>,
    context: Context<'_>,
    head: &Parts,
    body: impl Future<Output = Result<Bytes, Refusal>>,
    report: &mut Report,
) -> Result<Outcome, Outcome> {
    if head.method != Method::POST {
        return Err(Outcome::Refused(Refusal::Method));
    }
    report.from_elsewhere = receiver.addresses.exclude(context.peer);
    if report.from_elsewhere && !receiver.addresses.only_count {
        return Err(Outcome::Refused(Refusal::Address));
    }
    let sender = receiver.sources.authenticate(&head.headers).map_err(|refused| Outcome::Refused(Refusal::Token(refused)))?;
    report.source = Some(sender.source().as_str().to_owned());
    let body = timeout_at(context.deadline, body).await.unwrap_or(Err(Refusal::Incomplete));
    let body = body.and_then(within_limit).map_err(Outcome::Refused)?;
    report.bytes_received = body.len();
    let arrival = Arrival::new(sender.source(), context.request_id, context.received_at);
    let unread = is_encoded(&head.headers).then_some(Reason::UnsupportedEncoding);
    let batch = sender.with_body(&body);
    let (tally, objects) = receiver.objects_or_reject(&arrival, &batch, || receiver.objects(&arrival, &batch, unread));
    let stored = match objects {
        Ok(objects) => store::put_all(&receiver.store, &objects, context.deadline).await,
        Err(error) => Err(StoreError::new(StoreErrorKind::Unavailable, error)),
    };
    match stored {
        Ok(puts) => (report.puts, report.tally) = (puts, tally),
        Err(error) => {
            report.failure = Some(error);
            return Err(Outcome::Failed);
        }
    }
    Ok(Outcome::from(tally))
}

fn within_limit(body: Bytes) -> Result<Bytes, Refusal> {
    if body.len() > LARGEST_BODY { Err(Refusal::TooLarge) } else { Ok(body) }
}

/// Says whether a body has a content coding.
fn is_encoded(headers: &HeaderMap) -> bool {
    let plain = |value: &[u8]| value.trim_ascii().is_empty() || value.trim_ascii().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().split(|&byte| byte == b',').all(plain))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use http::HeaderValue;

    use super::*;
    use crate::{
        auth::{Source, TokenDigest},
        object::Table,
        store::FileStore,
    };

    #[test]
    fn a_body_that_our_code_panics_on_is_kept_whole_as_one_reject() {
        let source = Source::parse("eu").expect("a name");
        let sources = Sources::new(vec![(source.clone(), TokenDigest::of(b"token"))]);
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer token"))]);
        let body = br#"[{"log_id":"1","data":{}},{"log_id":"2","data":{}}]"#;
        let batch = sources.authenticate(&headers).expect("a known token").with_body(body);
        let arrival = Arrival::new(&source, "request", DateTime::from_timestamp(1_795_403_527, 0).expect("a time"));
        let receiver = Receiver::with_store(FileStore::new("nowhere".into()), sources.clone(), Addresses::default(), Compression::None);
        let (tally, objects) = receiver.objects_or_reject(&arrival, &batch, || {
            _ = receiver.objects(&arrival, &batch, None);
            panic!("what a bug does")
        });
        assert_eq!((tally.accepted, tally.rejected), (0, 1));
        let objects = objects.expect("memory");
        let [reject] = &objects[..] else { panic!("one object") };
        assert_eq!(reject.key.table(), Table::Rejects);
        let row: serde_json::Value = serde_json::from_slice(&reject.bytes).expect("a row");
        assert_eq!((row["reason"].as_str(), row["raw"].as_str()), (Some("receiver_error"), std::str::from_utf8(body).ok()));
        let (tally, _) = receiver.objects(&arrival, &batch, None);
        assert_eq!(tally.accepted, 2, "the next request is read as ever");
    }
}
