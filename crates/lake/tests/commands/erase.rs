//! `lake erase`, run as a program.

use std::{fs, process::Command};

use support::{
    files::files,
    s3::{BUCKET, S3},
};

use crate::{
    GOOD,
    folder::{Lake, reject_key, row},
    program::{command, run},
    receiver::RunningReceiver,
};

const EMAIL: &str = "ann@example.com";

fn event(number: u32, user: &str) -> String {
    GOOD.replace("0001\"", &format!("{number:04}\"")).replace("\"type\"", &format!("\"user_name\":\"{user}\",\"type\""))
}

/// Posts three events, two of them of one hour and one of the person, to the lake of this receiver.
fn post(receiver: &RunningReceiver) {
    let later = event(3, EMAIL).replace("T12:", "T13:");
    receiver.post(&format!("[{},{},{later}]", event(1, EMAIL), event(2, "bob@example.com")));
}

fn erase(from: &str, more: &[&str], person: Option<&str>) -> Command {
    let mut command = command(&[&["erase", "--lake", from], more].concat(), None);
    command.envs(person.map(|person| ("PERSON", person)));
    command
}

#[test]
fn a_person_is_erased_only_when_it_is_confirmed_and_a_batch_that_comes_again_does_not_bring_the_rows_back() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    post(&receiver);
    folder.reject(
        "2026-07-01",
        &(row("malformed_json", "eu", "{\"to\":\"ANN@example.com\"") + &row("malformed_json", "eu", "{\"to\":\"bob")),
    );
    let before = files(&folder.path());
    let bob = folder.rows("events").into_iter().filter(|row| row.contains("bob@")).collect::<Vec<_>>();

    let dry = run(&mut erase(&folder.url(), &[], Some(EMAIL)));
    assert!(dry.good && dry.has_line("all 3 objects, 3 of them with rows of the person 5 3"), "{}{}", dry.out, dry.error);
    assert!(dry.has_line(&format!("PERSON: {EMAIL} 3")) && !dry.has("DELETE FROM") && files(&folder.path()) == before, "{}", dry.out);

    let sql = folder.beside("erase.sql");
    let ids = folder.beside("ids");
    fs::write(&ids, format!("\n{EMAIL}\n\n")).expect("a file");
    let more = ["--ids", &ids.display().to_string(), "--sql", &sql.display().to_string(), "--yes"];
    let done = run(&mut erase(&folder.url(), &more, None));
    assert!(done.good && done.has_line("Checked: of 2 rows in 3 objects, none is of the person."), "{}{}", done.out, done.error);
    let after = files(&folder.path());
    assert!(before.keys().eq(after.keys()), "{after:?}");
    assert_eq!((folder.rows("events"), folder.rows("rejects").len()), (bob.clone(), 1));
    let sql = fs::read_to_string(sql).expect("the statements");
    let statements: Vec<&str> = sql.split(";\n").collect();
    let [begin, delete, optimize, forget, vacuum, end, ref alerts @ .., ""] = statements[..] else { panic!("six statements first: {sql}") };
    assert!(delete.starts_with("DELETE FROM events WHERE row_id IN ('") && delete.matches('\'').count() == 4, "{sql}");
    assert!(begin.starts_with("ALTER TABLE events SET") && end.starts_with("ALTER TABLE events SET") && begin != end, "{sql}");
    assert!(optimize.starts_with("OPTIMIZE events") && forget.starts_with("DELETE FROM events") && vacuum == "VACUUM events", "{sql}");
    let starts =
        ["SELECT", "ALTER TABLE alerts", "DELETE FROM alerts", "OPTIMIZE alerts", "DELETE FROM alerts", "VACUUM alerts", "ALTER", "SELECT"];
    assert!(alerts.len() == starts.len() && alerts.iter().zip(starts).all(|(statement, start)| statement.starts_with(start)), "{sql}");
    assert!(alerts[0] == alerts[7] && alerts[0].contains("AS alert_rows") && !sql.contains(EMAIL), "{sql}");

    post(&receiver);
    assert_eq!(folder.rows("events"), bob);
    let again = run(&mut erase(&folder.url(), &["--yes"], Some(EMAIL)));
    assert!(again.code == 1 && again.has_line("all 3 objects, 0 of them with rows of the person 2 0"), "{}", again.out);
    assert!(again.has(&format!("Found nowhere (1), unless an earlier erase has taken it: PERSON: {EMAIL}")), "{}", again.out);
    assert_eq!(files(&folder.path()), after);
}

