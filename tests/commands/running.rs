//! `make run`: the receiver on a laptop.

use std::{fs, net::TcpListener, path::PathBuf};

use crate::desk::{Desk, port};

/// The logs of all runs on a desk.
fn logs(desk: &Desk) -> Vec<String> {
    let entries = fs::read_dir(desk.path("")).expect("the desk").map(|entry| entry.expect("an entry").path());
    let is_log = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "log");
    entries.filter(is_log).map(|path| fs::read_to_string(path).expect("a log")).collect()
}

#[test]
fn each_run_keeps_its_own_log_and_a_taken_port_says_what_to_type() {
    let (desk, port) = (Desk::new(), port());
    let staying = desk.starts(&format!("lake run --no-samples --metrics --port {port}"), "The receiver is up at ");
    assert!(!staying.said.contains("Posting"), "{}", staying.said);
    let taken = desk.types(&format!("cargo lake run --port {port}"));
    assert!(taken.code == 2 && taken.has(&format!("port {port} is taken")) && taken.has("type lake run --port "), "{taken:?}");
    let doctor = desk.types(&format!("TOKEN=local-development-token lake doctor --url http://127.0.0.1:{port}/"));
    assert_eq!(doctor.code, 0, "{doctor:?}");
    let said = staying.ends();
    assert!(said.contains("\"request.id\":\"local-") && said.contains("\"_aws\""), "{said}");
    assert_eq!(desk.types(&format!("lake run --once --port {port}")).code, 0);
    let mut lines: Vec<usize> = logs(&desk).into_iter().map(|log| log.lines().count()).collect();
    lines.sort_unstable();
    assert_eq!(lines, [2, 30]);
}

#[test]
fn a_run_posts_every_sample_shows_what_landed_and_ends() {
    let (desk, port) = (Desk::new(), port());
    let said = desk.types(&format!("ONESHOT=1 PORT={port} make run"));
    assert_eq!(said.code, 0, "{said:?}");
    let here = desk.path("lake").display().to_string();
    for line in [
        format!("Posting 15 samples from events to http://127.0.0.1:{port}/"),
        format!("What is now in the lake, {here}:"),
        "array.json 22,573 200 14 14 0".to_owned(),
    ] {
        assert!(said.has_line(&line), "{line} in {said:?}");
    }
    let run = "cargo run --locked --profile laptop -p lake --no-default-features --features run --bin lake -- run";
    assert_eq!(desk.calls()[0], run);
    assert!(desk.path("lake/events").is_dir() && desk.path("lake/rejects").is_dir());
    assert_eq!(logs(&desk).into_iter().map(|log| log.lines().count()).collect::<Vec<_>>(), [30]);
    // The receiver has ended with it.
    TcpListener::bind(("127.0.0.1", port)).expect("a free port");
}

#[test]
fn a_token_of_another_receiver_is_not_used_and_the_run_says_so() {
    let desk = Desk::new();
    let said = desk.types(&format!("TOKEN=of-production make run ONESHOT=yes PORT={}", port()));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.has_line("TOKEN is set, but not used: without TOKEN_DIGESTS this run takes local-development-token."), "{said:?}");
    assert!(said.out.matches(" 200 ").count() == 15 && !said.out.contains("of-production"), "{said:?}");

    // SHA-256 of "abc".
    let digests = "TOKEN_DIGESTS=acme=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let said = desk.types(&format!("TOKEN=abc {digests} ONESHOT=1 PORT={} make run", port()));
    assert!(said.code == 0 && said.out.matches(" 200 ").count() == 15, "{said:?}");
    let said = desk.types(&format!("{digests} ONESHOT=1 PORT={} make run", port()));
    assert!(
        said.code == 2 && said.has_line("lake: TOKEN_DIGESTS is set, so set TOKEN to one of its tokens, or unset TOKEN_DIGESTS."),
        "{said:?}"
    );
    let said = desk.types(&format!("TOKEN=wrong {digests} ONESHOT=1 PORT={} make run", port()));
    assert!(said.code == 2 && said.has("Problem: 15 of the samples got 401 invalid_token. The token in TOKEN is not one"), "{said:?}");
}

#[test]
fn a_lake_that_cannot_be_written_is_told_once_with_the_log_and_the_reason() {
    let desk = Desk::new();
    fs::write(desk.path("file"), "").expect("a file");
    let said = desk.types(&format!("LAKE_URL=file://file/lake ONESHOT=1 PORT={} make run", port()));
    assert!(said.code == 2 && said.out.matches("Problem:").count() == 1, "{said:?}");
    assert!(said.has("Problem: 15 of the samples got 503 store_unavailable. The receiver cannot write to its lake."), "{said:?}");
    assert!(
        said.has(&format!("The receiver's log, {}", desk.path("lake-run-").display())) && said.has("Not a directory (os error 20)"),
        "{said:?}"
    );
}

#[test]
fn a_bucket_gets_no_samples_unless_that_is_confirmed() {
    let desk = Desk::new();
    let bucket = "export LAKE_URL=s3://production/auth0";
    for typed in ["ONESHOT=1 make run", "ONESHOT=1 CONFIRM=0 make run", "ONESHOT=1 make run CONFIRM=yes"] {
        let said = desk.types(&format!("{bucket}; PORT={} {typed}", port()));
        let refused = "lake: the lake is s3://production/auth0, and the samples would be stored there beside real events: give another --lake, \
                       or add --yes (CONFIRM=1).";
        assert!(said.code == 2 && said.has_line(refused), "{typed}: {said:?}");
    }
    // Confirmed, the run begins; a port that is none ends it before a sample is posted.
    let said = desk.types(&format!("{bucket}; ONESHOT=1 PORT=0 make run CONFIRM=1"));
    assert!(said.has_line("lake: PORT must be a port from 1 to 65535; got \"0\".") && !said.has("add --yes"), "{said:?}");
}

#[test]
fn a_setting_that_is_wrong_stops_a_run_with_a_sentence() {
    let desk = Desk::new();
    let taken = TcpListener::bind(("127.0.0.1", port())).expect("a port");
    let port_taken = taken.local_addr().expect("an address").port();
    for (typed, sentence) in [
        (
            "ONESHOT=maybe make run".to_owned(),
            "ONESHOT is wrong: it must be 1, true or yes, or 0, false, no or empty; got maybe.".to_owned(),
        ),
        ("PORT=0 make run".to_owned(), "PORT must be a port from 1 to 65535; got \"0\".".to_owned()),
        ("LAKE_URL=lake ONESHOT=1 make run".to_owned(), "LAKE_URL must be s3://bucket[/prefix] or file://dir; got \"lake\".".to_owned()),
        (
            format!("PORT={port_taken} make run"),
            format!("port {port_taken} is taken (Address already in use (os error 98)); type lake run"),
        ),
    ] {
        let said = desk.types(&typed);
        assert!(said.code == 2 && said.has(&sentence), "{typed}: {said:?}");
    }
}

#[test]
fn the_receiver_takes_no_options() {
    let desk = Desk::new();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_local"), desk.path("bin/local")).expect("a link");
    let said = desk.types("bin/local --port 1");
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.has_line("local takes no options, and got \"--port\"; it reads variables, which local --help lists"), "{said:?}");
    let said = desk.types("bin/local --help");
    assert!(said.code == 0 && said.has("TOKEN_DIGESTS source=<SHA-256 of its token"), "{said:?}");
}
