//! Whom to search for, and how a row names them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Deserialize;

use super::{
    identifier::{IdError, Identifier, Kind},
    phone,
    rows::Name,
    unwrapped::{self, Text, TooDeep},
    whole::{continues_left, is_whole},
};
use crate::{layout::count, rejected};

/// Most characters that are shown of what an identifier is part of, on each side.
const BESIDE: usize = 60;
/// Most longer names that are kept of one row.
const MOST_PARTS: usize = 100;

/// The identifiers of a person, each with where it was written. Its `Debug` and `Display` hide them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    ids: BTreeMap<Identifier, String>,
}

/// How a row names a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named<'a> {
    /// The identifiers that stand in it for themselves.
    pub whole: BTreeSet<&'a Identifier>,
    /// What it holds that is longer than an identifier, such as another address with the same ending.
    pub parts: BTreeSet<String>,
    /// Why not all of it could be looked at, as a sentence after the row.
    pub unreadable: Option<&'static str>,
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
struct Members {
    p_row_id: Option<String>,
    reason: Option<String>,
    raw_base64: Option<String>,
}

impl Person {
    /// Adds an identifier, and where it was written.
    ///
    /// # Errors
    /// The text is not one identifier.
    pub fn add(&mut self, text: &str, place: &str) -> Result<(), IdError> {
        self.ids.entry(Identifier::parse(text)?).or_insert_with(|| place.to_owned());
        Ok(())
    }

