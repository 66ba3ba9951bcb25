//! Documents say what the code says: names of settings, and columns of tables.

use std::collections::BTreeSet;

use auth0_log_lake::{
    config::SETTINGS,
    schema::{DATA, LOCATION_INFO, data, event_row, ingest, reject_row},
};

use support::files::project;

fn document(name: &str) -> String {
    std::fs::read_to_string(project(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the lines below a line that starts with `heading`, up to one that starts with `end`.
fn below<'a>(text: &'a str, heading: &str, end: &str) -> Vec<&'a str> {
    text.lines().skip_while(|line| !line.starts_with(heading)).skip(1).take_while(|line| !line.starts_with(end)).collect()
}

fn settings() -> BTreeSet<&'static str> {
    SETTINGS.iter().map(|setting| setting.name).collect()
}

/// Returns the cells of each row of a table that starts with a name in code.
fn table<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let rows = lines.iter().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.split('|').skip(1).map(str::trim).collect()).collect()
}

#[test]
fn the_settings_are_listed_with_their_defaults_and_no_others() {
    let operating = document("docs/OPERATING.md");
    let rows = table(&below(&operating, "## Settings", "## "));
    let names: BTreeSet<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(names, settings());
    for setting in SETTINGS {
        let row = rows.iter().find(|row| row[0].trim_matches('`') == setting.name).expect(setting.name);
        let default = setting.default.unwrap_or_default().trim_matches(['(', ')']);
        let required = if setting.default.is_none() { "yes" } else { "no" };
        assert_eq!((row[3].trim_matches('`'), row[4]), (default, required), "{}", setting.name);
    }
}

#[test]
fn every_member_of_a_row_is_described() {
    let described = document("docs/ROW.md");
    let row = below(&described, "## The row", "## The lake").join("\n");
    let ours = [event_row::ALL, data::ALL, ingest::ALL, reject_row::ALL].concat();
    let names = DATA.iter().chain(LOCATION_INFO).map(|column| column.name).chain(ours.iter().map(|member| member.name));
    for name in names {
        assert!(row.contains(&format!("`{name}`")), "{name}");
    }
}

/// What a line of TOML sets a name to.
fn set<'a>(toml: &'a str, name: &str) -> &'a str {
    let value = toml.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    value.unwrap_or_else(|| panic!("{name} in {toml}")).trim_matches('"')
}

#[test]
fn the_changelog_has_the_version_or_holds_it_back_as_unreleased() {
    let (changelog, manifest) = (document("CHANGELOG.md"), document("Cargo.toml"));
    let version = set(&manifest, "version");
    let newest = changelog.lines().filter_map(|line| line.strip_prefix("## [")).next().expect("a version");
    let unreleased = below(&changelog, "## [Unreleased]", "## [").join("\n");
    assert!(newest.starts_with(version) || unreleased.contains(version), "{version} is not in CHANGELOG.md");
}

#[test]
fn the_comparison_has_the_figures_of_the_cost_sheet() {
    let (sheet, comparison) = (document("COSTS.md"), document("docs/WHY.md"));
    let together = |heading: &str| {
        let rows = below(&sheet, heading, "## ");
        let row = rows.into_iter().find_map(|row| row.strip_prefix("| **together** | ")).expect(heading);
        row.trim_end_matches(" |").replace('*', "").split(" | ").map(str::to_owned).collect::<Vec<_>>()
    };
    let events = together("## A million events");
    assert!(comparison.contains(&format!("| {}, {} or {} |", events[0], events[1], events[2])), "{events:?}");
    assert!(comparison.contains(&format!("cost another ${} per month", together("## A month apart from events")[0])));
}
