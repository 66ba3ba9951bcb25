//! Records and bodies at random, as a sender might make them; odd ones above all.

use auth0_log_lake::schema::{DATA, LOCATION_INFO};
use proptest::{collection::vec, prelude::*, sample::select};

/// Names that are not ours, or are ours written differently.
const ODD_NAMES: [&str; 20] = [
    "$envelope",
    "$duplicates",
    "unmapped",
    "event_schema",
    "IP",
    "Type",
    "data",
    "log_id",
    "_id",
    "ingest",
    "p_row_id",
    "__proto__",
    "",
    "\\u0069p",
    "i\\ud800p",
    "i\\udfffp",
    "\\\"quoted\\\"",
    "line\\nfeed",
    "\\u2028\u{e9}",
    "location_info.latitude",
];

/// Values without members, as JSON text.
const SCALARS: [&str; 36] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1.50",
    "1e400",
    "-1E-7",
    "123456789012345678901234567890",
    "\"\"",
    "\"text\"",
    "\"true\"",
    "\"FALSE\"",
    "\"12.5\"",
    "\"1e999\"",
    "\" 12\"",
    "\"\\u0041\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ude00\\ud83d\"",
    "\"\\ud83d\\ud83d\\ude00\"",
    "\"\u{e9}\u{2028}\u{1F600}\u{7f}\"",
    "\"192.0.2.1\"",
    "\" 192.0.2.7\\t\"",
    "\"2001:db8::1\"",
    "\"192.0.2.1:80\"",
    "\"someone@example.com\"",
    "\"\\u00a0someone\\u3000\"",
    "\"2026-07-01T12:34:56.789Z\"",
    "\"2026-07-01 01:02:03.123456789+02:00\"",
    "\"2026-11-23 02:00:00\"",
    "\"2099-01-01T00:00:00Z\"",
    "\"2009-12-31T23:59:59Z\"",
    "\"{\\\"a\\\":\\\"b\\\"}\"",
    "\"90020260701123456789000000000000000001223372037868840734\"",
    "\"openid profile\"",
];

/// Pieces of bodies and records; put together at random, they are nearly right.
const PIECES: [&[u8]; 48] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\xC3",
    b"\x01",
    b"null",
    b"true",
    b"false",
    b"-0",
    b"1e999",
    b"12",
    b"\"a\"",
    b"\"\\ud800\"",
    b"\"\\uD83D\\uDE00\"",
    b"\"\\u0000\\\"\"",
    b"\"log_id\":",
    b"\"data\":{",
    b"\"logs\":[",
    b"\"_id\":",
    b"\"type\":\"s\"",
    b"\"date\":",
    b"\"2026-07-01T12:34:56.789Z\"",
    b"\"ip\":",
    b"\"scope\":[",
    b"\"isMobile\":",
    b"\"is_mobile\":",
    b"\"location_info\":{",
    b"\"latitude\":",
    b"\"details\":",
    b"\"$envelope\":",
    b"\"$duplicates\":",
    b"\"x\":",
    b"{\"log_id\":\"90020260701123456789\",\"data\":{",
    b"}}",
    b"}},",
    b"[[[[",
    b"]]]]",
];

fn name() -> impl Strategy<Value = String> {
    let sent =
        |columns: &'static [auth0_log_lake::schema::Column]| columns.iter().flat_map(|column| column.sent_as).copied().collect::<Vec<_>>();
    let known = [sent(DATA), sent(LOCATION_INFO)].concat();
    prop_oneof![6 => select(known), 2 => select(ODD_NAMES.to_vec()), 1 => select(vec!["a", "b", "new_field"])].prop_map(str::to_owned)
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => select(vec![" ", "\n  ", "\t", "\r\n"])]
}

/// An object's text, members in the order given.
fn object(members: &[(String, String)], space: &str) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{space}\"{name}\"{space}:{space}{value}{space}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Arrays or objects, many levels deep.
fn deep() -> impl Strategy<Value = String> {
    (select(vec![98usize, 99, 100, 101, 102, 400]), any::<bool>()).prop_map(|(levels, arrays)| match arrays {
        true => format!("{}{}", "[".repeat(levels), "]".repeat(levels)),
        false => format!("{}\"x\"{}", "{\"a\":".repeat(levels), "}".repeat(levels)),
    })
}

/// Any value, as JSON text.
fn value() -> impl Strategy<Value = String> {
    let scalar = select(SCALARS.to_vec()).prop_map(str::to_owned);
    let nested = scalar.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            (vec(inner.clone(), 0..4), space()).prop_map(|(elements, space)| format!("[{space}{}]", elements.join(&format!("{space},")))),
            (vec((name(), inner), 0..5), space()).prop_map(|(members, space)| object(&members, space)),
        ]
    });
    prop_oneof![30 => nested, 1 => deep()]
}

fn members(most: usize) -> impl Strategy<Value = Vec<(String, String)>> {
    vec((name(), value()), 0..most)
}

/// An object with members of `location_info`.
fn location() -> impl Strategy<Value = String> {
    let sent: Vec<_> = LOCATION_INFO.iter().map(|column| column.name.to_owned()).collect();
    (vec((prop_oneof![5 => select(sent), 1 => name()], value()), 0..8), space()).prop_map(|(members, space)| object(&members, space))
}

fn data() -> impl Strategy<Value = Vec<(String, String)>> {
    (members(12), prop::option::weighted(0.4, location())).prop_map(|(mut members, location)| {
        members.extend(location.map(|location| ("location_info".to_owned(), location)));
        members
    })
}

fn log_id() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => "9002026(0[1-9]|1[0-1])(0[1-9]|2[0-8])(0[0-9]|2[0-4])[0-5][0-9][0-5][0-9]123[0-9]{36}".prop_map(|digits| format!("\"{digits}\"")),
        2 => value(),
    ]
}

/// The text of a record, in an envelope or flat; most become an event.
pub fn record() -> impl Strategy<Value = String> {
    let extra = prop_oneof![3 => Just(Vec::new()), 1 => members(4)];
    let around = prop_oneof![12 => Just(None), 1 => value().prop_map(Some)];
    (log_id(), data(), extra, around, any::<prop::sample::Index>(), prop::bool::weighted(0.15), space()).prop_map(
        |(log_id, mut data, extra, around, place, flat, space)| {
            let log_id = ("log_id".to_owned(), log_id);
            if flat {
                data.insert(place.index(data.len() + 1), log_id);
                data.push(("type".to_owned(), "\"s\"".to_owned()));
                return object(&data, space);
            }
            let mut envelope = vec![log_id, ("data".to_owned(), around.unwrap_or(object(&data, space)))];
            for member in extra {
                envelope.insert(place.index(envelope.len() + 1), member);
            }
            object(&envelope, space)
        },
    )
}

/// A JSON array of records.
pub fn batch() -> impl Strategy<Value = Vec<u8>> {
    vec(record(), 0..12).prop_map(|records| format!("[{}]", records.join(",")).into_bytes())
}

/// Any bytes, most of them pieces of JSON.
pub fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => select(PIECES.to_vec()).prop_map(<[u8]>::to_vec),
        2 => record().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..20),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}
