//! The fastest parse that `serde_json` has for these records: every member as a slice, nothing built.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A record with the members of its `data`.
#[derive(Deserialize)]
pub struct Record<'a> {
    #[serde(borrow)]
    log_id: Cow<'a, str>,
    #[serde(borrow)]
    data: Members<'a>,
}

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

/// Keeps the members in the order sent, as rows need them.
struct InOrder;

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// Parses a body; gives the bytes of its names and values.
pub fn parse(body: &[u8]) -> usize {
    let records: Vec<Record<'_>> = serde_json::from_slice(body).expect("a JSON body");
    let bytes = |(name, value): &(Cow<'_, str>, &RawValue)| name.len() + value.get().len();
    records.iter().map(|record| record.log_id.len() + record.data.0.iter().map(bytes).sum::<usize>()).sum()
}
