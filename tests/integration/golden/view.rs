//! Rows as a reviewer reads them: one line a member, with what a json column holds laid open.
//!
//! The view is an array of the rows. It moves white space and unpacks json columns, and leaves
//! every number, key, order and escape as it stands, so that no change of a row is hidden.

use auth0_log_lake::schema::DATA;

/// How deep a json column lies: in the view's array, its row, and `data`.
const DEPTH_OF_COLUMNS: usize = 3;

/// Lays the rows of an object open.
pub fn view<'a>(rows: impl Iterator<Item = &'a str>) -> String {
    let text = format!("[{}]", rows.collect::<Vec<_>>().join(","));
    let mut view = String::new();
    lay_open(&text, 0, &mut view);
    view.push('\n');
    view
}

/// Whether a string of JSON names a json column.
fn is_json_column(name: &str) -> bool {
    let mut columns = DATA.iter().filter(|column| column.kind.name() == "json").map(|column| column.name).chain(["unmapped"]);
    columns.any(|column| name.trim_matches('"') == column)
}

/// Writes JSON with a line for each member and element, from some depth on.
fn lay_open(mut text: &str, depth: usize, view: &mut String) {
    let (mut inner, mut name) = (depth, "");
    while let Some(first) = text.chars().next() {
        let token = if first == '"' { &text[..string_length(text)] } else { &text[..first.len_utf8()] };
        text = &text[token.len()..];
        match first {
            '{' | '[' if text.starts_with(['}', ']']) => {
                view.push_str(&[token, &text[..1]].concat());
                text = &text[1..];
            }
            '{' | '[' | '}' | ']' | ',' => structure(first, &mut inner, view),
            '"' if text.starts_with(':') => {
                name = token;
                view.push_str(token);
            }
            ':' => view.push_str(": "),
            '"' if inner == DEPTH_OF_COLUMNS && depth == 0 && is_json_column(name) => {
                let packed: String = serde_json::from_str(token).expect("a string of JSON");
                lay_open(&packed, inner, view);
            }
            _ => view.push_str(token),
        }
    }
}

/// Writes a bracket or comma, and the start of the next line.
fn structure(bracket: char, inner: &mut usize, view: &mut String) {
    let closes = ['}', ']'].contains(&bracket);
    if closes {
        *inner -= 1;
    } else {
        view.push(bracket);
    }
    if ['{', '['].contains(&bracket) {
        *inner += 1;
    }
    view.push('\n');
    view.push_str(&"  ".repeat(*inner));
    if closes {
        view.push(bracket);
    }
}

/// Returns the length of the string that a text starts with, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            '"' if !is_escaped => return at + 1,
            char => is_escaped = char == '\\' && !is_escaped,
        }
    }
    text.len()
}

#[test]
fn a_view_lays_json_columns_open_and_changes_nothing_else() {
    let row = r#"{"log_id":"details","data":{"type":"a, \"b\" {","details":"{\"n\":1.50e3,\"s\":\"\\ud800 \\\"\",\"l\":[1,2]}","unmapped":"{}","scope":"[]"},"ingest":{}}"#;
    let expected = r#"[
  {
    "log_id": "details",
    "data": {
      "type": "a, \"b\" {",
      "details": {
        "n": 1.50e3,
        "s": "\ud800 \"",
        "l": [
          1,
          2
        ]
      },
      "unmapped": {},
      "scope": "[]"
    },
    "ingest": {}
  }
]
"#;
    assert_eq!(view([row].into_iter()), expected);
}

#[test]
fn a_changed_column_is_one_changed_line() {
    let row = |os: &str| format!(r#"{{"log_id":"1","data":{{"type":"s","details":"{{\"os\":\"{os}\",\"n\":1}}"}}}}"#);
    let (before, after) = (view([row("a").as_str()].into_iter()), view([row("b").as_str()].into_iter()));
    let changed: Vec<_> = before.lines().zip(after.lines()).filter(|(before, after)| before != after).collect();
    assert_eq!(changed, [(r#"        "os": "a","#, r#"        "os": "b","#)]);
}
