//! Writes the row of an event in the order of the field table.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{Event, Normalizer, PROBE, fit};
use crate::{
    batch::Members,
    json::{Value, text::write_string},
    row::RowId,
    schema::{ColumnType, DATA, DATE, INDICATORS, Indicator, LOCATION, LOCATION_INFO, Member, event_row, ingest},
    time::TimeText,
};

impl Normalizer<'_> {
    /// Writes the row in the order of the field table.
    pub(super) fn render(&mut self, log_id: &Value<'_>, date: Option<DateTime<Utc>>, data: &Members<'_>, out: &mut Vec<u8>) -> Event {
        let name = log_id.decoded();
        let (at, time_source) = self.event_time(&name, date);
        out.extend_from_slice(&self.arrival.before_event_time);
        let at_text = TimeText::of(at);
        write_plain(out, at_text.as_bytes());
        out.extend_from_slice(&self.arrival.before_row_id);
        write_plain(out, &RowId::of(self.arrival.source, name.as_bytes()).hex());
        out.extend_from_slice(&self.arrival.after_row_id);
        self.write_indicators(data, Indicator::Ip, event_row::P_ANY_IP_ADDRESSES, out);
        self.write_indicators(data, Indicator::Username, event_row::P_ANY_USERNAMES, out);
        event_row::LOG_ID.write_key(out);
        fit::write(ColumnType::String, log_id, out);
        self.write_data(data, &at_text, out);
        out.extend_from_slice(&self.arrival.ingest);
        write_plain(out, time_source.as_bytes());
        let drift = self.leftovers.drift_notes();
        if !drift.is_empty() {
            ingest::DRIFT.write_key(out);
            out.push(b'[');
            out.extend_from_slice(drift);
            out.push(b']');
        }
        out.extend_from_slice(b"}}\n");
        Event { at, drifted: !drift.is_empty(), is_probe: name.starts_with(PROBE) }
    }

    fn write_indicators(&self, data: &Members<'_>, indicator: Indicator, key: Member, out: &mut Vec<u8>) {
        let columns = INDICATORS.iter().filter(|(_, feeds)| *feeds == indicator);
        let members = columns.filter_map(|&(column, _)| Some(data.at(self.columns.get(column)?)));
        let mut found: Vec<Cow<'_, str>> = members.filter_map(|member| fit::indicator(indicator, &member.value)).collect();
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            return;
        }
        key.write_key(out);
        for (i, text) in found.iter().enumerate() {
            out.push(if i == 0 { b'[' } else { b',' });
            match text {
                // It was sent without escapes, so it needs none.
                Cow::Borrowed(text) => write_plain(out, text.as_bytes()),
                Cow::Owned(text) => write_string(out, text),
            }
        }
        out.push(b']');
    }

    /// Writes `data`. A `date` in its column is the event's time.
    fn write_data(&mut self, data: &Members<'_>, at: &TimeText, out: &mut Vec<u8>) {
        event_row::DATA.write_key(out);
        let start = out.len();
        for (column, member) in self.columns.iter() {
            DATA[column].write_key(out);
            match column {
                DATE => write_plain(out, at.as_bytes()),
                LOCATION => self.write_location(out),
                _ => fit::write(DATA[column].kind, &data.at(member).value, out),
            }
        }
        self.leftovers.write(out);
        close_object(out, start);
    }

    fn write_location(&self, out: &mut Vec<u8>) {
        let start = out.len();
        for (column, member) in self.location_columns.iter() {
            LOCATION_INFO[column].write_key(out);
            fit::write(LOCATION_INFO[column].kind, &self.location.at(member).value, out);
        }
        close_object(out, start);
    }
}

/// Writes a string whose characters need no escapes.
fn write_plain(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Makes an object of the members written since `start`, each of which has a comma before it.
fn close_object(out: &mut Vec<u8>, start: usize) {
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}
