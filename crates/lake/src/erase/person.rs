//! Whom to search for, and whether a row is theirs.

use std::{collections::BTreeSet, fmt};

use serde::Deserialize;

use super::{layers::layers, rows::Name};
use crate::{layout::count, rejected};

/// Fewest characters of a user id or an e-mail address.
const SHORTEST: usize = 6;
/// Digits of a row id.
const ROW_ID: usize = 32;

/// The identifiers of a person. Their `Debug` and `Display` hide them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    emails: BTreeSet<String>,
    users: BTreeSet<String>,
    rows: BTreeSet<String>,
}

/// Why a text is not an identifier. The text is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// It is blank.
    #[error("it is blank")]
    Blank,
    /// It is too short to be one person's.
    #[error("it has only {0} characters, and a user id or an e-mail address has {SHORTEST} or more")]
    Short(usize),
    /// It has no known form.
    #[error("it is neither a user id (such as auth0|507f1f77bcf86cd799439011), nor an e-mail address, nor a row id of 32 hex digits")]
    Form,
}

/// How a person is found in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Not at all.
    No,
    /// Only inside something longer, such as another address with the same ending.
    Part,
    /// As a whole.
    Whole,
    /// Unknown: the row's content is encoded in a way that cannot be read here.
    Unreadable,
}

/// The members of an event row that say whose event it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Owned {
    p_source_label: String,
    data: Owner,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Owner {
    user_id: String,
    user_name: String,
}

/// The members of a row that are searched by name.
#[derive(Default, Deserialize)]
struct Named {
    p_row_id: Option<String>,
    reason: Option<String>,
    raw_base64: Option<String>,
}

impl Person {
    /// Adds an identifier: a user id, an e-mail address or a row id.
    ///
    /// # Errors
    /// The text is none of these.
    pub fn add(&mut self, text: &str) -> Result<(), IdError> {
        let text = text.trim().trim_start_matches('\u{FEFF}').to_lowercase();
        if text.is_empty() {
            return Err(IdError::Blank);
        }
        if text.len() == ROW_ID && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.rows.insert(text);
            return Ok(());
        }
        let has_both = |by: char| text.split_once(by).is_some_and(|(before, after)| !before.trim().is_empty() && !after.trim().is_empty());
        let known = if has_both('|') { &mut self.users } else { &mut self.emails };
        if !has_both('|') && !has_both('@') || text.chars().any(char::is_control) {
            return Err(IdError::Form);
        }
        match text.chars().count() {
            few if few < SHORTEST => Err(IdError::Short(few)),
            _ => Ok(_ = known.insert(text)),
        }
    }

    /// Adds each line of a text; blank lines are skipped.
    ///
    /// # Errors
    /// The first line that is not an identifier, as a sentence that does not repeat it.
    pub fn add_lines(&mut self, text: &str) -> Result<(), String> {
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            self.add(line).map_err(|error| format!("line {}: {error}", i + 1))?;
        }
        Ok(())
    }

    /// Whether no identifier was added.
    pub fn is_nobody(&self) -> bool {
        self.emails.len() + self.users.len() + self.rows.len() == 0
    }

    /// What the person is known by, in lower case.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        [&self.emails, &self.users, &self.rows].into_iter().flatten().map(String::as_str)
    }

    /// The names of the user of an event, if that is the person and not one who is only mentioned in it.
    pub fn names(&self, row: &[u8]) -> Vec<Name> {
        let Owned { p_source_label: source, data } = serde_json::from_slice(row).unwrap_or_default();
        let names = [data.user_id, data.user_name];
        let is_known = |name: &String| [&self.emails, &self.users].iter().any(|known| known.contains(&name.trim().to_lowercase()));
        if !names.iter().any(is_known) {
            return Vec::new();
        }
        names.into_iter().filter(|name| !name.trim().is_empty()).map(|name| Name { source: source.clone(), name }).collect()
    }

    /// Explains how the person is found in a row.
    pub fn find(&self, row: &[u8]) -> Found {
        let named: Named = serde_json::from_slice(row).unwrap_or_default();
        if named.p_row_id.is_some_and(|id| self.rows.contains(&id.to_ascii_lowercase())) {
            return Found::Whole;
        }
        let kept = named.raw_base64.map(|base64| rejected::readable(&base64, named.reason.as_deref().unwrap_or_default()));
        let inner = kept.as_ref().map(|kept| kept.as_ref().map_or(Found::Unreadable, |texts| self.in_all(texts)));
        let best = [self.in_text(row), inner.unwrap_or(Found::No)];
        [Found::Whole, Found::Unreadable, Found::Part].into_iter().find(|found| best.contains(found)).unwrap_or(Found::No)
    }

    fn in_all(&self, texts: &[Vec<u8>]) -> Found {
        let found: Vec<Found> = texts.iter().map(|text| self.in_text(text)).collect();
        [Found::Whole, Found::Part].into_iter().find(|best| found.contains(best)).unwrap_or(Found::No)
    }

    fn in_text(&self, text: &[u8]) -> Found {
        if self.emails.len() + self.users.len() == 0 {
            return Found::No;
        }
        let mut best = Found::No;
        for text in layers(text) {
            let emails = self.emails.iter().map(|email| whole(&text, email, continues_email));
            for found in emails.chain(self.users.iter().map(|user| whole(&text, user, continues_user))) {
                match found {
                    Found::Whole => return Found::Whole,
                    Found::Part => best = Found::Part,
                    _ => {}
                }
            }
        }
        best
    }
}

