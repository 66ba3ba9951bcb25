//! Which messages are stored together, and which first.
//!
//! A slice holds messages of one source, so that senders share no failure. It opens a bounded number of objects, so that each
//! source soon has its turn. A message that opens many objects is stored alone, after the others of its source. The more often
//! messages have been delivered, the fewer of them are tried together, until the one that fails the others is alone.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    auth::Source,
    partition::{Batch, Partitioner, Spread},
    queue::MOST_OBJECTS,
};

/// Most objects that the messages of one slice open together: a third of a second at 20 ms a put.
const OBJECTS: usize = 256;
/// Most bytes of rows in a slice, unless one message has more: an event of 6 MB becomes fewer, unless its records are tiny.
const BYTES: usize = 16 << 20;
/// Most messages of a slice: more than Lambda delivers at once.
const MESSAGES: usize = 1 << 14;
/// Deliveries after which each further one halves the slice: the 17th tries each message alone, two hours after the first.
const PATIENCE: u32 = 3;

/// A message that is to be stored.
#[derive(Debug)]
pub struct Waiting<'a> {
    at: usize,
    batch: Batch<'a>,
    spread: Spread,
    /// Most messages of its slice.
    most: usize,
}

/// Messages of one source that are stored together.
#[derive(Debug)]
pub struct Slice<'a> {
    /// Whose they are.
    pub source: &'a Source,
    /// Their positions among those delivered.
    pub positions: Vec<usize>,
    /// Their batches.
    pub batches: Vec<Batch<'a>>,
    spread: Spread,
    most: usize,
}

impl<'a> Waiting<'a> {
    /// Measures the message at a position, which has been delivered this often.
    pub fn new(at: usize, count: u32, batch: Batch<'a>, partitioner: &Partitioner) -> Self {
        let spread = partitioner.spread(&batch);
        let halved = MESSAGES >> count.saturating_sub(PATIENCE).min(MESSAGES.ilog2());
        let most = if spread.objects.len() > MOST_OBJECTS { 1 } else { halved };
        Self { at, batch, spread, most }
    }
}

impl<'a> Slice<'a> {
    fn new(source: &'a Source, most: usize) -> Self {
        Self { source, positions: Vec::new(), batches: Vec::new(), spread: Spread::default(), most }
    }

    fn has_room_for(&self, message: &Waiting<'_>) -> bool {
        let opened = message.spread.objects.difference(&self.spread.objects).count();
        self.most == message.most
            && self.positions.len() < self.most
            && self.spread.objects.len() + opened <= OBJECTS
            && self.spread.bytes + message.spread.bytes <= BYTES
    }

    fn add(&mut self, message: Waiting<'a>) {
        self.positions.push(message.at);
        self.batches.push(message.batch);
        self.spread.objects.extend(message.spread.objects);
        self.spread.bytes += message.spread.bytes;
    }
}

/// Cuts messages into slices, in the order in which to store them: the sources take turns.
pub fn slices<'a>(waiting: impl Iterator<Item = Waiting<'a>>) -> Vec<Slice<'a>> {
    let mut sources: BTreeMap<&Source, Vec<Waiting<'a>>> = BTreeMap::new();
    for message in waiting {
        sources.entry(message.batch.arrival.source()).or_default().push(message);
    }
    let turns = sources.into_iter().flat_map(|(source, messages)| cut(source, messages).into_iter().enumerate());
    let mut turns: Vec<(usize, Slice<'a>)> = turns.collect();
    turns.sort_by_key(|(turn, slice)| (*turn, Reverse(slice.most)));
    turns.into_iter().map(|(_, slice)| slice).collect()
}

/// Cuts the messages of one source; those that need not be alone come first.
fn cut<'a>(source: &'a Source, mut messages: Vec<Waiting<'a>>) -> Vec<Slice<'a>> {
    messages.sort_by_key(|message| Reverse(message.most));
    let mut slices: Vec<Slice<'a>> = Vec::new();
    for message in messages {
        match slices.last_mut() {
            Some(slice) if slice.has_room_for(&message) => slice.add(message),
            _ => {
                let mut slice = Slice::new(source, message.most);
                slice.add(message);
                slices.push(slice);
            }
        }
    }
    slices
}
