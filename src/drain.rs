//! Messages of the queue → objects that they share, and the reports of how it ended.
//!
//! SQS delivers a message at least once, and in any batch. Its rows keep the request that it came as, so a message that comes
//! again makes the same rows, in whatever object. Messages are stored in [`mod@slices`], so that one sender's work cannot fail
//! another's: what is stored when the time is over is reported stored, and the rest is delivered again.

use std::{collections::BTreeMap, pin::pin};

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use crate::{
    message::Message,
    metrics::Report,
    receive::{Context, Receiver},
    response::{Outcome, Refusal, Stored},
    store::{Store, StoreError},
};
use slices::{Slice, Waiting, slices};

pub mod slices;

/// Slices that are stored side by side, each with its own puts under way.
const SLICES_AT_ONCE: usize = 4;

/// A message as the queue delivers it.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Its text.
    pub text: &'a str,
    /// How often it has been delivered, this time included.
    pub count: u32,
}

/// What became of messages.
#[derive(Debug, Default)]
pub struct Drained {
    /// Those that must stay in the queue, as positions, in order.
    pub failed: Vec<usize>,
    /// One report for each source, and one for what no receiver wrote.
    pub reports: Vec<Report>,
}

/// Stores messages.
///
/// One that cannot be read fails, so that SQS moves it to the dead-letter queue in the end.
pub async fn drain<S: Store, Q>(receiver: &Receiver<S, Q>, context: Context<'_>, deliveries: &[Delivery<'_>]) -> Drained {
    let new_report = || Report::new(context.received_at, context.request_id, receiver.stack.as_deref());
    let read: Vec<Option<Message>> = deliveries.iter().map(|delivery| Message::decode(delivery.text)).collect();
    let mut drained = Drained::default();
    drained.failed.extend(read.iter().enumerate().filter(|(_, message)| message.is_none()).map(|(at, _)| at));
    if !drained.failed.is_empty() {
        drained.reports.push(Report { outcome: Outcome::Refused(Refusal::MalformedMessage), ..new_report() });
    }
    let waiting = read.iter().zip(deliveries).enumerate().filter_map(|(at, (message, delivery))| {
        let batch = message.as_ref()?.batch();
        Some(Waiting::new(at, delivery.count, batch, &receiver.committer.partitioner))
    });
    let slices = slices(waiting);
    let storing = stream::iter(0..slices.len()).map(|at| store(receiver, context.deadline, &slices[at]));
    let mut storing = pin!(storing.buffer_unordered(SLICES_AT_ONCE));
    let mut reports: BTreeMap<&str, Report> = BTreeMap::new();
    while let Some((slice, ends)) = storing.next().await {
        let source = slice.source.as_str();
        let report = reports.entry(source).or_insert_with(|| Report { source: Some(source.to_owned()), ..new_report() });
        for (at, end) in slice.positions.iter().zip(ends) {
            match end {
                Ok(Stored { tally, puts }) => (report.tally, report.puts) = (report.tally + tally, report.puts + puts),
                Err(failure) => {
                    report.failure.get_or_insert(failure);
                    drained.failed.push(*at);
                }
            }
        }
    }
    drained.failed.sort_unstable();
    let end = |report: Report| Report { outcome: if report.failure.is_some() { Outcome::Failed } else { report.tally.into() }, ..report };
    drained.reports.extend(reports.into_values().map(end));
    drained
}

/// Stores one slice, and says how each of its messages ended; past the deadline nothing of it is begun.
async fn store<'s, 'a, S: Store, Q>(
    receiver: &Receiver<S, Q>,
    deadline: Instant,
    slice: &'s Slice<'a>,
) -> (&'s Slice<'a>, Vec<Result<Stored, StoreError>>) {
    if now() >= deadline {
        return (slice, vec![Err(StoreError::late()); slice.batches.len()]);
    }
    (slice, receiver.committer.commit(&slice.batches, deadline).await)
}

#[expect(clippy::disallowed_methods, reason = "what is begun depends on the time that is left, and no row does")]
fn now() -> Instant {
    Instant::now()
}
