//! `lake query`, `detect`, `report` and `deploy` start other programs, and pass on what is typed and how they end.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use support::files::folder;

use crate::program::{command, run};

/// Writes a program that prints its name and each argument on a line, and ends with 7.
fn program(path: &Path) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(
        path,
        "#!/bin/sh\nbasename \"$0\"; for word in \"$@\"; do echo \"<$word>\"; done\necho \"$STACK,$PARAMETERS,$DRY_RUN\"; exit 7\n",
    )
    .expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn arguments_pass_as_they_are_and_so_does_the_end() {
    let place = folder();
    program(&place.path().join("bin/lake-query"));
    let path = format!("{}:/usr/bin:/bin", place.path().join("bin").display());
    let words = ["query", "--format", "csv", "--", "SELECT 'a b' -- $(touch x) `y`", "", "--help"];
    let said = run(command(&words, None).env("PATH", &path));
    assert_eq!(said.code, 7, "{}", said.error);
    assert!(said.out.starts_with("lake-query\n<--format>\n<csv>\n<-->\n<SELECT 'a b' -- $(touch x) `y`>\n<>\n<--help>\n"), "{}", said.out);
}

#[test]
fn a_clone_has_them_where_none_is_installed() {
    let clone = folder();
    fs::create_dir_all(clone.path().join("crates/lake")).expect("a folder");
    for file in ["analysis/run", "scripts/deploy"] {
        program(&clone.path().join(file));
    }
    let of_cargo = clone.path().join("crates/lake");
    let in_clone = |words: &[&str]| run(command(words, None).env("PATH", "/usr/bin:/bin").env("CARGO_MANIFEST_DIR", &of_cargo));
    for name in ["query", "detect", "report"] {
        let said = in_clone(&[name, "--since", "7d"]);
        assert!(said.code == 7 && said.out.starts_with(&format!("run\n<{name}>\n<--since>\n<7d>\n")), "{}{}", said.out, said.error);
    }
    let said = in_clone(&["deploy", "--stack", "logs", "--parameter", "A=b c", "--parameter", "D='e'", "--dry-run"]);
    assert!(said.code == 7 && said.out.starts_with("deploy\nlogs,'A=b c' 'D='\\''e'\\''',1\n"), "{}{}", said.out, said.error);
    let said = in_clone(&["deploy", "digests"]);
    assert!(said.code == 7 && said.out.starts_with("deploy\n<digests>\n,,\n"), "{}{}", said.out, said.error);
}

#[test]
fn a_missing_program_is_a_sentence() {
    let place = folder();
    let copy = place.path().join("lake");
    fs::copy(env!("CARGO_BIN_EXE_lake"), &copy).expect("a copy");
    let mut alone = std::process::Command::new(copy);
    let said = run(alone.args(["report"]).env_clear().env("PATH", "/nowhere"));
    let sentence = "lake: lake-report was not found: it comes with the wheel of the release (pip install), or a clone (cargo lake).\n";
    assert_eq!((said.code, said.error.as_str()), (2, sentence));
}
