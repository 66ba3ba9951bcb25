//! The row of an event, in the order of the field table.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{Event, Normalizer};
use crate::{
    fit,
    json::{Value, text::write_string},
    row::RowId,
    schema::{Column, DATA, DATE, INDICATORS, Indicator, Kind, LOCATION, LOCATION_INFO},
    time::{self, TimeText},
};

impl Normalizer<'_> {
    /// Writes the row in the order of the field table.
    pub(super) fn render(&mut self, log_id: &Value<'_>, date: Option<DateTime<Utc>>, out: &mut Vec<u8>) -> Event {
        let name = log_id.decoded();
        let (at, time_source) = self.event_time(&name, date);
        out.extend_from_slice(self.arrival.before_event_time.as_bytes());
        out.extend_from_slice(TimeText::of(at).as_bytes());
        out.extend_from_slice(self.arrival.before_row_id.as_bytes());
        out.extend_from_slice(&RowId::of(self.arrival.source, name.as_bytes()).hex());
        out.extend_from_slice(self.arrival.after_row_id.as_bytes());
        self.write_indicators(Indicator::Ip, b",\"p_any_ip_addresses\":[", out);
        self.write_indicators(Indicator::Username, b",\"p_any_usernames\":[", out);
        out.extend_from_slice(b",\"log_id\":");
        fit::write(Kind::String, log_id, out);
        self.write_data(date, out);
        out.extend_from_slice(&self.arrival.ingest);
        out.extend_from_slice(time_source.as_bytes());
        out.push(b'"');
        let drift = self.leftovers.drift_notes();
        if !drift.is_empty() {
            out.extend_from_slice(b",\"drift\":[");
            out.extend_from_slice(drift);
            out.push(b']');
        }
        out.extend_from_slice(b"}}\n");
        Event { at, drifted: !drift.is_empty() }
    }

    /// Gives the first plausible time, and where it is from.
    fn event_time(&self, log_id: &str, date: Option<DateTime<Utc>>) -> (DateTime<Utc>, &'static str) {
        let received_at = self.arrival.received_at;
        if let Some(at) = date {
            return (at, "date");
        }
        match time::from_log_id(log_id).filter(|at| time::is_plausible(*at, received_at)) {
            Some(at) => (at, "log_id"),
            None => (received_at, "received"),
        }
    }

    fn write_indicators(&self, indicator: Indicator, before: &[u8], out: &mut Vec<u8>) {
        let columns = INDICATORS.iter().filter(|(_, feeds)| *feeds == indicator);
        let members = columns.filter_map(|&(column, _)| Some(self.data.at(self.columns[column]? as usize)));
        let mut found: Vec<Cow<'_, str>> = members.filter_map(|member| fit::indicator(indicator, &member.value)).collect();
        found.sort_unstable();
        found.dedup();
        for (i, text) in found.iter().enumerate() {
            out.extend_from_slice(if i == 0 { before } else { b"," });
            match text {
                // As it was sent, without an escape: it can stand in a string as it is.
                Cow::Borrowed(text) => {
                    out.push(b'"');
                    out.extend_from_slice(text.as_bytes());
                    out.push(b'"');
                }
                Cow::Owned(text) => write_string(out, text),
            }
        }
        if !found.is_empty() {
            out.push(b']');
        }
    }

    fn write_data(&mut self, date: Option<DateTime<Utc>>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"data\":{");
        let mut comma = false;
        for (at, column) in DATA.iter().enumerate() {
            let Some(member) = self.columns[at] else { continue };
            write_name(column, &mut comma, out);
            match (at, date) {
                (DATE, Some(date)) => {
                    out.push(b'"');
                    out.extend_from_slice(TimeText::of(date).as_bytes());
                    out.push(b'"');
                }
                (LOCATION, _) => self.write_location(out),
                _ => fit::write(column.kind, &self.data.at(member as usize).value, out),
            }
        }
        self.leftovers.write(out, comma);
        out.push(b'}');
    }

    fn write_location(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        let mut comma = false;
        for (column, member) in LOCATION_INFO.iter().zip(self.location_columns) {
            let Some(member) = member else { continue };
            write_name(column, &mut comma, out);
            fit::write(column.kind, &self.location.at(member as usize).value, out);
        }
        out.push(b'}');
    }
}

/// Writes a member's name, a comma before it unless it is the first.
fn write_name(column: &Column, comma: &mut bool, out: &mut Vec<u8>) {
    if std::mem::replace(comma, true) {
        out.push(b',');
    }
    out.extend_from_slice(column.member.as_bytes());
}
