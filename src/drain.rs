//! Messages of the queue → objects that they share, and the reports of how it ended.
//!
//! SQS delivers a message at least once, and in any batch. Its rows keep the request that it came as, so a message that comes
//! again makes the same rows, in whatever object.

use std::collections::BTreeMap;

use crate::{
    message::Message,
    metrics::Report,
    partition::Batch,
    receive::{Context, Receiver},
    response::{Outcome, Refusal, Stored},
    store::Store,
};

/// What became of messages.
#[derive(Debug, Default)]
pub struct Drained {
    /// Those that must stay in the queue, as positions, in order.
    pub failed: Vec<usize>,
    /// One report for each source, and one for what no receiver wrote.
    pub reports: Vec<Report>,
}

/// Stores messages, given as their texts.
///
/// One that cannot be read fails, so that SQS moves it to the dead-letter queue in the end.
pub async fn drain<S: Store, Q>(receiver: &Receiver<S, Q>, context: Context<'_>, texts: &[impl AsRef<str>]) -> Drained {
    let new_report = || Report::new(context.received_at, context.request_id, receiver.stack.as_deref());
    let read: Vec<Option<Message>> = texts.iter().map(|text| Message::decode(text.as_ref())).collect();
    let mut drained = Drained::default();
    let messages: Vec<(usize, &Message)> = read.iter().enumerate().filter_map(|(at, message)| Some((at, message.as_ref()?))).collect();
    if messages.len() < texts.len() {
        drained.failed.extend(read.iter().enumerate().filter(|(_, message)| message.is_none()).map(|(at, _)| at));
        drained.reports.push(Report { outcome: Outcome::Refused(Refusal::MalformedMessage), ..new_report() });
    }
    let mut reports: BTreeMap<&str, Report> = BTreeMap::new();
    let batches: Vec<Batch<'_>> = messages.iter().map(|(_, message)| message.batch()).collect();
    for ((at, message), end) in messages.iter().zip(receiver.committer.commit(&batches, context.deadline).await) {
        let source = message.source().as_str();
        let report = reports.entry(source).or_insert_with(|| Report { source: Some(source.to_owned()), ..new_report() });
        match end {
            Ok(Stored { tally, puts }) => (report.tally, report.puts) = (report.tally + tally, report.puts + puts),
            Err(failure) => {
                report.failure.get_or_insert(failure);
                drained.failed.push(*at);
            }
        }
    }
    drained.failed.sort_unstable();
    let end = |report: Report| Report { outcome: if report.failure.is_some() { Outcome::Failed } else { report.tally.into() }, ..report };
    drained.reports.extend(reports.into_values().map(end));
    drained
}
