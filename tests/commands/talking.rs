//! The operator's commands against a receiver that `make run` has started.

use std::{collections::BTreeMap, fs};

use support::{
    files::{files, project},
    s3::{BUCKET, S3},
};

use crate::desk::{Desk, Staying, port};

/// A desk with a receiver, and the receiver's URL.
fn receiver() -> (Desk, Staying, String) {
    let (desk, port) = (Desk::new(), port());
    let staying = desk.starts(&format!("PORT={port} make run"), "The receiver is up at ");
    (desk, staying, format!("http://127.0.0.1:{port}/"))
}

/// Types each command; it must end with this code, and say this.
fn each_says(desk: &Desk, code: i32, commands: &[(String, &str)]) {
    for (typed, sentence) in commands {
        let said = desk.types(typed);
        assert!(said.code == code && said.has(sentence), "{sentence} of {typed} in {said:?}");
    }
}

/// The objects of the lake on a desk.
fn objects(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    files(&desk.path("lake"))
}

/// The lines that the runbook begins with, which its commands use.
fn runbook() -> String {
    let text = fs::read_to_string(project("RUNBOOK.md")).expect("the runbook");
    let block = text.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    assert!(block.contains("out() {"), "{block}");
    block.to_owned()
}

#[test]
fn a_token_is_made_with_its_digest_and_a_wrong_source_is_an_error() {
    let desk = Desk::new();
    let said = desk.types("make token");
    let after = |mark: &str| said.out.lines().find_map(|line| line.trim().strip_prefix(mark)).expect(mark).len();
    assert_eq!((said.code, after("Bearer "), after("auth0=")), (0, 43, 64));
    assert!(desk.types("make token SOURCE=acme").has("\n  acme=<old digest>,acme="));
    let said = desk.types("make token SOURCE=\"it's Acme\"");
    assert!(said.code == 2 && said.out.is_empty() && said.has("a source is 1 to 32 of a-z, 0-9 and \"-\""), "{said:?}");
}

#[test]
fn the_doctor_follows_its_event_as_far_as_it_is_told_to_look() {
    let (desk, staying, url) = receiver();
    let (token, lake) = ("TOKEN=local-development-token", desk.path("lake").display().to_string());
    let steps = [
        "reachable ok It answers with HTTP status 200.",
        "authenticated ok The token is that of a source.",
        "stored ok It received 1 record",
    ];
    let (found, unseen) = ("found in the lake ok Its row is in events/dt=", "found in the lake - Not looked for");
    for (typed, in_lake) in [
        (format!("{token} make doctor URL={url}"), unseen),
        (format!("{token} make doctor URL={url} LAKE={lake}"), found),
        (format!("{token} make doctor URL={url} LAKE=file://{lake} DATABASE=other WAIT=5"), found),
        (format!("LAKE= WORKGROUP= {token} make doctor URL={url}"), unseen),
    ] {
        let said = desk.types(&typed);
        assert_eq!(said.code, 0, "{typed}: {said:?}");
        for step in steps.iter().chain(&[in_lake, "found in the table - Not looked for"]) {
            assert!(said.has(step), "{step} of {typed} in {said:?}");
        }
    }
    let said = desk.types(&format!("{token} make doctor URL={url} WORKGROUP=group DATABASE=other"));
    let failed = "found in the table ? Athena did not take the call: no AWS credentials were found; set AWS_PROFILE";
    assert!(said.code == 2 && said.has(failed) && said.has("--query-execution-context Database=other"), "{said:?}");

    // As the runbook writes it: with the output of the stack.
    desk.answer("ReceiverUrl", &url);
    let typed = "TOKEN=local-development-token make doctor URL=\"$(out ReceiverUrl)\"";
    each_says(&desk, 0, &[(format!("{}{typed}", runbook()), steps[2])]);
    let said = staying.ends();
    assert!(said.contains("\"request.id\":\"local-"), "{said}");
}

#[test]
fn the_doctor_says_what_it_needs_and_which_step_failed() {
    let (desk, staying, url) = receiver();
    let token = "TOKEN=local-development-token";
    let commands = [
        (format!("{token} make doctor"), "lake: missing receiver URL: give --url or --stack."),
        (format!("make doctor URL={url}"), "lake: TOKEN must hold the token that is in Auth0's Authorization Token field"),
        (format!("TOKEN=wrong make doctor URL={url}"), "authenticated FAILED It answers 401 invalid_token."),
        (
            format!("{token} make doctor URL=127.0.0.1"),
            "lake: a receiver's URL must be http://host[:port]/ or https://host/; got \"127.0.0.1\".",
        ),
        (format!("{token} make doctor URL={url} LAKE=http://x/"), "a lake is a folder, file://folder or s3://bucket[/prefix]"),
    ];
    each_says(&desk, 2, &commands);
    staying.ends();
}

