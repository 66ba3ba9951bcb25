//! An authenticated body, cut into records by its structure.
//!
//! The bytes decide, never a header: an array gives its elements, an object with a `logs` array
//! gives that array's, any other object is a record, and text that is neither is a record up to the
//! end of its line. Brackets are matched and strings are skipped in one pass; nothing else is
//! judged here, so that one broken record costs one record. Where the structure itself breaks,
//! what came before stands and the rest is kept: inside an array as one record, at the top line by line.
//!
//! A whole JSON object ends where its structure does. So who reads records anyway is offered each object at
//! the top, and in an array at the top, where it stands. The structure is asked about an object at the top that is
//! not taken so, and about the rest of an array from such an element on.

use std::{borrow::Cow, ops::Range};

use crate::{
    auth::AuthenticatedBody,
    json::text::{is_space, trim},
    reject::Reason,
};
use structure::{Mark, Marks};
use wrapper::{Wrapper, opens_logs};

mod structure;
mod wrapper;

/// Most records taken from one body; what follows them is one reject.
pub const MOST_RECORDS: usize = 100_000;

/// One record as it was sent, without the white space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The bytes as sent.
    pub bytes: Cow<'a, [u8]>,
    /// Why splitting already knows it to be a reject.
    pub refused: Option<Reason>,
}

/// Takes the records of a body as they are cut, in the order sent.
pub trait Take<'a> {
    /// Takes one record.
    fn take(&mut self, record: &'a [u8]);

    /// Takes what splitting already knows to be a reject.
    fn refuse(&mut self, record: Cow<'a, [u8]>, reason: Reason);

    /// Takes the JSON object that a text starts with, where it is a record as it stands; gives its length in bytes.
    ///
    /// In an array it is one where a comma or a closing bracket follows it; at the top, where it has no member `logs`.
    fn take_object(&mut self, _text: &'a str, _place: Place) -> Option<usize> {
        None
    }
}

/// Where in a body an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the top.
    Top,
    /// In an array at the top.
    Array,
}

impl<'a> Take<'a> for Vec<Record<'a>> {
    fn take(&mut self, record: &'a [u8]) {
        self.push(Record { bytes: Cow::Borrowed(record), refused: None });
    }

    fn refuse(&mut self, record: Cow<'a, [u8]>, reason: Reason) {
        self.push(Record { bytes: record, refused: Some(reason) });
    }
}

/// Cuts a body into its records by its structure alone.
pub fn split<'a>(batch: &AuthenticatedBody<'a>) -> Vec<Record<'a>> {
    let mut records = Vec::new();
    split_into(batch, &mut records);
    records
}

/// Cuts a body into its records, and hands each on.
///
/// Takes time and memory linear in the body, whatever it holds.
pub fn split_into<'a>(batch: &AuthenticatedBody<'a>, taker: &mut impl Take<'a>) {
    let body = batch.body();
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = std::str::from_utf8(body).unwrap_or_default();
    // Each array or object that is looked into at the top reads its own.
    let marks = Marks::from(body, body.len());
    Splitter { body, text, marks, open: Vec::new(), elements: Vec::new(), records: 0, taker }.top();
}

/// Hands on a body that cannot be read as one record, every byte of it; a blank body holds none.
pub fn refuse<'a>(batch: &AuthenticatedBody<'a>, reason: Reason, taker: &mut impl Take<'a>) {
    if !trim(batch.body()).is_empty() {
        taker.refuse(Cow::Borrowed(batch.body()), reason);
    }
}

/// The structure does not hold; `element` is where a broken element of an array starts.
struct Broken {
    element: Option<usize>,
}

struct Splitter<'a, 't, T> {
    body: &'a [u8],
    /// The body where all of it is UTF-8; else nothing, and no object is offered.
    text: &'a str,
    marks: Marks<'a>,
    /// The brackets that are open in the value being skipped.
    open: Vec<u8>,
    /// The elements of the arrays met in the current value at the top.
    elements: Vec<Range<usize>>,
    /// How many records have been handed on.
    records: usize,
    taker: &'t mut T,
}

