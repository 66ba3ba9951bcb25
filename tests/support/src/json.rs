//! A plain JSON reader (RFC 8259) that keeps numbers as text and every member in the order sent.

/// Deepest nesting that is read: this reader recurs, the receiver does not.
pub const MAX_DEPTH: usize = 500;

/// A JSON value. Lone surrogates are U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as its text.
    Number(String),
    /// A string, as its characters.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, in the order sent, with names that stand twice.
    Object(Vec<(String, Json)>),
}

/// Why a text was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is not JSON.
    Malformed,
    /// It may be well-formed, and is nested deeper than this reader goes.
    TooDeep,
}

impl Json {
    /// Reads one text; none if it is malformed or too deep.
    pub fn read(text: &str) -> Option<Self> {
        read(text).ok()
    }

    /// The members of an object.
    pub fn members(&self) -> &[(String, Json)] {
        if let Json::Object(members) = self { members } else { &[] }
    }

    /// The elements of an array.
    pub fn elements(&self) -> &[Json] {
        if let Json::Array(elements) = self { elements } else { &[] }
    }

    /// The last member of a name, which is the one that counts.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The names of an object's members.
    pub fn names(&self) -> Vec<&str> {
        self.members().iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The characters of a string.
    pub fn text(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    /// The text of a boolean, number or string.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Json::Boolean(value) => Some(value.to_string()),
            Json::Number(text) | Json::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Levels of nesting: 0 for a scalar, 1 for `[]`.
    pub fn depth(&self) -> usize {
        match self {
            Json::Array(elements) => 1 + elements.iter().map(Json::depth).max().unwrap_or(0),
            Json::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// Reads one text, and says why if it cannot.
///
/// # Errors
/// Text that is not JSON, or nested too deep.
pub fn read(text: &str) -> Result<Json, Unread> {
    let mut reader = Reader { rest: text.as_bytes(), depth: 0 };
    let value = reader.value()?;
    reader.space();
    if reader.rest.is_empty() { Ok(value) } else { Err(Unread::Malformed) }
}

struct Reader<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unread> {
        self.space();
        if self.take(byte) { Ok(()) } else { Err(Unread::Malformed) }
    }

    fn value(&mut self) -> Result<Json, Unread> {
        self.space();
        for (word, value) in [("null", Json::Null), ("true", Json::Boolean(true)), ("false", Json::Boolean(false))] {
            if let Some(rest) = self.rest.strip_prefix(word.as_bytes()) {
                self.rest = rest;
                return Ok(value);
            }
        }
        match self.rest.first() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, Unread>) -> Result<Json, Unread> {
        if self.depth == MAX_DEPTH {
            return Err(Unread::TooDeep);
        }
        self.depth += 1;
        self.rest = &self.rest[1..];
        self.space();
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<Json, Unread> {
        let mut elements = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            self.space();
            if self.take(b']') {
                return Ok(Json::Array(elements));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self) -> Result<Json, Unread> {
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.expect(b':')?;
            members.push((name, self.value()?));
            self.space();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            self.expect(b',')?;
        }
    }

    fn number(&mut self) -> Result<Json, Unread> {
        let start = self.rest;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = &start[..start.len() - self.rest.len()];
        Ok(Json::Number(String::from_utf8_lossy(text).into_owned()))
    }

    fn digits(&mut self) -> Result<(), Unread> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[count..];
        if count == 0 { Err(Unread::Malformed) } else { Ok(()) }
    }

    /// Reads a string; lone surrogates become U+FFFD.
    fn string(&mut self) -> Result<String, Unread> {
        if !self.take(b'"') {
            return Err(Unread::Malformed);
        }
        let mut units: Vec<u16> = Vec::new();
        let mut text = String::new();
        loop {
            let plain = self.rest.iter().take_while(|&&byte| byte != b'"' && byte != b'\\').count();
            let (run, rest) = self.rest.split_at(plain);
            if run.iter().any(|&byte| byte < 0x20) {
                return Err(Unread::Malformed);
            }
            if plain > 0 {
                text.push_str(&String::from_utf16_lossy(&std::mem::take(&mut units)));
                text.push_str(std::str::from_utf8(run).map_err(|_| Unread::Malformed)?);
            }
            self.rest = rest;
            if self.take(b'"') {
                text.push_str(&String::from_utf16_lossy(&units));
                return Ok(text);
            }
            units.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<u16, Unread> {
        let (&[_, letter], rest) = self.rest.split_first_chunk::<2>().ok_or(Unread::Malformed)?;
        self.rest = rest;
        let character = match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (digits, rest) = self.rest.split_first_chunk::<4>().ok_or(Unread::Malformed)?;
                self.rest = rest;
                let hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).map_err(|_| Unread::Malformed)?;
                return u16::from_str_radix(digits, 16).ok().filter(|_| hexadecimal).ok_or(Unread::Malformed);
            }
            _ => return Err(Unread::Malformed),
        };
        Ok(character.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        for text in [
            "{\"a\":[1,-0.5e+7,true],\"b\":\"\\u0041\\n\\ud83d\\ude00\"}",
            "[]",
            " { } ",
            "[1,]",
            "{\"a\"}",
            "\"\u{1}\"",
            "01",
            "\"\\u12\"",
            "",
        ] {
            assert_eq!(Json::read(text).is_some(), serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
        let twice = Json::read("{\"a\":1.50,\"a\":\"\\ud800\"}");
        let members = vec![("a".to_owned(), Json::Number("1.50".to_owned())), ("a".to_owned(), Json::String("\u{FFFD}".to_owned()))];
        assert_eq!(twice, Some(Json::Object(members)));
    }

    #[test]
    fn what_is_nested_too_deep_is_told_apart_from_what_is_malformed() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(read(&nested(MAX_DEPTH + 1)), Err(Unread::TooDeep));
        assert_eq!(read("[1 2]"), Err(Unread::Malformed));
    }
}