#[test]
fn rejects_are_posted_again_as_they_are_chosen_and_a_choice_that_is_none_is_an_error() {
    let (desk, staying, url) = receiver();
    assert!(staying.said.contains("What is now in the lake"), "{}", staying.said);
    let (token, before) = ("TOKEN=local-development-token", objects(&desk));
    let replay = format!("{token} make replay LAKE=lake URL={url}");
    let dry = desk.types(&format!("{replay} DRY_RUN=1"));
    let found = dry.out.lines().find(|line| line.starts_with("Found ")).expect("a count").to_owned();
    assert!(dry.code == 0 && dry.has("malformed_json"), "{dry:?}");
    assert_eq!(desk.types("make replay LAKE=lake DRY_RUN=yes").code, 0);
    let commands = [
        (format!("{replay} SINCE=2020-01-01 UNTIL=2020-01-02"), "Found 0 rejects"),
        (format!("{replay} SOURCE=other"), "Found 0 rejects"),
        (format!("{replay} REASON=invalid_utf8 DRY_RUN=true"), "Found "),
    ];
    each_says(&desk, 0, &commands);
    let commands = [
        (format!("{token} make replay LAKE=lake"), "lake: missing receiver URL: give --url or --stack."),
        (format!("{replay} REASON=nonsense"), "the reasons are invalid_utf8, malformed_json, not_an_object, missing_data"),
        (format!("{replay} SINCE=yesterday"), "invalid value 'yesterday' for '--since <TIME>'"),
        (format!("{token} make replay LAKE=nowhere URL={url}"), "lake: rejects/* of file://nowhere cannot be read: it is not there"),
        (format!("TOKEN=wrong make replay LAKE=lake URL={url}"), "Nothing was posted: "),
    ];
    each_says(&desk, 2, &commands);
    assert_eq!(objects(&desk), before);
    let said = desk.types(&replay);
    assert!(said.code == 0 && said.has_line(&found) && said.has("What was rejected again is kept below rejects/ once more"), "{said:?}");
    assert!(objects(&desk).len() > before.len());
    let none = desk.types("lake replay --since 2026-07-01 --until 2026-07-02 --reason malformed_json --source acme --dry-run");
    assert!(none.code == 0 && none.has("Found 0 rejects"), "{none:?}");
    let listed = desk.types("lake rejects --format csv --reason malformed_json");
    let id = listed.out.lines().nth(1).and_then(|line| line.split(',').next()).expect("a reject");
    assert!(listed.code == 1 && listed.out.lines().count() > 2, "{listed:?}");
    let closed = desk.types(&format!("lake rejects close {id} --reason \"our own test\""));
    assert!(closed.code == 0 && closed.has_line("Closed 1 reject; 0 closed before."), "{closed:?}");
    assert_eq!(desk.types("lake rejects --format csv --reason malformed_json").out.lines().count(), listed.out.lines().count() - 1);
    staying.ends();
}

#[test]
fn a_person_is_erased_only_when_it_is_confirmed() {
    let (desk, staying, _) = receiver();
    staying.ends();
    let before = objects(&desk);
    let erase = "make erase FROM=file://lake";
    let user = user_of(&desk);
    for no in ["", " CONFIRM=", " CONFIRM=0", " CONFIRM=no"] {
        let said = desk.types(&format!("PERSON='{user}' {erase}{no}"));
        assert!(said.code == 0 && said.has("Nothing was changed. With --yes (CONFIRM=1), "), "{no}: {said:?}");
        assert!(said.has(&format!("PERSON: {user} ")) && !said.has("DELETE FROM"), "{no}: {said:?}");
    }
    assert_eq!(objects(&desk), before);
    let said = desk.types(&format!("{erase} PERSON='{user}' SQL=erase.sql CONFIRM=1"));
    assert!(said.code == 0 && said.has(" none is of the person."), "{said:?}");
    let statements = fs::read_to_string(desk.path("erase.sql")).expect("statements");
    let order = [
        "ALTER TABLE events SET",
        "DELETE FROM events WHERE row_id IN ('",
        "OPTIMIZE events",
        "VACUUM events;",
        "ALTER TABLE events SET",
        "AS alert_rows",
        "ALTER TABLE alerts SET",
        "DELETE FROM alerts WHERE cardinality(",
        "OPTIMIZE alerts",
        "VACUUM alerts;",
        "ALTER TABLE alerts SET",
        "AS alert_rows",
    ];
    let mut rest = statements.as_str();
    for statement in order {
        rest = rest.split_once(statement).unwrap_or_else(|| panic!("{statement} in order in {statements}")).1;
    }
    assert!(statements.ends_with("AS snapshots;\n") && !statements.contains(&user), "{statements}");
    let after = objects(&desk);
    assert!(after.keys().eq(before.keys()));
    assert_ne!(after, before);
    let said = desk.types(&format!("{erase} PERSON='{user}'"));
    assert!(said.code == 2 && said.has("With --yes (CONFIRM=1), this erases 0 rows in 0 objects"), "{said:?}");
    assert!(said.has(&format!("Found nowhere (1), unless an earlier erase has taken it: PERSON: {user}")), "{said:?}");
}

