//! What holds for every body and every row.

use std::{collections::BTreeSet, slice};

use auth0_log_lake::{
    auth::Source,
    config::Addresses,
    object::Compression,
    partition::{normalize, objects},
    receive::{Context, Receiver, receive},
    response::Outcome,
    schema::{self, Column, ColumnType, DATA, LOCATION_INFO, Member, event_row, reject_row},
};
use bytes::Bytes;
use http::Request;
use proptest::{collection::vec, prelude::*};
use support::{
    json::Json,
    pure::{self, land, land_at, received_at, rows_of, time},
    records::{any_bytes, batch, record},
};

use crate::memory::MemoryStore;

fn cases() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

/// Whether the names are known ones, in their order.
fn in_order(names: &[&str], known: &[&str]) -> bool {
    let mut known = known.iter();
    names.iter().all(|name| known.any(|known| known == name))
}

fn names(columns: &[Column]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}

fn keys(members: &[Member]) -> Vec<&'static str> {
    members.iter().map(|member| member.name).collect()
}

/// Whether a column's value in a row is of the column's type.
fn is_of(kind: ColumnType, value: &Json) -> bool {
    match kind {
        ColumnType::Boolean => matches!(value, Json::Boolean(_)),
        ColumnType::Float => matches!(value, Json::Number(_)),
        ColumnType::Location => in_order(&value.names(), &names(LOCATION_INFO)) && columns_fit(LOCATION_INFO, value),
        ColumnType::Json => value.text().is_some_and(|text| Json::read(text).is_some() && !text.contains('\n')),
        ColumnType::String | ColumnType::Words | ColumnType::Text | ColumnType::Time => matches!(value, Json::String(_)),
    }
}

fn columns_fit(columns: &[Column], object: &Json) -> bool {
    columns.iter().all(|column| object.get(column.name).is_none_or(|value| is_of(column.kind, value)))
}

fn is_closed_event(row: &Json) -> bool {
    let (Some(data), Some(ingest)) = (row.get("data"), row.get("ingest")) else { return false };
    let data_keys = [names(DATA), keys(schema::data::ALL)].concat();
    let strings = |list: Option<&Json>| list.is_none_or(|list| list.elements().iter().all(|one| one.text().is_some()));
    let unmapped = data.get("unmapped").is_none_or(|text| is_of(ColumnType::Json, text));
    in_order(&row.names(), &keys(event_row::ALL))
        && in_order(&data.names(), &data_keys)
        && in_order(&ingest.names(), &keys(schema::ingest::ALL))
        && columns_fit(DATA, data)
        && unmapped
        && strings(row.get("p_any_ip_addresses"))
        && strings(row.get("p_any_usernames"))
        && strings(ingest.get("drift"))
}

/// The hour of a row's time, spelled as in an object's key.
fn folders(row: &Json, key: &str) -> Option<String> {
    let (date, clock) = row.get(key)?.text()?.split_once(' ')?;
    Some(format!("dt={date}/hour={}", clock.get(..2)?))
}

