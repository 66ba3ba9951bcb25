//! One record: as it was split off, and as it was read, that is, checked against RFC 8259 and taken apart.

use std::borrow::Cow;

use super::Members;
use crate::{
    json::{Malformed, Scanner, TextFlags, Value},
    reject::{Reason, Reject},
    schema::DATA_LOOKUP,
};

/// One record as it was sent, without the white space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A record that is not read yet.
    Unread(&'a [u8]),
    /// A reject, known from splitting.
    Rejected(Cow<'a, [u8]>, Reason),
}

impl<'a> Record<'a> {
    /// The bytes as sent.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Unread(bytes) => bytes,
            Self::Rejected(bytes, _) => bytes,
        }
    }

    /// The reason, if splitting already rejects it.
    pub fn rejected(&self) -> Option<Reason> {
        match self {
            Self::Unread(_) => None,
            Self::Rejected(_, reason) => Some(*reason),
        }
    }
}

/// A record that was read, or the reason it is a reject.
#[derive(Debug)]
pub struct ReadRecord<'a> {
    /// The bytes as sent, without the white space around them.
    pub bytes: Cow<'a, [u8]>,
    /// Whether its parts were read.
    pub read: Result<(), Reject>,
}

/// The members of a record and of its `data`, as slices; the memory is reused for each record.
#[derive(Debug)]
pub struct RecordParts<'a> {
    // A flat record's envelope becomes its data, so both look up columns.
    pub(crate) envelope: Members<'a>,
    pub(crate) data: Members<'a>,
}

impl Default for RecordParts<'_> {
    fn default() -> Self {
        Self { envelope: Members::new(&DATA_LOOKUP), data: Members::new(&DATA_LOOKUP) }
    }
}

impl<'a> RecordParts<'a> {
    /// Reads a record.
    ///
    /// # Errors
    /// If it is not UTF-8, not JSON, or not an object.
    pub fn read(&mut self, record: &'a [u8]) -> Result<(), Reject> {
        let mut scanner = Scanner::new(std::str::from_utf8(record).map_err(|_| Reason::InvalidUtf8)?);
        if scanner.peek() == Some(b'{') {
            self.object(&mut scanner)?;
            return Ok(scanner.end()?);
        }
        scanner.value()?;
        scanner.end()?;
        Err(Reason::NotAnObject.into())
    }

    /// Reads the object at the start of a text, and returns its text.
    pub(super) fn read_object(&mut self, text: &'a str) -> Option<&'a str> {
        self.object(&mut Scanner::new(text)).ok().map(|object| object.raw)
    }

    /// Whether the envelope has a member with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.envelope.last(name).is_some()
    }

    fn object(&mut self, scanner: &mut Scanner<'a>) -> Result<Value<'a>, Malformed> {
        self.envelope.clear();
        self.data.clear();
        scanner.object(|scanner, name| {
            let value = match scanner.peek() {
                Some(b'{') if name.decoded() == "data" => find_members(scanner, &mut self.data)?,
                _ => scanner.value()?,
            };
            self.envelope.push(name, value);
            Ok(value.flags)
        })
    }
}

/// Skips an object and collects its members.
pub(crate) fn find_members<'a>(scanner: &mut Scanner<'a>, members: &mut Members<'a>) -> Result<Value<'a>, Malformed> {
    members.clear();
    scanner.object(|scanner, name| {
        let value = scanner.value()?;
        members.push(name, value);
        Ok::<TextFlags, Malformed>(value.flags)
    })
}
