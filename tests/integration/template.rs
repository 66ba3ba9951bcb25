//! The template sets the settings that are read, and its landing tables have the columns of the rows.

use std::collections::BTreeSet;

use auth0_log_lake::{
    config::{PORT, SETTINGS},
    schema::{self, Column, ColumnType, DATA, LOCATION_INFO, Member, event_row, reject_row},
};
use yaml_rust2::{Yaml, YamlLoader};

use support::files::project;

fn template() -> Yaml {
    let text = std::fs::read_to_string(project("template.yaml")).expect("template.yaml");
    YamlLoader::load_from_str(&text).expect("YAML").remove(0)
}

/// Returns the properties of the one resource that `is_it`.
fn resource(template: &Yaml, is_it: impl Fn(&Yaml) -> bool) -> Yaml {
    let resources = template["Resources"].as_hash().expect("resources").values().map(|resource| &resource["Properties"]);
    let found: Vec<&Yaml> = resources.filter(|properties| is_it(properties)).collect();
    let [one] = found[..] else { panic!("{} resources", found.len()) };
    one.clone()
}

/// Returns the columns of a table with their types.
fn columns(table: &str) -> Vec<(String, String)> {
    let table = resource(&template(), |properties| properties["TableInput"]["Name"].as_str() == Some(table));
    let columns = table["TableInput"]["StorageDescriptor"]["Columns"].as_vec().expect("columns");
    let text = |value: &Yaml| value.as_str().expect("text").to_owned();
    columns.iter().map(|column| (text(&column["Name"]), text(&column["Type"]))).collect()
}

/// Spells a column's type as Glue does.
fn glue(kind: ColumnType) -> String {
    let name = match kind {
        ColumnType::String | ColumnType::Words | ColumnType::Text | ColumnType::Json => "string",
        ColumnType::Boolean => "boolean",
        ColumnType::Float => "double",
        ColumnType::Time => "timestamp",
        ColumnType::Location => return object(LOCATION_INFO, &[]),
    };
    name.to_owned()
}

fn object(columns: &[Column], members: &[Member]) -> String {
    let columns = columns.iter().map(|column| format!("{}:{}", column.name, glue(column.kind)));
    let members = members.iter().map(|member| format!("{}:{}", member.name, member.kind));
    format!("struct<{}>", columns.chain(members).collect::<Vec<_>>().join(","))
}

fn expected(row: &[Member]) -> Vec<(String, String)> {
    let kind = |member: &Member| match (member.kind, member.name) {
        ("struct", "data") => object(DATA, schema::data::ALL),
        ("struct", "ingest") => object(&[], schema::ingest::ALL),
        (kind, _) => kind.to_owned(),
    };
    row.iter().map(|member| (member.name.to_owned(), kind(member))).collect()
}

#[test]
fn the_function_gets_the_settings_that_are_read_and_no_others() {
    let function = resource(&template(), |properties| !properties["Environment"]["Variables"]["TOKEN_DIGESTS"].is_badvalue());
    let names = function["Environment"]["Variables"].as_hash().expect("variables").keys().filter_map(Yaml::as_str);
    // The port is that of the local receiver alone.
    let read = SETTINGS.iter().map(|setting| setting.name).filter(|name| *name != PORT.name);
    assert_eq!(names.collect::<BTreeSet<_>>(), read.collect());
}

#[test]
fn the_landing_table_has_the_columns_of_an_event_row() {
    assert_eq!(columns("events_landing"), expected(event_row::ALL));
}

#[test]
fn the_table_of_rejects_has_the_columns_of_a_reject_row() {
    let [columns, expected] = [columns("rejects"), expected(reject_row::ALL)].map(BTreeSet::from_iter);
    assert_eq!(columns, expected);
}
