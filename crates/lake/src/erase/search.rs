//! Searches a whole lake for one person.

use std::io::{self, Write};

use super::{
    person::Person,
    rows::{Name, Sight},
};
use crate::{
    layout::{count, number, table},
    outcome::Failure,
    reading::LakeError,
    stored::{Keys, Objects},
};
use auth0_log_lake::{
    config::LakeUrl,
    object::{ObjectKey, Table},
};

/// How many objects are read before they are searched.
const AT_ONCE: usize = 64;
/// How many row ids are shown of the rows that a person must judge.
const MOST_SHOWN: usize = 20;

/// What a search found.
#[derive(Debug, Default)]
pub struct Search {
    /// Objects read.
    pub objects: usize,
    /// Rows read.
    pub rows: usize,
    /// Objects with rows of the person.
    pub hits: Vec<(ObjectKey, Sight)>,
    /// Rows with an identifier only inside something longer: the object and the row id.
    parts: Vec<String>,
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
                    None => search.problems.push(format!("{name} was not looked at: its name is not a receiver's")),
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

    fn add(&mut self, key: &ObjectKey, sight: Sight) {
        self.objects += 1;
        self.rows += sight.rows;
        self.parts.extend(sight.parts.iter().map(|id| format!("{id}  {key}")));
        let encoded = |id: &String| format!("row {id} of {key} keeps a body in an encoding that cannot be read here");
        self.problems.extend(sight.unreadable.iter().map(encoded));
        if !sight.persons.is_empty() {
            self.hits.push((*key, sight));
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

    /// Shows how many rows of each object are the person's, and which rows somebody must judge.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |(key, sight): &(ObjectKey, Sight)| [key.to_string(), number(sight.rows), number(sight.persons.len())];
        let mut rows: Vec<[String; 3]> = self.hits.iter().map(row).collect();
        let all = format!("all {}, {} of them with rows of the person", count(self.objects, "object"), number(self.hits.len()));
        rows.push([all, number(self.rows), number(self.persons())]);
        writeln!(out, "\n{}", table(["object", "rows", "of the person"], &rows))?;
        show_some(
            "Only a part of something longer, as another's address may be; these rows stay unless you give their ids",
            &self.parts,
            out,
        )?;
        self.show_problems(out)
    }

    /// Shows what could not be searched.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show_problems(&self, out: &mut dyn Write) -> io::Result<()> {
        show_some("Problems", &self.problems, out)
    }
}

fn show_some(head: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{head} ({}):", number(lines.len()))?;
    lines.iter().take(MOST_SHOWN).try_for_each(|line| writeln!(out, "  {line}"))?;
    if lines.len() > MOST_SHOWN {
        writeln!(out, "  and {} more", number(lines.len() - MOST_SHOWN))?;
    }
    writeln!(out)
}