#[test]
fn identifiers_that_are_none_erase_nothing_and_are_not_repeated() {
    let folder = Lake::new();
    post(&RunningReceiver::start(&folder.url(), &[]));
    let before = files(&folder.path());
    let ids = folder.beside("ids");
    let file = ids.display().to_string();
    for (lines, person, error) in [
        (None, None, "missing identifiers: give a file of them (--ids), or one in the variable PERSON.".to_owned()),
        (None, Some(""), "PERSON must be one identifier: it is blank.".to_owned()),
        (
            None,
            Some("a@b.c"),
            "PERSON must be one identifier: it has only 5 characters; a user id, an e-mail address or a phone number has 6 or more."
                .to_owned(),
        ),
        (None, Some("secret-name"), "PERSON must be one identifier: it is neither a user id".to_owned()),
        (Some("\n \n"), None, format!("{file} has no identifier; write one on each line.")),
        (
            Some("auth0|507f1f77\n@\nx\n"),
            None,
            format!(
                "{file}, line 2: an e-mail address needs one @ with a name before it and a domain after it, and nothing else; line 3: it is neither a user id"
            ),
        ),
        (Some("ann@example.com\n"), Some(" "), "PERSON must be one identifier: it is blank.".to_owned()),
    ] {
        fs::write(&ids, lines.unwrap_or_default()).expect("a file");
        let more: &[&str] = if lines.is_some() { &["--yes", "--ids", &file] } else { &["--yes"] };
        let said = run(&mut erase(&folder.url(), more, person));
        assert!(
            said.code == 2 && said.error.starts_with(&format!("lake: {error}")) && !said.error.contains("secret-name"),
            "{}",
            said.error
        );
    }
    let said = run(&mut erase(&folder.url(), &["--yes=maybe"], Some(EMAIL)));
    assert_eq!(said.code, 2, "{}", said.error);
    let none = run(&mut erase("file:///nowhere", &["--yes"], Some(EMAIL)));
    assert!(!none.good && none.error.contains("of file:///nowhere cannot be listed: it is not there"), "{}{}", none.out, none.error);
    assert_eq!(files(&folder.path()), before);
}

