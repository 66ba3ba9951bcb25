//! What a user sets reaches a tool as it is: neither make nor a shell runs any part of it.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use support::files::project;

/// Each of these would create a file, if something ran it.
const HOSTILE: [&str; 3] =
    ["$(shell touch hit)$$(touch hit)`touch hit`", "'; touch hit; '\"; touch hit; \"", "a\ntouch hit\n\ttouch hit #"];

fn makefile() -> String {
    fs::read_to_string(project("Makefile")).expect("the Makefile")
}

/// Every word that can be the name of a variable, but for those that say where tools are.
fn variables(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    names.filter(|name| !["PATH", "SHELL", "CARGO_TARGET_DIR"].contains(name)).collect()
}

/// A copy of the Makefile beside tools that do nothing but note their arguments and environment.
fn desk() -> tempfile::TempDir {
    let desk = tempfile::tempdir().expect("a folder");
    fs::copy(project("Makefile"), desk.path().join("Makefile")).expect("the Makefile");
    let tool = "#!/bin/sh\n{ printf '%s\\0' \"$@\"; /usr/bin/env -0; } >> told\n";
    let tools = ["bin/cargo", "bin/python3", "bin/tail", "bin/sleep", "bin/mkdir", "scripts/deploy", "analysis/run"];
    for path in
        tools.into_iter().chain(["tests/stack/run", "tests/engines/run", "tests/report/run", "built/laptop/lake", "built/laptop/local"])
    {
        let path = desk.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, tool).expect("a tool");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, executable).expect("a tool");
    }
    fs::create_dir_all(desk.path().join("target/run")).expect("a folder");
    desk
}

fn make(desk: &Path, arguments: &[&str], variables: &[(&str, &str)]) {
    let mut make = Command::new("make");
    make.arg("-s").args(arguments).current_dir(desk).env_clear().env("PATH", "bin:/usr/bin:/bin").env("CARGO_TARGET_DIR", "built");
    make.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("make");
}

/// Whether a tool was told the value, alone or as the value of an option or variable.
fn told(desk: &Path, value: &str) -> bool {
    let told = fs::read(desk.join("told")).unwrap_or_default();
    _ = fs::remove_file(desk.join("told"));
    told.split(|byte| *byte == 0).any(|word| word.ends_with(value.as_bytes()))
}

#[test]
fn no_value_of_any_variable_of_any_command_is_run() {
    let (makefile, desk) = (makefile(), desk());
    let all = variables(&makefile);
    for name in ["SQL", "SOURCE", "LAKE", "PARAMETERS", "STACK", "FROM", "EVENTS", "EVENT", "PORT", "ARCH"] {
        assert!(all.contains(&name), "{name} is not of {all:?}");
    }
    for target in makefile.lines().find_map(|line| line.strip_prefix(".PHONY: ")).expect("the commands").split_whitespace() {
        let of_target = |part: &&str| format!("\n{part}").contains(&format!("\n{target}: "));
        let recipe = makefile.split("\n\n").filter(of_target).collect::<String>();
        let runs = |arguments: &[&str], set: &[(&str, &str)]| {
            make(desk.path(), &[&[target], arguments].concat(), set);
            assert!(!desk.path().join("hit").exists(), "make {target} {arguments:?} {set:?}");
        };
        for value in HOSTILE {
            let pairs: Vec<(&str, &str)> = all.iter().map(|name| (*name, value)).collect();
            runs(&[], &pairs);
            runs(&["-e"], &pairs);
            let typed: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            runs(&typed.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
            for name in variables(&recipe).intersection(&all) {
                runs(&[&format!("{name}={value}")], &[]);
                runs(&[], &[(name, value)]);
            }
        }
    }
}

#[test]
fn a_tool_is_told_each_value_as_it_was_set() {
    let desk = desk();
    for (target, name, others) in [
        ("token", "SOURCE", vec![]),
        ("invoke", "EVENT", vec![]),
        ("deploy", "PARAMETERS", vec![]),
        ("deploy", "STACK", vec![]),
        ("query", "SQL", vec![]),
        ("detect", "LAKE", vec![]),
        ("report", "OUT", vec![]),
        ("erase", "FROM", vec!["IDS=x"]),
        ("replay", "LAKE", vec!["URL=x"]),
        ("tables", "STACK", vec![]),
        ("merge", "SINCE", vec![]),
        ("cost", "EVENTS", vec![]),
        ("bench-queries", "EVENTS", vec![]),
        ("bench-modes", "REQUESTS", vec![]),
        ("simulate", "SEEDS", vec![]),
    ] {
        for value in HOSTILE {
            make(desk.path(), &[&[target, &format!("{name}={value}")][..], &others].concat(), &[]);
            assert!(told(desk.path(), value), "make {target} {name}={value}");
            make(desk.path(), &[&[target][..], &others].concat(), &[(name, value)]);
            assert!(told(desk.path(), value), "{name}={value} make {target}");
        }
    }
}

/// A variable that stands in the text of a recipe is one that a command line cannot set, or a condition.
#[test]
fn recipes_read_what_a_user_sets_from_the_environment_alone() {
    let makefile = makefile();
    let ours: Vec<&str> =
        makefile.lines().filter_map(|line| line.strip_prefix("override ")?.split_once(" = ")).map(|(name, _)| name).collect();
    for line in makefile.replace("\\\n", " ").lines().filter(|line| line.starts_with('\t')) {
        let text = line.replace("$$", "").replace("$(if $(filter x86_64,$(ARCH)),", "");
        for (place, _) in text.match_indices("$(") {
            let (name, _) = text[place + 2..].split_once([')', ' ']).expect("its end");
            let condition = text[..place].ends_with("$(if ") || name == "if";
            assert!(condition || ours.contains(&name), "$({name}) in {line}");
        }
    }
}
