//! How a search is shown: what will be erased, and what somebody must judge.

use std::io::{self, Write};

use super::{
    person::Person,
    search::{Search, written},
};
use crate::layout::{count, number, shorten, table};

/// Most lines below each head, which then says how many more there are.
const MOST: usize = 20;
/// Widest name that is shown.
const NAME: usize = 80;

impl Search {
    /// Shows how many rows of each object are the person's, and all that somebody must look at.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self, person: &Person, out: &mut dyn Write) -> io::Result<()> {
        let objects = self.hits.iter().map(|(key, sight)| [key.to_string(), number(sight.rows), number(sight.persons.len())]);
        let mut rows: Vec<[String; 3]> = objects.collect();
        let all = format!("all {}, {} of them with rows of the person", count(self.objects, "object"), number(self.hits.len()));
        rows.push([all, number(self.rows), number(self.persons())]);
        writeln!(out, "\n{}", table(["object", "rows", "of the person"], &rows))?;
        let found = person.identifiers().map(|(id, place)| {
            let rows = self.found.get(id).copied().unwrap_or_default();
            [format!("{place}: {}", shorten(&written(id), NAME)), number(rows)]
        });
        writeln!(out, "{}", table(["identifier", "rows"], &found.collect::<Vec<_>>()))?;
        let mut others: Vec<(&String, &usize)> = self.others.iter().collect();
        others.sort_by_key(|(name, rows)| (std::cmp::Reverse(**rows), *name));
        let others: Vec<String> =
            others.into_iter().map(|(name, rows)| format!("{}  {}", shorten(name, NAME), count(*rows, "row"))).collect();
        show_some("The rows to erase also carry, of the same person or of somebody else", &others, out)?;
        self.show_open(out)?;
        self.show_problems(out)
    }

    /// Shows the rows that stay until somebody has judged them.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show_open(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.shared.rows > 0 {
            writeln!(out, "Rejects that hold records of others too ({}); each stays unless you add its row id:", number(self.shared.rows))?;
            show_lines(&self.shared.first, self.shared.rows, "  ", out)?;
            writeln!(out)?;
        }
        if self.judged == 0 {
            return Ok(());
        }
        writeln!(out, "Only part of something longer, as another's address may be ({}).", count(self.judged, "row"))?;
        writeln!(out, "They stay. If one is the person's after all, add the longer name as an identifier, or the row id.")?;
        for (longer, group) in self.longer.iter().take(MOST) {
            writeln!(out, "  {}  {}", shorten(longer, NAME), count(group.rows, "row"))?;
            show_lines(&group.first, group.rows, "    ", out)?;
        }
        if self.longer.len() > MOST {
            writeln!(out, "  and {} more longer names", number(self.longer.len() - MOST))?;
        }
        writeln!(out)
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
    show_lines(lines, lines.len(), "  ", out)?;
    writeln!(out)
}

/// Shows the first lines, and how many more of all there are.
fn show_lines(lines: &[String], all: usize, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    let shown = lines.len().min(MOST);
    lines[..shown].iter().try_for_each(|line| writeln!(out, "{indent}{line}"))?;
    if all > shown {
        writeln!(out, "{indent}and {} more", number(all - shown))?;
    }
    Ok(())
}
