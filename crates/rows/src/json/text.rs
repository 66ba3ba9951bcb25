//! Decodes, compacts and repairs the text of JSON values, and writes it as the content of a string.

use std::borrow::Cow;

use super::{JsonType, Value, escape::write_escaped};

/// U+FFFD, which replaces a lone surrogate.
const REPLACEMENT: &str = "\u{FFFD}";

impl<'a> Value<'a> {
    /// Returns the characters of a JSON string, with U+FFFD for lone surrogates, or the text of any other value.
    #[inline(always)]
    pub fn decoded(&self) -> Cow<'a, str> {
        match self.kind {
            JsonType::String => decode(self.inner(), self.flags.is_escaped),
            _ => Cow::Borrowed(self.raw),
        }
    }

    /// Returns the text between a JSON string's quotes, as it was sent.
    #[inline(always)]
    pub fn inner(&self) -> &'a str {
        self.raw.get(1..self.raw.len() - 1).unwrap_or_default()
    }

    /// Returns the value without white space between tokens and without lone surrogates, otherwise as it was sent.
    #[inline(always)]
    pub fn compact(&self) -> Cow<'a, str> {
        if self.flags.is_clean() {
            return Cow::Borrowed(self.raw);
        }
        let spaceless = if self.flags.is_spaced { Cow::Owned(without_space(self.raw)) } else { Cow::Borrowed(self.raw) };
        if !self.flags.has_surrogates {
            return spaceless;
        }
        Cow::Owned(repaired(&spaceless))
    }
}

/// Whether a byte is JSON white space (RFC 8259, section 2).
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Returns the bytes without the white space around them.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|&byte| !is_space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Reads the code unit of a `\uXXXX` escape whose backslash is at `at`.
pub(crate) fn code_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at + 2..at + 6)?;
    digits.iter().try_fold(0, |unit, &byte| Some(unit << 4 | char::from(byte).to_digit(16)? as u16))
}

/// Reads one escape of a JSON string. Returns its length in bytes and its character, `None` for a lone surrogate.
fn escape(bytes: &[u8], at: usize) -> (usize, Option<char>) {
    let simple = |character| (2, Some(character));
    match bytes.get(at + 1) {
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'u') => unicode_escape(bytes, at),
        Some(&other) => simple(char::from(other)),
        None => (1, None),
    }
}

fn unicode_escape(bytes: &[u8], at: usize) -> (usize, Option<char>) {
    let Some(first) = code_unit(bytes, at) else { return (2, None) };
    if let Some(character) = char::from_u32(u32::from(first)) {
        return (6, Some(character));
    }
    let second = bytes[at + 6..].starts_with(b"\\u").then(|| code_unit(bytes, at + 6)).flatten();
    match second.and_then(|second| char::decode_utf16([first, second]).next()?.ok()) {
        Some(character) => (12, Some(character)),
        None => (6, None),
    }
}

fn decode(inner: &str, escaped: bool) -> Cow<'_, str> {
    if !escaped {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (length, character) = escape(rest.as_bytes(), at);
        out.push(character.unwrap_or('\u{FFFD}'));
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Replaces each lone surrogate in a JSON text with U+FFFD.
fn repaired(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (length, character) = escape(rest.as_bytes(), at);
        let (before, escaped) = rest[..at + length].split_at(at);
        out.push_str(before);
        out.push_str(if character.is_some() { escaped } else { REPLACEMENT });
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

/// Copies a JSON text without the white space between its tokens.
fn without_space(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(quote) = memchr::memchr(b'"', rest.as_bytes()) {
        out.extend(rest[..quote].split_ascii_whitespace());
        let end = string_end(rest.as_bytes(), quote);
        out.push_str(&rest[quote..end]);
        rest = &rest[end..];
    }
    out.extend(rest.split_ascii_whitespace());
    out
}

/// Returns the position after the string whose opening quote is at `quote`.
pub(crate) fn string_end(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        if bytes[at + found] == b'"' {
            return at + found + 1;
        }
        at += found + 2;
    }
    bytes.len()
}

/// Writes any text as a JSON string.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    let literal = serde_json::to_writer(&mut *out, text);
    debug_assert!(literal.is_ok(), "a vector takes every byte");
}

/// Writes compact JSON as a JSON string.
pub(crate) fn write_quoted(out: &mut Vec<u8>, json: &str) {
    out.push(b'"');
    write_escaped(out, json.as_bytes());
    out.push(b'"');
}

/// Returns the length in bytes of a text as the content of a JSON string.
pub(crate) fn escaped_length(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 2,
            ..0x20 => 6,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Scanner;

    fn value(text: &str) -> Value<'_> {
        Scanner::new(text).value().expect(text)
    }

    #[test]
    fn decoding_follows_the_escapes_and_replaces_lone_surrogates() {
        for (sent, expected) in [
            (r#""plain""#, "plain"),
            (r#""a\"\\\/\b\f\n\r\t\u0041""#, "a\"\\/\u{8}\u{c}\n\r\tA"),
            (r#""\ud83d\ude00""#, "\u{1F600}"),
            (r#""\ud83d""#, "\u{FFFD}"),
            (r#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
            (r#""\ud83d\n\\u0041""#, "\u{FFFD}\n\\u0041"),
        ] {
            assert_eq!(value(sent).decoded(), expected, "{sent}");
        }
    }

    #[test]
    fn compacting_keeps_everything_but_space_and_lone_surrogates() {
        for (sent, expected) in [
            ("[1,\"a b\"]", "[1,\"a b\"]"),
            ("{ \"a\" :\r\n[ 1.50 , \" \\\" \" ]\t}", "{\"a\":[1.50,\" \\\" \"]}"),
            (r#"["\u0041\ud800\ud83d\ude00"]"#, "[\"\\u0041\u{FFFD}\\ud83d\\ude00\"]"),
            ("[\"\\\\ud800\\udfff\" ]", "[\"\\\\ud800\u{FFFD}\"]"),
        ] {
            assert_eq!(value(sent).compact(), expected, "{sent}");
        }
    }

    #[test]
    fn what_is_written_into_a_string_reads_back() {
        let long = "{\"a\":\"\\\\\"}".repeat(400);
        for text in ["", "{}", "\"\\\"\"", &long] {
            let mut out = Vec::new();
            write_quoted(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn the_escaped_length_is_that_of_the_written_text() {
        let every: String = (0..0x100).filter_map(char::from_u32).collect();
        let mut out = Vec::new();
        write_string(&mut out, &every);
        assert_eq!(escaped_length(&every) + 2, out.len());
    }
}
