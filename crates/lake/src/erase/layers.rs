//! Removes the escapes from a row's text, layer by layer.
//!
//! What a person is known by can stand in a row as it is, in JSON inside a JSON string (as `details`
//! does), in a URL (`auth0%7C507f`), or in several of these at once. Each layer takes one level of
//! JSON's and of the URL's escapes off, until nothing changes.

/// Most layers that are removed: each doubles the escapes, so no body holds more.
const MOST: usize = 24;

/// The text in lower case, and then again with one more layer of escapes removed each time.
pub fn layers(text: &[u8]) -> impl Iterator<Item = String> {
    let peeled = |text: &Vec<u8>| Some(peel(text)).filter(|next| next != text);
    std::iter::successors(Some(text.to_vec()), peeled).take(MOST).map(|text| String::from_utf8_lossy(&text).to_lowercase())
}

/// Removes one layer of escapes.
fn peel(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\' || byte == b'%') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + escape(&rest[at..], &mut out)..];
    }
    out.extend_from_slice(rest);
    out
}

/// Writes the first character, unescaped, and gives how many bytes it took.
fn escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let (written, length) = match text {
        [b'%', high, low, ..] => (digits(&[*high, *low]).and_then(|byte| u8::try_from(byte).ok()), 3),
        [b'\\', b'n' | b'r' | b't' | b'b' | b'f', ..] => (Some(b' '), 2),
        [b'\\', escaped @ (b'"' | b'\\' | b'/'), ..] => (Some(*escaped), 2),
        [b'\\', b'u', rest @ ..] => match unicode(rest) {
            Some((char, length)) => {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                return length + 2;
            }
            None => (None, 1),
        },
        _ => (None, 1),
    };
    out.push(written.unwrap_or(text[0]));
    if written.is_some() { length } else { 1 }
}

/// Reads the digits of `\uXXXX`, and those of the second surrogate.
fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let unit = digits(rest.get(..4)?)?;
    if let (0xD800..0xDC00, Some(br"\u")) = (unit, rest.get(4..6)) {
        let second = digits(rest.get(6..10)?).filter(|second| (0xDC00..0xE000).contains(second))?;
        return char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00)).map(|char| (char, 10));
    }
    Some((char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 4))
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, &digit| Some(value * 16 + char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_of_escapes_is_taken_off() {
        for (text, last) in [
            ("Ann@Example.com", "ann@example.com"),
            (r"ann\u0040example.com", "ann@example.com"),
            (r#"{\"a\":\"{\\\"b\\\":\\\"ann\\\\u0040x\\\"}\"}"#, r#"{"a":"{"b":"ann@x"}"}"#),
            ("/users/auth0%7C507f?x=ann%2540example.com", "/users/auth0|507f?x=ann@example.com"),
            (r"J\u00d6RG%C3%96", "jörgö"),
            (r"\ud83d\ude00 \ud83d", "\u{1F600} \u{FFFD}"),
            (r"a\nb\/c", "a b/c"),
            (r"100% \x \u12 %", r"100% \x \u12 %"),
        ] {
            assert_eq!(layers(text.as_bytes()).last().as_deref(), Some(last), "{text}");
        }
    }

    #[test]
    fn the_text_as_it_stands_is_the_first_layer() {
        assert_eq!(layers(br"corp\bob").collect::<Vec<_>>(), [r"corp\bob", "corp ob"]);
    }
}
