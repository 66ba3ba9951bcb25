//! `lake run`: every sample is posted, what landed is shown, and each run keeps its own log.

use std::{fs, net::TcpListener, path::PathBuf};

use support::files::{files, folder, project};

use crate::{
    GOOD,
    folder::Lake,
    program::{Said, command, run},
};

/// A port that is free now.
pub fn port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Runs `lake run --once` on a free port, in the clone.
fn once(more: &[&str], variables: &[(&str, &str)]) -> Said {
    let port = port().to_string();
    let mut command = command(&[&["run", "--once", "--port", &port], more].concat(), None);
    run(command.current_dir(project("")).envs(variables.iter().copied()))
}

#[test]
fn every_sample_is_posted_and_what_landed_is_shown() {
    let folder = Lake::new();
    let said = once(&["--lake", &folder.url()], &[]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.error);
    for name in files(&project("events")).into_keys().filter(|name| !name.contains('/')) {
        assert_eq!(said.out.contains(&format!("  {name} ")), name != "README.md", "{name}");
    }
    for table in ["events", "rejects"] {
        let objects = files(&folder.path().join(table));
        let bytes: usize = objects.values().map(Vec::len).sum();
        let bytes = format!("{},{:03}", bytes / 1_000, bytes % 1_000);
        let row = format!("{table} {} {} {} {bytes}", objects.len(), objects.len(), folder.rows(table).len());
        assert!(said.has_line(&row), "{row} in {}", said.out);
    }
    for line in ["\"p_log_type\": \"Auth0.Events\",", "\"reason\": \"malformed_json\","] {
        assert!(said.has_line(line), "{line} in {}", said.out);
    }
    let of_lake = folder.url()[7..].to_owned();
    assert!(said.out.is_ascii() && said.out.lines().all(|line| line.len() <= 100 || line.contains(&of_lake)), "{}", said.out);

    let before = files(&folder.path().join("events")).len();
    let again = once(&["--lake", &folder.url()], &[]);
    let after = files(&folder.path().join("events")).len();
    let row = format!("events {after} {} {} ", after - before, folder.rows("events").len());
    assert!(again.code == 0 && again.has(&row), "{row} in {}", again.out);
}

#[test]
fn a_sample_that_is_not_stored_is_named_once_with_the_log_and_the_reason() {
    let lake = folder();
    fs::write(lake.path().join("file"), "").expect("a file");
    fs::write(lake.path().join("one.json"), GOOD).expect("a sample");
    let samples = lake.path().display().to_string();
    let said = once(&["--lake", &format!("{samples}/file/lake"), "--samples", &samples], &[]);
    assert!(said.code == 1 && said.out.matches("Problem:").count() == 1, "{}{}", said.out, said.error);
    assert!(said.has("Problem: one.json got 503 store_unavailable. The receiver cannot write to its lake."), "{}", said.out);
    let log = said.out.split("The receiver's log, ").nth(1).and_then(|rest| rest.split(", says: ").next()).expect("a log");
    let text = fs::read_to_string(PathBuf::from(log)).expect("the log");
    assert!(said.has("Not a directory (os error 20)") && text.lines().count() == 2, "{}{text}", said.out);
    fs::remove_file(log).expect("the log");

    let wrong = once(
        &["--lake", &samples, "--samples", &samples],
        &[("TOKEN", "a-wrong-token"), ("TOKEN_DIGESTS", &format!("eu={}", "0".repeat(64)))],
    );
    assert!(wrong.code == 1 && wrong.has_line("one.json 105 401 - - -") && !wrong.out.contains("a-wrong-token"), "{}", wrong.out);
    let none = once(&["--lake", &samples, "--samples", "/nowhere"], &[]);
    assert!(none.code == 2 && none.error.starts_with("lake: the samples cannot be read from /nowhere"), "{}", none.error);
}

#[test]
fn a_taken_port_says_so_and_what_to_type() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let said = run(&mut command(&["run", "--no-samples", "--port", &port.to_string(), "--lake", "/nowhere"], None));
    let sentence = format!("lake: port {port} is taken (Address already in use (os error 98)); type lake run --port ");
    assert!(said.code == 2 && said.error.starts_with(&sentence) && said.error.contains(" make run."), "{}", said.error);
}
