//! Every value that was sent can be found again in the row.

use std::collections::BTreeSet;

use auth0_log_lake::schema::DATA;

use crate::json::{Json, read};

/// Looks for each value of a record in its row.
pub fn check(record: &Json, row: &Json) {
    let found = Found::of(row);
    let flat = record.get("data").is_none();
    let data = if flat { record } else { record.get("data").unwrap_or(record) };
    for (name, value) in data.members() {
        field(&found, row, name, value);
    }
    if flat {
        return;
    }
    for (name, value) in record.members() {
        match (name.as_str(), value) {
            // The last `data` is checked above; a `log_id` that is null or empty has no value.
            ("data", value) if value == data => {}
            ("log_id", Json::Null) => {}
            ("log_id", Json::String(text)) if text.is_empty() => {}
            ("log_id", Json::String(text) | Json::Number(text)) => assert!(found.texts.contains(text), "log_id {text:?} is lost"),
            _ => {
                assert!(found.names.contains(name) || found.texts.contains(name), "{name:?} of the envelope is lost");
                found.hold(value, name);
            }
        }
    }
}

/// Looks for one field of `data`.
fn field(found: &Found, row: &Json, name: &str, value: &Json) {
    let column = DATA.iter().find(|column| column.sent_as.contains(&name));
    let Some(column) = column else {
        // Its name is in `unmapped`, or in a pair of `$duplicates`.
        assert!(found.names.contains(name) || found.texts.contains(name), "{name:?} is lost");
        return found.hold(value, name);
    };
    let written = row.get("data").and_then(|data| data.get(column.name));
    match (column.name, value, written) {
        (_, Json::Null, _) => {}
        // Written in another form: the same moment, the same truth, the same words.
        ("date", Json::String(_), Some(_)) => {}
        ("is_mobile", Json::String(word), Some(Json::Boolean(truth))) if word.eq_ignore_ascii_case(&truth.to_string()) => {}
        ("scope", Json::Array(words), Some(Json::String(joined))) if words_joined(words).as_deref() == Some(joined) => {}
        ("location_info", Json::Object(members), _) => {
            members.iter().filter(|(_, value)| *value != Json::Null).for_each(|(name, value)| found.hold(value, name))
        }
        _ => found.hold(value, name),
    }
}

fn words_joined(words: &[Json]) -> Option<String> {
    let word = |word: &Json| if let Json::String(text) = word { Some(text.clone()) } else { None };
    Some(words.iter().map(word).collect::<Option<Vec<_>>>()?.join(" "))
}

/// Every name and scalar of a row, and of the JSON text in its columns.
#[derive(Debug, Default)]
struct Found {
    names: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl Found {
    fn of(row: &Json) -> Self {
        let mut found = Self::default();
        found.collect(row);
        found
    }

    fn collect(&mut self, value: &Json) {
        match value {
            Json::Array(elements) => elements.iter().for_each(|element| self.collect(element)),
            Json::Object(members) => {
                for (name, value) in members {
                    self.names.insert(name.clone());
                    self.collect(value);
                }
            }
            _ => {}
        }
        let text = scalar(value);
        if let Some(text) = text
            && self.texts.insert(text.clone())
            && text.starts_with(['[', '{', '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 't', 'f', 'n'])
            && let Ok(inner) = read(&text)
        {
            self.collect(&inner);
        }
    }

    /// Asserts that everything in a value is somewhere in the row.
    fn hold(&self, value: &Json, of: &str) {
        match value {
            Json::Array(elements) => elements.iter().for_each(|element| self.hold(element, of)),
            Json::Object(members) => {
                for (name, value) in members {
                    assert!(self.names.contains(name), "the name {name:?} in {of:?} is lost");
                    self.hold(value, of);
                }
            }
            _ => {}
        }
        if let Some(text) = scalar(value) {
            assert!(self.texts.contains(&text), "{text:?} in {of:?} is lost");
        }
    }
}

/// The text of a value without members.
fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::Null => Some("null".to_owned()),
        Json::Boolean(truth) => Some(truth.to_string()),
        Json::Number(text) | Json::String(text) => Some(text.clone()),
        Json::Array(elements) => elements.is_empty().then(|| "[]".to_owned()),
        Json::Object(members) => members.is_empty().then(|| "{}".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_missing_from_a_row_is_missed() {
        let record =
            r#"{"log_id":"1","x":{"y":1},"data":{"ip":"192.0.2.1","scope":["a","b"],"details":{"n":[1e999,{}]},"new":"value","ip":[]}}"#;
        let row = |ip: &str, scope: &str, details: &str, unmapped: &str| {
            format!(r#"{{"log_id":"1","data":{{"ip":"{ip}","scope":"{scope}","details":"{details}","unmapped":"{unmapped}"}}}}"#)
        };
        let held = |row: String| {
            let [record, row] = [record, &row].map(|text| read(text).expect("JSON"));
            std::panic::catch_unwind(|| check(&record, &row)).is_ok()
        };
        let (details, unmapped) = (r#"{\"n\":[1e999,{}]}"#, r#"{\"new\":\"value\",\"ip\":[],\"$envelope\":{\"x\":{\"y\":1}}}"#);
        assert!(held(row("192.0.2.1", "a b", details, unmapped)));
        for lossy in [
            row("", "a b", details, unmapped),
            row("192.0.2.1", "a", details, unmapped),
            row("192.0.2.1", "a b", r#"{\"n\":[1e999]}"#, unmapped),
            row("192.0.2.1", "a b", r#"{\"n\":[1,{}]}"#, unmapped),
            row("192.0.2.1", "a b", details, r#"{\"new\":\"value\",\"$envelope\":{\"x\":{\"y\":1}}}"#),
            row("192.0.2.1", "a b", details, r#"{\"old\":\"value\",\"ip\":[],\"$envelope\":{\"x\":{\"y\":1}}}"#),
            row("192.0.2.1", "a b", details, r#"{\"new\":\"value\",\"ip\":[]}"#),
        ] {
            assert!(!held(lossy.clone()), "{lossy}");
        }
    }
}
