//! How the commands print: plain ASCII, at most 100 columns.

use std::borrow::Cow;

use auth0_log_lake::object::ObjectKey;

use crate::print::{escape, visible};

/// Widest line, in columns.
pub const WIDTH: usize = 100;

/// A number with commas between the thousands.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun, in the plural if it needs one.
pub fn count(many: usize, one: &str) -> String {
    format!("{} {one}{}", number(many), if many == 1 { "" } else { "s" })
}

/// A table: the first column aligned left, the others right.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[Cow<'_, str>; N]> = rows.iter().map(|row| row.each_ref().map(|cell| visible(cell))).collect();
    let widest = |column: usize| rows.iter().map(|row| row[column].len()).chain([head[column].len()]).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(widest);
    let line = |cells: [&str; N]| {
        let cell = |(column, cell): (usize, &str)| match column {
            0 => format!("{cell:<width$}", width = widths[0]),
            _ => format!("{cell:>width$}", width = widths[column]),
        };
        let cells: Vec<String> = cells.into_iter().enumerate().map(cell).collect();
        format!("  {}\n", cells.join("  ").trim_end())
    };
    let rows = rows.iter().map(|row| line(std::array::from_fn(|column| &*row[column])));
    std::iter::once(line(head)).chain(rows).collect()
}

/// Returns text as ASCII, with all other characters escaped as in JSON.
pub fn ascii(text: &str) -> String {
    escape(text, |char| !(' '..='~').contains(&char)).into_owned()
}

/// Cuts text to a width, with three dots at the end.
pub fn shorten(text: &str, width: usize) -> String {
    let text = ascii(text);
    if text.len() <= width {
        return text;
    }
    format!("{}...", &text[..width.saturating_sub(3)])
}

/// Breaks text into lines between words.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Returns the folder of an object, with a slash at its end.
pub fn hour_folder(key: &ObjectKey) -> String {
    let key = key.to_string();
    key.rsplit_once('/').map_or(key.clone(), |(folder, _)| format!("{folder}/"))
}

/// A JSON object with one member a line; arrays stay on one line, long values are cut short.
#[cfg(any(test, feature = "run"))]
pub fn members(json: &str) -> String {
    let mut lines = vec![String::from("  ")];
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    for char in json.chars() {
        let structure = !in_string;
        in_string ^= char == '"' && !escaped;
        escaped = in_string && char == '\\' && !escaped;
        if structure && matches!(char, '}' | ']') {
            open.pop();
        }
        if structure && char == '}' {
            lines.push("  ".repeat(open.len() + 1));
        }
        if structure && matches!(char, '{' | '[') {
            open.push(char);
        }
        let ends_line = structure && (char == '{' || char == ',' && open.last() == Some(&'{'));
        if let Some(line) = lines.last_mut() {
            line.push(char);
            line.push_str(if structure && !ends_line && matches!(char, ':' | ',') { " " } else { "" });
        }
        if ends_line {
            lines.push("  ".repeat(open.len() + 1));
        }
    }
    lines.iter().map(|line| shorten(line, WIDTH) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (value, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), shown);
        }
        assert_eq!((count(1, "row"), count(2, "row")), ("1 row".to_owned(), "2 rows".to_owned()));
    }

    #[test]
    fn columns_of_a_table_line_up() {
        let rows = [["a".to_owned(), "1".to_owned()], ["long".to_owned(), "1,000".to_owned()]];
        assert_eq!(table(["file", "n"], &rows), "  file      n\n  a         1\n  long  1,000\n");
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 3), ["unbreakable"]);
    }

    #[test]
    fn members_stand_one_a_line_and_strings_stay_whole() {
        let json = r#"{"a":"{,:\"}","b":{"c":["1","2"]},"d":"é"}"#;
        let shown = "  {\n    \"a\": \"{,:\\\"}\",\n    \"b\": {\n      \"c\": [\"1\", \"2\"]\n    },\n    \"d\": \"\\u00e9\"\n  }\n";
        assert_eq!(members(json), shown);
    }

    #[test]
    fn lines_are_ascii_and_never_too_long() {
        let shown = members(&format!("{{\"a\":\"{}\"}}", "é😀".repeat(99)));
        assert!(shown.is_ascii() && shown.lines().all(|line| line.len() <= WIDTH), "{shown}");
        assert!(shown.contains("\\ud83d\\ude00") && shown.contains("..."), "{shown}");
    }
}
