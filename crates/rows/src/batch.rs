//! Splits a body into records.
//!
//! The bytes decide, never the `Content-Type`. The records of an array are its elements. The records of an object with a
//! `logs` array, but without `log_id` and `data`, are the elements of that array. Any other object is a record, and
//! so is any other text up to the end of its line. If the structure breaks, the records before the break are kept. The
//! rest becomes one record inside an array, and one record per line at the top.
//!
//! [`Records`] returns one record at a time, in one of two ways that agree (a property test compares them). As an
//! iterator, it splits by structure alone: it matches brackets and skips strings. [`Records::read_next`] also reads each
//! record, so it can read an object in place without looking for its end first. It falls back to the structure at the
//! first object that is not complete.

use std::{borrow::Cow, collections::VecDeque, ops::Range};

use crate::{
    json::text::{is_space, trim},
    reject::Reason,
};
use structure::{Mark, Marks};
use wrapper::{Wrapper, opens_logs};

mod members;
mod record;
mod structure;
mod wrapper;

pub(crate) use members::{Member, Members, Placement};
pub(crate) use record::find_members;
pub use record::{ReadRecord, Record, RecordParts};

/// Most records taken from one body; the rest of the body is one reject.
pub const MOST_RECORDS: usize = 100_000;

/// Whether a body has only JSON white space.
pub fn is_blank(body: &[u8]) -> bool {
    body.iter().all(|&byte| is_space(byte))
}

/// Splits a body into records by structure alone, for replays and tests.
pub fn split(body: &[u8]) -> Vec<Record<'_>> {
    Records::of(body).collect()
}

/// The records of a body, in the order sent. Time and memory are linear in the body's length.
#[derive(Debug)]
pub struct Records<'a> {
    body: &'a [u8],
    /// The body if it is valid UTF-8, otherwise empty, so that no object is read in place.
    text: &'a str,
    position: Position,
    /// A wrapper's other members: the wrapper's extent in the body, and its bytes without its `logs`.
    others: Option<(Range<usize>, Vec<u8>)>,
    /// Records that were split off but not yet returned.
    cut: VecDeque<Range<usize>>,
    /// How many records were returned.
    given: usize,
    /// The open brackets of the value that is being skipped.
    open: Vec<u8>,
}

/// Where to look for the next record.
#[derive(Clone, Copy, Debug)]
enum Position {
    /// Among the values at the top.
    Top(usize),
    /// Among the elements of an array at the top.
    Array(usize),
    /// Among lines, because the structure is broken.
    Lines(usize),
    End,
}

/// The structure is broken. `element` is where the broken element of an array starts.
struct Broken {
    element: Option<usize>,
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        while self.nothing_is_pending() {
            self.cut_more()?;
        }
        let others = self.others.take();
        let range = others.as_ref().map(|(extent, _)| extent.clone()).or_else(|| self.cut.pop_front())?;
        let record = match others {
            _ if self.given == MOST_RECORDS => Record::Rejected(self.rest(range.start), Reason::BatchLimit),
            Some((_, bytes)) => Record::Rejected(Cow::Owned(bytes), Reason::WrapperMembers),
            None => Record::Unread(trim(&self.body[range])),
        };
        self.given += 1;
        Some(record)
    }
}

impl<'a> Records<'a> {
    /// Starts at the beginning of the body.
    pub fn of(body: &'a [u8]) -> Self {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let text = std::str::from_utf8(body).unwrap_or_default();
        Self { body, text, position: Position::Top(0), others: None, cut: VecDeque::new(), given: 0, open: Vec::new() }
    }

