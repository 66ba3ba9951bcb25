//! Every value that was sent is in the row: in its column, or in `unmapped`.
//!
//! The reading here is slow and knows nothing of how the receiver works: it takes the record's
//! text apart into a tree, and asks the row for each value in turn.

use auth0_log_lake::schema::{Column, ColumnType, DATA, LOCATION_INFO};
use chrono::{DateTime, NaiveDateTime};
use proptest::prelude::*;
use support::{
    files::project,
    json::Json,
    pure::{land, rows_of},
    records::record,
};

/// Deepest nesting that a json column holds as JSON.
const MAX_DEPTH: usize = 100;

/// Whether a value was kept; one nested too deep is kept as a string of its text.
fn keeps(sent: &Json, kept: &Json) -> bool {
    match kept {
        Json::String(text) if sent.depth() > MAX_DEPTH => Json::read(text).as_ref() == Some(sent),
        _ => sent == kept,
    }
}

fn instant(text: &str) -> Option<DateTime<chrono::Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    zoned.or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok().map(|at| at.and_utc()))
}

/// Whether a column holds what was sent for it.
fn holds(kind: ColumnType, sent: &Json, column: &Json) -> bool {
    let text = column.text();
    let as_json = || text.and_then(Json::read).is_some_and(|kept| keeps(sent, &kept));
    match kind {
        ColumnType::Text if sent.text().is_none() => as_json(),
        ColumnType::String | ColumnType::Text => text.is_some() && sent.scalar().as_deref() == text,
        ColumnType::Words if sent.scalar().is_some() => sent.scalar().as_deref() == text,
        ColumnType::Words => {
            let words: Option<Vec<&str>> = sent.elements().iter().map(Json::text).collect();
            words.map(|words| words.join(" ")).as_deref() == text
        }
        ColumnType::Json => as_json(),
        ColumnType::Boolean => sent.scalar().is_some_and(|word| Some(word.to_ascii_lowercase()) == column.scalar()),
        ColumnType::Float => sent.scalar() == column.scalar(),
        ColumnType::Time => sent.text().and_then(instant).is_some_and(|at| text.and_then(instant) == Some(at)),
        ColumnType::Location => matches!((sent, column), (Json::Object(_), Json::Object(_))),
    }
}

/// What a row keeps of a record.
struct Kept {
    unmapped: Json,
    data: Json,
}

impl Kept {
    fn of(row: &Json) -> Option<Self> {
        let data = row.get("data")?.clone();
        let unmapped = data.get("unmapped").map_or(Some(Json::Object(Vec::new())), |text| Json::read(text.text()?))?;
        Some(Self { unmapped, data })
    }

    fn has_duplicate(&self, name: &str, sent: &Json) -> bool {
        let pairs = self.unmapped.get("$duplicates").map_or(&[][..], Json::elements);
        pairs.iter().any(|pair| matches!(pair.elements(), [known, kept] if known.text() == Some(name) && keeps(sent, kept)))
    }
}

/// A name with its value.
type Member = (String, Json);

/// The last member of each name, and the earlier ones.
fn last_and_earlier(object: &Json) -> (Vec<&Member>, Vec<&Member>) {
    let members = object.members();
    let (last, earlier): (Vec<_>, Vec<_>) =
        members.iter().enumerate().partition(|(at, (name, _))| members[at + 1..].iter().all(|(later, _)| later != name));
    (last.into_iter().map(|(_, member)| member).collect(), earlier.into_iter().map(|(_, member)| member).collect())
}

