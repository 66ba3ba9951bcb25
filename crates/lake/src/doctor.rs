//! Following one marked event through a receiver to its lake, step by step.
//!
//! The event is like any other: it is stored, and stays. Its type is `doctor` and its `log_id` begins
//! with `lake-doctor-`, so that it can be told from Auth0's. The token is never shown.

use std::{
    io::{self, Write},
    thread,
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::{
    layout::{WIDTH, hour_folder, wrap},
    meaning::{meaning, status},
    options::{LakeOption, StackOption, TablesOption, UrlOption},
    outcome::{Failure, Verdict},
    post::{Answer, NoAnswer, ReceiverClient, Taken, Token},
    reading::{LakeError, Reading},
    stored::Keys,
};
use auth0_log_lake::{
    auth::TokenDigest,
    config::LakeUrl,
    event::PROBE,
    object::{ObjectKey, Table},
};

#[cfg(feature = "aws")]
mod filled;
mod landing;
mod patience;

use landing::Landing;
use patience::Patience;

/// Column in which what was found begins.
const INDENT: usize = 28;

/// Follows one marked event through a receiver to its lake.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "The token is read from the variable TOKEN and never shown. The event stays in the lake: type \"doctor\", \
                        log_id \"lake-doctor-<Unix time in ms>\". Reading a bucket, and a query, use your AWS credentials. Exit code: 0 if every \
                        step that was taken is ok, 1 if one failed, 2 if one could not be taken.")]
pub struct Args {
    #[command(flatten)]
    url: UrlOption,
    #[command(flatten)]
    lake: LakeOption,
    #[command(flatten)]
    stack: StackOption,
    #[command(flatten)]
    tables: TablesOption,
    /// Longest wait for the row of an event that is queued, in seconds: the stack's BufferSeconds, and a minute
    #[arg(long, value_name = "SECONDS", default_value_t = 360)]
    wait: u64,
}

/// What to look at where an event that was queued does not land.
const NOT_WRITTEN: &str = "It waits in the queue and is not lost. Look at the alarms Writer errors, Old batches and Dead batches, and at the \
                           function's log; RUNBOOK.md has a section for each. Is it the lake of this receiver?";

/// What one step found.
enum Found {
    /// It is as it should be.
    Good(String),
    /// It is not, and what to do.
    Bad(String, String),
    /// It could not be looked at, and what that needs.
    Unknown(String, String),
    /// It was not looked at.
    Unseen(String),
}

/// The event that is followed.
#[derive(Clone, Debug)]
struct Marked {
    log_id: String,
    at: DateTime<Utc>,
}

/// Runs the command.
///
/// # Errors
/// Where there is no token, or the URL is none. What else is wrong is a step that failed.
pub fn run(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, now: DateTime<Utc>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let token = Token::from_lookup(lookup)?;
    let digest = TokenDigest::of(token.reveal().as_bytes()).to_string();
    let stack = args.stack.read()?;
    let receiver = ReceiverClient::new(&args.url.of(stack.as_ref())?, token)?;
    let lake = args.lake.given(stack.as_ref());
    let marked = Marked::new(now);
    writeln!(out, "Posting the event {} to {}\n", marked.log_id, receiver.url())?;
    let answer = receiver.post(marked.body().as_bytes());

    let mut steps = vec![("reachable", reachable(&receiver, &answer))];
    if let Ok(answer) = &answer {
        steps.push(("authenticated", authenticated(answer, &digest)));
        steps.push(match answer.taken() {
            Some(Taken::Queued) => ("queued", queued()),
            _ => ("stored", stored(answer)),
        });
    }
    let is_taken = steps.iter().all(|(_, found)| matches!(found, Found::Good(_))) && answer.is_ok();
    if is_taken {
        let is_queued = answer.is_ok_and(|answer| answer.taken() == Some(Taken::Queued));
        let mut patience = Patience::of(if is_queued { args.wait } else { 0 }, &thread::sleep);
        let (workgroup, database) = (args.tables.workgroup(stack.as_ref()), args.tables.database(stack.as_ref()));
        let landing = Landing::of(workgroup, database, &marked.log_id, marked.at);
        if is_queued && (lake.is_some() || landing.workgroup.is_some()) {
            writeln!(out, "It is queued. Waiting for its row, up to {} s", args.wait)?;
        }
        steps.push(("found in the lake", in_lake(lake.as_ref(), &marked, &mut patience, out)?));
        steps.extend(landing.steps(now, &mut patience, out)?);
        if is_queued {
            writeln!(out)?;
        }
    }
    steps.iter().try_for_each(|(name, found)| show(name, found, out))?;
    if !is_taken {
        writeln!(out, "\nThe event is not stored, so nothing was looked for in the lake.")?;
    }
    Ok(verdict(&steps))
}

