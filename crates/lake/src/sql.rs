//! The statements of the folder sql/, with what is filled in.

use std::fmt::Display;

/// One column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type, as Athena writes it.
    pub kind: &'static str,
}

/// Makes the view of the type codes.
pub const EVENT_TYPES: &str = include_str!("../../../sql/event_types.sql");
/// Makes the view of every stored copy.
pub const EVENTS_LANDED: &str = include_str!("../../../sql/events_landed.sql");
/// Makes the view of the table and what landed since.
pub const EVENTS_LIVE: &str = include_str!("../../../sql/events_live.sql");
/// Makes the views of OCSF, each after what it reads.
pub const OCSF: [&str; 12] = [
    include_str!("../../../sql/ocsf/ocsf_types.sql"),
    include_str!("../../../sql/ocsf/ocsf_events.sql"),
    include_str!("../../../sql/ocsf/ocsf_account_change.sql"),
    include_str!("../../../sql/ocsf/ocsf_api_activity.sql"),
    include_str!("../../../sql/ocsf/ocsf_application_error.sql"),
    include_str!("../../../sql/ocsf/ocsf_application_lifecycle.sql"),
    include_str!("../../../sql/ocsf/ocsf_authentication.sql"),
    include_str!("../../../sql/ocsf/ocsf_base_event.sql"),
    include_str!("../../../sql/ocsf/ocsf_detection_finding.sql"),
    include_str!("../../../sql/ocsf/ocsf_entity_management.sql"),
    include_str!("../../../sql/ocsf/ocsf_group_management.sql"),
    include_str!("../../../sql/ocsf/ocsf_user_access.sql"),
];
/// Makes the view of what the detections find.
pub const DETECTIONS: &str = include_str!("../../../sql/detections.sql");
/// Makes the view of the pages of alerts.
pub const ALERT_MESSAGES: &str = include_str!("../../../sql/alert_messages.sql");
/// Drops what the detections look at.
pub const FORGET_RECENT: &str = "DROP TABLE IF EXISTS events_recent";
/// Asks which columns a table has.
pub const COLUMNS_THERE: &str =
    "SELECT column_name FROM information_schema.columns WHERE table_schema = '{database}' AND table_name = '{table}'";
/// Asks where the landing table lies.
pub const LANDING: &str = "SHOW CREATE TABLE events_landing";

const EVENTS: &str = include_str!("../../../sql/events.sql");
const EVENTS_RECENT: &str = include_str!("../../../sql/events_recent.sql");
const ALERTS: &str = include_str!("../../../sql/alerts.sql");
const MERGE: &str = include_str!("../../../sql/merge.sql");
const COLUMNS: &str = include_str!("../../../sql/columns.tsv");
const WINDOWS: &str = include_str!("../../../sql/windows.tsv");

/// Returns the columns of the table, in order.
pub fn columns() -> impl Iterator<Item = Column> {
    COLUMNS.lines().skip(1).filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Column { name: fields.next()?, kind: fields.nth(1)? })
    })
}

/// Returns the columns of what the detections look at: those that are no reserved words.
pub fn recent_columns() -> impl Iterator<Item = &'static str> {
    columns().map(|column| column.name).filter(|name| !["date", "references"].contains(name))
}

/// Makes the table in this folder.
pub fn make_events(location: &str) -> String {
    EVENTS.replace("{location}", location)
}

/// Makes the table of alerts in this folder, if it is not there.
pub fn make_alerts(location: &str) -> String {
    ALERTS.replace("{location}", location)
}

/// Returns the columns of the table of alerts, in order.
pub fn alert_columns() -> impl Iterator<Item = Column> {
    ALERTS.lines().filter_map(|line| {
        let (name, rest) = line.trim().strip_prefix('`')?.split_once("` ")?;
        Some(Column { name, kind: rest.split_once(" COMMENT")?.0 })
    })
}

/// Makes what the detections look at, without a row: the view of the detections asks for the table, and each run fills it.
pub fn make_recent() -> String {
    format!("{}WITH NO DATA", EVENTS_RECENT.replace("{hours}", "0"))
}

/// Adds columns to a table.
pub fn add(table: &str, columns: &[Column]) -> String {
    let said: Vec<_> = columns.iter().map(|column| format!("`{}` {}", column.name, column.kind)).collect();
    format!("ALTER TABLE {table} ADD COLUMNS ({})", said.join(", "))
}

/// Merges what lies in the landing partitions of the last 35 days.
pub fn merge_lately() -> String {
    merge("weekly")
}

/// Merges what lies in the landing partitions from one day to before another.
pub fn merge_days(from: impl Display, before: impl Display) -> String {
    merge("range").replace("{from}", &from.to_string()).replace("{to}", &before.to_string())
}

fn merge(window: &str) -> String {
    let mut fields =
        WINDOWS.lines().find(|line| line.split('\t').next() == Some(window)).into_iter().flat_map(|line| line.split('\t')).skip(1);
    let (landing, since) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    MERGE.replace("{landing}", landing).replace("{since}", since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_fill_in() {
        for statement in [merge_lately(), merge_days("2026-01-01", "2026-02-01"), make_events("s3://lake/tables/events/"), make_recent()] {
            assert!(!statement.contains(['{', '}']), "{statement}");
        }
        assert!(merge_days("2026-01-01", "2026-02-01").contains("landed.dt >= '2026-01-01' AND landed.dt < '2026-02-01'"));
        assert!(merge_lately().contains("INTERVAL '35' DAY"));
    }

    #[test]
    fn every_view_of_ocsf_is_made() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql/ocsf");
        let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let there: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "sql")).collect();
        assert_eq!(there.len(), OCSF.len());
        for path in there {
            assert!(OCSF.contains(&std::fs::read_to_string(&path).expect("text").as_str()), "{}", path.display());
        }
    }

    #[test]
    fn columns_are_added_in_athenas_words() {
        let columns: Vec<_> = columns().filter(|column| ["ip", "drift"].contains(&column.name)).collect();
        assert_eq!(add("events", &columns), "ALTER TABLE events ADD COLUMNS (`ip` string, `drift` array<string>)");
    }
}
