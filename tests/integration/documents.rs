//! Documents say what the code says: names of settings, and columns of tables.

use std::collections::BTreeSet;

use auth0_log_lake::{
    config::SETTINGS,
    schema::{DATA, LOCATION_INFO, data, event_row, ingest, reject_row},
};

use crate::pure::project;

fn document(name: &str) -> String {
    std::fs::read_to_string(project(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Gives the lines below a line that starts with `heading`, up to one that starts with `end`.
fn below<'a>(text: &'a str, heading: &str, end: &str) -> Vec<&'a str> {
    text.lines().skip_while(|line| !line.starts_with(heading)).skip(1).take_while(|line| !line.starts_with(end)).collect()
}

fn settings() -> BTreeSet<&'static str> {
    SETTINGS.iter().map(|setting| setting.name).collect()
}

/// Gives the cells of each row of a table that starts with a name in code.
fn table<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let rows = lines.iter().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.split('|').skip(1).map(str::trim).collect()).collect()
}

#[test]
fn the_readme_lists_the_settings_with_their_defaults_and_no_others() {
    let readme = document("README.md");
    let rows = table(&below(&readme, "## Settings", "## "));
    let names: BTreeSet<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(names, settings());
    for setting in SETTINGS {
        let row = rows.iter().find(|row| row[0].trim_matches('`') == setting.name).expect(setting.name);
        let default = setting.default.unwrap_or_default().trim_matches(['(', ')']);
        let required = if setting.default.is_none() { "yes" } else { "no" };
        assert_eq!((row[3].trim_matches('`'), row[4]), (default, required), "{}", setting.name);
    }
}

#[test]
fn the_readme_names_every_column_of_a_row() {
    let readme = document("README.md");
    let row = below(&readme, "## The row", "## ").join("\n");
    let ours = [event_row::ALL, data::ALL, ingest::ALL, reject_row::ALL].concat();
    let names = DATA.iter().chain(LOCATION_INFO).map(|column| column.name).chain(ours.iter().map(|member| member.name));
    for name in names {
        assert!(row.contains(&format!("`{name}`")), "{name}");
    }
}
