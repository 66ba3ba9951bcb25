//! How bodies are cut into records.

use auth0_log_lake::{batch, reject::Reason};
use proptest::{collection::vec, prelude::*, sample::select};
use support::reference::{Cut, Piece, split};

fn cut(body: &[u8]) -> Vec<Piece> {
    let records = batch::split(body);
    let kind = |rejected: Option<Reason>| match rejected {
        None => Cut::Record,
        Some(reason) => {
            assert_eq!(reason, Reason::WrapperMembers);
            Cut::Wrapper
        }
    };
    records.into_iter().map(|record| (record.bytes().to_vec(), kind(record.rejected()))).collect()
}

/// Structure in small pieces, whole ones and broken ones.
const PIECES: [&str; 35] = [
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "\n",
    "\r\n",
    " ",
    "1",
    "x",
    "\"a\"",
    "\"\\\"]\"",
    "\"{\"",
    "{\"a\":1}",
    "{\"a\":[1,{}]}",
    "[1,2]",
    "{\"logs\":[",
    "{ \"logs\" : [",
    "\"logs\":[{\"a\":1}],",
    "\"lo\\u0067s\":[",
    "\"logs\":",
    "\"logs\": x [1],",
    "{\"logs\": x [1],\"b\":2}",
    "]}",
    "\"log_id\":\"1\"",
    "\"data\":{}",
    "\"other\":1",
    "\u{feff}",
    "\"line\nfeed\"",
    "text\n",
    "{\"logs\":[1],\"x\":2}",
    "\"a string that is longer than one block of sixty-four bytes, with [brackets], {braces} and \\\"quotes\\\" in it\"",
];

/// Pieces put together at random.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(PIECES.to_vec());
    let raw = vec(any::<u8>(), 0..3);
    vec(prop_oneof![40 => piece.prop_map(|piece| piece.as_bytes().to_vec()), 1 => raw], 0..30).prop_map(|pieces| pieces.concat())
}

/// Records in each format, and what goes around them.
fn formats() -> impl Strategy<Value = Vec<u8>> {
    let record = select(vec![
        "{\"log_id\":\"1\",\"data\":{\"a\":[1,\"]\"]}}",
        "{}",
        "\"x,y\"",
        "12",
        "[[],[1]]",
        " ",
        "",
        "{\"a\":\"\\\\\"}",
        "{\"logs\":[]}",
    ]);
    let record = || record.clone();
    let list = move |separator: &'static str| vec(record(), 0..6).prop_map(move |records| records.join(separator));
    let one = prop_oneof![
        list(",").prop_map(|records| format!("[{records}]")),
        list("\n"),
        list(", ").prop_map(|records| format!("{{\"logs\": [{records}]}}")),
        list(",").prop_map(|records| format!("{{\"next\":\"[\",\"logs\":[{records}],\"total\":7}}")),
        list(",").prop_map(|records| format!("{{\"logs\":[{records}],\"log_id\":\"1\"}}")),
    ];
    let cut = prop_oneof![3 => Just(None), 1 => any::<prop::sample::Index>().prop_map(Some)];
    (vec(one, 1..4), select(vec!["", "\n", "\r\n", " "]), cut).prop_map(|(bodies, between, cut)| {
        let mut body = bodies.join(between).into_bytes();
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len() + 1));
        }
        body
    })
}

/// How often each byte occurs that is neither white space nor structure.
fn content<'a>(bytes: impl Iterator<Item = &'a u8>) -> [usize; 256] {
    let mut counts = [0; 256];
    bytes.filter(|byte| !b" \t\r\n[]{},:".contains(byte)).for_each(|byte| counts[usize::from(*byte)] += 1);
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn prop_bodies_are_cut_as_the_naive_splitter_cuts_them(body in prop_oneof![pieces(), formats()]) {
        prop_assert_eq!(cut(&body), split(&body), "{}", String::from_utf8_lossy(&body));
    }

    #[test]
    fn prop_no_byte_of_content_goes_missing_but_the_name_of_logs(body in prop_oneof![pieces(), formats()]) {
        let records = cut(&body);
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&body);
        let (whole, kept) = (content(body.iter()), content(records.iter().flat_map(|(bytes, _)| bytes)));
        let lost = (0..=255u8).filter(|byte| whole[usize::from(*byte)] != kept[usize::from(*byte)]);
        let lost: Vec<u8> = lost.filter(|byte| !b"\"logs\\u067".contains(byte)).collect();
        prop_assert!(lost.is_empty(), "{:?} of {}", String::from_utf8_lossy(&lost), String::from_utf8_lossy(body));
    }
}

#[test]
fn what_stands_between_the_name_of_logs_and_an_array_is_not_lost() {
    for body in ["{\"logs\": x [1]}", "{\"logs\":\"text\" [1]}", "{\"logs\":7[1]}"] {
        assert_eq!(cut(body.as_bytes()), [(body.as_bytes().to_vec(), Cut::Record)], "{body}");
    }
}
