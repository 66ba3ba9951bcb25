//! The threat model does not drift: every test that SECURITY.md names is there.

use std::{collections::BTreeSet, fs, path::Path};

use support::files::project;

/// Collects the text of every source file below a folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "py") {
            text.push_str(&fs::read_to_string(&path).expect("a source file"));
        }
    }
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let mut text = String::new();
    for folder in ["src", "crates", "tests"] {
        sources(&project(folder), &mut text);
    }
    let model = fs::read_to_string(project("SECURITY.md")).expect("SECURITY.md");
    let names: BTreeSet<&str> = model.split('`').skip(1).step_by(2).collect();
    let is_test =
        |name: &&&str| name.matches('_').count() >= 3 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
    let tests: Vec<&str> = names.iter().filter(is_test).copied().collect();
    assert!(tests.len() > 20, "{tests:?}");
    let missing: Vec<&str> = tests.into_iter().filter(|name| !text.contains(&format!(" {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