/// Finds an identifier that is not part of a longer one.
fn whole(text: &str, id: &str, continues: fn(char, Option<char>) -> bool) -> Found {
    let mut best = Found::No;
    for (at, _) in text.match_indices(id) {
        let before = text[..at].chars().next_back();
        let mut after = text[at + id.len()..].chars();
        let (next, second) = (after.next(), after.next());
        let is_longer = before.is_some_and(begins_earlier) || next.is_some_and(|next| continues(next, second));
        if !is_longer {
            return Found::Whole;
        }
        best = Found::Part;
    }
    best
}

/// Whether the text before an identifier makes it a longer one.
fn begins_earlier(before: char) -> bool {
    before.is_alphanumeric() || "._+-".contains(before)
}

/// Whether an address continues with this; a full stop continues it only before a letter or digit.
fn continues_email(next: char, second: Option<char>) -> bool {
    next.is_alphanumeric() || "-_".contains(next) || next == '.' && second.is_some_and(char::is_alphanumeric)
}

/// Whether a user id continues with this.
fn continues_user(next: char, second: Option<char>) -> bool {
    continues_email(next, second) || "@|+".contains(next)
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [(self.users.len(), "user id"), (self.emails.len(), "e-mail address"), (self.rows.len(), "row id")];
        let known = kinds.into_iter().filter(|(many, _)| *many > 0);
        let known: Vec<String> =
            known.map(|(many, one)| if one.ends_with('s') && many > 1 { format!("{many} {one}es") } else { count(many, one) }).collect();
        f.write_str(&known.join(", "))
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({self})")
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;
    use auth0_log_lake::object::Compression;

    fn person(ids: &[&str]) -> Person {
        let mut person = Person::default();
        ids.iter().for_each(|id| person.add(id).expect(id));
        person
    }

    #[test]
    fn an_identifier_is_a_user_id_an_address_or_a_row_id_and_is_never_shown() {
        let known = person(&["auth0|507f1f77", " Ann@Example.com\r", "samlp|corp|ann@example.com", "0123456789ABCDEF0123456789abcdef"]);
        assert_eq!(format!("{known} {known:?}").matches("2 user ids, 1 e-mail address, 1 row id").count(), 2);
        for (text, error) in [
            ("", IdError::Blank),
            (" \t", IdError::Blank),
            ("\u{FEFF}", IdError::Blank),
            ("a@b.c", IdError::Short(5)),
            ("a|b", IdError::Short(3)),
            ("@example.com", IdError::Form),
            ("auth0|", IdError::Form),
            ("|507f1f77bcf86cd799439011", IdError::Form),
            ("success", IdError::Form),
            ("0123456789abcdef0123456789abcde", IdError::Form),
            ("ann\u{0}@example.com", IdError::Form),
        ] {
            assert_eq!(Person::default().add(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_blank_line_holds_nothing_and_a_wrong_one_is_named_by_its_number() {
        let mut known = Person::default();
        known.add_lines("\n  \nauth0|507f1f77\n\n").expect("lines");
        assert_eq!(known, person(&["auth0|507f1f77"]));
        let wrong = Person::default().add_lines("auth0|507f1f77\nsecret\n").expect_err("a wrong line");
        assert!(wrong.starts_with("line 2: it is neither") && !wrong.contains("secret"), "{wrong}");
    }

    #[test]
    fn a_person_is_found_in_every_form_of_a_row_and_nobody_else_is() {
        let known = person(&["auth0|507f1f77", "ann@example.com"]);
        for (row, found) in [
            (r#"{"p_any_usernames":["ann@example.com"]}"#, Found::Whole),
            (r#"{"data":{"user_id":"auth0|507f1f77"}}"#, Found::Whole),
            (r#"{"data":{"details":"{\"email\":\"ANN\\u0040Example.com\"}"}}"#, Found::Whole),
            (r#"{"data":{"unmapped":"{\"x\":\"to\\nann@example.com.\"}"}}"#, Found::Whole),
            (r#"{"data":{"details":"{\"path\":\"/users/auth0%7C507f1f77/roles\"}"}}"#, Found::Whole),
            (r#"{"data":{"details":"login_hint%3Dann%40example.com%26"}}"#, Found::Whole),
            (r#"{"data":{"user_id":"samlp|corp|ann@example.com"}}"#, Found::Whole),
            (r#"{"raw":"{\"a\":\nann@example.com"}"#, Found::Whole),
            (r#"not JSON ann@example.com"#, Found::Whole),
            (r#"{"p_any_usernames":["joann@example.com","ann@example.com.au"]}"#, Found::Part),
            (r#"{"p_any_usernames":["jo.ann@example.com","ann@example.community"]}"#, Found::Part),
            (r#"{"data":{"user_id":"auth0|507f1f775"}}"#, Found::Part),
            (r#"{"data":{"user_id":"auth0|507f1f77|x"}}"#, Found::Part),
            (r#"{"data":{"user_id":"auth0|507f1f7"}}"#, Found::No),
            ("{}", Found::No),
            ("", Found::No),
        ] {
            assert_eq!(known.find(row.as_bytes()), found, "{row}");
        }
    }

    #[test]
    fn a_person_is_found_in_what_a_reject_keeps_as_base64_also_where_that_is_compressed() {
        let known = person(&["ann@example.com"]);
        let find = |bytes: &[u8]| known.find(format!(r#"{{"raw_base64":"{}"}}"#, BASE64_STANDARD.encode(bytes)).as_bytes());
        assert_eq!(find(b"\xFF ann\\u0040example.com"), Found::Whole);
        assert_eq!(find(b"\xFF bob@example.com"), Found::No);
        for compression in [Compression::Gzip, Compression::Zstd] {
            let body = |text: &'static str| compression.compress([text.as_bytes()].into_iter()).expect("memory");
            assert_eq!(find(&body("[ann@example.com]")), Found::Whole, "{compression:?}");
            assert_eq!(find(&body("[bob@example.com]")), Found::No, "{compression:?}");
            let cut = body("[ann@example.com]");
            assert_eq!(find(&cut[..cut.len() - 6]), Found::Unreadable, "{compression:?}");
        }
        let row = |reason: &str| format!(r#"{{"reason":"{reason}","raw_base64":"{}"}}"#, BASE64_STANDARD.encode(b"brotli"));
        assert_eq!(known.find(row("unsupported_encoding").as_bytes()), Found::Unreadable);
        assert_eq!(known.find(row("invalid_utf8").as_bytes()), Found::No);
    }

    #[test]
    fn the_names_of_an_event_are_the_persons_only_if_its_user_is() {
        let known = person(&["auth0|507f1f77", "ann@example.com"]);
        let names = |data: &str| {
            let row = format!(r#"{{"p_source_label":"eu","data":{data}}}"#);
            known.names(row.as_bytes()).into_iter().map(|name| format!("{} {}", name.source, name.name)).collect::<Vec<_>>()
        };
        assert_eq!(names(r#"{"user_id":"AUTH0|507f1f77","user_name":"Annie"}"#), ["eu AUTH0|507f1f77", "eu Annie"]);
        assert_eq!(names(r#"{"user_name":"Ann@example.com"}"#), ["eu Ann@example.com"]);
        assert!(names(r#"{"user_id":"auth0|admin","user_name":"root","details":"auth0|507f1f77"}"#).is_empty());
        assert!(names("{}").is_empty() && known.names(b"not JSON").is_empty());
    }

    #[test]
    fn a_row_id_is_only_that_of_the_row() {
        let id = "0123456789abcdef0123456789abcdef";
        let known = person(&[id]);
        assert_eq!(known.find(format!(r#"{{"p_row_id":"{id}"}}"#).as_bytes()), Found::Whole);
        assert_eq!(known.find(format!(r#"{{"p_row_id":"1","data":{{"details":"{id}"}}}}"#).as_bytes()), Found::No);
    }
}
