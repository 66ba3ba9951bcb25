//! The statements that erase from the table `alerts`, whose rows say whom a hit is about.
//!
//! Like those of `events` they are printed, not run. They hold digests, since Athena keeps the text of a statement for
//! 45 days, and a person who is erased must not be named there.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{person::Person, rows::Name};

/// The statement that deletes rows, as in the table's own SQL.
const DELETE: &str = include_str!("../../../../sql/alerts_erase.sql");
/// Counts the rows to delete, and what would still hold them.
const CHECK: &str = include_str!("../../../../sql/alerts_erase_check.sql");
const BEGIN: &str = include_str!("../../../../sql/alerts_erase_begin.sql");
/// Runs after the deletes, in this order, so that no file keeps the rows.
const AFTER: [&str; 4] = [
    include_str!("../../../../sql/alerts_optimize.sql"),
    include_str!("../../../../sql/alerts_erase_forget.sql"),
    include_str!("../../../../sql/alerts_vacuum.sql"),
    include_str!("../../../../sql/alerts_erase_end.sql"),
];
/// Most digests in one statement: 204 kB of them; Athena takes 262,144 bytes (its quota page, read in November 2026).
const MOST_DIGESTS: usize = 3_000;

/// The statements that erase the person's alerts, in order: counted, deleted, forgotten, counted again.
pub fn statements<'a>(person: &Person, names: impl Iterator<Item = &'a Name>, row_ids: &[String]) -> Vec<String> {
    let digests = digests(person, names, row_ids);
    let filled = |statement: &str| -> Vec<String> {
        digests.chunks(MOST_DIGESTS).map(|some| statement.trim().replace("{digests}", &some.join(", "))).collect()
    };
    let as_written = |statement: &&str| statement.trim().to_owned();
    [filled(CHECK), vec![as_written(&BEGIN)], filled(DELETE), AFTER.iter().map(as_written).collect(), filled(CHECK)].concat()
}

/// Each word that names the person, as SQL for its digest. A name has its source before it, as in the SQL.
fn digests<'a>(person: &Person, names: impl Iterator<Item = &'a Name>, row_ids: &[String]) -> Vec<String> {
    let mut words: BTreeSet<String> = row_ids.iter().filter(|id| !id.is_empty()).cloned().collect();
    words.extend(person.identifiers().map(|(id, _)| id.text.clone()));
    words.extend(names.map(|name| format!("= {} {}", name.source, name.name)));
    words.iter().map(|word| format!("'{}'", digest(word))).collect()
}

/// SHA-256 as Athena's `to_hex` writes it.
fn digest(word: &str) -> String {
    Sha256::digest(word).iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(ids: &[&str]) -> Person {
        let mut person = Person::default();
        ids.iter().for_each(|id| person.add(id, "").expect(id));
        person
    }

    #[test]
    fn every_word_is_in_one_delete_and_each_statement_is_short_enough() {
        let ids: Vec<String> = (0..7_000).map(|i| format!("{i:032x}")).collect();
        let all = statements(&person(&["Ann@Example.com"]), std::iter::empty(), &ids);
        let starting = |start: &str| all.iter().filter(|statement| statement.starts_with(start)).collect::<Vec<_>>();
        let deletes = starting("DELETE FROM alerts WHERE cardinality");
        assert_eq!((deletes.len(), starting("SELECT").len(), all.len()), (3, 6, 3 + 6 + 5));
        assert!(all.iter().all(|statement| statement.len() < 262_144 && !statement.contains("{digests}")));
        for word in ids.iter().map(String::as_str).chain(["ann@example.com"]) {
            assert_eq!(deletes.iter().filter(|statement| statement.contains(&format!("'{}'", digest(word)))).count(), 1, "{word}");
        }
    }

    #[test]
    fn no_statement_holds_what_the_person_is_known_by() {
        let names = [Name { source: "eu".to_owned(), name: "Annie".to_owned() }];
        let text = statements(&person(&["ann@example.com", "auth0|507f1f77"]), names.iter(), &[]).concat().to_lowercase();
        assert!(!text.contains("ann@") && !text.contains("annie") && !text.contains("507f1f77"), "{text}");
        assert!(text.contains(&digest("= eu Annie").to_lowercase()), "{text}");
    }
}
