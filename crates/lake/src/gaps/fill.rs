//! Posting what is missing, as Auth0's API gave it, through the receiver.

use std::io::Write;

use super::{
    held::{Found, Held},
    logged::Logged,
};
use crate::{
    deliver::{Undelivered, deliver},
    layout::{count, shorten},
    meaning::{meaning, status},
    outcome::Failure,
    post::{Counts, ReceiverClient, Taken},
};

/// Most records of one request: fewer than the hours that it may touch, so that none goes beyond.
const MOST_RECORDS: usize = 1_000;
/// Bytes past which a request takes no further record: far below what is accepted, and quick to store.
const ENOUGH_BYTES: usize = 1 << 20;

/// Columns of an id that are shown.
const ID_WIDTH: usize = 64;

/// A fill under way.
#[derive(Debug)]
pub struct Fill<'a> {
    receiver: &'a ReceiverClient,
    /// The records that go together next.
    waiting: Vec<Vec<u8>>,
    /// The last of them.
    last: Option<Logged>,
    /// A record that was posted has been found in the lake.
    is_proven: bool,
    /// Records that became events.
    pub events: usize,
    /// Records that were rejected, and are kept as rejects.
    pub rejects: usize,
    /// Records that wait in the queue of the buffered mode.
    pub queued: usize,
    /// What could not be posted, as sentences.
    pub problems: Vec<String>,
}

impl<'a> Fill<'a> {
    /// Takes a receiver, and sees whether anything will get in.
    ///
    /// # Errors
    /// A receiver that gives no answer, or another than a receiver's.
    pub fn new(receiver: &'a ReceiverClient) -> Result<Self, Failure> {
        // An empty batch stores nothing.
        let answer = receiver.post(b"[]")?;
        if answer.counts().is_none() {
            return Err(Failure::Gaps(
                format!("{} answers {}. {}", receiver.url(), status(&answer), meaning(&answer)).trim_end_matches('.').to_owned(),
            ));
        }
        Ok(Self { receiver, waiting: Vec::new(), last: None, is_proven: false, events: 0, rejects: 0, queued: 0, problems: Vec::new() })
    }

    /// Posts a record, or lets it wait for others.
    ///
    /// # Errors
    /// A receiver that stores nothing at present.
    pub fn add(&mut self, raw: &[u8], logged: &Logged, held: &mut Held<'_>, err: &mut dyn Write) -> Result<(), Failure> {
        let bytes: usize = self.waiting.iter().map(|raw| raw.len() + 1).sum();
        if !self.waiting.is_empty() && (self.waiting.len() >= MOST_RECORDS || bytes + raw.len() > ENOUGH_BYTES) {
            self.post(held, err)?;
        }
        self.waiting.push(raw.to_vec());
        self.last = Some(logged.clone());
        Ok(())
    }

    /// How many records were posted.
    pub fn posted(&self) -> usize {
        self.events + self.rejects + self.queued
    }

    /// Posts what waits.
    ///
    /// # Errors
    /// A receiver that stores nothing at present, or whose lake is another.
    pub fn post(&mut self, held: &mut Held<'_>, err: &mut dyn Write) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(last) = self.last.take() else { return Ok(()) };
        let body = [b"[".as_slice(), &waiting.join(&b","[..]), b"]"].concat();
        match deliver(self.receiver, &body, err) {
            Ok(Taken::Stored(counts)) => self.note(counts, waiting.len()).and_then(|()| self.prove(&last, held)),
            Ok(Taken::Queued) => {
                self.queued += waiting.len();
                Ok(())
            }
            Err(Undelivered::Body(why)) => {
                self.problems.push(format!(
                    "{}, the last of them {}, were not taken: {why}",
                    count(waiting.len(), "record"),
                    shorten(&last.log_id, ID_WIDTH)
                ));
                Ok(())
            }
            Err(Undelivered::All(why)) => Err(Failure::Gaps(why.trim_end_matches('.').to_owned())),
            Err(Undelivered::Output(error)) => Err(error.into()),
        }
    }

    /// Counts what is stored of so many records.
    fn note(&mut self, counts: Counts, posted: usize) -> Result<(), Failure> {
        if counts.received != posted {
            let posted = count(posted, "record");
            return Err(Failure::Gaps(format!("{posted} arrived as {}: the receiver is of another version", counts.received)));
        }
        self.events += counts.accepted;
        self.rejects += counts.rejected;
        Ok(())
    }

    /// Looks once whether what was posted is in this lake, before more goes elsewhere.
    fn prove(&mut self, last: &Logged, held: &mut Held<'_>) -> Result<(), Failure> {
        if self.is_proven {
            return Ok(());
        }
        held.forget();
        if held.look(last)? == Found::Nowhere {
            let url = self.receiver.url();
            return Err(Failure::Gaps(format!(
                "{url} has stored what was posted, but the lake does not hold it (is it the receiver of this lake, and TOKEN that of the \
                 tenant's source?)"
            )));
        }
        self.is_proven = true;
        Ok(())
    }
}
