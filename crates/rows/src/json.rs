//! Checks JSON as it was sent, once, without building a tree.
//!
//! A [`Scanner`] walks a record's bytes once and checks them against RFC 8259 without recursion, so that no nesting can
//! exhaust the stack. It returns [`Value`]s: slices of the record, with the few flags that decide whether a slice can be
//! copied to a row unchanged. [`text`] compacts slices, and [`escape`] writes them as the content of
//! a JSON string.

pub(crate) mod escape;
mod scalar;
pub(crate) mod text;
mod value;

pub(crate) use scalar::is_finite_number;
use scalar::{number_end, plain_until};
pub(crate) use value::{JsonType, TextFlags, Value};

/// The reason that a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {at}")]
pub(crate) struct Malformed {
    at: usize,
    expected: &'static str,
}

/// A position in a text that is being checked.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    flags: TextFlags,
    /// The open containers inside the current value; `true` for an object.
    open: Vec<bool>,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, flags: TextFlags::default(), open: Vec::new() }
    }

    /// Returns the next byte without consuming it.
    #[inline(always)]
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Consumes an object. Calls `member` with each name; it must consume the value and return its flags.
    ///
    /// # Errors
    /// If the text is not JSON, or `member` fails.
    #[inline(always)]
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, Value<'a>) -> Result<TextFlags, Malformed>) -> Result<Value<'a>, Malformed> {
        let start = self.at;
        let mut flags = TextFlags { depth: 1, ..TextFlags::default() };
        self.expect(b'{', "an object")?;
        flags.is_spaced |= self.space();
        if self.peek() != Some(b'}') {
            loop {
                let name = self.name()?;
                flags.add(name.flags);
                flags.add(member(self, name)?);
                flags.is_spaced |= self.space();
                if self.peek() != Some(b',') {
                    break;
                }
                self.at += 1;
                flags.is_spaced |= self.space();
            }
        }
        self.expect(b'}', "a comma or a closing brace")?;
        Ok(Value { raw: &self.text[start..self.at], kind: JsonType::Object, flags })
    }

    /// Consumes one value of any type.
    ///
    /// # Errors
    /// If the text is not JSON.
    #[inline(always)]
    pub fn value(&mut self) -> Result<Value<'a>, Malformed> {
        let start = self.at;
        self.flags = TextFlags::default();
        let kind = match self.peek() {
            Some(b'"') => self.string().map(|()| JsonType::String),
            Some(b'{') => self.container().map(|()| JsonType::Object),
            Some(b'[') => self.container().map(|()| JsonType::Array),
            Some(b't') => self.word("true").map(|()| JsonType::Boolean),
            Some(b'f') => self.word("false").map(|()| JsonType::Boolean),
            Some(b'n') => self.word("null").map(|()| JsonType::Null),
            _ => self.number().map(|()| JsonType::Number),
        }?;
        Ok(Value { raw: &self.text[start..self.at], kind, flags: self.flags })
    }

    /// Consumes the white space at the end of the text.
    ///
    /// # Errors
    /// If anything else is left.
    pub fn end(&mut self) -> Result<(), Malformed> {
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.malformed("the end of the record")),
        }
    }

    /// Consumes a member's name, its colon, and the space around them.
    #[inline(always)]
    fn name(&mut self) -> Result<Value<'a>, Malformed> {
        let start = self.at;
        self.flags = TextFlags::default();
        if self.peek() != Some(b'"') {
            return Err(self.malformed("a name in quotes"));
        }
        self.string()?;
        let raw = &self.text[start..self.at];
        self.inner_space();
        self.expect(b':', "a colon")?;
        self.inner_space();
        Ok(Value { raw, kind: JsonType::String, flags: self.flags })
    }

    /// Consumes an array or object and everything in it, without recursion.
    #[inline(never)]
    fn container(&mut self) -> Result<(), Malformed> {
        self.open.clear();
        loop {
            match self.peek() {
                Some(b'{') => {
                    if self.enter(true, b'}') {
                        self.inner_name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    if self.enter(false, b']') {
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                _ => self.number()?,
            }
            if !self.next_value()? {
                return Ok(());
            }
        }
    }

    /// Enters a container; returns false if it is empty.
    #[inline(always)]
    fn enter(&mut self, object: bool, close: u8) -> bool {
        self.at += 1;
        self.open.push(object);
        self.flags.depth = self.flags.depth.max(self.open.len() as u64);
        self.inner_space();
        if self.peek() == Some(close) {
            self.at += 1;
            self.open.pop();
            return false;
        }
        true
    }

    /// Consumes closing brackets after a value, and moves to the next value if there is one.
    #[inline(always)]
    fn next_value(&mut self) -> Result<bool, Malformed> {
        while let Some(&object) = self.open.last() {
            self.inner_space();
            match (self.peek(), object) {
                (Some(b','), _) => {
                    self.at += 1;
                    self.inner_space();
                    if object {
                        self.inner_name()?;
                    }
                    return Ok(true);
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    self.open.pop();
                }
                (_, true) => return Err(self.malformed("a comma or a closing brace")),
                (_, false) => return Err(self.malformed("a comma or a closing bracket")),
            }
        }
        Ok(false)
    }

    #[inline(always)]
    fn inner_name(&mut self) -> Result<(), Malformed> {
        if self.peek() != Some(b'"') {
            return Err(self.malformed("a name in quotes"));
        }
        self.string()?;
        self.inner_space();
        self.expect(b':', "a colon")?;
        self.inner_space();
        Ok(())
    }

    #[inline(always)]
    fn inner_space(&mut self) {
        let spaced = self.space();
        self.flags.is_spaced |= spaced;
    }

    /// Consumes a comma between values that are known to be JSON, and the space around it.
    pub fn comma(&mut self) {
        self.space();
        if self.peek() == Some(b',') {
            self.at += 1;
        }
        self.space();
    }

    /// Consumes JSON white space; returns whether there was any.
    #[inline(always)]
    pub fn space(&mut self) -> bool {
        let start = self.at;
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.at != start
    }

    /// Consumes a string with its quotes.
    #[inline(always)]
    fn string(&mut self) -> Result<(), Malformed> {
        self.at += 1;
        loop {
            self.at = plain_until(self.text.as_bytes(), self.at);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.malformed("no control character in a string")),
                None => return Err(self.malformed("a closing quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        self.flags.is_escaped = true;
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit =
                    text::code_unit(self.text.as_bytes(), self.at).ok_or_else(|| self.malformed("four hexadecimal digits in an escape"))?;
                self.flags.has_surrogates |= (0xD800..=0xDFFF).contains(&unit);
                self.at += 6;
            }
            _ => return Err(self.malformed("a known escape")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Malformed> {
        match number_end(self.text.as_bytes(), self.at) {
            Some(end) => self.at = end,
            None => return Err(self.malformed("a value")),
        }
        Ok(())
    }

    fn word(&mut self, word: &'static str) -> Result<(), Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.malformed("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.malformed(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    fn check(text: &str) -> Result<Value<'_>, Malformed> {
        let mut scanner = Scanner::new(text);
        scanner.space();
        let value = scanner.value()?;
        scanner.end()?;
        Ok(value)
    }

    #[test]
    fn flags_are_those_of_the_text() {
        for (text, kind, depth, [is_spaced, is_escaped, has_surrogates]) in [
            ("\"a\"", JsonType::String, 0, [false, false, false]),
            ("-0.5e+7", JsonType::Number, 0, [false, false, false]),
            ("[]", JsonType::Array, 1, [false, false, false]),
            ("[[],{\"a\":[1]}]", JsonType::Array, 3, [false, false, false]),
            ("{\"a\": 1}", JsonType::Object, 1, [true, false, false]),
            ("[ ]", JsonType::Array, 1, [true, false, false]),
            ("\"\\n\"", JsonType::String, 0, [false, true, false]),
            ("[\"\\ud800\"]", JsonType::Array, 1, [false, true, true]),
        ] {
            let value = check(text).expect(text);
            let flags = TextFlags { depth, is_spaced, is_escaped, has_surrogates };
            assert_eq!((value.kind, value.flags, value.raw), (kind, flags, text));
        }
    }

    #[test]
    fn a_million_levels_need_no_stack() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert_eq!(check(&deep).map(|value| value.flags.depth), Ok(1_000_000));
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\"a\"",
            "\"\\u00e9\"",
            "\\ud83d",
            "\\u12",
            "1",
            "-",
            "0",
            ".5",
            "e+1",
            "true",
            "null",
            "fals",
            " ",
            "\n",
            "\t",
            "\u{1}",
            "é",
            "\"name\":",
            "{\"a\":1}",
            "[1,2]",
            "\"long text without an end, or with one\"",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn prop_what_is_json_is_what_serde_json_reads(text in pieces()) {
            prop_assert_eq!(check(&text).is_ok(), serde_json::from_str::<IgnoredAny>(&text).is_ok());
        }
    }
}
