//! `lake --help`, `lake completions`, `lake man` and docs/COMMANDS.md say the same.

use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
};

use support::files::project;

use crate::program::lake;

#[test]
fn the_reference_page_is_the_help() {
    let page = lake(&["man", "--markdown"], None);
    let stored = fs::read_to_string(project("docs/COMMANDS.md")).unwrap_or_default();
    assert!(page.out == stored, "docs/COMMANDS.md is not what cargo lake man --markdown writes");
    for heading in ["## lake run", "## lake rejects close", "## lake query"] {
        assert!(page.out.contains(heading), "{heading}");
    }
}

#[test]
fn completions_and_manual_pages_name_the_commands_and_options() {
    for shell in ["bash", "zsh", "fish"] {
        let said = lake(&["completions", shell], None);
        assert!(said.code == 0 && said.out.contains("replay") && said.out.contains("dry-run"), "{shell}: {}", said.out);
    }
    let page = lake(&["man"], None);
    assert!(page.code == 0 && page.out.contains(".TH lake 1") && page.out.contains("replay"), "{}", page.out);
    let page = lake(&["man", "replay"], None);
    assert!(page.code == 0 && page.out.contains("dry\\-run"), "{}", page.out);
    let none = lake(&["man", "nothing"], None);
    assert!(none.code == 2 && none.error.contains("lake has no command nothing"), "{}", none.error);
}

#[test]
fn usage_that_is_wrong_ends_with_2_and_help_with_0() {
    for (words, code) in [(&[][..], 2), (&["nothing"], 2), (&["replay", "--from", "x"], 2), (&["--help"], 0), (&["help", "query"], 0)] {
        assert_eq!(lake(words, None).code, code, "{words:?}");
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lake"));
    let mut child = child.args(["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command");
    drop(child.stdout.take());
    let mut error = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut error).expect("text");
    assert!(child.wait().expect("an end").success() && error.is_empty(), "{error}");
}
