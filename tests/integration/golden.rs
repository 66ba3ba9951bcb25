//! What each sample of `events/` becomes, to the byte.
//!
//! The files below `tests/golden/` are named as the sample and then as the object. `make golden`
//! rewrites them. `CONTRIBUTING.md` names the `git diff` options that show each changed column.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use support::{
    files::project,
    pure::{land, rows_of},
};

const FOLDER: &str = "tests/golden";

/// Every file of a folder with its content, by the path below the folder.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    support::files::files(folder).into_iter().map(|(name, content)| (name.into(), content)).collect()
}

/// Every body of `events/`, by its file's name.
fn samples() -> BTreeMap<PathBuf, Vec<u8>> {
    let body = |path: &Path| {
        path.components().count() == 1 && path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl")
    };
    files(&project("events")).into_iter().filter(|(path, _)| body(path)).collect()
}

/// Every object of every sample, by the path of its golden file.
fn objects() -> BTreeMap<PathBuf, Vec<u8>> {
    let of = |(sample, body): (PathBuf, Vec<u8>)| {
        let objects = land(&body).objects.into_iter();
        objects.map(move |object| (sample.join(object.key.to_string()), object.bytes.to_vec()))
    };
    samples().into_iter().flat_map(of).collect()
}

fn rewrite(produced: &BTreeMap<PathBuf, Vec<u8>>) {
    let folder = project(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("golden files can be removed");
    }
    for (path, content) in produced {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&folder)).expect("a folder for golden files");
        fs::write(&path, content).expect("golden files can be written");
    }
}

#[expect(clippy::disallowed_methods, reason = "the command that rewrites golden files says so in the environment")]
fn must_rewrite() -> bool {
    std::env::var_os("GOLDEN").is_some_and(|word| word == "rewrite")
}

#[test]
fn every_sample_becomes_its_golden_objects_and_no_golden_file_is_unused() {
    let produced = objects();
    if must_rewrite() {
        rewrite(&produced);
    }
    let golden = files(&project(FOLDER));
    let unused: Vec<_> = golden.keys().filter(|path| !produced.contains_key(*path)).collect();
    assert!(unused.is_empty(), "golden files that no sample produces: {unused:#?}");
    for (path, content) in &produced {
        let expected = golden.get(path).map(|content| String::from_utf8_lossy(content));
        assert_eq!(expected.as_deref(), Some(&*String::from_utf8_lossy(content)), "{}", path.display());
    }
}

#[test]
fn the_samples_are_of_at_least_25_type_codes() {
    let objects = objects();
    let rows = objects.values().flat_map(|content| rows_of(content));
    let code = |row: &str| serde_json::from_str::<serde_json::Value>(row).ok()?.pointer("/data/type")?.as_str().map(str::to_owned);
    let codes: std::collections::BTreeSet<String> = rows.filter_map(code).collect();
    assert!(codes.len() >= 25, "{codes:?}");
}
