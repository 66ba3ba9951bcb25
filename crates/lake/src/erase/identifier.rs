//! What a person is known by, as an operator writes it down.

use super::whole::is_word;

/// Fewest characters of an identifier that is found anywhere in a row.
const SHORTEST: usize = 6;
/// Digits of a row id.
const ROW_ID: usize = 32;
/// Most characters of an identifier.
const LONGEST: usize = 1_000;

/// The kinds of identifiers, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A user id.
    User,
    /// A phone number, with its country code.
    Phone,
    /// A name without a domain, which is compared with whole user names.
    Name,
    /// A row id.
    Row,
}

impl Kind {
    const ALL: [(&str, Self); 5] =
        [("email", Self::Email), ("user", Self::User), ("phone", Self::Phone), ("name", Self::Name), ("row", Self::Row)];

    /// The word before the colon.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// The kind that a name of the lake has.
    pub fn of(name: &str) -> Self {
        let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        match name {
            _ if name.contains('|') => Self::User,
            _ if name.contains('@') => Self::Email,
            _ if name.strip_prefix('+').is_some_and(is_number) => Self::Phone,
            _ => Self::Name,
        }
    }
}

/// One identifier, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    pub kind: Kind,
    pub text: String,
}

/// Why a text is not one identifier. The text is not repeated, since it may be a person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("it is blank")]
    Blank,
    #[error("it has only {0} characters; a user id, an e-mail address or a phone number has {SHORTEST} or more")]
    Short(usize),
    #[error("it is longer than {LONGEST} characters")]
    Long,
    #[error("it contains the character U+{0:04X}, which is invisible or not part of a name; type the identifier instead of pasting it")]
    Invisible(u32),
    #[error("it contains the full-width character U+{0:04X}; type it in ASCII")]
    FullWidth(u32),
    #[error("it contains a comma or semicolon; write one identifier on each line, and start a user id that contains one with user:")]
    List,
    #[error("it contains a blank; write one identifier on each line, without a bullet, number or display name")]
    Blanks,
    #[error("it contains angle brackets, brackets or parentheses; write the identifier alone, without a display name")]
    Brackets,
    #[error(
        "it contains a quotation mark; write the identifier alone (an address with a quoted local part: give its rows as row:<p_row_id>)"
    )]
    Quotes,
    #[error("it is percent-encoded; write it decoded")]
    Encoded,
    #[error("it starts with {0}, which looks like a bullet or a link; write the identifier alone")]
    Prefix(&'static str),
    #[error("an e-mail address needs one @ with a name before it and a domain after it, and nothing else")]
    Email,
    #[error("a user id has a strategy, | and an id, such as auth0|507f1f77bcf86cd799439011")]
    User,
    #[error("a phone number needs a plus sign, its country code and digits, such as phone:+15550100123")]
    Phone,
    #[error("a row id has 32 hexadecimal digits")]
    Row,
    #[error(
        "it is neither a user id (such as auth0|507f1f77bcf86cd799439011), nor an e-mail address, nor a row id of 32 hex digits; other \
         kinds need their name: phone:+15550100123, name:ann"
    )]
    Form,
}

impl Identifier {
    /// Reads one identifier, with or without its kind before a colon.
    ///
    /// # Errors
    /// The text is none, or more than one, or is not written as it stands in a lake.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let text = text.trim_matches([' ', '\t', '\r']);
        if text.is_empty() {
            return Err(IdError::Blank);
        }
        visible(text)?;
        let named = Kind::ALL.iter().find_map(|&(word, kind)| Some((kind, strip_word(text, word)?)));
        let (kind, text) = match named {
            Some((kind, rest)) => (kind, rest.trim_matches([' ', '\t'])),
            None => (bare(text)?, text),
        };
        let text = text.to_lowercase();
        check(kind, &text, named.is_some())?;
        Ok(Self { kind, text })
    }
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (before, rest) = text.split_once(':')?;
    before.eq_ignore_ascii_case(word).then_some(rest)
}

