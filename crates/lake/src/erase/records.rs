//! How many records of others a reject keeps beside those of a person.
//!
//! A body that is broken in the middle becomes one reject from there on, which may hold the records of many people.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{decode, person::Person};
use crate::{body::split_rest, rejected};

/// Most bytes that are split, over all attempts.
const MOST_BYTES: usize = 64 << 20;
/// Most encodings that are removed to find the records of a body.
const MOST_LEVELS: usize = 8;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reject {
    reason: Option<String>,
    raw: Option<String>,
    raw_base64: Option<String>,
}

/// Counts the records in a reject row that do not name the person; 0 for any other row.
///
/// A record is counted by its `log_id`. Where one piece that cannot be split names the person and has several, all
/// but one count: that is the most that can be somebody else's.
pub fn of_others(row: &[u8], person: &Person) -> usize {
    let reject: Reject = serde_json::from_slice(row).unwrap_or_default();
    let decoded = || rejected::readable(reject.raw_base64.as_deref()?, reject.reason.as_deref()?)?.pop();
    let Some(body) = reject.raw.map(String::into_bytes).or_else(decoded) else { return 0 };
    let (mut all, mut theirs) = (BTreeSet::new(), BTreeSet::new());
    for piece in pieces(&body) {
        let ids = log_ids(&piece);
        if !person.in_text(&piece).whole.is_empty() {
            theirs.extend(ids.first().cloned());
        }
        all.extend(ids);
    }
    // One record may be split at an object inside it, and then stands in several pieces.
    if all.len() < 2 { 0 } else { all.len() - theirs.len() }
}

/// Cuts the rest of a body as a receiver does, and again behind each place where it is broken.
fn pieces(body: &[u8]) -> Vec<Vec<u8>> {
    let (mut found, mut rest, mut bytes) = (Vec::new(), body.to_vec(), MOST_BYTES);
    loop {
        let mut records = split_rest(&rest);
        let last = records.pop().map(|record| record.bytes).unwrap_or_default();
        found.extend(records.into_iter().map(|record| record.bytes));
        let left = bytes.checked_sub(rest.len());
        let is_whole = serde_json::from_slice::<serde::de::IgnoredAny>(&last).is_ok();
        let (Some(left), false, Some(next)) = (left, is_whole, next_record(&last)) else {
            found.push(last);
            return found;
        };
        found.push(last[..next].to_vec());
        (rest, bytes) = (last[next..].to_vec(), left);
    }
}

/// Where the next object begins behind the end of another.
fn next_record(bytes: &[u8]) -> Option<usize> {
    let is_between = |byte: &&u8| **byte == b',' || byte.is_ascii_whitespace();
    let begins = |at: &usize| {
        let between = bytes[..*at].iter().rev().take_while(is_between).count();
        between > 0 && bytes[..*at - between].ends_with(b"}")
    };
    (1..bytes.len()).filter(|&at| bytes[at] == b'{').find(begins)
}

/// The different ids of records in a text, in whatever encoding the whole text is.
fn log_ids(piece: &[u8]) -> BTreeSet<String> {
    let mut text = String::from_utf8_lossy(piece).into_owned();
    for _ in 0..MOST_LEVELS {
        let ids = ["\"log_id\"", "\"_id\""].iter().flat_map(|name| text.split(name).skip(1)).map(|rest| {
            let value = rest.trim_start_matches(|char: char| char.is_ascii_whitespace() || char == ':');
            let end = |char: char| char.is_ascii_whitespace() || ",}]\"".contains(char);
            value.trim_start_matches('"').split(end).next().unwrap_or_default().to_owned()
        });
        let ids: BTreeSet<String> = ids.collect();
        let decoded = if ids.is_empty() { decode::json(&text).or_else(|| decode::web(&text)) } else { None };
        let Some(decoded) = decoded else { return ids };
        text = decoded;
    }
    BTreeSet::new()
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde_json::json;

    use super::*;
    use auth0_log_lake::object::Compression;

    fn record(id: u32, user: &str) -> String {
        json!({"log_id": id.to_string(), "data": {"log_id": id.to_string(), "user_name": user}}).to_string()
    }

    fn others(reject: &serde_json::Value) -> usize {
        let mut person = Person::default();
        person.add("ann@example.com", "").expect("an address");
        of_others(reject.to_string().as_bytes(), &person)
    }

    #[test]
    fn the_records_of_others_in_a_broken_body_are_counted() {
        let (ann, bob, sean) = (record(1, "ann@example.com"), record(2, "bob@example.com"), record(3, "joann@example.com"));
        let broken = r#"{"log_id":"9","data":{"x":[1}}"#;
        let theirs = r#"{"log_id":"9","data":{"x":[{"a":1},{"b":2}],"user_name":"ann@example.com","y":[1}}"#;
        for (raw, count) in [
            (ann.clone(), 0),
            (format!("{ann},"), 0),
            (theirs.to_owned(), 0),
            (format!("{broken},{ann},{bob},{sean}]"), 3),
            (format!("{theirs},\n{bob}\n,{sean}"), 2),
            (format!("{ann},{broken},{bob},{broken},{sean}]"), 3),
            (format!("[{ann},{bob}]"), 1),
            (format!("{{\"data\":{{\"logs\":[{ann},{bob}]}}}}"), 1),
            (json!(format!("[{ann},{bob}]")).to_string(), 1),
            (format!("logs=%5B{}", format!("{ann},{bob}").replace('"', "%22").replace('@', "%40")), 1),
            ("ann@example.com".to_owned(), 0),
        ] {
            assert_eq!(others(&json!({"reason": "malformed_json", "raw": raw})), count, "{raw}");
        }
        let packed = Compression::Gzip.compress([format!("[{ann},{bob},{sean}]").as_bytes()].into_iter()).expect("memory");
        assert_eq!(others(&json!({"reason": "unsupported_encoding", "raw_base64": BASE64_STANDARD.encode(packed)})), 2);
        assert_eq!(others(&json!({"p_row_id": "1", "data": {"user_name": "ann@example.com"}})), 0);
    }
}
