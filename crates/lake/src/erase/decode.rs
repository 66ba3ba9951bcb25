//! Removes one level of an encoding from a text.

/// The named characters of HTML that can stand in an identifier or end one.
const NAMED: [(&str, char); 22] = [
    ("amp", '&'),
    ("apos", '\''),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("equals", '='),
    ("gt", '>'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lt", '<'),
    ("nbsp", ' '),
    ("num", '#'),
    ("period", '.'),
    ("plus", '+'),
    ("quot", '"'),
    ("rpar", ')'),
    ("rsquo", '\u{2019}'),
    ("semi", ';'),
    ("sol", '/'),
    ("vert", '|'),
    ("verbar", '|'),
    ("verticalline", '|'),
];
/// Longest entity that is looked for, in bytes.
const ENTITY: usize = 32;

/// Unescapes the content of a JSON string; `None` if it has no escape.
pub fn json(text: &str) -> Option<String> {
    unescaped(text, |rest| match rest {
        [b'n' | b'r' | b't' | b'b' | b'f', ..] => Some((' ', 1)),
        [escaped @ (b'"' | b'\\' | b'/'), ..] => Some((char::from(*escaped), 1)),
        [b'u', digits @ ..] => unicode(digits).map(|(char, length)| (char, length + 1)),
        _ => None,
    })
}

/// Unescapes only `\uXXXX`, which is an escape outside JSON too; `None` if there is none.
pub fn units(text: &str) -> Option<String> {
    unescaped(text, |rest| rest.strip_prefix(b"u").and_then(unicode).map(|(char, length)| (char, length + 1)))
}

/// Decodes percent-encoding, HTML entities and full-width characters; `None` if there is none.
pub fn web(text: &str) -> Option<String> {
    // All full-width characters begin with one of two bytes.
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'&' | 0xE3 | 0xEF)) {
        return None;
    }
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(|char| matches!(char, '%' | '&') || narrow(char).is_some()) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        if let Some(byte) = percent(rest) {
            out.push(byte);
            rest = &rest[3..];
            continue;
        }
        let first = rest.chars().next()?;
        let (char, length) = narrow(first).map(|char| (char, first.len_utf8())).or_else(|| entity(rest)).unwrap_or((first, 1));
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[length..];
    }
    out.extend_from_slice(rest.as_bytes());
    (out != text.as_bytes()).then(|| String::from_utf8_lossy(&out).into_owned())
}

/// Shortens each escape that is escaped again and again, such as `%252540`, to its innermost one.
pub fn collapse(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['%', '&']) {
        out.push_str(&rest[..=at]);
        let sign = &rest[at..=at];
        rest = &rest[at + 1..];
        let repeated = if sign == "%" { "25" } else { "amp;" };
        while let Some(inner) = rest.strip_prefix(repeated).filter(|inner| sign == "&" || is_hex_pair(inner)) {
            rest = inner;
        }
    }
    out.push_str(rest);
    out
}

/// Returns the byte of an escape that the text starts with.
pub fn percent(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%').filter(|digits| is_hex_pair(digits))?;
    u8::from_str_radix(&digits[..2], 16).ok()
}

/// Returns the character of an HTML entity that the text starts with, and the entity's length.
pub fn entity(text: &str) -> Option<(char, usize)> {
    let name = text.strip_prefix('&')?;
    let end = name.bytes().take(ENTITY).position(|byte| byte == b';')?;
    let name = &name[..end];
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let char = match name.strip_prefix('#') {
        Some(code) => code.strip_prefix(['x', 'X']).map_or_else(|| number(code, 10), |code| number(code, 16)),
        None => NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, char)| char),
    };
    char.map(|char| (char, end + 2))
}

/// Returns a full-width character as the ASCII one that it looks like.
pub fn narrow(char: char) -> Option<char> {
    match char {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(char) - 0xFEE0),
        '\u{FE6B}' => Some('@'),
        '\u{3000}' => Some(' '),
        _ => None,
    }
}

fn is_hex_pair(text: &str) -> bool {
    text.as_bytes().get(..2).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
}

/// Replaces each backslash whose rest is an escape by the character that it means.
fn unescaped(text: &str, escape: impl Fn(&[u8]) -> Option<(char, usize)>) -> Option<String> {
    if !text.contains('\\') {
        return None;
    }
    let (mut out, mut rest, mut is_changed) = (String::new(), text, false);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let found = escape(&rest.as_bytes()[at + 1..]);
        let (char, length) = found.unwrap_or(('\\', 0));
        is_changed |= found.is_some();
        out.push(char);
        rest = &rest[at + 1 + length..];
    }
    out.push_str(rest);
    is_changed.then_some(out)
}

/// Reads the digits of `\uXXXX`, and those of the second surrogate.
fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let unit = digits(rest.get(..4)?)?;
    let second = rest.get(4..10).and_then(|next| digits(next.strip_prefix(br"\u")?)).filter(|second| (0xDC00..0xE000).contains(second));
    if let (0xD800..0xDC00, Some(second)) = (unit, second) {
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

    type Decode = fn(&str) -> Option<String>;

    #[test]
    fn one_level_of_an_encoding_is_removed() {
        let cases: [(Decode, &str, Option<&str>); 12] = [
            (json, r#"{\"a\":\"ann\\u0040x\"}"#, Some(r#"{"a":"ann\u0040x"}"#)),
            (json, r"\ud83d\ude00 \ud83d a\nb\/c", Some("\u{1F600} \u{FFFD} a b/c")),
            (json, r"\x \u12 C:\", None),
            (units, r"J\u00d6RG\n", Some(r"JÖRG\n")),
            (units, r"corp\nann", None),
            (web, "auth0%7C507f%2540x", Some("auth0|507f%40x")),
            (web, "%C3%96 100% %zz", Some("Ö 100% %zz")),
            (web, "ann&#64;x &#x40; &COMMAT; &amp;#64; &bogus; &", Some("ann@x @ @ &#64; &bogus; &")),
            (web, "Ａｎｎ＠ｅｘａｍｐｌｅ．com\u{3000}﹫", Some("Ann@example.com @")),
            (web, "é%", None),
            (web, "&#1114112;", None),
            (web, "%E9x", Some("\u{FFFD}x")),
        ];
        for (decode, text, decoded) in cases {
            assert_eq!(decode(text).as_deref(), decoded, "{text}");
        }
    }

    #[test]
    fn what_is_escaped_again_and_again_becomes_one_escape() {
        for (text, innermost) in [
            (format!("%{}40 100%25", "25".repeat(9_999)), "%40 100%25"),
            (format!("&{}#64; &amp;", "amp;".repeat(9_999)), "&#64; &"),
            ("%2525".to_owned(), "%25"),
            ("a%zz%".to_owned(), "a%zz%"),
        ] {
            assert_eq!(collapse(&text), innermost);
        }
    }
}
