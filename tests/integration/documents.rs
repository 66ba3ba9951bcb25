//! Documents say what the code says: names of settings, and columns of tables.

use std::collections::BTreeSet;

use auth0_log_lake::{
    config::{PORT, SETTINGS},
    schema::{Column, ColumnType, DATA, LOCATION_INFO},
};

use support::files::project;

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
fn the_template_sets_the_settings_of_a_function_and_no_others() {
    let template = document("template.yaml");
    let indent = |line: &str| line.len() - line.trim_start().len();
    let start = template.lines().position(|line| line.trim() == "Variables:").expect("variables of the function");
    let lines: Vec<&str> = template.lines().skip(start).collect();
    let inside = lines[1..].iter().take_while(|line| indent(line) > indent(lines[0]));
    let names: BTreeSet<&str> =
        inside.filter(|line| indent(line) == indent(lines[0]) + 2).filter_map(|line| line.trim().split(':').next()).collect();
    // The port is that of the local receiver alone.
    let expected: BTreeSet<&str> = settings().into_iter().filter(|name| *name != PORT.name).collect();
    assert_eq!(names, expected);
}

/// Gives the columns of a table of the template, each with its type in one line.
fn columns(template: &str, table: &str) -> Vec<(String, String)> {
    let table = template.split(&format!("        Name: {table}\n")).nth(1).expect(table);
    let mut columns: Vec<(String, String)> = Vec::new();
    for line in table.split("          Columns:\n").nth(1).expect("columns").lines().take_while(|line| line.starts_with("            ")) {
        let text = line.trim().trim_end_matches('\\').trim_matches('"');
        match (text.strip_prefix("- Name: "), columns.last_mut()) {
            (Some(name), _) => columns.push((name.to_owned(), String::new())),
            (None, Some((_, kind))) => kind.push_str(text.trim_start_matches("Type: ").trim_matches('"')),
            (None, None) => {}
        }
    }
    columns
}

/// Spells a column's type as Glue does.
fn glue(kind: ColumnType) -> String {
    let name = match kind {
        ColumnType::String | ColumnType::Words | ColumnType::Text | ColumnType::Json => "string",
        ColumnType::Boolean => "boolean",
        ColumnType::Float => "double",
        ColumnType::Time => "timestamp",
        ColumnType::Location => return members(LOCATION_INFO, &[]),
    };
    name.to_owned()
}

fn members(columns: &[Column], more: &[&str]) -> String {
    let columns = columns.iter().map(|column| format!("{}:{}", column.name, glue(column.kind)));
    let members: Vec<String> = columns.chain(more.iter().map(|member| (*member).to_owned())).collect();
    format!("struct<{}>", members.join(","))
}

fn owned(columns: &[(&str, &str)]) -> Vec<(String, String)> {
    columns.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
}

#[test]
fn the_landing_table_has_the_columns_of_an_event_row() {
    let data = members(DATA, &["unmapped:string"]);
    let expected = owned(&[
        ("p_log_type", "string"),
        ("p_schema_version", "int"),
        ("p_event_time", "timestamp"),
        ("p_parse_time", "timestamp"),
        ("p_row_id", "string"),
        ("p_source_label", "string"),
        ("p_any_ip_addresses", "array<string>"),
        ("p_any_usernames", "array<string>"),
        ("log_id", "string"),
        ("data", &data),
        ("ingest", "struct<request_id:string,time_source:string,drift:array<string>>"),
    ]);
    assert_eq!(columns(&document("template.yaml"), "events_landing"), expected);
}

#[test]
fn the_table_of_rejects_has_the_columns_of_a_reject_row() {
    let text = ["reason", "detail", "source", "request_id", "p_row_id", "raw", "raw_base64"];
    let mut expected = owned(&[("received_at", "timestamp"), ("index", "int")]);
    expected.extend(text.map(|name| (name.to_owned(), "string".to_owned())));
    expected.sort();
    let mut columns = columns(&document("template.yaml"), "rejects");
    columns.sort();
    assert_eq!(columns, expected);
}

#[test]
fn the_readme_names_every_column_of_a_row() {
    let readme = document("README.md");
    let row = below(&readme, "## The row", "## ").join("\n");
    for column in DATA.iter().chain(LOCATION_INFO) {
        assert!(row.contains(&format!("`{}`", column.name)), "{}", column.name);
    }
}
