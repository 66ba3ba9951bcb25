//! The members of an event, found without passing over its body.
//!
//! Members before the body are read from the front, and those that are missing then from the back. The body itself is read
//! once, when the sender is known, and then the rest of the event is checked.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Deserializer, value::RawValue};

use crate::response::Refusal;

/// The members that a request is made of, each as its JSON text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Members<'a> {
    pub request_context: Option<&'a [u8]>,
    pub headers: Option<&'a [u8]>,
    is_base64: Option<&'a [u8]>,
    /// The event from the body's value on.
    body: Option<Front<'a>>,
}

impl<'a> Members<'a> {
    /// Finds what a refusal depends on.
    ///
    /// # Errors
    /// [`Refusal::MalformedEvent`] where the event is no object of JSON up to its body.
    pub fn find(event: &'a [u8]) -> Result<Self, Refusal> {
        let (mut found, mut front) = (Self::default(), Front(event));
        front.expect(b'{')?;
        if front.pass(b'}') {
            return front.end().map(|()| found);
        }
        loop {
            let name: String = front.value()?;
            front.expect(b':')?;
            if name == "body" {
                found.body = Some(front);
                found.find_behind(front.0);
                return Ok(found);
            }
            found.note(name.as_bytes(), front.value::<&RawValue>()?.get().as_bytes());
            if !front.pass(b',') {
                front.expect(b'}')?;
                return front.end().map(|()| found);
            }
        }
    }

    /// Finds what stands behind the body.
    fn find_behind(&mut self, body_and_more: &'a [u8]) {
        let mut back = Back(body_and_more);
        if !back.pass(b'}') {
            return;
        }
        while self.headers.is_none() || self.request_context.is_none() {
            let Some((name, value)) = back.member() else { return };
            self.note(name, value);
        }
    }

    fn note(&mut self, name: &[u8], value: &'a [u8]) {
        match name {
            b"requestContext" => self.request_context = Some(value),
            b"headers" => self.headers = Some(value),
            b"isBase64Encoded" => self.is_base64 = Some(value),
            _ => {}
        }
    }

    /// Reads the body; one that is absent or null is empty.
    ///
    /// # Errors
    /// [`Refusal::MalformedEvent`] where it is no string, or not the base64 that it should be, or what follows it is not JSON.
    pub fn body(mut self) -> Result<Bytes, Refusal> {
        let Some(mut front) = self.body else { return Ok(Bytes::new()) };
        let text = front.value::<Option<String>>()?.unwrap_or_default();
        while front.pass(b',') {
            let name: String = front.value()?;
            front.expect(b':')?;
            self.note(name.as_bytes(), front.value::<&RawValue>()?.get().as_bytes());
        }
        front.expect(b'}')?;
        front.end()?;
        let is_base64 = self.is_base64.map_or(Ok(None), |value| Front(value).value::<Option<bool>>())?.unwrap_or_default();
        if !is_base64 {
            return Ok(Bytes::from(text));
        }
        BASE64_STANDARD.decode(text).map(Bytes::from).map_err(|_| Refusal::MalformedEvent)
    }
}

/// JSON text that is read from its front.
#[derive(Clone, Copy, Debug)]
struct Front<'a>(&'a [u8]);

impl<'a> Front<'a> {
    /// Reads the value that stands next.
    fn value<T: Deserialize<'a>>(&mut self) -> Result<T, Refusal> {
        let mut values = Deserializer::from_slice(self.0).into_iter();
        let value = values.next().and_then(Result::ok).ok_or(Refusal::MalformedEvent)?;
        self.0 = &self.0[values.byte_offset()..];
        Ok(value)
    }

    /// Passes a byte, if it stands next.
    fn pass(&mut self, byte: u8) -> bool {
        let rest = self.0.trim_ascii_start().strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.pass(byte) { Ok(()) } else { Err(Refusal::MalformedEvent) }
    }

    fn end(self) -> Result<(), Refusal> {
        if self.0.trim_ascii().is_empty() { Ok(()) } else { Err(Refusal::MalformedEvent) }
    }
}

/// JSON text that is read from its back.
///
/// In JSON a quote inside a string follows a backslash, and the quote that opens a string never does.
struct Back<'a>(&'a [u8]);

