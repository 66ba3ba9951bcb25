//! Rows of people whose names resemble another's are never erased with theirs.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::json;

use super::{
    person::Person,
    rows::{Fate, fate},
};

const ANN: &str = "ann@example.com";
const ID: &str = "auth0|507f1f77";

fn person(ids: &[&str]) -> Person {
    let mut person = Person::default();
    ids.iter().for_each(|id| person.add(id, "").expect(id));
    person
}

fn fate_of(person: &Person, row: &str) -> Fate {
    fate(row.as_bytes(), &person.find(row.as_bytes()), person)
}

fn event(user: &str) -> String {
    json!({"p_any_usernames": [user], "data": {"user_name": user}}).to_string()
}

/// A text with each byte percent-encoded.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        _ = write!(out, "%{byte:02X}");
        out
    })
}

/// A text with each character as an entity of HTML.
fn entities(text: &str) -> String {
    text.chars().map(|char| format!("&#{};", u32::from(char))).collect()
}

/// A text in each way in which a row may hold it.
fn rows(text: &str) -> Vec<String> {
    let inner = json!({"to": text}).to_string();
    vec![
        event(text),
        json!({"data": {"details": inner}}).to_string(),
        json!({"data": {"details": json!({"body": inner}).to_string()}}).to_string(),
        json!({"data": {"details": json!({"qs": {"login_hint": percent(text)}}).to_string()}}).to_string(),
        json!({"data": {"details": json!({"url": format!("https://example.org/a?email={}&x=1", percent(text))}).to_string()}}).to_string(),
        json!({"data": {"details": format!("/authorize?redirect={}", percent(&format!("https://b/?login_hint={}", percent(text))))}})
            .to_string(),
        json!({"data": {"details": format!("/api/v2/users/{}/roles", percent(text))}}).to_string(),
        json!({"data": {"description": entities(text)}}).to_string(),
        json!({"data": {"description": format!("user '{text}' not found")}}).to_string(),
        json!({"data": {"description": format!("sent to <{text}>")}}).to_string(),
        json!({"data": {"description": format!("sent to \"{text}\", at last")}}).to_string(),
        json!({"reason": "malformed_json", "raw": format!("{{\"user_name\":\"{}\",", percent(text))}).to_string(),
    ]
}

#[test]
fn a_person_is_found_in_every_form_of_a_row() {
    let known = person(&[ANN, ID, "phone:+15550100123", "name:annie"]);
    for text in [ANN, ID, "ANN@Example.com", "AUTH0|507F1F77"] {
        for row in rows(text) {
            assert_eq!(fate_of(&known, &row), Fate::Goes, "{row}");
        }
    }
    for row in [
        r#"{"data":{"user_id":"samlp|corp|ann@example.com"}}"#.to_owned(),
        r#"{"data":{"user_id":"acme|ann@example.com"}}"#.to_owned(),
        r#"{"data":{"description":"mailto:ann@example.com"}}"#.to_owned(),
        r#"{"data":{"description":"user=ann@example.com, gone"}}"#.to_owned(),
        r#"{"data":{"description":"login_hint=ann%40example.com&"}}"#.to_owned(),
        r#"{"data":{"description":"POST grant_type=password&username=ann@example.com&scope=x"}}"#.to_owned(),
        r#"{"data":{"details":"{\"path\":\"/api/v2/users-by-email?email=ann@example.com\"}"}}"#.to_owned(),
        r#"{"data":{"description":"ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ"}}"#.to_owned(),
        r#"{"data":{"unmapped":"{\"x\":\"to\\nann@example.com.\"}"}}"#.to_owned(),
        r#"{"data":{"user_name":"Annie"}}"#.to_owned(),
        r#"{"data":{"details":"{\"phone_number\":\"+1 555-010-0123\"}"}}"#.to_owned(),
        r#"{"raw":"{\"a\":\nann@example.com"}"#.to_owned(),
        "not JSON ann@example.com".to_owned(),
    ] {
        assert_eq!(fate_of(&known, &row), Fate::Goes, "{row}");
    }
}