fn column_of(columns: &'static [Column], name: &str) -> Option<&'static Column> {
    columns.iter().find(|column| column.sent_as.contains(&name))
}

/// Whether a member is in its column or beside the columns.
fn is_found(columns: &'static [Column], (name, sent): &Member, row: &Json, beside: Option<&Json>) -> bool {
    let column = column_of(columns, name);
    let unmapped = beside.and_then(|beside| beside.get(name)).is_some_and(|kept| keeps(sent, kept));
    let mapped = column.is_some_and(|column| row.get(column.name).is_some_and(|value| holds(column.kind, sent, value)));
    unmapped || mapped || column.is_some() && *sent == Json::Null
}

/// The names in `data` whose values are lost.
fn lost_of_data(data: &Json, kept: &Kept) -> Vec<String> {
    let (last, earlier) = last_and_earlier(data);
    let lost_last = last.iter().filter(|member| {
        let found = is_found(DATA, member, &kept.data, Some(&kept.unmapped));
        !(found || member.0.starts_with('$') && kept.has_duplicate(&member.0, &member.1))
    });
    let lost_earlier = earlier.iter().filter(|(name, sent)| !kept.has_duplicate(name, sent));
    lost_last.chain(lost_earlier).map(|(name, _)| name.clone()).collect()
}

fn lost_of_location(data: &Json, kept: &Kept) -> Vec<String> {
    let (Some(sent), Some(location)) = (data.get("location_info"), kept.data.get("location_info")) else { return Vec::new() };
    let text = kept.unmapped.get("location_info");
    let unwrapped = text.and_then(Json::text).and_then(Json::read);
    let beside = unwrapped.as_ref().or(text);
    let (last, earlier) = last_and_earlier(sent);
    let lost_last = last.iter().filter(|member| !is_found(LOCATION_INFO, member, location, beside));
    let lost_earlier = earlier.iter().filter(|(name, sent)| !kept.has_duplicate(&format!("location_info.{name}"), sent));
    lost_last.chain(lost_earlier).map(|(name, _)| format!("location_info.{name}")).collect()
}

fn lost_of_envelope(record: &Json, row: &Json, kept: &Kept) -> Vec<String> {
    let envelope = kept.unmapped.get("$envelope");
    let (last, earlier) = last_and_earlier(record);
    let lost_last = last.iter().filter(|(name, sent)| {
        let names_it = name == "log_id" && (sent.scalar().as_deref() == row.get("log_id").and_then(Json::text) || *sent == Json::Null);
        let is_empty = name == "log_id" && sent.text() == Some("");
        let beside = envelope.and_then(|envelope| envelope.get(name)).is_some_and(|kept| keeps(sent, kept));
        name != "data" && !names_it && !is_empty && !beside
    });
    let lost_earlier = earlier.iter().filter(|(name, sent)| !kept.has_duplicate(name, sent));
    lost_last.chain(lost_earlier).map(|(name, _)| format!("$envelope.{name}")).collect()
}

/// The names of all values of a record that its row lost.
fn lost(record: &str, row: &str) -> Option<Vec<String>> {
    let (record, row) = (Json::read(record)?, Json::read(row)?);
    let kept = Kept::of(&row)?;
    let Some(data) = record.get("data") else {
        return Some([lost_of_data(&record, &kept), lost_of_location(&record, &kept)].concat());
    };
    Some([lost_of_data(data, &kept), lost_of_location(data, &kept), lost_of_envelope(&record, &row, &kept)].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn prop_every_value_of_an_event_is_in_its_column_or_in_unmapped(record in record()) {
        for (_, row) in land(format!("[{record}]").as_bytes()).rows("events/") {
            prop_assert_eq!(lost(&record, row), Some(Vec::new()), "{}", row);
        }
    }

    #[test]
    fn prop_a_reject_holds_the_record_as_it_was_sent(record in record(), cut in any::<prop::sample::Index>()) {
        let record = record.get(..cut.index(record.len())).unwrap_or(&record).trim_matches([' ', '\n', '\r', '\t']);
        let landed = land(record.as_bytes());
        for (_, row) in landed.rows("rejects/") {
            let row = Json::read(row).expect(row);
            prop_assert!(row.get("raw").or(row.get("raw_base64")).is_some());
        }
        prop_assume!(landed.tally.rejected == 1 && landed.tally.accepted == 0);
        let rows = landed.rows("rejects/");
        prop_assert_eq!(raw(rows[0].1), Some(record.as_bytes().to_vec()));
    }
}

/// The bytes that a reject row keeps.
pub fn raw(row: &str) -> Option<Vec<u8>> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let row: serde_json::Value = serde_json::from_str(row).ok()?;
    match (row["raw"].as_str(), row["raw_base64"].as_str()) {
        (Some(text), None) => Some(text.as_bytes().to_vec()),
        (None, Some(text)) => BASE64_STANDARD.decode(text).ok(),
        _ => None,
    }
}

#[test]
fn every_value_of_the_odd_samples_is_in_its_column_or_in_unmapped() {
    let samples = std::fs::read_to_string(project("events/odd-shapes.jsonl")).expect("the sample");
    for record in rows_of(samples.as_bytes()) {
        for (_, row) in land(record.as_bytes()).rows("events/") {
            assert_eq!(lost(record, row), Some(Vec::new()), "{row}");
        }
    }
}
