//! Every `make` command that a document or the help names is in a table here, and is run by a test.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use support::files::project;

use crate::desk::Desk;

/// Where a command is run.
#[derive(Clone, Copy)]
enum Run {
    /// By a test of this folder.
    Here,
    /// By a test of this file.
    In(&'static str),
}
use Run::{Here, In};

/// Each command, the variables that documents give it, and where it is run.
const COMMANDS: [(&str, &str, Run); 34] = [
    ("bench", "", Here),
    ("bench-modes", "REQUESTS", Here),
    ("bench-queries", "EVENTS", In("tests/engines/bench.py")),
    ("build", "ARCH", In("tests/deploy/build.rs")),
    ("check", "", Here),
    (
        "cost",
        "EVENTS PER_REQUEST SOURCES MILLISECONDS MEMORY ARCH OBJECTS STORED LOGGED BUFFER_SECONDS RECEIVED LOGGED_QUEUED",
        In("tests/deploy/cost.rs"),
    ),
    ("deny", "ADVISORIES", Here),
    ("deploy", "TOKEN_DIGESTS STACK ALARM_EMAIL PARAMETERS TAGS DRY_RUN CONFIRM", In("tests/deploy/main.rs")),
    ("detect", "LAKE ID SINCE UNTIL SET", In("tests/analysis/test_documents.py")),
    ("doctor", "TOKEN URL LAKE WORKGROUP DATABASE WAIT", Here),
    ("erase", "FROM IDS SQL CONFIRM PERSON", Here),
    ("fuzz", "FUZZ_SECONDS", Here),
    ("gaps", "AUTH0_CLIENT_ID AUTH0_CLIENT_SECRET AUTH0_TOKEN AUTH0_DOMAIN LAKE SOURCE SINCE UNTIL FROM FILL URL TOKEN METRIC", Here),
    ("golden", "", Here),
    ("help", "", Here),
    ("invoke", "EVENT", Here),
    ("lint", "", Here),
    ("load", "", Here),
    ("merge", "SINCE UNTIL STACK DATABASE", In("tests/engines/test_commands.py")),
    ("query", "SQL LAKE", In("tests/analysis/test_documents.py")),
    ("replay", "TOKEN LAKE URL SOURCE SINCE UNTIL REASON DRY_RUN", Here),
    ("report", "LAKE TABLE SINCE UNTIL HISTORY OUT", In("tests/analysis/test_documents.py")),
    ("run", "ONESHOT PORT TOKEN TOKEN_DIGESTS LAKE_URL CONFIRM", Here),
    ("simulate", "SEEDS", Here),
    ("stack", "", Here),
    ("tables", "STACK DATABASE", In("tests/engines/test_commands.py")),
    ("test", "", Here),
    ("test-analysis", "", Here),
    ("test-engines", "", In("tests/engines/home.py")),
    ("test-report", "", In("tests/report/run")),
    ("token", "SOURCE", Here),
    ("watch", "LAKE_URL TOKEN_DIGESTS", Here),
    ("digests", "STACK", In("tests/deploy/main.rs")),
    ("source-cidrs", "RANGES REGION STACK", In("tests/deploy/main.rs")),
];

/// Each command of `lake` that documents name, also after `cargo`, and the options that they give it.
const LAKE: [(&str, &str); 13] = [
    ("completions", ""),
    ("deploy", "--stack --dry-run"),
    ("detect", "--since"),
    ("doctor", "--url"),
    ("erase", ""),
    ("gaps", "--help --domain --lake --since --metric"),
    ("man", "--markdown"),
    ("merge", "--since --until"),
    ("query", ""),
    ("rejects", "--lake --since --format --reason"),
    ("replay", "--lake --url --dry-run --stack --since --until --reason --source"),
    ("report", "--since"),
    ("run", "--no-samples --metrics --port --once"),
];

/// The tests of this folder.
const TESTS: [&str; 4] = [include_str!("gaps.rs"), include_str!("recorded.rs"), include_str!("running.rs"), include_str!("talking.rs")];

/// A command as it is written: what it makes, and the variables that it gives.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    targets: Vec<String>,
    variables: Vec<String>,
}

fn is_target(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase()) && word.chars().all(|char| char.is_ascii_lowercase() || char == '-')
}

/// The name of the variable that a word sets, if it does.
fn variable(word: &str) -> Option<&str> {
    let name = word.trim_start_matches('[').split_once('=')?.0;
    let is_name = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_');
    is_name.then_some(name)
}

/// Reads the commands of a line of code.
fn commands(line: &str) -> Vec<Written> {
    let line = line.split(" #").next().unwrap_or_default();
    let mut found = Vec::new();
    for part in line.split("&&").flat_map(|part| part.split(';')) {
        let words: Vec<&str> = part.split_whitespace().collect();
        let Some(make) = words.iter().position(|word| *word == "make") else { continue };
        let (before, after) = (&words[..make], &words[make + 1..]);
        if !before.iter().all(|word| variable(word).is_some() || word.ends_with('>')) && !before.is_empty() {
            continue;
        }
        let targets = after.iter().take_while(|word| is_target(word) || variable(word).is_some()).filter(|word| is_target(word));
        let variables = before.iter().chain(after).filter_map(|word| variable(word));
        found.push(Written { targets: targets.map(ToString::to_string).collect(), variables: variables.map(str::to_owned).collect() });
    }
    found
}

