//! Whether an identifier in a text stands for itself, or is part of somebody else's.
//!
//! A local part may hold `'`, `/`, `=`, `&` and letters of any script (RFC 5322, section 3.2.3, and RFC 6531), so
//! whatever touches an identifier makes it a longer one, unless it must be a wrapper: a quote that is closed, or the
//! strategy of a user id. Where that is not certain, the answer is no, and a person judges the row.

use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};

use super::{
    decode::{entity, narrow, percent},
    identifier::Kind,
};

/// What RFC 5322 allows in a local part besides letters and digits, and the full stop.
const LOCAL: &str = "!#$%&'*+-./=?^_`{|}~";
/// Characters that end a sentence or a quotation, and continue a user id only before a letter or digit.
const ENDS: &str = ".:!?'`}*";
/// Strategies of Auth0's connections, with which a user id starts.
const STRATEGIES: [&str; 22] = [
    "ad",
    "adfs",
    "apple",
    "auth0",
    "auth0-adldap",
    "auth0-oidc",
    "custom",
    "email",
    "facebook",
    "github",
    "google-apps",
    "google-oauth2",
    "linkedin",
    "oauth2",
    "oidc",
    "okta",
    "pingfederate",
    "salesforce",
    "samlp",
    "sms",
    "waad",
    "windowslive",
];
/// Most characters before an identifier that are looked at.
const BEFORE: usize = 300;

/// Whether the identifier between these parts of a text is a whole one.
pub fn is_whole(kind: Kind, before: &str, after: &str, key: &str) -> bool {
    let ends = |next: char| match kind {
        Kind::User => continues_user(next, &after[next.len_utf8()..]),
        _ => continues_email(next, &after[next.len_utf8()..]),
    };
    if after.chars().next().is_some_and(ends) || starts_with_escape(after) || ends_with_entity(before) || before.ends_with('@') {
        return false;
    }
    let length: usize = before.chars().rev().take(BEFORE).take_while(|&char| continues_left(char)).map(char::len_utf8).sum();
    let stem = &before[before.len() - length..];
    stem.is_empty() || is_quoted(stem, after) || kind == Kind::Email && is_user_id(stem, key)
}

/// Whether a character belongs to a local part, or to a word of any script.
pub fn continues_left(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric() || LOCAL.contains(char);
    }
    narrow(char).is_some_and(continues_left) || !ends_word(char) || "\u{2018}\u{2019}".contains(char)
}

/// Whether a character is a letter, a digit or a mark of any script.
pub fn is_word(char: char) -> bool {
    let group = [GeneralCategoryGroup::Letter, GeneralCategoryGroup::Number, GeneralCategoryGroup::Mark];
    char.is_ascii_alphanumeric() || !char.is_ascii() && group.iter().any(|group| group.contains(category(char)))
}

/// Whether a character that is not ASCII certainly stands between words.
fn ends_word(char: char) -> bool {
    use GeneralCategory::{ClosePunctuation, Control, FinalPunctuation, InitialPunctuation, OpenPunctuation};
    let ends = [ClosePunctuation, Control, FinalPunctuation, InitialPunctuation, OpenPunctuation];
    let category = category(char);
    GeneralCategoryGroup::Separator.contains(category) || ends.contains(&category) || "、。…•،؛؟".contains(char)
}

fn category(char: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(char)
}

/// Whether an address continues with this; a full stop continues it only before a letter, a digit or a hyphen.
fn continues_email(next: char, rest: &str) -> bool {
    match next {
        '-' | '_' | '@' => true,
        '.' => rest.chars().next().is_some_and(|second| second.is_ascii_alphanumeric() || "-_".contains(second) || is_beyond_ascii(second)),
        _ => next.is_ascii_alphanumeric() || is_beyond_ascii(next),
    }
}

/// Whether a character that is not ASCII continues a domain or an id.
fn is_beyond_ascii(char: char) -> bool {
    !char.is_ascii() && !ends_word(char)
}

fn continues_user(next: char, rest: &str) -> bool {
    if ENDS.contains(next) {
        return rest.trim_start_matches(|char| ENDS.contains(char)).chars().next().is_some_and(|char| continues_left(char) || char == '@');
    }
    continues_left(next) && next != '\u{2019}' || next == '@'
}

/// Whether the text starts with an escape, whose character a decoded copy of the text has.
fn starts_with_escape(text: &str) -> bool {
    let is_unit = |rest: &str| rest.as_bytes().get(..4).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    percent(text).is_some() || entity(text).is_some() || text.strip_prefix("\\u").is_some_and(is_unit)
}

fn ends_with_entity(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#');
    text.strip_suffix(';').and_then(|rest| rest.rsplit_once('&')).is_some_and(|(_, name)| name.len() <= 32 && is_name(name))
}