#[test]
fn what_may_be_somebody_else_is_judged_and_what_is_nobody_stays() {
    let known = person(&["brien@example.com", ID, "phone:+15550100123", "name:annie"]);
    for user in [
        "o'brien@example.com",
        "sean.o'brien@example.com",
        "r&d/brien@example.com",
        "bounce=brien@example.com",
        "user=brien@example.com",
        "x?user=brien@example.com",
        "/users/brien@example.com",
        "d\u{2019}brien@example.com",
        "\"brien@example.com\"@example.org",
        "\"x brien@example.com\"@example.org",
        "brien@example.com.au",
        "brien@example.comet",
        "brien@example.com-x",
        "auth0|507f1f775",
        "x-auth0|507f1f77",
        "auth0|507f1f77|x",
        "auth0|507f1f77,ou=x",
        "15550100123",
    ] {
        for row in rows(user).into_iter().take(3) {
            assert!(matches!(fate_of(&known, &row), Fate::Judged(_)), "{row}");
        }
    }
    for row in [
        r#"{"data":{"description":"bounce=brien@example.com"}}"#,
        r#"{"data":{"details":"{\"url\":\"https://brien@example.com/\"}"}}"#,
        r#"{"data":{"details":"{\"path\":\"/users/r&d/brien@example.com\"}"}}"#,
        r#"{"data":{"client_name":"annie"}}"#,
    ] {
        assert!(matches!(fate_of(&known, row), Fate::Judged(_)), "{row}");
    }
    for row in ["{}", "", r#"{"data":{"user_id":"auth0|507f1f7"}}"#, r#"{"data":{"user_name":"annie b","description":"annie"}}"#] {
        let is_judged = row.contains("description");
        assert_eq!(matches!(fate_of(&known, row), Fate::Judged(_)), is_judged, "{row}");
        assert_ne!(fate_of(&known, row), Fate::Goes, "{row}");
    }
}

#[test]
fn a_row_id_is_only_that_of_the_row() {
    let id = "0123456789abcdef0123456789abcdef";
    let known = person(&[id]);
    assert_eq!(fate_of(&known, &format!(r#"{{"p_row_id":"{id}"}}"#)), Fate::Goes);
    assert_eq!(fate_of(&known, &format!(r#"{{"p_row_id":"1","data":{{"details":"{id}"}}}}"#)), Fate::Stays);
}

/// What may stand in a local part, in any script.
const LOCAL: &str = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.éß字अ\u{2019}\u{301}-]{1,12}";

proptest! {
    #[test]
    fn prop_an_address_that_is_longer_is_never_erased(before in LOCAL, after in "(\\.[a-z]{2}|[a-z]{1,3}|-[a-z]|_|\\.é|@x)?") {
        // A user id of a known strategy names the person; nothing else does.
        prop_assume!(!before.ends_with('|'));
        let known = person(&[ANN]);
        for row in rows(&format!("{before}{ANN}{after}")) {
            prop_assert_ne!(fate_of(&known, &row), Fate::Goes, "{}", row);
        }
        if !after.is_empty() {
            for row in rows(&format!("{ANN}{after}")) {
                prop_assert_ne!(fate_of(&known, &row), Fate::Goes, "{}", row);
            }
        }
    }

    #[test]
    fn prop_a_user_id_that_is_longer_is_never_erased(before in "[a-z0-9|@_-]{0,3}", after in "[a-zA-Z0-9|@+=/_~-]{0,3}") {
        prop_assume!(!before.is_empty() || !after.is_empty());
        let known = person(&[ID]);
        for row in rows(&format!("{before}{ID}{after}")) {
            prop_assert_ne!(fate_of(&known, &row), Fate::Goes, "{}", row);
        }
    }

    #[test]
    fn prop_any_address_is_found_in_every_form_of_a_row(local in "[a-z0-9][a-z0-9!#$&'*+=?^_{|}~.é字-]{0,12}[a-z0-9]") {
        let address = format!("{local}@example.com");
        prop_assume!(!address.contains('|'));
        let known = person(&[&format!("email:{address}")]);
        for row in rows(&address) {
            prop_assert_eq!(fate_of(&known, &row), Fate::Goes, "{}", row);
        }
    }
}