/// Answers one request with an in-memory store; gives the outcome, and how many rows are stored.
fn answer(request: Request<()>, body: Vec<u8>) -> (Outcome, usize) {
    let receiver = Receiver::with_store(MemoryStore::default(), pure::sources(), Addresses::default(), Compression::None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let (head, ()) = request.into_parts();
    let outcome = runtime.block_on(async {
        let context = Context { received_at: received_at(), request_id: "r", peer: None, deadline: crate::memory::deadline() };
        receive(&receiver, context, &head, std::future::ready(Ok(Bytes::from(body)))).await.outcome
    });
    let rows = receiver.committer.store.objects().values().map(|bytes| rows_of(bytes).count()).sum();
    (outcome, rows)
}

fn post(method: &str) -> http::request::Builder {
    Request::builder().method(method).header("authorization", format!("Bearer {}", pure::TOKEN))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn prop_any_authenticated_body_is_answered_200_and_every_record_of_it_is_a_row(body in any_bytes()) {
        let (outcome, rows) = answer(post("POST").body(()).expect("a request"), body);
        let Outcome::Stored { accepted, rejected } = outcome else { return Err(TestCaseError::fail(format!("{outcome:?}"))) };
        prop_assert_eq!(accepted + rejected, rows);
    }

    #[test]
    fn prop_any_request_is_answered_and_only_the_right_token_stores(
        method in "[A-Z]{1,7}", value in proptest::collection::vec(prop_oneof![Just(b'\t'), 0x20..0x7fu8, 0x80..=0xffu8], 0..40), body in any_bytes(),
    ) {
        let request = Request::builder().method(method.as_str()).header("authorization", value).header("content-encoding", "identity");
        let (outcome, rows) = answer(request.body(()).expect("a request"), body);
        prop_assert!(matches!(outcome, Outcome::Refused(_)) && rows == 0, "{:?}", outcome);
    }

    #[test]
    fn prop_events_and_rejects_are_as_many_as_records(body in any_bytes()) {
        let records = auth0_log_lake::batch::split(&body).len();
        let landed = land(&body);
        prop_assert_eq!(landed.tally.accepted + landed.tally.rejected, records);
        prop_assert_eq!((landed.rows("events/").len(), landed.rows("rejects/").len()), (landed.tally.accepted, landed.tally.rejected));
    }

    #[test]
    fn prop_every_row_is_closed_and_in_the_hour_of_its_key(body in prop_oneof![3 => batch(), 1 => any_bytes()]) {
        let landed = land(&body);
        for (key, text) in landed.rows("events/") {
            let row = Json::read(text).expect(text);
            prop_assert!(is_closed_event(&row), "{text}");
            prop_assert!(key.starts_with(&format!("events/{}/", folders(&row, "p_event_time").unwrap_or_default())), "{key} {text}");
        }
        for (key, text) in landed.rows("rejects/") {
            let row = Json::read(text).expect(text);
            prop_assert!(in_order(&row.names(), &keys(reject_row::ALL)) && row.names().len() == 8, "{text}");
            prop_assert!(key.starts_with(&format!("rejects/{}/", folders(&row, "received_at").unwrap_or_default())), "{key} {text}");
        }
    }

    #[test]
    fn prop_the_same_body_makes_the_same_objects(body in any_bytes()) {
        prop_assert_eq!(land(&body).objects, land(&body).objects);
    }

    #[test]
    fn prop_event_objects_keep_their_keys_when_the_same_batch_comes_again_later(records in vec(record(), 0..12)) {
        // One record alone in its hour, so that there is always an object to compare.
        let sure = r#"{"log_id":"sure","data":{"date":"2020-02-02T02:02:02.000Z"}}"#.to_owned();
        let body = format!("[{}]", [records, vec![sure]].concat().join(",")).into_bytes();
        let (now, later) = (land(&body), land_at(&body, time("2026-11-23T09:40:00.001Z")));
        // Rows timed by their request move with it, into the hour of the second request.
        let moved: BTreeSet<String> =
            now.rows("events/").into_iter().filter(|(_, row)| row.contains("\"time_source\":\"received\"")).map(|(key, _)| key).collect();
        let stays = |key: &&String| !moved.contains(*key) && !key.starts_with("events/dt=2026-11-23/hour=09/");
        let keys = now.keys("events/");
        let kept: Vec<&String> = keys.iter().filter(stays).collect();
        prop_assert!(kept.iter().any(|key| key.starts_with("events/dt=2020-02-02/hour=02/")), "{kept:?}");
        let again = later.keys("events/");
        prop_assert!(kept.iter().all(|key| again.contains(key)), "{kept:?} in {again:?}");
    }

    #[test]
    fn prop_another_source_never_shares_an_object_or_a_row_id(records in vec(record(), 1..12)) {
        let body = format!("[{}]", records.join(",")).into_bytes();
        let other = Source::parse("other").expect("a source");
        let arrival = auth0_log_lake::row::Arrival::new(&other, "golden-request", received_at());
        let rows = normalize(&arrival, &body, Vec::new());
        let keys: BTreeSet<String> = objects(slice::from_ref(&rows), Compression::None).expect("objects").iter().map(|(object, _)| object.key.to_string()).collect();
        let ours = land(&body);
        prop_assert!(!keys.is_empty() && ours.keys("").iter().all(|key| !keys.contains(key)));
        let ids = |rows: Vec<&str>| rows.into_iter().map(|row| row_id(row).expect(row)).collect::<BTreeSet<_>>();
        let (our_ids, their_ids) = (ids(ours.rows("").into_iter().map(|(_, row)| row).collect()), ids(rows_of(rows.ndjson()).collect()));
        prop_assert_eq!(our_ids.len(), their_ids.len());
        prop_assert!(!our_ids.is_empty() && our_ids.is_disjoint(&their_ids));
    }
}

fn row_id(row: &str) -> Option<String> {
    let row: serde_json::Value = serde_json::from_str(row).ok()?;
    row["p_row_id"].as_str().map(str::to_owned)
}
