//! Compares the field table with the published schema.

use auth0_log_lake::schema::{Column, ColumnType, DATA, Indicator, LOCATION_INFO, LOG_TYPE};
use serde_json::Value;

use support::pure::land;

const FACTS: &str = include_str!("../fixtures/auth0-events.txt");

/// One published field.
struct Field {
    path: &'static str,
    kind: &'static str,
    said: Vec<&'static str>,
}

fn facts() -> impl Iterator<Item = Vec<&'static str>> {
    FACTS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| line.split_whitespace().collect())
}

fn fields() -> Vec<Field> {
    let field = |words: Vec<&'static str>| Field { path: words[0], kind: words[1], said: words[2..].to_vec() };
    facts().filter(|words| words[0] != "schema").map(field).collect()
}

/// The column of a published path below `data`.
fn column(path: &str) -> Option<&'static Column> {
    let below = path.strip_prefix("data.")?;
    match below.strip_prefix("location_info.") {
        Some(name) => LOCATION_INFO.iter().find(|column| column.name == name),
        None => DATA.iter().find(|column| column.name == below),
    }
}

/// Whether a column can hold a published type; json goes into a text column, so that every engine reads it.
fn honours(kind: ColumnType, published: &str) -> bool {
    match published {
        "string" => matches!(kind, ColumnType::String | ColumnType::Words),
        "json" => matches!(kind, ColumnType::Json | ColumnType::Text),
        "timestamp" => kind == ColumnType::Time,
        "boolean" => kind == ColumnType::Boolean,
        "float" => kind == ColumnType::Float,
        "object" => kind == ColumnType::Location,
        _ => false,
    }
}

#[test]
fn the_log_type_is_the_published_one() {
    assert!(facts().any(|words| words == ["schema", LOG_TYPE]));
}

#[test]
fn every_published_field_has_a_column_of_its_type_and_indicator() {
    let fields = fields();
    assert_eq!(fields.len(), 30);
    for field in fields.iter().filter(|field| field.path.starts_with("data.")) {
        let column = column(field.path).unwrap_or_else(|| panic!("{} has no column", field.path));
        assert!(honours(column.kind, field.kind), "{}: {} is {:?}", field.path, field.kind, column.kind);
        let said = |word: &str, indicator: Indicator| field.said.contains(&word).then_some(indicator);
        assert_eq!(column.indicator, said("ip", Indicator::Ip).or(said("username", Indicator::Username)), "{}", field.path);
    }
}

#[test]
fn location_has_the_published_columns_alone() {
    let published = fields().iter().filter(|field| field.path.starts_with("data.location_info.")).count();
    assert_eq!(published, LOCATION_INFO.len());
}

#[test]
fn the_published_event_time_gives_a_row_its_time() {
    let fields = fields();
    let times: Vec<&str> = fields.iter().filter(|field| field.said.contains(&"event-time")).map(|field| field.path).collect();
    assert_eq!(times, ["data.date"]);
    let landed = land(br#"{"log_id":"1","data":{"date":"2026-07-01T12:34:56.789Z"}}"#);
    assert!(landed.rows("events/")[0].1.contains("\"p_event_time\":\"2026-07-01 12:34:56.789\""));
}

#[test]
fn a_record_without_a_required_field_is_rejected_and_no_other_field_is_required() {
    let required: Vec<&str> = fields().iter().filter(|field| field.said.contains(&"required")).map(|field| field.path).collect();
    assert_eq!(required, ["log_id", "data"]);
    for (record, reason) in [
        (r#"{"data":{}}"#, "missing_log_id"),
        (r#"{"log_id":null,"data":{}}"#, "missing_log_id"),
        (r#"{"log_id":"1"}"#, "missing_data"),
        (r#"{"log_id":"1","data":null}"#, "missing_data"),
    ] {
        let landed = land(record.as_bytes());
        let row: Value = serde_json::from_str(landed.rows("rejects/")[0].1).expect("a row");
        assert_eq!(row["reason"], reason, "{record}");
    }
    assert_eq!(land(br#"{"log_id":"1","data":{}}"#).tally.accepted, 1);
}