    /// Returns the next record and reads it into `parts`, unless it is a reject.
    pub fn read_next(&mut self, parts: &mut RecordParts<'a>) -> Option<ReadRecord<'a>> {
        if let Some(object) = self.object_in_place(parts) {
            self.given += 1;
            return Some(ReadRecord { bytes: Cow::Borrowed(object.as_bytes()), read: Ok(()) });
        }
        Some(match self.next()? {
            Record::Unread(bytes) => ReadRecord { bytes: Cow::Borrowed(bytes), read: parts.read(bytes) },
            Record::Rejected(bytes, reason) => ReadRecord { bytes, read: Err(reason.into()) },
        })
    }

    /// Reads the next object if it is a complete record: at the top, an object without `logs`; in an array, an object
    /// followed by a comma or the closing bracket.
    fn object_in_place(&mut self, parts: &mut RecordParts<'a>) -> Option<&'a str> {
        if !self.nothing_is_pending() || self.given == MOST_RECORDS {
            return None;
        }
        if let Position::Top(at) = self.position {
            let start = self.skip_space(at)?;
            if self.body[start] != b'[' {
                let object = parts.read_object(self.text.get(start..)?).filter(|_| !parts.has("logs"))?;
                self.position = Position::Top(start + object.len());
                return Some(object);
            }
            self.position = Position::Array(start + 1);
        }
        let Position::Array(at) = self.position else { return None };
        let object = parts.read_object(self.text.get(self.skip_space(at)?..)?)?;
        let end = self.skip_space(at)? + object.len();
        let after = self.skip_space(end)?;
        self.position = match self.body[after] {
            b',' => Position::Array(after + 1),
            b']' => Position::Top(after + 1),
            _ => return None,
        };
        Some(object)
    }

    fn nothing_is_pending(&self) -> bool {
        self.others.is_none() && self.cut.is_empty()
    }

    /// Returns the position of the next byte that is not white space.
    fn skip_space(&self, at: usize) -> Option<usize> {
        self.body[at..].iter().position(|&byte| !is_space(byte)).map(|blank| at + blank)
    }

    /// Returns the rest of the body, as the last record.
    fn rest(&mut self, start: usize) -> Cow<'a, [u8]> {
        self.cut.clear();
        self.position = Position::End;
        Cow::Borrowed(trim(&self.body[start..]))
    }

    /// Splits the next value into records; there may be none.
    fn cut_more(&mut self) -> Option<()> {
        match self.position {
            Position::Top(at) => {
                let start = self.skip_space(at)?;
                match self.body[start] {
                    b'[' => self.position = Position::Array(start + 1),
                    b'{' => self.cut_object(start),
                    _ => self.position = Position::Top(self.cut_line(start)),
                }
            }
            Position::Array(at) => {
                let end = self.array(&mut Marks::from(self.body, at));
                self.end_value(end, at);
            }
            Position::Lines(at) => self.position = Position::Lines(self.cut_line(self.skip_space(at)?)),
            Position::End => return None,
        }
        Some(())
    }

    /// Takes the rest of a line as a record, and returns the position of its end.
    fn cut_line(&mut self, start: usize) -> usize {
        let end = memchr::memchr(b'\n', &self.body[start..]).map_or(self.body.len(), |found| start + found);
        self.note(start..end);
        end
    }

    /// Continues after a value. If it was broken, takes the rest of the array as one record, or continues with lines.
    fn end_value(&mut self, end: Result<usize, Broken>, start: usize) {
        self.position = match end {
            Ok(end) => Position::Top(end),
            Err(Broken { element: Some(element) }) => {
                self.note(element..self.body.len());
                Position::End
            }
            Err(Broken { element: None }) => Position::Lines(start),
        };
    }

    /// Splits an object at the top: a wrapper of `logs`, or a record.
    fn cut_object(&mut self, start: usize) {
        let mut wrapper = Wrapper::default();
        let mut marks = Marks::from(self.body, start + 1);
        let end = self.object(&mut marks, &mut wrapper);
        match &end {
            Ok(end) if wrapper.holds() => self.note_wrapper(&wrapper, start..*end),
            Ok(end) => {
                self.cut.clear();
                self.note(start..*end);
            }
            Err(Broken { element: Some(_) }) => self.note_wrapper(&wrapper, start..wrapper.logs.last().map_or(start, |last| last.end)),
            Err(Broken { element: None }) => self.cut.clear(),
        }
        self.end_value(end, start);
    }

    /// Notes a wrapper's other members, which are returned before the elements.
    fn note_wrapper(&mut self, wrapper: &Wrapper, extent: Range<usize>) {
        if self.given == MOST_RECORDS {
            self.cut.clear();
            return self.note(extent);
        }
        if wrapper.has_others {
            self.others = Some((extent.clone(), wrapper.without_logs(self.body, extent)));
        }
    }

    /// Scans the rest of an object after its opening brace, and notes its members.
    fn object(&mut self, marks: &mut Marks<'a>, wrapper: &mut Wrapper) -> Result<usize, Broken> {
        let mut member = marks.passed;
        // Only a member's first bracket is checked, so that its name is read once.
        let mut bracketed = false;
        loop {
            match marks.next() {
                Some(Mark { at, byte: end @ (b',' | b'}') }) => {
                    wrapper.member(self.body, member..at);
                    (member, bracketed) = (at + 1, false);
                    if end == b'}' {
                        return Ok(member);
                    }
                }
                Some(Mark { at, byte: b'[' }) if !bracketed && opens_logs(&self.body[member..at]) => {
                    wrapper.logs.push(at + 1..at + 1);
                    let end = self.array(marks).map_err(|broken| if wrapper.is_record { Broken { element: None } } else { broken })?;
                    wrapper.logs_end(end - 1);
                    (member, bracketed) = (end, true);
                }
                Some(Mark { byte: open @ (b'[' | b'{'), .. }) => {
                    self.skip(marks, open)?;
                    bracketed = true;
                }
                _ => return Err(Broken { element: None }),
            }
        }
    }

    /// Scans the rest of an array after its opening bracket, and splits off its elements.
    fn array(&mut self, marks: &mut Marks<'a>) -> Result<usize, Broken> {
        let mut from = marks.passed;
        loop {
            let broken = Broken { element: Some(from) };
            match marks.next() {
                Some(Mark { at, byte: b',' }) => {
                    self.note(from..at);
                    from = at + 1;
                }
                Some(Mark { at, byte: b']' }) => {
                    self.note(from..at);
                    return Ok(at + 1);
                }
                Some(Mark { byte: open @ (b'[' | b'{'), .. }) => self.skip(marks, open).map_err(|_| broken)?,
                _ => return Err(broken),
            }
        }
    }

    /// Scans the rest of an array or object after its opening bracket.
    fn skip(&mut self, marks: &mut Marks<'a>, bracket: u8) -> Result<(), Broken> {
        self.open.clear();
        self.open.push(bracket);
        while let Some(&last) = self.open.last() {
            match marks.next_bracket().map(|mark| mark.byte) {
                Some(open @ (b'[' | b'{')) => self.open.push(open),
                // In ASCII, a closing bracket is two after its opening bracket.
                Some(close) if close == last + 2 => _ = self.open.pop(),
                _ => return Err(Broken { element: None }),
            }
        }
        Ok(())
    }

    /// Notes a record unless it is blank. One record past the limit is enough to exceed it.
    fn note(&mut self, record: Range<usize>) {
        if !is_blank(&self.body[record.clone()]) && self.given + self.cut.len() <= MOST_RECORDS {
            self.cut.push_back(record);
        }
    }
}
