//! Every text that a row holds, unwrapped.
//!
//! What a person is known by can stand in a row as it is, in JSON inside a JSON string (as `details` does), in a
//! URL (`auth0%7C507f`), in HTML, or in several of these at once. Structure is cut before what is inside it is
//! decoded: `email=r%26d%3Dann%40example.com` is one pair, whose value is an address with `&` and `=` in it. Each
//! text is shown with the name of the member or parameter that it is the value of, as far as that can be told.

use super::decode;

/// How often as many bytes as a row has are looked at, and how many more; a hostile row could be unwrapped for hours.
const MOST_TIMES: usize = 16;
const MOST_BYTES: usize = 4 << 20;
/// From how many levels of one encoding on its repeated escapes are removed at once.
const COLLAPSE: usize = 16;
/// Longest name of a member or parameter.
const LONGEST_KEY: usize = 64;
/// Names whose value is somebody, and is never taken apart.
const SOMEBODY: [&str; 28] = [
    "account",
    "e-mail",
    "e_mail",
    "email",
    "email_address",
    "from",
    "id",
    "identifier",
    "identity_user_id",
    "login",
    "login_hint",
    "mail",
    "name",
    "nickname",
    "p_any_usernames",
    "preferred_username",
    "principal",
    "rcpt",
    "recipient",
    "sub",
    "subject",
    "to",
    "uid",
    "upn",
    "user",
    "user_id",
    "user_name",
    "username",
];
/// Folders of a URL's path whose entries are named by somebody.
const FOLDERS: [&str; 12] = [
    "account",
    "accounts",
    "email",
    "emails",
    "identities",
    "members",
    "people",
    "profiles",
    "user",
    "user-blocks",
    "users",
    "users-by-email",
];

/// A text of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text, in lower case.
    pub text: &'a str,
    /// The name that it is the value of, in lower case; empty if unknown.
    pub key: &'a str,
    /// Whether it is the quoted part of an address, so that whatever is in it is only a part.
    pub is_part: bool,
}

impl Text<'_> {
    /// Whether the text is a name of somebody.
    pub fn is_somebody(&self) -> bool {
        SOMEBODY.contains(&self.key)
    }
}

/// A row has more encodings inside each other than are unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep;

/// Text that is still to be unwrapped.
struct Piece {
    text: String,
    key: String,
    is: Is,
}

/// What is known of a text from outside it.
#[derive(Clone, Copy, Default)]
struct Is {
    /// How often it was decoded.
    level: usize,
    /// Whether its structure was cut before, and must not be cut again after decoding.
    cut: bool,
    /// Whether it is the quoted part of an address.
    part: bool,
}

/// Shows each text of a row that has at least so many bytes, from outside to inside.
///
/// # Errors
/// The row has more than can be looked at; some of its texts were not shown.
pub fn each(row: &[u8], shortest: usize, look: &mut dyn FnMut(Text<'_>)) -> Result<(), TooDeep> {
    let mut left = vec![Piece { text: String::from_utf8_lossy(row).into_owned(), key: String::new(), is: Is::default() }];
    let mut bytes = MOST_TIMES * row.len() + MOST_BYTES;
    while let Some(piece) = left.pop() {
        // Whatever is decoded gets shorter.
        if piece.text.len() < shortest {
            continue;
        }
        bytes = bytes.checked_sub(piece.text.len() + 1).ok_or(TooDeep)?;
        let parts: Vec<&str> = quoted(&piece.text).collect();
        if let [whole] = parts[..] {
            leaf(whole, &piece.key, piece.is, look, &mut left);
            continue;
        }
        let (mut key, mut last) = (piece.key.as_str(), "");
        for (i, part) in parts.iter().enumerate() {
            if i % 2 == 0 {
                key = name(part, last, key);
            } else {
                last = part;
            }
            if part.len() < shortest {
                continue;
            }
            if i % 2 == 0 {
                leaf(part, "", piece.is, look, &mut left);
                continue;
            }
            let is = Is { part: piece.is.part || parts.get(i + 1).is_some_and(|gap| gap.starts_with('@')), ..piece.is };
            match decode::json(part) {
                Some(text) => left.push(Piece { text, key: key.to_owned(), is }),
                None => leaf(part, key, is, look, &mut left),
            }
        }
    }
    Ok(())
}

/// Cuts a text at its quotation marks: what is outside and what is inside, in turn.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    text.split(move |char| {
        let is_quote = char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        is_quote
    })
}