/// Whether the stem is an opening quote that is closed behind the identifier, where no address can have it.
fn is_quoted(stem: &str, after: &str) -> bool {
    let mut quotes = [('\'', '\''), ('`', '`'), ('{', '}'), ('*', '*'), ('\u{2018}', '\u{2019}')].into_iter();
    let Some((quote, close)) = quotes.find(|(quote, _)| stem.ends_with(*quote)) else { return false };
    let head = &stem[..stem.len() - quote.len_utf8()];
    let opens = head.is_empty() || head.ends_with(['=', '{']) && !head.contains(quote);
    let closes = after.strip_prefix(close).is_some_and(|rest| !rest.starts_with(|next| is_word(next) || next == '@'));
    opens && closes
}

/// Whether the stem is the beginning of a user id that ends with an address, such as `samlp|corp|`.
fn is_user_id(stem: &str, key: &str) -> bool {
    let Some(segments) = stem.trim_start_matches(['\'', '`', '{']).strip_suffix('|') else { return false };
    let is_plain = |segment: &str| {
        let mut bytes = segment.bytes();
        !segment.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let has_strategy = segments.split('|').next().is_some_and(|first| STRATEGIES.contains(&first));
    segments.split('|').all(is_plain) && (has_strategy || key.ends_with("user_id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the identifier between brackets is whole; the case is as the text has it.
    fn judge(kind: Kind, text: &str) -> bool {
        let (before, rest) = text.split_once('[').expect("a bracket");
        let (_, after) = rest.split_once(']').expect("a bracket");
        is_whole(kind, before, after, "")
    }

    #[test]
    fn an_address_in_a_wrapper_is_whole() {
        for text in [
            "[ann@example.com]",
            "to [ann@example.com], and",
            "<[ann@example.com]>",
            "mailto:[ann@example.com]?subject=x",
            "'[ann@example.com]'",
            "user '[ann@example.com]' not found",
            "email='[ann@example.com]';",
            "{'[ann@example.com]': 1}",
            "“[ann@example.com]”",
            "‘[ann@example.com]’s",
            "`[ann@example.com]`",
            "{[ann@example.com]}",
            "[ann@example.com].",
            "[ann@example.com]'s",
            "[ann@example.com]/resource",
            "samlp|corp|[ann@example.com]",
            "'waad|[ann@example.com]'",
            "、[ann@example.com]。",
            "（[ann@example.com]）",
        ] {
            let is_curly_possessive = text.ends_with("’s");
            assert_eq!(judge(Kind::Email, text), !is_curly_possessive, "{text}");
        }
    }

    #[test]
    fn an_address_with_anything_else_beside_it_is_part_of_a_longer_one() {
        let local = LOCAL.chars().chain("a0é字\u{2019}\u{2018}\u{301}\u{200B}\u{B7}\u{2010}ｏ＇．😀\u{E000}".chars());
        for before in local {
            assert!(!judge(Kind::Email, &format!("{before}[ann@example.com]")), "{before:?}");
            assert!(!judge(Kind::Email, &format!(" x{before}[ann@example.com] ")), "{before:?}");
        }
        for after in
            ["a", "0", "-x", "_", ".au", ".é", "é", "字", "\u{301}", "\u{200B}", "．au", "@corp", "%2Eau", "&#46;au", "\\u002eau", "-"]
        {
            assert!(!judge(Kind::Email, &format!("[ann@example.com]{after}")), "{after:?}");
        }
        for text in [
            "'o'[ann@example.com]'",
            "o&#39;[ann@example.com]",
            "o&bogus;[ann@example.com]",
            "x@[ann@example.com]",
            "x|r&d|[ann@example.com]",
        ] {
            assert!(!judge(Kind::Email, text), "{text}");
        }
    }

    #[test]
    fn a_user_id_continues_with_whatever_an_id_may_hold() {
        for text in
            ["[auth0|abc]", "'[auth0|abc]'", "user [auth0|abc].", "([auth0|abc])", "sub:[auth0|abc];", "[auth0|abc]: gone", "[auth0|abc]'"]
        {
            assert!(judge(Kind::User, text), "{text}");
        }
        for text in [
            "[auth0|abc]def",
            "x-[auth0|abc]",
            "corp|[auth0|abc]",
            "[auth0|abc]|x",
            "[auth0|abc]=",
            "[auth0|abc]/x",
            "[auth0|abc].x",
            "[auth0|abc]'x",
            "[auth0|abc]:1",
            "[auth0|abc]@x",
            "[auth0|abc]é",
            "[auth0|abc]%20",
        ] {
            assert!(!judge(Kind::User, text), "{text}");
        }
    }

    #[test]
    fn a_user_id_of_a_connection_of_unknown_strategy_is_one_where_user_ids_stand() {
        assert!(is_whole(Kind::Email, "acme|", "", "user_id"));
        assert!(!is_whole(Kind::Email, "acme|", "", "user_name"));
    }
}
