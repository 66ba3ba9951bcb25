//! The functions that the fuzz targets call, on a stable compiler: with the samples, the seeds, and what proptest makes.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::select};

use crate::harness::{body_to_outcome, record_to_row};

/// Pieces of which bodies and records are made; put together at random, they are nearly right.
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

/// Values of JSON, in which names of ours and of nobody stand, some twice.
fn value() -> impl Strategy<Value = String> {
    let scalars = [
        "null",
        "true",
        "\"TRUE\"",
        "0",
        "-1.50e+3",
        "1e999",
        "\"\"",
        "\"a b\"",
        "\"192.0.2.1\"",
        "\"\\ud800\"",
        "\"\\\\\\\"\"",
        "\"[1]\"",
    ];
    select(scalars.to_vec()).prop_map(str::to_owned).prop_recursive(5, 40, 6, |inner| {
        let names =
            ["ip", "scope", "date", "latitude", "city_name", "a", "A", "", "log_id", "data", "$envelope", "$duplicates", "\\u0069p"];
        let member = (select(names.to_vec()), inner.clone()).prop_map(|(name, value)| format!("\"{name}\": {value}"));
        prop_oneof![
            vec(inner, 0..5).prop_map(|values| format!("[{}]", values.join(" ,"))),
            vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

/// Records whose fields are columns, with any value.
fn record() -> impl Strategy<Value = String> {
    let names = [
        "date",
        "type",
        "ip",
        "client_id",
        "user_id",
        "scope",
        "is_mobile",
        "isMobile",
        "location_info",
        "details",
        "auth0_client",
        "$event_schema",
        "log_id",
        "$envelope",
        "$duplicates",
        "unmapped",
        "p_row_id",
        "x",
    ];
    let field = (select(names.to_vec()), value()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let envelope = select(vec!["", ",\"log_id\":null", ",\"log_id\":[]", ",\"_id\":3", ",\"data\":{\"ip\":1}", ",\"extra\":{\"a\":[]}"]);
    (vec(field, 0..12), envelope).prop_map(|(fields, more)| format!("{{\"log_id\":\"1\"{more},\"data\":{{{}}}}}", fields.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn prop_any_pieces_have_an_outcome(pieces in vec(select(PIECES.to_vec()), 0..40)) {
        body_to_outcome(&pieces.concat());
        record_to_row(&pieces.concat());
    }

    #[test]
    fn prop_any_value_in_any_column_is_found_again(record in record()) {
        record_to_row(record.as_bytes());
    }

    #[test]
    fn prop_a_body_that_is_cut_anywhere_has_an_outcome(records in vec(record(), 1..5), between in select(vec![",", "\n"]), cut: prop::sample::Index) {
        let list = records.join(between);
        let body = if between == "," { format!("[{list}]") } else { list };
        body_to_outcome(body.as_bytes());
        body_to_outcome(&body.as_bytes()[..cut.index(body.len())]);
    }
}

/// Calls with each file of a folder of the project.
fn each_file(folder: &str, mut call: impl FnMut(&[u8])) {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect(folder);
    let contents: Vec<_> = files.map(|file| file.expect(folder).path()).filter(|path| path.is_file()).map(fs::read).collect();
    assert!(!contents.is_empty(), "{folder}");
    contents.iter().for_each(|bytes| call(bytes.as_deref().expect(folder)));
}

#[test]
fn the_samples_keep_their_promises() {
    each_file("events", |body| {
        body_to_outcome(body);
        record_to_row(body);
        body.split(|&byte| byte == b'\n').for_each(record_to_row);
    });
}

#[test]
fn the_seeds_of_fuzzing_keep_their_promises() {
    each_file("fuzz/seeds/body_to_outcome", body_to_outcome);
    each_file("fuzz/seeds/record_to_row", record_to_row);
}