fn verdict(steps: &[(&str, Found)]) -> Verdict {
    let any = |is: fn(&Found) -> bool| steps.iter().any(|(_, found)| is(found));
    if any(|found| matches!(found, Found::Bad(..))) {
        return Verdict::Bad;
    }
    if any(|found| matches!(found, Found::Unknown(..))) { Verdict::Unsure } else { Verdict::Good }
}

fn show(name: &str, found: &Found, out: &mut dyn Write) -> io::Result<()> {
    let (mark, said, hint) = match found {
        Found::Good(said) => ("ok", said, ""),
        Found::Bad(said, hint) => ("FAILED", said, hint.as_str()),
        Found::Unknown(said, hint) => ("?", said, hint.as_str()),
        Found::Unseen(said) => ("-", said, ""),
    };
    let mut head = format!("  {name:<18} {mark:<6}");
    for line in said.lines().chain(hint.lines()).flat_map(|text| wrap(text, WIDTH - INDENT - 1)) {
        writeln!(out, "{head:<INDENT$} {line}")?;
        head.clear();
    }
    Ok(())
}

impl Marked {
    fn new(now: DateTime<Utc>) -> Self {
        Self { log_id: format!("{PROBE}{}", now.timestamp_millis()), at: now }
    }

    fn body(&self) -> String {
        let data = json!({
            "date": self.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "type": "doctor",
            "description": "Test event of lake doctor; it does not come from Auth0.",
            "log_id": self.log_id,
        });
        json!([{"log_id": self.log_id, "data": data}]).to_string()
    }

    fn is_of(&self, row: &[u8]) -> bool {
        #[derive(serde::Deserialize)]
        struct Row {
            log_id: String,
        }
        serde_json::from_slice(row).is_ok_and(|row: Row| row.log_id == self.log_id)
    }
}

fn reachable(receiver: &ReceiverClient, answer: &Result<Answer, NoAnswer>) -> Found {
    match answer {
        Ok(_) if receiver.is_in_the_clear() => {
            Found::Good("It answers, but over http://: whoever is on the way can read the token. Auth0 needs https://.".to_owned())
        }
        Ok(answer) => Found::Good(format!("It answers with HTTP status {}.", answer.status)),
        Err(error) => Found::Bad(
            format!("No answer: {}.", error.why()),
            "Look at the URL (the stack's output ReceiverUrl), the network from here to it, and a proxy in between.".to_owned(),
        ),
    }
}

fn authenticated(answer: &Answer, digest: &str) -> Found {
    let beginning = &digest[..12];
    match answer.status {
        401 => Found::Bad(format!("It answers {}.\nThe digest of TOKEN begins with {beginning}.", status(answer)), meaning(answer)),
        200 if answer.taken().is_some() => Found::Good("The token is that of a source.".to_owned()),
        503 if answer.code().as_deref() == Some("store_unavailable") => Found::Good("The token is that of a source.".to_owned()),
        _ => Found::Unseen(format!("The answer {} says nothing of the token.", status(answer))),
    }
}

