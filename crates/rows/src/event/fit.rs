//! Checks whether a value fits its column, and writes it.

use std::{borrow::Cow, net::IpAddr};

use crate::{
    json::{JsonType, Scanner, Value, is_finite_number, text::write_quoted},
    schema::{ColumnType, Indicator, MAX_DEPTH},
};

/// Whether a value fits a column. Times and locations have further checks where they are read.
pub(crate) fn fits(kind: ColumnType, value: &Value<'_>) -> bool {
    match kind {
        ColumnType::String => is_scalar(value.kind),
        ColumnType::Words => is_scalar(value.kind) || words(value).is_some(),
        ColumnType::Text | ColumnType::Json => true,
        ColumnType::Boolean => boolean(value).is_some(),
        ColumnType::Float => float(value).is_some(),
        ColumnType::Time => value.kind == JsonType::String,
        ColumnType::Location => value.kind == JsonType::Object,
    }
}

/// Writes a value that fits a column, except times and locations.
pub(crate) fn write(kind: ColumnType, value: &Value<'_>, out: &mut Vec<u8>) {
    match (kind, value.kind) {
        (ColumnType::Words, JsonType::Array) => write_words(value, out),
        (ColumnType::Json, _) => write_json(value, out),
        (ColumnType::Boolean, _) => out.extend_from_slice(if boolean(value) == Some(true) { b"true" } else { b"false" }),
        (ColumnType::Float, _) => out.extend_from_slice(value.decoded().as_bytes()),
        (_, JsonType::String) => out.extend_from_slice(value.compact().as_bytes()),
        _ => write_quoted(out, &value.compact()),
    }
}

/// Writes a value's compact JSON as a string. If it is nested too deeply, first wraps the text in a JSON string.
fn write_json(value: &Value<'_>, out: &mut Vec<u8>) {
    let compact = value.compact();
    if value.flags.depth <= MAX_DEPTH {
        return write_quoted(out, &compact);
    }
    write_quoted(out, &as_json_string(&compact));
}

/// Returns compact JSON text as a JSON string.
pub(crate) fn as_json_string(compact: &str) -> String {
    let mut text = Vec::with_capacity(compact.len() * 2);
    write_quoted(&mut text, compact);
    String::from_utf8(text).unwrap_or_default()
}

fn is_scalar(kind: JsonType) -> bool {
    matches!(kind, JsonType::String | JsonType::Boolean | JsonType::Number)
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    if !matches!(value.kind, JsonType::Boolean | JsonType::String) {
        return None;
    }
    let word = value.decoded();
    let is = |expected: &str| word.eq_ignore_ascii_case(expected);
    (is("true") || is("false")).then(|| is("true"))
}

fn float(value: &Value<'_>) -> Option<()> {
    matches!(value.kind, JsonType::Number | JsonType::String).then_some(())?;
    is_finite_number(&value.decoded()).then_some(())
}

/// Returns the elements of an array that has only strings.
fn words<'a>(value: &Value<'a>) -> Option<Vec<Value<'a>>> {
    if value.kind != JsonType::Array {
        return None;
    }
    let mut words = Vec::new();
    let inner = value.inner();
    let mut scanner = Scanner::new(inner);
    scanner.space();
    while scanner.peek().is_some() {
        let word = scanner.value().ok().filter(|word| word.kind == JsonType::String)?;
        words.push(word);
        scanner.comma();
    }
    Some(words)
}

fn write_words(value: &Value<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    for (i, word) in words(value).unwrap_or_default().iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        let compact = word.compact();
        out.extend_from_slice(&compact.as_bytes()[1..compact.len() - 1]);
    }
    out.push(b'"');
}

/// Returns a value as an indicator, trimmed; `None` if it is not an indicator.
pub(crate) fn indicator<'a>(indicator: Indicator, value: &Value<'a>) -> Option<Cow<'a, str>> {
    let text = match value.decoded() {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    let counts = match indicator {
        Indicator::Ip => text.parse::<IpAddr>().is_ok(),
        Indicator::Username => !text.is_empty(),
    };
    counts.then_some(text)
}
