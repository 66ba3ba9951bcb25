//! The formats in which a batch is sent.

use std::rc::Rc;

use bytes::Bytes;

use super::record::{Fate, Record};
use crate::random::Random;

/// A body's format, as a stream's owner chooses it, and a few that others send.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    Array,
    PrettyArray,
    Lines,
    LinesWithCarriageReturns,
    Wrapper,
    /// A wrapper that says more than `logs`.
    TalkativeWrapper,
    /// Several arrays in a row, with nothing or white space between them.
    Arrays,
}

impl Format {
    pub const ALL: [Self; 7] =
        [Self::Array, Self::PrettyArray, Self::Lines, Self::LinesWithCarriageReturns, Self::Wrapper, Self::TalkativeWrapper, Self::Arrays];
}

/// A batch as it is sent: the body, and every record that the receiver must find in it.
#[derive(Debug)]
pub struct Batch {
    pub body: Bytes,
    pub records: Vec<Rc<Record>>,
}

/// Writes records as a body.
pub fn write(random: &mut Random, format: Format, records: &[Rc<Record>]) -> Batch {
    let format = if records.iter().any(|record| record.needs_a_line) { Format::Lines } else { format };
    let mut all = records.to_vec();
    let list = |between: &str| join(records, between.as_bytes());
    let mut body = if random.percent(5) { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
    match format {
        Format::Array => body.extend(surround("[", list(","), "]")),
        Format::PrettyArray => body.extend(surround("\r\n[\r\n  ", list(",\r\n\t"), "\n]\n\n")),
        Format::Lines => {
            let end = *random.pick(&["", "\n", "\n\n"]);
            body.extend(surround("", list("\n"), end));
        }
        Format::LinesWithCarriageReturns => body.extend(surround("\r\n", list("\r\n \r\n"), "\r\n")),
        Format::Wrapper => body.extend(surround("{\"logs\":[", list(","), "]}")),
        Format::TalkativeWrapper => {
            let next = format!("],\"next\":\"{:x}\"}}", random.next());
            let rest = format!("{{\"logs\":[{next}").into_bytes();
            all.insert(
                0,
                Rc::new(Record { bytes: rest, fate: Fate::Reject { reason: "wrapper_members" }, available: 0, needs_a_line: false }),
            );
            body.extend(surround("{\"logs\":[", list(","), &next));
        }
        Format::Arrays => {
            let (first, second) = records.split_at(random.below(records.len() as u64 + 1) as usize);
            let end = *random.pick(&["]", "] ", "]\n"]);
            body.extend(surround("[", join(first, b" , "), end));
            body.extend(surround("[", join(second, b","), "]"));
        }
    }
    Batch { body: body.into(), records: all }
}

fn join(records: &[Rc<Record>], between: &[u8]) -> Vec<u8> {
    let texts: Vec<&[u8]> = records.iter().map(|record| record.bytes.as_slice()).collect();
    texts.join(between)
}

fn surround(before: &str, middle: Vec<u8>, after: &str) -> Vec<u8> {
    [before.as_bytes(), &middle, after.as_bytes()].concat()
}