/// The kind of a text that does not say it, and is not something pasted around an identifier.
fn bare(text: &str) -> Result<Kind, IdError> {
    for prefix in ["mailto:", "http:", "https:", "tel:", "-", "*", "+", "#", "=", ">", "/"] {
        if text.len() >= prefix.len() && text.is_char_boundary(prefix.len()) && text[..prefix.len()].eq_ignore_ascii_case(prefix) {
            return Err(IdError::Prefix(prefix));
        }
    }
    for (signs, error) in [
        (&[',', ';'][..], IdError::List),
        (&['<', '>', '[', ']', '(', ')'], IdError::Brackets),
        (&['"', '\u{201C}', '\u{201D}', '\u{201E}', '\u{AB}', '\u{BB}'], IdError::Quotes),
        (&[' ', '\t'], IdError::Blanks),
    ] {
        if text.contains(signs) {
            return Err(error);
        }
    }
    if (0..text.len()).any(|at| text.is_char_boundary(at) && super::decode::percent(&text[at..]).is_some()) {
        return Err(IdError::Encoded);
    }
    match text {
        _ if text.contains('|') => Ok(Kind::User),
        _ if text.contains('@') => Ok(Kind::Email),
        _ if text.len() == ROW_ID && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(Kind::Row),
        _ => Err(IdError::Form),
    }
}

/// Refuses what is not seen, or looks like something else than it is.
fn visible(text: &str) -> Result<(), IdError> {
    let quotes = "\u{2018}\u{2019}\u{201C}\u{201D}\u{201E}\u{AB}\u{BB}";
    for char in text.chars().filter(|char| !char.is_ascii() || char.is_ascii_control() && *char != '\t') {
        if super::decode::narrow(char).is_some_and(|narrow| narrow != ' ') {
            return Err(IdError::FullWidth(char.into()));
        }
        if !is_word(char) && !quotes.contains(char) || is_filler(char) {
            return Err(IdError::Invisible(char.into()));
        }
    }
    Ok(())
}

/// Whether a character counts as a letter or a mark, but shows nothing.
fn is_filler(char: char) -> bool {
    matches!(
        char,
        '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}'
    )
}