impl<'a, T: Take<'a>> Splitter<'a, '_, T> {
    /// Reads the values at the top, one after another.
    fn top(&mut self) {
        let mut at = 0;
        while let Some(start) = self.next_value(at) {
            let passed = match self.body[start] {
                b'[' => self.array_at_top(start + 1),
                b'{' => self.object_at_top(start),
                _ => Ok(self.text(start)),
            };
            match passed {
                Ok(end) => at = end,
                Err(Broken { element: Some(element) }) => return self.push(element..self.body.len()),
                Err(Broken { element: None }) => return self.lines(start),
            }
        }
    }

    /// Position of the next byte that is not white space, while there is room for a record.
    fn next_value(&self, at: usize) -> Option<usize> {
        let blank = blank(&self.body[at..]);
        (at + blank < self.body.len() && self.records <= MOST_RECORDS).then_some(at + blank)
    }

    /// Takes the rest of a line as a record.
    fn text(&mut self, start: usize) -> usize {
        let end = line_end(self.body, start);
        self.push(start..end);
        end
    }

    /// Hands on an object that is a record as it stands; gives the position after it.
    fn object_as_it_stands(&mut self, start: usize, place: Place) -> Option<usize> {
        if self.records >= MOST_RECORDS {
            return None;
        }
        let length = self.taker.take_object(self.text.get(start..)?, place)?;
        self.records += 1;
        Some(start + length)
    }

    /// Takes each line from here on as a record.
    fn lines(&mut self, mut at: usize) {
        while let Some(start) = self.next_value(at) {
            at = line_end(self.body, start);
            self.push(start..at);
        }
    }

    /// Passes an array whose opening bracket has been passed: objects as they stand, and from the first that is none
    /// on, what the structure says.
    fn array_at_top(&mut self, mut at: usize) -> Result<usize, Broken> {
        at += blank(&self.body[at..]);
        while let Some(end) = self.object_as_it_stands(at, Place::Array) {
            at = end + blank(&self.body[end..]) + 1;
            if self.body[at - 1] == b']' {
                return Ok(at);
            }
            at += blank(&self.body[at..]);
        }
        self.elements.clear();
        self.marks = Marks::from(self.body, at);
        let end = self.array();
        self.push_elements();
        end
    }

    /// Passes an array whose opening bracket has been passed, and notes its elements.
    fn array(&mut self) -> Result<usize, Broken> {
        let mut from = self.marks.passed();
        loop {
            let broken = Broken { element: Some(from) };
            match self.marks.next() {
                Some(Mark { at, byte: b',' }) => {
                    self.note(from..at);
                    from = at + 1;
                }
                Some(Mark { at, byte: b']' }) => {
                    self.note(from..at);
                    return Ok(at + 1);
                }
                Some(Mark { byte: open @ (b'[' | b'{'), .. }) => self.skip(open).map_err(|_| broken)?,
                _ => return Err(broken),
            }
        }
    }

    /// Passes an array or object whose opening bracket has been passed.
    fn skip(&mut self, bracket: u8) -> Result<(), Broken> {
        self.open.clear();
        self.open.push(bracket);
        while let Some(&last) = self.open.last() {
            match self.marks.next_but_commas().map(|mark| mark.byte) {
                Some(open @ (b'[' | b'{')) => self.open.push(open),
                // In ASCII a closing bracket stands two after its opening one.
                Some(close) if close == last + 2 => _ = self.open.pop(),
                _ => return Err(Broken { element: None }),
            }
        }
        Ok(())
    }

    /// Passes an object at the top: a wrapper of `logs`, or a record.
    fn object_at_top(&mut self, start: usize) -> Result<usize, Broken> {
        if let Some(end) = self.object_as_it_stands(start, Place::Top) {
            return Ok(end);
        }
        self.elements.clear();
        let mut wrapper = Wrapper::default();
        self.marks = Marks::from(self.body, start);
        self.marks.next();
        let passed = self.object(&mut wrapper);
        match &passed {
            Ok(end) if wrapper.holds() => self.push_wrapper(&wrapper, start..*end),
            Ok(end) => self.push(start..*end),
            Err(Broken { element: Some(_) }) => self.push_wrapper(&wrapper, start..wrapper.logs.last().map_or(start, |last| last.end)),
            Err(_) => {}
        }
        passed
    }

