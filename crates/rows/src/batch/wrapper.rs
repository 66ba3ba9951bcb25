//! An object at the top of a body: a wrapper of `logs`, or a record.

use std::{borrow::Cow, ops::Range};

use crate::json::{
    Scanner,
    text::{is_space, string_end, trim},
};

/// The facts about an object at the top that decide whether it is a wrapper.
#[derive(Default)]
pub(super) struct Wrapper {
    /// The text between the brackets of each `logs` array.
    pub logs: Vec<Range<usize>>,
    /// The object has a `log_id` or `data`, so it is a record.
    pub is_record: bool,
    /// The object has something other than `logs` arrays.
    pub has_others: bool,
}

impl Wrapper {
    pub fn holds(&self) -> bool {
        !self.logs.is_empty() && !self.is_record
    }

    /// Notes one member, or the text from the end of a `logs` array to the next comma.
    pub fn member(&mut self, body: &[u8], member: Range<usize>) {
        let text = &body[member];
        self.has_others |= !text.iter().all(|&byte| is_space(byte));
        self.is_record |= name_before(text).is_some_and(|(name, _)| matches!(&*name, "log_id" | "data"));
    }

    pub fn logs_end(&mut self, end: usize) {
        if let Some(last) = self.logs.last_mut() {
            last.end = end;
        }
    }

    /// Returns the object's bytes with empty `logs` arrays.
    pub fn without_logs(&self, body: &[u8], extent: Range<usize>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut from = extent.start;
        for logs in &self.logs {
            out.extend_from_slice(&body[from..logs.start]);
            from = logs.end;
        }
        out.extend_from_slice(&body[from..extent.end]);
        out
    }
}

/// Whether the text before a bracket is just the name `logs` and a colon.
pub(super) fn opens_logs(member: &[u8]) -> bool {
    name_before(member).is_some_and(|(name, rest)| name == "logs" && trim(rest).is_empty())
}

/// Reads the name at the start of a member, unescaped. Also returns the text after its colon.
fn name_before(member: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let member = trim(member);
    if member.first() != Some(&b'"') {
        return None;
    }
    let (name, rest) = member.split_at(string_end(member, 0));
    let rest = trim(rest).strip_prefix(b":")?;
    let name = std::str::from_utf8(name).ok()?;
    Scanner::new(name).value().ok().map(|name| (name.decoded(), rest))
}
