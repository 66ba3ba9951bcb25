//! Finds brackets and commas outside strings.

use memchr::memchr3;

/// A bracket, brace or comma.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub at: usize,
    pub byte: u8,
}

/// The marks of a body from a position on, in order. They end at a broken string.
pub(super) struct Marks<'a> {
    body: &'a [u8],
    /// Position after the last mark that was returned.
    pub passed: usize,
}

impl<'a> Marks<'a> {
    pub fn from(body: &'a [u8], start: usize) -> Self {
        Self { body, passed: start }
    }

    /// Returns the next bracket, brace or comma; `None` at the end, or before a string that does not end on its line.
    ///
    /// Outside a string, a backslash escapes nothing.
    pub fn next(&mut self) -> Option<Mark> {
        let mut at = self.passed;
        loop {
            match *self.body.get(at)? {
                b'"' => at = self.string_end(at + 1)?,
                byte @ (b'[' | b']' | b'{' | b'}' | b',') => {
                    self.passed = at + 1;
                    return Some(Mark { at, byte });
                }
                _ => at += 1,
            }
        }
    }

    /// Returns the next bracket or brace.
    pub fn next_bracket(&mut self) -> Option<Mark> {
        std::iter::from_fn(|| self.next()).find(|mark| mark.byte != b',')
    }

    /// Returns the position after the string whose content starts at `at`.
    fn string_end(&self, mut at: usize) -> Option<usize> {
        loop {
            at += memchr3(b'"', b'\\', b'\n', self.body.get(at..)?)?;
            match self.body[at] {
                b'"' => return Some(at + 1),
                // A line feed breaks the string even after a backslash.
                b'\\' => at += 1 + usize::from(self.body.get(at + 1) != Some(&b'\n')),
                _ => return None,
            }
        }
    }
}