impl<'a> Back<'a> {
    /// Reads the last member: its name and its value. Neither is checked beyond where it begins.
    fn member(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let text = self.0;
        let mut depth = 0_usize;
        while depth > 0 || self.0.trim_ascii_end().last() != Some(&b':') {
            let (&last, rest) = self.0.split_last()?;
            match last {
                b'"' => _ = self.string()?,
                b'}' | b']' => (depth, self.0) = (depth + 1, rest),
                b'{' | b'[' => (depth, self.0) = (depth.checked_sub(1)?, rest),
                _ => self.0 = rest,
            }
        }
        let value = text[self.0.len()..].trim_ascii();
        self.pass(b':');
        self.0 = self.0.trim_ascii_end();
        let name = self.string()?;
        self.pass(b',');
        Some((name, value))
    }

    /// Passes the string that ends here; returns what is between its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let text = self.0.strip_suffix(b"\"")?;
        let mut start = text.len();
        loop {
            start = text[..start].iter().rposition(|&byte| byte == b'"')?;
            if start == 0 || text[start - 1] != b'\\' {
                self.0 = &text[..start];
                return Some(&text[start + 1..]);
            }
        }
    }

    /// Passes a byte, if it stands last.
    fn pass(&mut self, byte: u8) -> bool {
        let rest = self.0.trim_ascii_end().strip_suffix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};
    use serde_json::Value;

    use super::*;

    /// Texts of members, with the signs that a careless reader takes for an end.
    fn members() -> impl Strategy<Value = Vec<(String, String)>> {
        let name = select(vec!["requestContext", "headers", "isBase64Encoded", "rawPath", "a \"body\": {", "cookies", "\\\\", ""]);
        let value = select(vec![
            "7",
            "-1.5e3",
            "false",
            "null",
            "\"\"",
            "[]",
            "{}",
            r#""\\""#,
            r#""\"""#,
            r#""\\\"}{""#,
            r#"["]", {"}": "\"["}, -1 ]"#,
            r#"{"http": {"method": "POST"}, "x": [1, "a:,b"] }"#,
            r#""\",\"headers\":{\"authorization\":7},\"x""#,
        ]);
        vec((name.prop_map(str::to_owned), value.prop_map(str::to_owned)), 0..6).prop_map(|mut members| {
            let mut known = std::collections::BTreeSet::new();
            members.retain(|(name, _)| known.insert(name.clone()));
            members
        })
    }

    fn value(text: Option<&[u8]>) -> Option<Value> {
        text.map(|text| serde_json::from_slice(text).expect("one value"))
    }

    proptest! {
        #[test]
        fn prop_members_are_found_on_either_side_of_a_body(
            members in members(), at in 0..7_usize, body in "[a\"\\\\:,{}\\[\\]\u{7}é]{0,12}", space in "[ \n]{0,2}",
        ) {
            let mut written: Vec<String> =
                members.iter().map(|(name, value)| format!("{space}{}{space}:{space}{value}{space}", Value::from(name.as_str()))).collect();
            written.insert(at.min(written.len()), format!("{space}\"body\":{space}{}", Value::from(body.as_str())));
            let text = format!("{space}{{{}}}{space}", written.join(","));
            let event: Value = serde_json::from_str(&text).expect("JSON");
            let found = Members::find(text.as_bytes()).expect("an event");
            prop_assert_eq!(value(found.request_context), event.get("requestContext").cloned(), "{}", text);
            prop_assert_eq!(value(found.headers), event.get("headers").cloned(), "{}", text);
            let is_text = !matches!(event.get("isBase64Encoded"), Some(other) if !(other.is_null() || other == &Value::from(false)));
            if is_text {
                prop_assert_eq!(found.body(), Ok(Bytes::from(body)), "{}", text);
            }
        }

        #[test]
        fn prop_no_bytes_make_reading_an_event_panic(bytes in vec(any::<u8>(), 0..60), text in "[{}\\[\\]\":,\\\\a7bodyheaders ]{0,60}") {
            for event in [&bytes[..], text.as_bytes(), format!("{{\"body\":{text}").as_bytes(), format!("{{\"body\":\"\"{text}}}").as_bytes()] {
                _ = Members::find(event).and_then(Members::body);
            }
        }
    }

    #[test]
    fn a_head_on_either_side_is_found_without_a_look_at_the_body() {
        let head = r#""headers":{"a":"}"},"requestContext":{}"#;
        for event in
            [format!(r#"{{"x":0,"body":"{head}"#), format!(r#"{{{head},"body":"never ended"#), format!(r#"{{"body":not JSON,{head}}}"#)]
        {
            let found = Members::find(event.as_bytes()).expect("a head");
            assert_eq!(found.headers.is_some(), !event.contains("\"x\""), "{event}");
            assert_eq!(found.body(), Err(Refusal::MalformedEvent), "{event}");
        }
    }
}