#[test]
fn identifiers_that_name_nobody_are_an_error() {
    let desk = Desk::new();
    let erase = "make erase FROM=file://lake";
    fs::write(desk.path("person.txt"), "ann@example.com\n\nauth0|0123456789abcdef01234567\n").expect("a file");
    fs::write(desk.path("blank.txt"), "\n\n").expect("a file");
    fs::write(desk.path("pasted.txt"), "Ann <ann@example.com>\n").expect("a file");
    let commands = [
        ("make erase IDS=person.txt".to_owned(), "erase needs FROM=<lake>, and IDS=<a file of identifiers> or PERSON=<one of them>"),
        (erase.to_owned(), "lake: missing identifiers: give a file of them (--ids), or one in the variable PERSON."),
        (format!("{erase} PERSON= CONFIRM=1"), "lake: PERSON must be one identifier: it is blank."),
        (format!("{erase} PERSON=ann CONFIRM=1"), "lake: PERSON must be one identifier: it is neither a user id"),
        (format!("{erase} IDS=blank.txt CONFIRM=1"), "lake: blank.txt has no identifier; write one on each line."),
        (format!("{erase} IDS=none.txt CONFIRM=1"), "lake: the identifiers cannot be read from none.txt: No such file or directory"),
        (format!("{erase} IDS=pasted.txt CONFIRM=1"), "lake: pasted.txt, line 1: it contains angle brackets"),
        (format!("{erase} IDS=person.txt CONFIRM=maybe"), "CONFIRM must be 1, true or yes, or 0, false, no or empty; got maybe"),
    ];
    each_says(&desk, 2, &commands);
}

#[test]
fn no_value_of_erase_runs_as_a_command() {
    let desk = Desk::new();
    fs::write(desk.path("person.txt"), "ann@example.com\n").expect("a file");
    for value in [
        "$(shell touch ran)",
        "$(touch ran)",
        "`touch ran`",
        "\"; touch ran; \"",
        "x' ; touch ran; '",
        "$$(touch ran)",
        "${shell touch ran}",
    ] {
        let typed = value.replace('\'', "'\\''");
        for (given, rest) in [
            ("FROM", "IDS=person.txt"),
            ("IDS", "FROM=file://lake"),
            ("SQL", "FROM=file://lake IDS=person.txt"),
            ("CONFIRM", "FROM=file://lake IDS=person.txt"),
            ("PERSON", "FROM=file://lake"),
        ] {
            for command in [format!("make erase {rest} {given}='{typed}'"), format!("{given}='{typed}' make erase {rest}")] {
                let said = desk.types(&command);
                assert!(said.code == 2 && !desk.path("ran").exists(), "{command}: {said:?}");
            }
        }
    }
}

/// A user id in the samples.
fn user_of(desk: &Desk) -> String {
    let sample = fs::read_to_string(desk.path("events/array.json")).expect("a sample");
    let after = sample.split("\"user_id\"").nth(1).and_then(|rest| rest.split('"').nth(1)).expect("a user id");
    assert!(after.starts_with("auth0|"), "{after}");
    after.to_owned()
}

#[test]
fn replay_and_erase_read_the_bucket_of_the_stack_as_the_runbook_writes_them() {
    let (desk, staying, url) = receiver();
    let s3 = S3::start();
    desk.answer("Bucket", BUCKET);
    desk.answer("ReceiverUrl", &url);
    fs::write(desk.path("person.txt"), "ann@example.com\n").expect("a file");
    let variables = s3.environment().map(|(name, value)| format!("{name}={value}")).join(" ");
    let aws = format!("{}export {variables}\n", runbook());
    let documented = fs::read_to_string(project("RUNBOOK.md")).expect("the runbook");
    for (typed, sentence) in [
        (
            "TOKEN=… lake replay --lake \"s3://$(out Bucket)/\" --url \"$(out ReceiverUrl)\"",
            &*format!("Reading 0 objects below s3://{BUCKET}/rejects/"),
        ),
        ("lake replay --lake \"s3://$(out Bucket)/\" --dry-run", "Found 0 rejects"),
        ("lake rejects --lake \"s3://$(out Bucket)/\" --since 7d", "Open: 0 rejects."),
        ("make erase FROM=\"s3://$(out Bucket)/\" IDS=person.txt SQL=erase.sql", "all 0 objects, 0 of them with rows of the person 0 0"),
        (
            "make erase FROM=\"s3://$(out Bucket)/\" IDS=person.txt SQL=erase.sql CONFIRM=1",
            "Checked: of 0 rows in 0 objects, none is of the person.",
        ),
    ] {
        assert!(documented.lines().any(|line| line.trim() == typed), "{typed}");
        let said = desk.types(&format!("{aws}{}", typed.replace('…', "local-development-token")));
        // Nobody is in an empty lake, which is no success.
        let code = if typed.starts_with("make erase") { 2 } else { 0 };
        assert!(said.code == code && said.has_line(sentence), "{typed}: {said:?}");
    }
    staying.ends();
}