fn stored(answer: &Answer) -> Found {
    match answer.counts() {
        Some(counts) if (counts.received, counts.accepted) == (1, 1) => {
            Found::Good("It received 1 record and accepted 1 event.".to_owned())
        }
        Some(counts) => Found::Bad(
            format!("It received {} records, accepted {} and rejected {}.", counts.received, counts.accepted, counts.rejected),
            "One event was sent. Is this a receiver, and of this version?".to_owned(),
        ),
        None if answer.status == 401 => Found::Unseen("Without a token nothing is stored.".to_owned()),
        None => Found::Bad(format!("It answers {}.", status(answer)), meaning(answer)),
    }
}

fn queued() -> Found {
    Found::Good("The queue has it. The stack stores it within its BufferSeconds.".to_owned())
}

/// Looks for the event in the lake, for as long as it is queued.
fn in_lake(lake: Option<&LakeUrl>, marked: &Marked, patience: &mut Patience<'_>, out: &mut dyn Write) -> io::Result<Found> {
    let Some(lake) = lake else {
        let said = "Not looked for: give --stack, or --lake (a folder, or s3://bucket[/prefix]), with AWS credentials for a bucket.";
        return Ok(Found::Unseen(said.to_owned()));
    };
    let hint = "Give the same lake as the receiver's LAKE_URL, and credentials that may read it.".to_owned();
    let reading = Reading::open(lake)?;
    Ok(match (patience.until(out, || find(&reading, marked).transpose())?, patience.longest()) {
        (Some(Ok(key)), _) => {
            let (key, folder) = (key.to_string(), hour_folder(&key));
            Found::Good(format!("Its row is in {folder}\n{}", &key[folder.len()..]))
        }
        (Some(Err(error)), _) if error.is_absent() => Found::Bad(format!("{error}."), hint),
        (Some(Err(error)), _) => Found::Unknown(format!("{error}."), hint),
        (None, None) => Found::Bad(format!("{lake} can be read, but the event is not in it."), hint),
        (None, Some(seconds)) => {
            Found::Bad(format!("It was queued, and after {seconds} s it is not in {lake}, which can be read."), NOT_WRITTEN.to_owned())
        }
    })
}

/// Finds the object with the event's row: its name begins with the event's time.
fn find(reading: &Reading, marked: &Marked) -> Result<Option<ObjectKey>, LakeError> {
    for key in reading.list(&Keys::below(ObjectKey::stem(Table::Events, marked.at)))?.objects {
        if reading.rows(&key)?.lines().any(|row| marked.is_of(row)) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_in_at_most_100_columns() {
        let mut out = Vec::new();
        let found = Found::Bad("one two\nthree".to_owned(), "word ".repeat(40));
        show("found in the table", &found, &mut out).expect("memory");
        let text = String::from_utf8(out).expect("text");
        assert!(text.starts_with("  found in the table FAILED  one two\n                             three\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn a_step_that_could_not_be_taken_is_not_well_and_one_that_failed_is_worse() {
        let (good, unseen) = (|| Found::Good(String::new()), || Found::Unseen(String::new()));
        let (bad, unknown) = (|| Found::Bad(String::new(), String::new()), || Found::Unknown(String::new(), String::new()));
        for (found, ended) in [
            (vec![good(), unseen()], Verdict::Good),
            (vec![good(), unknown()], Verdict::Unsure),
            (vec![unknown(), bad(), good()], Verdict::Bad),
        ] {
            assert_eq!(verdict(&found.into_iter().map(|found| ("step", found)).collect::<Vec<_>>()), ended);
        }
    }

    #[test]
    fn only_the_marked_event_is_found() {
        let marked = Marked::new(DateTime::UNIX_EPOCH);
        assert_eq!(marked.log_id, "lake-doctor-0");
        assert!(marked.is_of(br#"{"log_id":"lake-doctor-0"}"#));
        for row in [r#"{"log_id":"lake-doctor-01"}"#, "lake-doctor-0", "{}"] {
            assert!(!marked.is_of(row.as_bytes()), "{row}");
        }
    }
}