    /// Adds each line of a text; blank lines and a byte-order mark at its start are skipped.
    ///
    /// # Errors
    /// A sentence for each line that is not an identifier, without the line itself.
    pub fn add_lines(&mut self, text: &str) -> Result<(), Vec<String>> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut wrong = Vec::new();
        for (i, line) in text.split('\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let place = format!("line {}", i + 1);
            if let Err(error) = self.add(line, &place) {
                wrong.push(format!("{place}: {error}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Whether no identifier was added.
    pub fn is_nobody(&self) -> bool {
        self.ids.is_empty()
    }

    /// What the person is known by, each with where it was written.
    pub fn identifiers(&self) -> impl Iterator<Item = (&Identifier, &str)> {
        self.ids.iter().map(|(id, place)| (id, place.as_str()))
    }

    /// The names of the user of an event, if that is the person and not one who is only mentioned in it.
    pub fn names(&self, row: &[u8]) -> Vec<Name> {
        let (source, names) = users(row);
        if !names.iter().any(|name| self.has(name)) {
            return Vec::new();
        }
        names.into_iter().map(|name| Name { source: source.clone(), name }).collect()
    }

    /// What else the user of an event is known by, as an operator would write it down.
    pub fn other_names(&self, row: &[u8]) -> Vec<String> {
        let (source, names) = users(row);
        let others = names.into_iter().filter(|name| !self.has(name));
        others.map(|name| format!("{}:{}  (source {source})", Kind::of(&name).word(), name.trim())).collect()
    }

    fn has(&self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        self.ids.keys().any(|id| id.kind != Kind::Row && id.text == name)
    }

    /// Explains how a row names the person.
    pub fn find(&self, row: &[u8]) -> Named<'_> {
        let members: Members = serde_json::from_slice(row).unwrap_or_default();
        let mut named = self.in_text(row);
        let id = members.p_row_id.unwrap_or_default().to_ascii_lowercase();
        named.whole.extend(self.ids.keys().filter(|known| known.kind == Kind::Row && known.text == id));
        let reason = members.reason.as_deref().unwrap_or_default();
        match members.raw_base64.map(|base64| rejected::readable(&base64, reason)) {
            Some(Some(texts)) => texts.iter().for_each(|text| named.add(self.in_text(text))),
            Some(None) => named.unreadable = Some("keeps a body in an encoding that cannot be read here"),
            None => {}
        }
        named
    }

    /// Explains how a text names the person.
    pub fn in_text(&self, text: &[u8]) -> Named<'_> {
        let mut named = Named::default();
        let searched: Vec<&Identifier> = self.ids.keys().filter(|id| id.kind != Kind::Row).collect();
        if searched.is_empty() {
            return named;
        }
        // A phone number may stand without its plus sign, and a letter beyond ASCII can be longer in lower case.
        let least = |id: &&Identifier| if id.text.is_ascii() { id.text.len() - 1 } else { id.text.len() / 2 };
        let shortest = searched.iter().map(least).min().unwrap_or_default();
        let read = unwrapped::each(text, shortest, &mut |text| searched.iter().for_each(|id| named.look(id, text)));
        if read == Err(TooDeep) {
            named.unreadable = Some("has more encodings inside each other than can be unwrapped here");
        }
        named
    }
}

/// The source and the names of the user of an event.
fn users(row: &[u8]) -> (String, Vec<String>) {
    let Owned { p_source_label: source, data } = serde_json::from_slice(row).unwrap_or_default();
    (source, [data.user_id, data.user_name].into_iter().filter(|name| !name.trim().is_empty()).collect())
}

impl<'a> Named<'a> {
    fn add(&mut self, other: Self) {
        self.whole.extend(other.whole);
        self.parts.extend(other.parts);
        self.unreadable = self.unreadable.or(other.unreadable);
    }

    fn look(&mut self, id: &'a Identifier, text: Text<'_>) {
        let found: Vec<(usize, usize, bool)> = match id.kind {
            Kind::Phone => phone::find(&id.text, text.text),
            Kind::Name => name(&id.text, text).into_iter().collect(),
            _ => text.text.match_indices(&id.text).map(|(at, _)| (at, id.text.len(), stands_alone(id, text, at))).collect(),
        };
        for (at, length, is_whole) in found {
            if is_whole && !text.is_part {
                self.whole.insert(id);
            } else if self.parts.len() < MOST_PARTS {
                self.parts.insert(beside(text.text, at, length));
            }
        }
    }
}

/// Whether an address or a user id is not part of a longer one.
fn stands_alone(id: &Identifier, text: Text<'_>, at: usize) -> bool {
    let (before, after) = (&text.text[..at], &text.text[at + id.text.len()..]);
    // Any character can be in a user id, so a name that is one is the same or another.
    if id.kind == Kind::User && text.is_somebody() && text.text.contains('|') {
        return before.trim().is_empty() && after.trim_start_matches(['.', ',', ';', ')']).trim().is_empty();
    }
    is_whole(id.kind, before, after, text.key)
}

/// A name is compared with whole values: where users are named it is the person's, elsewhere somebody must judge.
fn name(name: &str, text: Text<'_>) -> Option<(usize, usize, bool)> {
    let is_user = ["user_name", "username", "p_any_usernames", "preferred_username", "nickname", "login", "user"].contains(&text.key);
    (!text.key.is_empty() && text.text.trim() == name).then_some((0, text.text.len(), is_user))
}

/// An identifier with what touches it.
fn beside(text: &str, at: usize, length: usize) -> String {
    let touches = |char: &char| continues_left(*char) || "@:;\\".contains(*char);
    let before: String = text[..at].chars().rev().take(BESIDE).take_while(touches).collect();
    let after: String = text[at + length..].chars().take(BESIDE).take_while(touches).collect();
    format!("{}{}{after}", before.chars().rev().collect::<String>(), &text[at..at + length])
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (Kind::Email, "e-mail addresse"),
            (Kind::User, "user id"),
            (Kind::Phone, "phone number"),
            (Kind::Name, "name"),
            (Kind::Row, "row id"),
        ];
        let known = kinds.map(|(kind, one)| (self.ids.keys().filter(|id| id.kind == kind).count(), one));
        let known = known.into_iter().filter(|(many, _)| *many > 0);
        let known: Vec<String> =
            known.map(|(many, one)| if many == 1 { count(1, one.trim_end_matches("e")) } else { count(many, one) }).collect();
        f.write_str(&known.join(", "))
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({self})")
    }
}
