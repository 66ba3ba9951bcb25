//! Names the members of a rejected object that may be a batch in another wrapper.

use std::collections::BTreeMap;

use auth0_log_lake::reject::Reason;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::{layout::shorten, rejected::RejectRow};

/// Names that are shown.
const NAMES: usize = 5;
/// Width of a name, in columns.
const WIDTH: usize = 30;

/// Says which members an object has instead of `logs`, or beside it; empty where the reject is no wrapper.
pub fn of(row: &RejectRow) -> String {
    let (is_missing_data, is_beside) = (row.reason == Reason::MissingData.code(), row.reason == Reason::WrapperMembers.code());
    if !is_missing_data && !is_beside {
        return String::new();
    }
    let Ok(bytes) = row.bytes() else { return String::new() };
    let Ok(members) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(&bytes) else { return String::new() };
    let is_array = |value: &RawValue| value.get().starts_with('[') && serde_json::from_str::<Vec<IgnoredAny>>(value.get()).is_ok();
    if is_missing_data && !members.values().any(|value| is_array(value)) {
        return String::new();
    }
    let names: Vec<String> = members.keys().take(NAMES).map(|name| shorten(name, WIDTH)).collect();
    let more = members.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let what = if is_missing_data { "no `logs`; members" } else { "members beside `logs`" };
    format!("{what}: {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_of_another_name_says_so_and_other_records_say_nothing() {
        let said = |reason: Reason, raw: &str| {
            let row = serde_json::json!({"reason": reason.code(), "source": "eu", "raw": raw});
            of(&RejectRow::parse(row.to_string().as_bytes()).expect("a row"))
        };
        assert_eq!(said(Reason::MissingData, r#"{"events":[{"log_id":"1"}]}"#), "no `logs`; members: events");
        assert_eq!(said(Reason::MissingData, r#"{"n":1,"a\u001b":[]}"#), "no `logs`; members: a\\u001b, n");
        assert_eq!(said(Reason::WrapperMembers, r#"{"cursor":"x"}"#), "members beside `logs`: cursor");
        for (reason, raw) in [(Reason::MissingData, r#"{"n":1}"#), (Reason::MissingData, "[]"), (Reason::MalformedJson, "{\"a\":[")] {
            assert_eq!(said(reason, raw), "", "{raw}");
        }
        let many: Vec<String> = (0..9).map(|i| format!("\"m{i}\":[]")).collect();
        assert_eq!(said(Reason::MissingData, &format!("{{{}}}", many.join(","))), "no `logs`; members: m0, m1, m2, m3, m4, and 4 more");
    }
}
