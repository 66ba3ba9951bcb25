//! `make run`: the receiver on a laptop.

use std::{fs, net::TcpListener};

use crate::desk::{Desk, port};

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
    let build = "cargo build --locked --profile laptop -p auth0-log-lake -p lake --no-default-features --features auth0-log-lake/local --bin local";
    assert_eq!(desk.calls()[0], format!("{build} --bin lake"));
    assert!(desk.path("lake/events").is_dir() && desk.path("lake/rejects").is_dir());
    assert!(fs::read_to_string(desk.path("target/run/receiver.log")).expect("the log").lines().count() == 30);
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
        said.code == 2 && said.has_line("TOKEN_DIGESTS is set, so set TOKEN to one of its tokens, or unset TOKEN_DIGESTS."),
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
    assert!(said.has("The receiver's log, target/run/receiver.log, says: ") && said.has("Not a directory (os error 20)"), "{said:?}");
}

#[test]
fn a_bucket_gets_no_samples_unless_that_is_confirmed() {
    let desk = Desk::new();
    let bucket = "export LAKE_URL=s3://production/auth0";
    for typed in ["ONESHOT=1 make run", "ONESHOT=1 CONFIRM=0 make run", "ONESHOT=1 make run CONFIRM=yes"] {
        let said = desk.types(&format!("{bucket}; PORT={} {typed}", port()));
        let refused =
            "LAKE_URL is s3://production/auth0, and the samples would be stored there beside real events: unset it, or add CONFIRM=1";
        assert!(said.code == 2 && said.has_line(refused) && desk.calls().is_empty(), "{typed}: {said:?}");
    }
    // Confirmed, the run begins; a port that is none ends it before a sample is posted.
    let said = desk.types(&format!("{bucket}; ONESHOT=1 PORT=0 make run CONFIRM=1"));
    assert!(said.has_line("PORT must be a port from 1 to 65535; got \"0\"") && !said.has("add CONFIRM=1"), "{said:?}");
    assert!(desk.calls()[0].starts_with("cargo build --locked "));
}

#[test]
fn a_setting_that_is_wrong_stops_a_run_with_a_sentence() {
    let desk = Desk::new();
    let taken = TcpListener::bind(("127.0.0.1", port())).expect("a port");
    let port_taken = taken.local_addr().expect("an address").port();
    for (typed, sentence) in [
        ("ONESHOT=maybe make run".to_owned(), "ONESHOT must be 1, true or yes, or 0, false, no or empty; got maybe".to_owned()),
        ("PORT=0 make run".to_owned(), "PORT must be a port from 1 to 65535; got \"0\"".to_owned()),
        ("LAKE_URL=lake ONESHOT=1 make run".to_owned(), "LAKE_URL must be s3://bucket[/prefix] or file://dir; got \"lake\"".to_owned()),
        (format!("PORT={port_taken} make run"), format!("PORT {port_taken} cannot be listened on: Address already in use (os error 98)")),
    ] {
        let said = desk.types(&typed);
        assert!(said.code == 2 && said.has_line(&sentence), "{typed}: {said:?}");
    }
}

#[test]
fn the_receiver_takes_no_options() {
    let desk = Desk::new();
    let said = desk.types("target/laptop/local --port 1");
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.has_line("local takes no options, and got \"--port\"; it reads variables, which local --help lists"), "{said:?}");
    let said = desk.types("target/laptop/local --help");
    assert!(said.code == 0 && said.has("TOKEN_DIGESTS source=<SHA-256 of its token"), "{said:?}");
}
