//! The values of a record without a column: `data.unmapped`, and notes about drift.
//!
//! No sender's name becomes a key of a row, and no value is dropped. A value that has no column, or does not fit
//! it, is kept here with its name, in the JSON text of one object.

use super::fit::as_json_string;
use crate::{
    batch::Member,
    json::{Value, escape::write_escaped, text::write_string},
    schema::{MAX_DEPTH, data},
};

/// Name in `unmapped` for the envelope's members other than `log_id` and `data`.
const ENVELOPE: &str = "$envelope";
/// Name in `unmapped` for members that a later one of the same name displaced.
const DUPLICATES: &str = "$duplicates";

/// Collects one record's leftovers; reused for each record.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    fields: Vec<u8>,
    envelope: Vec<u8>,
    duplicates: Vec<u8>,
    location: Vec<u8>,
    location_depth: u64,
    drift: Vec<u8>,
}

impl Leftovers {
    pub fn clear(&mut self) {
        for buffer in [&mut self.fields, &mut self.envelope, &mut self.duplicates, &mut self.location, &mut self.drift] {
            buffer.clear();
        }
        self.location_depth = 0;
    }

    /// Keeps a field of `data`. A field with one of our reserved names goes to the duplicates.
    pub fn field(&mut self, member: &Member<'_>) {
        if matches!(member.name.as_ref(), ENVELOPE | DUPLICATES) {
            return self.duplicate("", member);
        }
        write_member(&mut self.fields, &member.name, &shallow(&member.value));
    }

    /// Keeps a member of the envelope.
    pub fn envelope(&mut self, member: &Member<'_>) {
        write_member(&mut self.envelope, &member.name, &shallow(&member.value));
    }

    /// Keeps a member of `location_info`.
    pub fn location(&mut self, member: &Member<'_>) {
        write_member(&mut self.location, &member.name, &member.value.compact());
        self.location_depth = self.location_depth.max(member.value.flags.depth);
    }

    /// Keeps a member that a later one displaces, or whose name this object reserves.
    pub fn duplicate(&mut self, path: &str, member: &Member<'_>) {
        separate(&mut self.duplicates);
        self.duplicates.push(b'[');
        write_string(&mut self.duplicates, &format!("{path}{}", member.name));
        self.duplicates.push(b',');
        self.duplicates.extend_from_slice(shallow(&member.value).as_bytes());
        self.duplicates.push(b']');
    }

    /// Notes an unexpected value of a column; `name` is the name of a column.
    pub fn drift(&mut self, path: &str, name: &str, note: &str) {
        separate(&mut self.drift);
        self.drift.extend_from_slice(format!("\"data.{path}{name}: {note}\"").as_bytes());
    }

    /// Closes the leftovers of `location_info`.
    pub fn end_location(&mut self) {
        if self.location.is_empty() {
            return;
        }
        let object = format!("{{{}}}", String::from_utf8_lossy(&self.location));
        let object = if self.location_depth < MAX_DEPTH { object } else { as_json_string(&object) };
        write_member(&mut self.fields, "location_info", &object);
    }

    /// The notes about drift, as the content of a JSON array.
    pub fn drift_notes(&self) -> &[u8] {
        &self.drift
    }

    /// Writes a comma and the `unmapped` member of a row if anything was kept.
    pub fn write(&mut self, out: &mut Vec<u8>) {
        for (name, open, content, close) in [(ENVELOPE, '{', &self.envelope, '}'), (DUPLICATES, '[', &self.duplicates, ']')] {
            if !content.is_empty() {
                let value = format!("{open}{}{close}", String::from_utf8_lossy(content));
                write_member(&mut self.fields, name, &value);
            }
        }
        if self.fields.is_empty() {
            return;
        }
        data::UNMAPPED.write_key(out);
        out.extend_from_slice(b"\"{");
        write_escaped(out, &self.fields);
        out.extend_from_slice(b"}\"");
    }
}

/// Returns a value's compact text; if the value is nested too deeply, the text as a JSON string.
fn shallow<'a>(value: &Value<'a>) -> std::borrow::Cow<'a, str> {
    let compact = value.compact();
    if value.flags.depth <= MAX_DEPTH {
        return compact;
    }
    as_json_string(&compact).into()
}

fn write_member(object: &mut Vec<u8>, name: &str, value: &str) {
    separate(object);
    write_string(object, name);
    object.push(b':');
    object.extend_from_slice(value.as_bytes());
}

fn separate(list: &mut Vec<u8>) {
    if !list.is_empty() {
        list.push(b',');
    }
}
