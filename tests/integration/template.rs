//! The template sets the settings that are read, and its landing tables have the columns of the rows.

use std::collections::BTreeSet;

use auth0_log_lake::{
    config::{GROUP_WAIT_MS, PORT, QUEUE_URL, SETTINGS, SOURCE_CIDRS, SOURCE_CIDRS_MODE, Setting},
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

/// The names of the variables that a function of this description gets.
fn variables(description: &str) -> BTreeSet<String> {
    let function = resource(&template(), |properties| {
        properties["Description"].as_str() == Some(description) && !properties["Environment"].is_badvalue()
    });
    let names = function["Environment"]["Variables"].as_hash().expect("variables").keys();
    names.map(|name| name.as_str().expect("text").to_owned()).collect()
}

#[test]
fn each_function_gets_the_settings_that_it_reads_and_no_others() {
    let all_but = |others: &[Setting]| -> BTreeSet<String> {
        let read = SETTINGS.iter().map(|setting| setting.name).filter(|name| !others.iter().any(|other| other.name == *name));
        read.map(str::to_owned).collect()
    };
    // The port is that of the local receiver alone, and a function of the stack has one request at a time.
    assert_eq!(variables("Receives Auth0 log streams and writes them to S3"), all_but(&[PORT, GROUP_WAIT_MS]));
    let of_requests = [PORT, GROUP_WAIT_MS, SOURCE_CIDRS, SOURCE_CIDRS_MODE, QUEUE_URL];
    assert_eq!(variables("Writes the requests that wait in the queue to S3"), all_but(&of_requests));
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
