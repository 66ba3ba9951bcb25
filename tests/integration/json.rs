//! JSON as a tree that keeps every member and every number's text: slow, plain, and not the receiver's.

use std::{iter::Peekable, str::Chars};

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
    /// An object, names that stand twice included, in the order sent.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text, or gives none where it is not JSON.
    pub fn read(text: &str) -> Option<Self> {
        let mut chars = text.chars().peekable();
        let value = value(&mut chars)?;
        space(&mut chars);
        chars.next().is_none().then_some(value)
    }

    /// Gives the members of an object.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// Gives the elements of an array.
    pub fn elements(&self) -> &[Json] {
        match self {
            Json::Array(elements) => elements,
            _ => &[],
        }
    }

    /// Gives the last member of a name, which is the one that counts.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Gives the names of an object's members.
    pub fn names(&self) -> Vec<&str> {
        self.members().iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Gives the characters of a string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// Gives a boolean's, number's or string's text.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Json::Boolean(value) => Some(value.to_string()),
            Json::Number(text) | Json::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Gives the levels of nesting: 0 for a scalar, 1 for `[]`.
    pub fn depth(&self) -> usize {
        match self {
            Json::Array(elements) => 1 + elements.iter().map(Json::depth).max().unwrap_or(0),
            Json::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

type Text<'a> = Peekable<Chars<'a>>;

fn space(text: &mut Text<'_>) {
    while text.next_if(|next| " \t\r\n".contains(*next)).is_some() {}
}

/// Reads one value and the space before it.
fn value(text: &mut Text<'_>) -> Option<Json> {
    space(text);
    match text.peek()? {
        '{' => object(text),
        '[' => array(text),
        '"' => string(text).map(Json::String),
        't' => word(text, "true").map(|()| Json::Boolean(true)),
        'f' => word(text, "false").map(|()| Json::Boolean(false)),
        'n' => word(text, "null").map(|()| Json::Null),
        _ => number(text),
    }
}

fn word(text: &mut Text<'_>, word: &str) -> Option<()> {
    word.chars().all(|expected| text.next() == Some(expected)).then_some(())
}

fn number(text: &mut Text<'_>) -> Option<Json> {
    let mut number = String::new();
    while let Some(next) = text.next_if(|next| next.is_ascii_digit() || "+-.eE".contains(*next)) {
        number.push(next);
    }
    serde_json::from_str::<serde::de::IgnoredAny>(&number).ok().map(|_| Json::Number(number))
}

/// Reads what stands between brackets, separated by commas.
fn list<T>(text: &mut Text<'_>, close: char, mut one: impl FnMut(&mut Text<'_>) -> Option<T>) -> Option<Vec<T>> {
    let mut list = Vec::new();
    text.next()?;
    space(text);
    if text.next_if_eq(&close).is_some() {
        return Some(list);
    }
    loop {
        list.push(one(text)?);
        space(text);
        match text.next()? {
            ',' => {}
            end if end == close => return Some(list),
            _ => return None,
        }
    }
}

fn array(text: &mut Text<'_>) -> Option<Json> {
    list(text, ']', value).map(Json::Array)
}

fn object(text: &mut Text<'_>) -> Option<Json> {
    let member = |text: &mut Text<'_>| {
        space(text);
        let name = text.peek().filter(|next| **next == '"').is_some().then(|| string(text))??;
        space(text);
        text.next_if_eq(&':')?;
        Some((name, value(text)?))
    };
    list(text, '}', member).map(Json::Object)
}

fn string(text: &mut Text<'_>) -> Option<String> {
    let mut units: Vec<u16> = Vec::new();
    text.next()?;
    loop {
        match text.next()? {
            '"' => return Some(String::from_utf16_lossy(&units)),
            '\\' => units.push(escape(text)?),
            '\0'..='\u{1F}' => return None,
            other => units.extend_from_slice(other.encode_utf16(&mut [0; 2])),
        }
    }
}

fn escape(text: &mut Text<'_>) -> Option<u16> {
    let character = match text.next()? {
        'u' => {
            let digits: String = text.by_ref().take(4).filter(char::is_ascii_hexdigit).collect();
            return (digits.len() == 4).then(|| u16::from_str_radix(&digits, 16).ok())?;
        }
        'b' => 8,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        plain @ ('"' | '\\' | '/') => plain as u16,
        _ => return None,
    };
    Some(character)
}

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