/// Posts records to a new lake, erases by the lines of a file, and returns how it ended and the users that are left.
fn left(records: &str, lines: &str) -> (crate::program::Said, Vec<String>) {
    let (folder, samples) = (Lake::new(), folder());
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    fs::write(samples.path().join("a.json"), records).expect("a sample");
    lake(&["try", "--url", &receiver.url, "--samples", &samples.path().display().to_string(), "--lake", "file:///nowhere"], Some(TOKEN));
    let ids = folder.beside("ids");
    fs::write(&ids, lines).expect("a file");
    // The lake as a path.
    let said = run(&mut erase(&folder.path().display().to_string(), &["--yes", "--ids", &ids.display().to_string()], None));
    let user = |row: &String| row.split("\"user_name\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    (said, folder.rows("events").iter().map(user).collect())
}

#[test]
fn nobody_whose_address_is_longer_is_erased_and_the_rows_are_listed() {
    let longer =
        ["sean.o'brien@example.com", "o'brien@example.com", "r&d/brien@example.com", "brien@example.com.au", "bounce=brien@example.com"];
    let users: Vec<&str> = [&longer[..], &["brien@example.com", "d\u{2019}amore@example.com"]].concat();
    let records: Vec<String> = (1..).zip(&users).map(|(number, user)| event(number, user)).collect();
    let (said, left) = left(&format!("[{}]", records.join(",")), "BRIEN@example.com\r\n");
    assert_eq!(left, users.iter().filter(|user| **user != "brien@example.com").map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(said.code, 1, "{}", said.out);
    for user in longer {
        assert!(said.has_line(&format!("{user} 1 row")), "{user} in {}", said.out);
    }
    assert!(said.has("none is of the person, but 5 rows stay until you judge them"), "{}", said.out);
}

#[test]
fn what_is_pasted_is_refused_with_its_line_or_found() {
    let records = format!("[{},{}]", event(1, EMAIL), event(2, "bob@example.com"));
    for lines in ["ann@example.com", "\u{FEFF}ann@example.com\r\n", "  ANN@EXAMPLE.COM\t\n", "\nemail:ann@example.com\n"] {
        let (said, left) = left(&records, lines);
        assert_eq!((said.code, left), (0, vec!["bob@example.com".to_owned()]), "{lines:?}: {}{}", said.out, said.error);
    }
    for line in
        ["Ann <ann@example.com>", "ann@example.com,", "mailto:ann@example.com", "\u{2022} ann@example.com", "ann@example.com\u{200B}"]
    {
        let (said, left) = left(&records, &format!("bob@example.com\n{line}\n"));
        assert_eq!((said.code, left.len()), (2, 2), "{line:?}: {}", said.out);
        assert!(said.error.contains("line 2: it "), "{line:?}: {}", said.error);
    }
    let (said, left) = left(&records, "ann@example.com\nannie@example.com\n");
    assert_eq!((said.code, left), (1, vec!["bob@example.com".to_owned()]), "{}", said.out);
    assert!(said.has("Found nowhere (1), unless an earlier erase has taken it: line 2: annie@example.com"), "{}", said.out);
}

#[test]
fn a_reject_with_records_of_others_stays_until_its_row_is_named_and_no_control_character_is_printed() {
    let folder = Lake::new();
    let id = "0123456789abcdef0123456789abcdef";
    let broken = format!("{{\"log_id\":\"9\",\"x\":[1}}}},{},{}]", event(1, EMAIL), event(2, "bob@example.com"));
    let rows = [
        serde_json::json!({"reason": "malformed_json", "source": "eu", "p_row_id": id, "raw": broken}),
        serde_json::json!({"reason": "malformed_json", "source": "eu", "p_row_id": "\u{202E}7", "raw": format!("\u{85}{EMAIL}.au\u{2028}x \u{1B}[2J{EMAIL}.uk")}),
    ];
    folder.reject("2026-07-01", &rows.map(|row| format!("{row}\n")).concat());
    let before = files(&folder.path());
    let said = run(&mut erase(&folder.url(), &["--yes"], Some(EMAIL)));
    assert_eq!((said.code, files(&folder.path())), (1, before), "{}", said.out);
    assert!(said.has(&format!("row:{id} {} 2 records of others", reject_key("2026-07-01"))), "{}", said.out);
    assert!(said.has("row:\\u202e7") && said.out.is_ascii() && !said.out.contains('\u{1B}'), "{}", said.out);
    let ids = folder.beside("ids");
    fs::write(&ids, format!("{EMAIL}\nrow:{id}\n")).expect("a file");
    let said = run(&mut erase(&folder.url(), &["--yes", "--ids", &ids.display().to_string()], None));
    assert_eq!((said.code, folder.rows("rejects").len()), (1, 1), "{}", said.out);
}

#[test]
fn what_cannot_be_looked_at_is_named_and_is_no_success() {
    let folder = Lake::new();
    post(&RunningReceiver::start(&folder.url(), &[]));
    let cut = folder.reject("2026-07-01", &row("missing_data", "eu", &"x".repeat(999)));
    let half = fs::read(&cut).expect("an object")[..30].to_vec();
    fs::write(&cut, &half).expect("half an object");
    fs::write(folder.path().join("rejects/notes.txt"), EMAIL).expect("a stranger");
    let encoded = serde_json::json!({"reason": "unsupported_encoding", "source": "eu", "p_row_id": "7", "raw_base64": "YnJvdGxp"});
    folder.reject("2026-07-02", &format!("{encoded}\n"));
    let said = run(&mut erase(&folder.url(), &["--yes"], Some(EMAIL)));
    assert_eq!(said.code, 2, "{}", said.out);
    for line in [
        "rejects/notes.txt was not looked at: its name is not a receiver's".to_owned(),
        format!("row 7 of {} keeps a body in an encoding that cannot be read here", reject_key("2026-07-02")),
        "In the 2 rows in 3 objects that can be read, none is of the person; look at the problems above.".to_owned(),
    ] {
        assert!(said.has_line(&line), "{line} in {}", said.out);
    }
    assert!(said.has(&format!("{} is damaged, and was not looked at:", reject_key("2026-07-01"))), "{}", said.out);
    assert_eq!((fs::read(&cut).expect("an object"), folder.rows("events").len()), (half, 1));
}

#[test]
fn a_person_is_erased_from_a_bucket_that_lets_objects_be_created_only() {
    let s3 = S3::start();
    let (url, aws) = (format!("s3://{BUCKET}/auth0"), s3.environment());
    post(&RunningReceiver::start(&url, &aws));
    let keys: Vec<String> = s3.objects().into_keys().collect();
    let said = run(erase(&url, &["--yes"], Some(EMAIL)).envs(aws));
    assert!(said.good && said.has_line("Checked: of 1 row in 2 objects, none is of the person."), "{}{}", said.out, said.error);
    let left = s3.objects();
    assert_eq!(left.keys().cloned().collect::<Vec<_>>(), keys);
    let denied = [("AWS_SECRET_ACCESS_KEY", "wrong")];
    let said = run(erase(&url, &["--yes"], Some(EMAIL)).envs(aws).envs(denied));
    assert!(
        !said.good && said.error.starts_with(&format!("lake: erasing/* of {url}/ cannot be listed: access is denied")),
        "{}{}",
        said.out,
        said.error
    );
    assert_eq!(s3.objects(), left);
}