/// The code of a document: the lines of its blocks, and what is between backquotes.
fn code(text: &str) -> Vec<String> {
    let (mut code, mut in_block) = (Vec::new(), false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            code.push(line.to_owned());
        } else {
            code.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    code
}

fn documents(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !["target", "lake", "node_modules"].contains(&name.as_str()) {
            documents(&path, found);
        } else if name.ends_with(".md") {
            found.insert(path.display().to_string(), fs::read_to_string(&path).expect("text"));
        }
    }
}

/// Every command that a document or the help names, with its place.
fn written() -> Vec<(String, Written)> {
    let mut all = BTreeMap::new();
    documents(&project(""), &mut all);
    let mut found = Vec::new();
    for (name, text) in all {
        found.extend(code(&text).iter().flat_map(|line| commands(line)).map(|command| (name.clone(), command)));
    }
    for line in Desk::new().types("make help").out.lines() {
        let target = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let variables = line.split([' ', '(', ')', ',']).filter_map(variable).map(str::to_owned).collect();
        found.push(("make help".to_owned(), Written { targets: vec![target], variables }));
    }
    found
}

/// Reads the commands of `lake` in a line of code: the name of each, and its options.
fn lake_commands(line: &str) -> Vec<(String, Vec<String>)> {
    let read = |part: &str| {
        let words: Vec<&str> = part.split_whitespace().skip_while(|word| variable(word).is_some() || *word == "cargo").collect();
        let [first, name, rest @ ..] = words.as_slice() else { return None };
        let options = rest.iter().filter(|word| word.starts_with("--")).map(|word| word.trim_end_matches(',').to_owned());
        (*first == "lake" && is_target(name)).then(|| ((*name).to_owned(), options.collect()))
    };
    line.split(" #").next().unwrap_or_default().split("&&").flat_map(|part| part.split([';', '|'])).filter_map(read).collect()
}

#[test]
fn every_command_of_lake_that_is_written_down_is_typed_by_a_test() {
    let mut all = BTreeMap::new();
    documents(&project(""), &mut all);
    // The help itself is tested beside it.
    all.retain(|name, _| !name.ends_with("docs/COMMANDS.md"));
    let tests = TESTS.concat();
    let mut count = 0;
    for (place, text) in all {
        for (name, options) in code(&text).iter().flat_map(|line| lake_commands(line)) {
            let known = LAKE.iter().find(|(known, _)| *known == name).map(|(_, options)| *options);
            let known =
                known.unwrap_or_else(|| panic!("{place} names lake {name}: add a test that types it, and a line to the table LAKE"));
            for option in options {
                assert!(known.split(' ').any(|known| known == option), "{place} gives lake {name} {option}, which no test types");
            }
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
    for (name, options) in LAKE {
        assert!(tests.contains(&format!("lake {name}")), "lake {name}");
        for option in options.split(' ').filter(|option| !option.is_empty()) {
            assert!(tests.contains(option), "lake {name} {option}");
        }
    }
}

#[test]
fn commands_are_read_as_they_are_written() {
    let lake =
        |line: &str| lake_commands(line).into_iter().map(|(name, options)| format!("{name} {}", options.join(" "))).collect::<Vec<_>>();
    assert_eq!(lake("TOKEN=… lake replay --lake \"x\" --dry-run"), ["replay --lake --dry-run"]);
    assert_eq!(lake("cargo lake rejects | head"), ["rejects "]);
    assert!(lake("cargo lambda build").is_empty() && lake("ls lake").is_empty() && lake("lake [prod]").is_empty());
    let read =
        |line: &str| commands(line).into_iter().map(|command| (command.targets.join(" "), command.variables.join(" "))).collect::<Vec<_>>();
    let one = |targets: &str, variables: &str| vec![(targets.to_owned(), variables.to_owned())];
    assert_eq!(read("make run     # starts"), one("run", ""));
    assert_eq!(read("TOKEN=<the token> make doctor URL=<the URL>"), one("doctor", "TOKEN URL"));
    assert_eq!(read("make test check && make deploy A=1"), [one("test check", ""), one("deploy", "A")].concat());
    assert_eq!(read("can make a lake"), []);
    assert_eq!(code("a `make run` b\n```sh\nmake test\n```\nmake x\n"), ["make run", "make test"]);
}

#[test]
fn every_command_that_is_written_down_is_in_the_table_with_its_variables() {
    let written = written();
    assert!(written.len() > 40, "{}", written.len());
    for (place, command) in &written {
        assert!(!command.targets.is_empty(), "{place}: {command:?}");
        for target in &command.targets {
            let (_, variables, _) = COMMANDS.iter().find(|(known, ..)| known == target).unwrap_or_else(|| {
                panic!("{place} names make {target}: add a test that runs it as it is written, and a line to the table of this file")
            });
            let known: BTreeSet<&str> = variables.split(' ').collect();
            if command.targets.len() == 1 {
                assert!(command.variables.iter().all(|name| known.contains(name.as_str())), "{place}: {command:?}");
            }
        }
    }
}

#[test]
fn every_command_of_the_table_is_run_through_make_with_its_variables() {
    for (target, variables, run) in COMMANDS {
        let file = |path: &str| fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("make {target} is run in {path}: {error}"));
        let tests = match run {
            Here => TESTS.concat(),
            In(path) => file(path),
        };
        let typed: Vec<&str> = tests.lines().filter(|line| line.contains("make ") && line.contains(target)).collect();
        assert!(!typed.is_empty(), "make {target}");
        if matches!(run, Here) {
            // A variable may be on the line after the command.
            let given = |name: &&str| !tests.contains(&format!("{name}="));
            let missing: Vec<&str> = variables.split(' ').filter(|name| !name.is_empty()).filter(given).collect();
            assert!(missing.is_empty(), "make {target} is run without {missing:?}");
        }
    }
}