    /// Passes an object whose opening brace has been passed, and notes what its members say.
    fn object(&mut self, wrapper: &mut Wrapper) -> Result<usize, Broken> {
        let mut member = self.marks.passed();
        // A member's name is read before its first bracket alone, so that no name is read over and over.
        let mut bracketed = false;
        loop {
            match self.marks.next() {
                Some(Mark { at, byte: end @ (b',' | b'}') }) => {
                    wrapper.member(self.body, member..at);
                    (member, bracketed) = (at + 1, false);
                    if end == b'}' {
                        return Ok(member);
                    }
                }
                Some(Mark { at, byte: b'[' }) if !bracketed && opens_logs(&self.body[member..at]) => {
                    wrapper.logs.push(at + 1..at + 1);
                    let end = self.array().map_err(|broken| if wrapper.is_record { Broken { element: None } } else { broken })?;
                    wrapper.logs_end(end - 1);
                    (member, bracketed) = (end, true);
                }
                Some(Mark { byte: open @ (b'[' | b'{'), .. }) => {
                    self.skip(open)?;
                    bracketed = true;
                }
                _ => return Err(Broken { element: None }),
            }
        }
    }

    /// Notes an element unless nothing is in its place; past the most that a body may hold, the first one is enough.
    fn note(&mut self, element: Range<usize>) {
        let blank = self.body[element.clone()].iter().all(|&byte| is_space(byte));
        if !blank && self.records + self.elements.len() <= MOST_RECORDS {
            self.elements.push(element);
        }
    }

    fn push_elements(&mut self) {
        for element in std::mem::take(&mut self.elements) {
            self.push(element);
        }
    }

    /// Takes what a wrapper holds beside its `logs` as one reject, then the elements.
    fn push_wrapper(&mut self, wrapper: &Wrapper, extent: Range<usize>) {
        if self.records >= MOST_RECORDS {
            return self.push(extent);
        }
        if wrapper.has_others {
            self.records += 1;
            self.taker.refuse(Cow::Owned(wrapper.without_logs(self.body, extent)), Reason::WrapperMembers);
        }
        self.push_elements();
    }

    /// Takes one record; the one past the most is the rest of the body.
    fn push(&mut self, record: Range<usize>) {
        let (bytes, refused) = match self.records {
            ..MOST_RECORDS => (&self.body[record], None),
            MOST_RECORDS => (&self.body[record.start..], Some(Reason::BatchLimit)),
            _ => return,
        };
        let bytes = trim(bytes);
        if bytes.is_empty() {
            return;
        }
        self.records += 1;
        match refused {
            None => self.taker.take(bytes),
            Some(reason) => self.taker.refuse(Cow::Borrowed(bytes), reason),
        }
    }
}

/// How many bytes of white space a text starts with.
fn blank(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| is_space(byte)).count()
}

/// Position of the line feed that ends the line, or the end of the body.
fn line_end(body: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &body[from..]).map_or(body.len(), |found| from + found)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

    use super::*;
    use crate::auth::{Source, Sources, TokenDigest};

    #[test]
    fn a_body_that_is_not_read_is_kept_to_its_last_byte() {
        let sources = Sources::new(vec![(Source::parse("eu").expect("a name"), TokenDigest::of(b"token"))]);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer token"))]);
        let sender = sources.authenticate(&headers).expect("a known token");
        for (body, kept) in [(&b" \x1f\x8b\0\n"[..], true), (b" \n", false)] {
            let mut records = Vec::new();
            refuse(&sender.with_body(body), Reason::UnsupportedEncoding, &mut records);
            let whole = Record { bytes: Cow::Borrowed(body), refused: Some(Reason::UnsupportedEncoding) };
            assert_eq!(records, Vec::from_iter(kept.then_some(whole)));
        }
    }
}