/// The name of the next string, by what stands between it and the last one.
fn name<'a>(gap: &str, last: &'a str, before: &'a str) -> &'a str {
    if gap.contains(['{', '}', ']']) {
        return "";
    }
    if gap.trim_start().starts_with(':') { last } else { before }
}

/// Shows a text without quotation marks, and keeps what is inside it.
fn leaf(text: &str, key: &str, is: Is, look: &mut dyn FnMut(Text<'_>), left: &mut Vec<Piece>) {
    let key = if key.len() > LONGEST_KEY { String::new() } else { key.to_lowercase() };
    let inside = |text: String| Piece { text, key: key.clone(), is };
    // Escaped quotation marks show that the whole text is from inside a JSON string.
    let unescaped = if text.contains("\\\"") { decode::json(text) } else { None };
    if let Some(text) = unescaped {
        return left.push(inside(text));
    }
    left.extend(decode::units(text).map(inside));
    let shown = Text { text: &text.to_lowercase(), key: &key, is_part: is.part };
    look(shown);
    let parts = if is.cut || shown.is_somebody() { Vec::new() } else { components(text) };
    let cut = is.cut || !parts.is_empty();
    left.extend(parts.into_iter().map(|(key, text)| Piece { text: text.to_owned(), key: key.to_owned(), is }));
    let collapsed = (is.level >= COLLAPSE).then(|| decode::collapse(text));
    let decoded = decode::web(collapsed.as_deref().unwrap_or(text));
    let is = Is { level: is.level + 1, cut, ..is };
    left.extend(decoded.map(|text| Piece { text, key: key.clone(), is }));
}

/// Cuts the URLs and forms in a text into the values that can be somebody, each with its name.
fn components(text: &str) -> Vec<(&str, &str)> {
    if !text.contains(['/', '=']) {
        return Vec::new();
    }
    let words = text.split(|char: char| char.is_whitespace() || char == '<' || char == '>');
    words.filter(|word| word.contains(['/', '='])).flat_map(|word| if is_url(word) { of_url(word) } else { of_form(word) }).collect()
}

fn is_url(word: &str) -> bool {
    word.contains("://") || word.starts_with(['/', '?'])
}

fn of_url(word: &str) -> Vec<(&str, &str)> {
    let (path, query) = word.split_at(word.find(['?', '#']).unwrap_or(word.len()));
    // What stands before a host is a login at that host, not an address.
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let folders: Vec<&str> = path.split('/').collect();
    let entries = folders.windows(2).filter(|pair| FOLDERS.contains(&pair[0].to_lowercase().as_str())).map(|pair| ("", pair[1]));
    entries.chain(query.split(['?', '#', '&', ';']).filter_map(|pair| pair.split_once('='))).collect()
}

/// The pairs of a form, or of a word such as `user=ann@example.com`. Only names of somebody count: an address can look like a pair.
fn of_form(word: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for form in word.split([',', ';', '(', ')', '[', ']', ':']) {
        let form = form.trim_start_matches(['\'', '`', '{']);
        let pairs: Vec<(&str, &str)> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
        if form.split('&').all(|pair| pair.is_empty() || pair.contains('=')) {
            found.extend(pairs.into_iter().filter(|(name, _)| SOMEBODY.contains(&name.to_lowercase().as_str())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each text with its name.
    fn texts(row: &str) -> Vec<String> {
        let mut texts = Vec::new();
        each(row.as_bytes(), 1, &mut |text| texts.push(format!("{}={}", text.key, text.text))).expect("a row");
        texts
    }

    #[test]
    fn a_text_is_unwrapped_to_its_end() {
        for (row, inner) in [
            ("Ann@Example.com", "=ann@example.com"),
            (r#"{"user_name":"Ann@x"}"#, "user_name=ann@x"),
            (r#"{"p_any_usernames":["bob", "ann@x"]}"#, "p_any_usernames=ann@x"),
            (r#"{"a":{"b":[{"email":"ann@x"}]}}"#, "email=ann@x"),
            (r#"{"a":"{\"email\":\"{\\\"b\\\":\\\"ann\\\\u0040x\\\"}\"}"}"#, "b=ann@x"),
            (r#"{"raw":"{\"email\":\n\"ann\\u0040x\","#, "email=ann@x"),
            (r#"{\"email\":\"ann\u0040x\""#, "email=ann@x"),
            (r"ann\u0040x", "=ann@x"),
            (r#"{"qs":"https://b/?r=https%3A%2F%2Fc%2F%3Flogin_hint%3Dann%2540x"}"#, "login_hint=ann@x"),
            (r#"{"d":"login_hint%3Dann%40x%26"}"#, "login_hint=ann@x"),
            (r#"{"d":"a=1&user=ann%40x"}"#, "user=ann@x"),
            (r#"{"d":"sent (user=ann%40x)."}"#, "user=ann@x"),
            (r#"{"d":"GET /api/v2/users/auth0%7C507f/roles?x=1"}"#, "=auth0|507f"),
            (r#"{"d":"?state=%7B%22email%22%3A%22ann%40x%22%7D"}"#, "email=ann@x"),
            (r#"{"d":"<b>ann&#64;x</b>"}"#, "d=<b>ann@x</b>"),
            (r#"{"d":"ａｎｎ＠ｘ"}"#, "d=ann@x"),
        ] {
            assert!(texts(row).iter().any(|text| text == inner), "{inner} in {:?} of {row}", texts(row));
        }
    }

    #[test]
    fn a_value_is_cut_before_it_is_decoded_and_a_name_of_somebody_never() {
        for (row, never) in [
            (r#"{"d":"?email=r%26user%3Dann%40x"}"#, "user=ann@x"),
            (r#"{"d":"/users/r%26d%2Fann%40x"}"#, "=ann@x"),
            (r#"{"d":"/users/r&d/ann@x"}"#, "=ann@x"),
            (r#"{"d":"https://ann@x/"}"#, "=ann@x"),
            (r#"{"user_name":"user=ann@x"}"#, "user=ann@x"),
            (r#"{"d":"bounce=ann@x"}"#, "bounce=ann@x"),
            (r#"{"d":"r&user=ann@x"}"#, "user=ann@x"),
            (r#"{"d":"corp\\nann@x"}"#, "d=corp ann@x"),
        ] {
            assert!(!texts(row).iter().any(|text| text == never), "{never} in {:?} of {row}", texts(row));
        }
    }

    #[test]
    fn a_quoted_local_part_is_only_a_part() {
        let mut parts = Vec::new();
        let row = r#"{"user_name":"\"ann@example.com\"@example.org","email":"ann@example.com"}"#;
        each(row.as_bytes(), 1, &mut |text| parts.extend((text.text == "ann@example.com").then_some(text.is_part))).expect("a row");
        parts.sort_unstable();
        assert_eq!(parts, [false, true]);
    }

    #[test]
    fn every_number_of_levels_is_unwrapped_and_more_than_can_be_is_said() {
        for levels in [0, 1, 23, 24, 99, 100_000] {
            for (sign, repeated, end) in [("%", "25", "40"), ("&", "amp;", "#64;")] {
                let row = format!(r#"{{"d":"ann{sign}{}{end}example.com"}}"#, repeated.repeat(levels));
                assert!(texts(&row).iter().any(|text| text == "d=ann@example.com"), "{levels} levels of {sign}");
            }
        }
        let alternating = |levels: usize| format!(r#"{{"d":"ann%{}40example.com"}}"#, "26#37;".repeat(levels));
        assert!(texts(&alternating(500)).iter().any(|text| text == "d=ann@example.com"));
        let hostile = alternating(9_000);
        assert_eq!(each(hostile.as_bytes(), 1, &mut |_| ()), Err(TooDeep));
    }
}