/// Checks the form of an identifier of a kind. One whose kind was written is taken more freely.
fn check(kind: Kind, text: &str, is_named: bool) -> Result<(), IdError> {
    let length = text.chars().count();
    if length == 0 {
        return Err(IdError::Blank);
    }
    if length > LONGEST {
        return Err(IdError::Long);
    }
    let is_right = match kind {
        Kind::Email => is_email(text),
        Kind::User => is_named || text.split('|').all(|segment| !segment.is_empty()),
        Kind::Phone => text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())),
        Kind::Name => true,
        Kind::Row => text.len() == ROW_ID && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
    };
    match kind {
        Kind::Email if !is_right => Err(IdError::Email),
        Kind::User if !is_right => Err(IdError::User),
        Kind::Phone if !is_right => Err(IdError::Phone),
        Kind::Row if !is_right => Err(IdError::Row),
        Kind::Name | Kind::Row => Ok(()),
        _ if length < SHORTEST => Err(IdError::Short(length)),
        _ => Ok(()),
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|char| is_word(char) || "-_".contains(char));
    !local.is_empty() && local.chars().all(super::whole::continues_left) && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, IdError> {
        Identifier::parse(text).map(|id| format!("{}:{}", id.kind.word(), id.text))
    }

    #[test]
    fn an_identifier_has_a_kind() {
        for (text, read) in [
            ("auth0|507F1f77", "user:auth0|507f1f77"),
            (" Ann@Example.com\t\r", "email:ann@example.com"),
            ("samlp|corp|ann@example.com", "user:samlp|corp|ann@example.com"),
            ("0123456789ABCDEF0123456789abcdef", "row:0123456789abcdef0123456789abcdef"),
            ("row:0123456789ABCDEF0123456789abcdef", "row:0123456789abcdef0123456789abcdef"),
            ("Phone: +15550100123", "phone:+15550100123"),
            ("name:Ann", "name:ann"),
            ("user:507f1f77bcf8", "user:507f1f77bcf8"),
            ("user:ad|corp|CN=Ann, OU=x", "user:ad|corp|cn=ann, ou=x"),
            ("email:-ann@example.com", "email:-ann@example.com"),
            ("o'brien@example.com", "email:o'brien@example.com"),
            ("d\u{2019}amore@example.com", "email:d\u{2019}amore@example.com"),
            ("bounce=brien@example.com", "email:bounce=brien@example.com"),
            ("JÖRG@münchen.example", "email:jörg@münchen.example"),
            ("अमित@example.com", "email:अमित@example.com"),
        ] {
            assert_eq!(parse(text), Ok(read.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn what_is_pasted_around_an_identifier_is_refused_with_the_reason() {
        for (text, error) in [
            ("", IdError::Blank),
            (" \t", IdError::Blank),
            ("name:", IdError::Blank),
            ("a@b.c", IdError::Short(5)),
            ("a|b", IdError::Short(3)),
            ("@example.com", IdError::Email),
            ("ann@", IdError::Email),
            ("ann@@example.com", IdError::Email),
            ("ann@example.com@example.org", IdError::Email),
            ("ann@example.com.", IdError::Email),
            ("ann@example.com'", IdError::Email),
            ("ann@example.com`", IdError::Email),
            ("ann@example.com:", IdError::Email),
            ("name ann@example.com", IdError::Blanks),
            ("email:ann@example.com bob@example.com", IdError::Email),
            ("auth0|", IdError::User),
            ("|507f1f77bcf86cd799439011", IdError::User),
            ("success", IdError::Form),
            ("ann%40example.com", IdError::Encoded),
            ("auth0%7Cann1", IdError::Encoded),
            ("o%27brien@example.com", IdError::Encoded),
            ("+15550100123", IdError::Prefix("+")),
            ("phone:15550100123", IdError::Phone),
            ("phone:+1 555 0100123", IdError::Phone),
            ("row:12", IdError::Row),
            ("0123456789abcdef0123456789abcde", IdError::Form),
            ("ann\u{0}@example.com", IdError::Invisible(0)),
            ("ann@example.com\u{200B}", IdError::Invisible(0x200B)),
            ("ann@example.com\u{A0}", IdError::Invisible(0xA0)),
            ("\u{202E}ann@example.com", IdError::Invisible(0x202E)),
            ("a\u{AD}nn@example.com", IdError::Invisible(0xAD)),
            ("ann@example.com\u{2028}", IdError::Invisible(0x2028)),
            ("\u{FEFF}ann@example.com", IdError::Invisible(0xFEFF)),
            ("\u{2022} ann@example.com", IdError::Invisible(0x2022)),
            ("name:\u{3164}", IdError::Invisible(0x3164)),
            ("ann\u{FF20}example.com", IdError::FullWidth(0xFF20)),
            ("ann@example.com,", IdError::List),
            ("ann@example.com; bob@example.com", IdError::List),
            ("auth0|ann1,ann@example.com", IdError::List),
            ("ann&#64;example.com", IdError::List),
            ("Ann <ann@example.com>", IdError::Brackets),
            ("ann@example.com (Ann)", IdError::Brackets),
            ("[ann@example.com](x)", IdError::Brackets),
            ("\"ann@example.com\"", IdError::Quotes),
            ("\u{201C}ann@example.com\u{201D}", IdError::Quotes),
            ("1. ann@example.com", IdError::Blanks),
            ("ann@example.com\tbob@example.com", IdError::Blanks),
            ("- ann@example.com", IdError::Prefix("-")),
            ("*ann@example.com", IdError::Prefix("*")),
            ("MAILTO:ann@example.com", IdError::Prefix("mailto:")),
            ("https://ann@example.com", IdError::Prefix("https:")),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
        assert_eq!(parse(&format!("{}@example.com", "a".repeat(1_000))), Err(IdError::Long));
    }
}
