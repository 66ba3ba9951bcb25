//! Searches a whole lake for one person.

use std::{collections::BTreeMap, io::Write};

use super::{
    identifier::{Identifier, Kind},
    person::Person,
    rows::{Fate, Name, Open, Sight},
};
use crate::{
    layout::{WIDTH, ascii, count, number, shorten},
    outcome::{Failure, Verdict},
    reading::LakeError,
    stored::{Keys, Objects},
};
use auth0_log_lake::{
    config::LakeUrl,
    object::{ObjectKey, Table},
};

/// How many objects are read before they are searched.
const AT_ONCE: usize = 64;
/// Most names that are kept of each kind: a sender can make up as many as it likes.
const MOST_NAMES: usize = 1_000;
/// Most rows that are kept to be shown together.
const MOST_SHOWN: usize = 20;

/// Rows that are shown together.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// How many there are.
    pub rows: usize,
    /// The first of them, as lines.
    pub first: Vec<String>,
}

impl Group {
    fn add(&mut self, line: String) {
        self.rows += 1;
        if self.first.len() < MOST_SHOWN {
            self.first.push(line);
        }
    }
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Search {
    /// Objects read.
    pub objects: usize,
    /// Rows read.
    pub rows: usize,
    /// Objects with rows of the person.
    pub hits: Vec<(ObjectKey, Sight)>,
    /// Rows that hold something longer than an identifier.
    pub judged: usize,
    /// The same rows by what is longer.
    pub longer: BTreeMap<String, Group>,
    /// Rejects that hold records of others too.
    pub shared: Group,
    /// How many rows each identifier is found in.
    pub found: BTreeMap<Identifier, usize>,
    /// How many rows to erase carry another name of their user.
    pub others: BTreeMap<String, usize>,
    /// What could not be searched, as sentences.
    pub problems: Vec<String>,
}

impl Search {
    /// Searches every row of a lake.
    ///
    /// # Errors
    /// The lake cannot be listed. What cannot be read is among the problems.
    pub fn of(objects: &impl Objects, url: &LakeUrl, person: &Person, out: &mut dyn Write) -> Result<Self, Failure> {
        let (mut search, mut keys) = (Self::default(), Vec::new());
        for table in [Table::Events, Table::Rejects] {
            let prefix = format!("{}/", table.prefix());
            let listed = objects.list(&Keys::below(prefix.as_str()));
            for name in listed.map_err(|source| LakeError::new(format!("{prefix}*"), url, "listed", source))? {
                match ObjectKey::parse(&name) {
                    Some(key) => keys.push(key),
                    None => search.problems.push(format!("{} was not looked at: its name is not a receiver's", ascii(&name))),
                }
            }
        }
        let (mut done, mut said) = (0, 0);
        for some in keys.chunks(AT_ONCE) {
            search.look(objects, url, some, person);
            done += some.len();
            if 10 * done / keys.len() > said && keys.len() > AT_ONCE {
                said = 10 * done / keys.len();
                writeln!(out, "  {} of {} read, {} found", number(done), count(keys.len(), "object"), count(search.persons(), "row"))?;
            }
        }
        Ok(search)
    }

    fn look(&mut self, objects: &impl Objects, url: &LakeUrl, keys: &[ObjectKey], person: &Person) {
        let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        for (key, held) in keys.iter().zip(objects.get_all(&names)) {
            let sight = match held.map_err(|source| LakeError::new(key.to_string(), url, "read", source).to_string()) {
                Ok(held) => Sight::of(key, &held, person).map_err(|error| format!("{key} is damaged, and was not looked at: {error}")),
                Err(problem) => Err(problem),
            };
            match sight {
                Ok(sight) => self.add(key, sight),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    fn add(&mut self, key: &ObjectKey, mut sight: Sight) {
        self.objects += 1;
        self.rows += sight.rows;
        std::mem::take(&mut sight.open).into_iter().for_each(|open| self.leave(key, open));
        self.problems.extend(sight.unreadable.iter().map(|(id, why)| format!("row {} of {key} {why}", ascii(id))));
        sight.found.iter().for_each(|(id, rows)| *self.found.entry(id.clone()).or_default() += rows);
        for (name, rows) in &sight.others {
            if self.others.len() < MOST_NAMES || self.others.contains_key(name) {
                *self.others.entry(name.clone()).or_default() += rows;
            }
        }
        if !sight.persons.is_empty() {
            self.hits.push((*key, sight));
        }
    }

    fn leave(&mut self, key: &ObjectKey, Open { id, fate }: Open) {
        let row = format!("row:{}  {key}", shorten(&id, WIDTH));
        match fate {
            Fate::Judged(parts) => {
                self.judged += 1;
                for part in parts {
                    if self.longer.len() < MOST_NAMES || self.longer.contains_key(&part) {
                        self.longer.entry(part).or_default().add(row.clone());
                    }
                }
            }
            Fate::Shared(others) => self.shared.add(format!("{row}  {} of others", count(others, "record"))),
            Fate::Stays | Fate::Goes => {}
        }
    }

    /// Counts the rows of the person.
    pub fn persons(&self) -> usize {
        self.hits.iter().map(|(_, sight)| sight.persons.len()).sum()
    }

    /// The row ids of the person's events.
    pub fn event_ids(&self) -> Vec<String> {
        let events = self.hits.iter().filter(|(key, _)| key.table() == Table::Events);
        let mut ids: Vec<String> = events.flat_map(|(_, sight)| sight.persons.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The names that the person's own events have.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.hits.iter().flat_map(|(_, sight)| &sight.names)
    }

    /// The identifiers that no row holds, each with where it was written.
    pub fn nowhere<'a>(&self, person: &'a Person) -> Vec<(&'a Identifier, &'a str)> {
        person.identifiers().filter(|(id, _)| !self.found.contains_key(*id)).collect()
    }

    /// How the search ended: whether all could be looked at, and nothing is left for somebody to judge.
    pub fn verdict(&self, person: &Person) -> Verdict {
        if !self.problems.is_empty() {
            return Verdict::Unsure;
        }
        Verdict::good_if(self.judged + self.shared.rows == 0 && self.nowhere(person).is_empty())
    }
}

/// An identifier as an operator writes it.
pub fn written(id: &Identifier) -> String {
    let kind = if matches!(id.kind, Kind::Email | Kind::User | Kind::Row) { String::new() } else { format!("{}:", id.kind.word()) };
    ascii(&format!("{kind}{}", id.text))
}
