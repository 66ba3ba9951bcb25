//! Documents as readers meet them: links lead somewhere, lines fit, and the first page is short and true.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use support::{files::project, pure::rows_of};

use crate::golden::files;

/// Lines that the first page may have.
const FIRST_PAGE: usize = 120;
/// Characters that a line of prose may have.
const LINE: usize = 120;

/// Returns every Markdown document of the project, by its path from the root.
fn documents() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    gather(&project(""), Path::new(""), &mut found);
    found
}

fn gather(folder: &Path, below: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && ![".git", "target", "lake", "node_modules"].contains(&name.as_str()) {
            gather(&path, &below.join(&name), found);
        } else if name.ends_with(".md") {
            found.insert(below.join(&name), fs::read_to_string(&path).expect("text"));
        }
    }
}

/// Returns the numbered lines of a document that are no code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// Drops the code between backquotes.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// Where the links of a line lead.
fn targets(line: &str) -> Vec<String> {
    let line = without_code(line);
    line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// Returns the anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.chars().filter(|char| char.is_alphanumeric() || [' ', '-', '_'].contains(char));
        kept.map(|char| if char == ' ' { '-' } else { char.to_ascii_lowercase() }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_between_documents_leads_to_a_file_and_a_heading() {
    let documents = documents();
    let mut checked = 0;
    for (path, text) in &documents {
        for target in prose(text).flat_map(|(_, line)| targets(line)).filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let linked = if file.is_empty() { project("").join(path) } else { project("").join(path).with_file_name("").join(file) };
            let linked = linked.canonicalize().unwrap_or_else(|error| panic!("{} links to {target}: {error}", path.display()));
            if !anchor.is_empty() {
                let text = fs::read_to_string(&linked).expect("a document");
                assert!(anchors(&text).contains(anchor), "{} links to {target}, which has no such heading", path.display());
            }
            checked += 1;
        }
    }
    assert!(documents.len() > 10 && checked > 30, "{checked} links in {} documents", documents.len());
}

#[test]
fn links_and_anchors_are_read_as_github_reads_them() {
    assert_eq!(targets("see [a](b.md#c-d), [e](https://f/(g)) and `[h](i)`"), ["b.md#c-d", "https://f/(g"]);
    let text = "# What `make` does, and why\n```\n# no heading\n```\n### Auth0's side\n";
    assert_eq!(anchors(text), ["auth0s-side", "what-make-does-and-why"].map(str::to_owned).into());
}

#[test]
fn the_first_page_is_short() {
    let lines = documents()[Path::new("README.md")].lines().count();
    assert!(lines <= FIRST_PAGE, "README.md has {lines} lines; move something to docs/");
}

/// Whether a line of prose is too long; one that is mostly code, or where a link leads, is not.
fn is_too_long(line: &str) -> bool {
    let is_table = line.trim_start().starts_with('|');
    let shown = targets(line).iter().fold(without_code(line), |line, target| line.replace(&format!("]({target})"), "]"));
    !is_table && line.chars().count() > LINE && shown.chars().count() > LINE / 2
}

#[test]
fn no_line_of_prose_is_too_long() {
    let words = "seven words that fill a line of prose ".repeat(4);
    assert!(is_too_long(&words) && is_too_long(&format!("{words}`code`")) && !is_too_long(&words[..LINE]));
    assert!(!is_too_long(&format!("| {words} |")) && !is_too_long(&format!("run `{words}`")));
    let mut long = Vec::new();
    for (path, text) in documents() {
        long.extend(prose(&text).filter(|(_, line)| is_too_long(line)).map(|(at, _)| format!("{}:{}", path.display(), at + 1)));
    }
    assert!(long.is_empty(), "lines of more than {LINE} characters: {long:#?}");
}

/// Whether a text holds a fragment, in which `…` stands for anything.
fn holds(text: &str, fragment: &str) -> bool {
    let mut rest = Some(text);
    for part in fragment.split('…') {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, after)| after);
    }
    rest.is_some()
}

/// Returns the fragments of JSON that a table's cell shows.
fn fragments(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter(|code| code.starts_with('"')).collect()
}

#[test]
fn the_first_page_shows_a_record_and_its_row_as_they_are() {
    let readme = fs::read_to_string(project("README.md")).expect("README.md");
    let shown: Vec<Vec<&str>> = readme
        .lines()
        .skip_while(|line| *line != "## One record and its row")
        .filter(|line| line.starts_with("| "))
        .take_while(|line| !line.starts_with("| you want to"))
        .map(|line| line.split(" | ").collect())
        .collect();
    let all = shown.iter().flatten().flat_map(|cell| fragments(cell)).collect::<Vec<_>>().join(" ");
    let id = all.split("\"log_id\":\"").nth(1).and_then(|rest| rest.split('…').next()).expect("the start of a log_id");
    let records: Vec<serde_json::Value> =
        serde_json::from_slice(&fs::read(project("events/provisioning.json")).expect("the sample")).expect("an array");
    let record = records.iter().map(ToString::to_string).find(|record| record.contains(id)).expect("the record");
    let golden = files(&project("tests/golden/provisioning.json/events"));
    let row = golden.values().flat_map(|object| rows_of(object)).find(|row| row.contains(id)).expect("the row");
    for cells in &shown {
        let (sent, held) = (fragments(cells[0]), fragments(cells[1]));
        let same = if ["both, and", "the same"].iter().any(|word| cells[1].starts_with(word)) { sent.clone() } else { Vec::new() };
        assert!(sent.iter().all(|fragment| holds(&record, fragment)), "{record} does not hold one of {sent:?}");
        assert!(held.iter().chain(&same).all(|fragment| holds(row, fragment)), "{row} does not hold one of {held:?}");
    }
    for key in ["p_log_type", "p_schema_version", "p_event_time", "p_parse_time", "p_row_id", "p_source_label", "p_any_usernames"] {
        assert!(all.contains(&format!("\"{key}\":")), "{key}");
    }
    assert!(!row.contains("\"details\""), "left out where it is null");
}
