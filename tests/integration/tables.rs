//! The columns of the table that people ask are those of the schema's field table.

use auth0_log_lake::schema::{ColumnType, DATA, LOCATION_INFO};

/// What a row holds beside `data`, and what the table adds: before and after the columns of `data`.
const BEFORE: [&str; 2] = ["event_time p_event_time timestamp", "log_id log_id string"];
const AFTER: [&str; 13] = [
    "unmapped data.unmapped string",
    "code_name types.name string",
    "category types.category string",
    "outcome types.outcome string",
    "source p_source_label string",
    "row_id p_row_id string",
    "any_ip_addresses p_any_ip_addresses array<string>",
    "any_usernames p_any_usernames array<string>",
    "schema_version p_schema_version int",
    "parse_time p_parse_time timestamp",
    "time_source ingest.time_source string",
    "drift ingest.drift array<string>",
    "request_id ingest.request_id string",
];

fn kind(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Float => "double",
        ColumnType::Boolean => "boolean",
        ColumnType::Time => "timestamp",
        _ => "string",
    }
}

#[test]
fn the_tables_columns_are_the_schemas_in_its_order() {
    let mut expected: Vec<_> = BEFORE.map(str::to_owned).into();
    for column in DATA {
        match (column.name, column.kind) {
            (_, ColumnType::Location) => {
                expected.extend(LOCATION_INFO.iter().map(|c| format!("{0} data.location_info.{0} {1}", c.name, kind(c.kind))))
            }
            // The row's own log_id has that name.
            ("log_id", _) => expected.push("data_log_id data.log_id string".to_owned()),
            (name, of) => expected.push(format!("{name} data.{name} {}", kind(of))),
        }
    }
    expected.extend(AFTER.map(str::to_owned));

    let text = std::fs::read_to_string("sql/columns.tsv").expect("sql/columns.tsv");
    let held = text.lines().skip(1).map(|line| line.split('\t').take(3).collect::<Vec<_>>().join(" ").replace('"', ""));
    assert_eq!(held.collect::<Vec<_>>(), expected);
}
