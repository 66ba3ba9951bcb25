//! Erases one person's rows from a lake.
//!
//! Every object of both tables is read, and each row in which the person is found is counted and
//! shown. Only with `--yes` are the objects replaced by themselves without these rows, under
//! their own keys, so that a batch which is delivered again finds its name taken. An object that
//! becomes empty stays for the same reason. At the end the whole lake is read again.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    layout::{count, number},
    options::{LakeOption, StackOption, YesOption},
    outcome::{Failure, Verdict},
    reading::LakeError,
    stored::{Objects, Opened},
};
use auth0_log_lake::config::LakeUrl;

mod alerts;
mod curated;
mod decode;
#[cfg(test)]
mod faults;
mod identifier;
#[cfg(test)]
mod neighbors;
mod person;
mod phone;
mod records;
mod replace;
mod rows;
mod search;
mod shown;
mod unwrapped;
mod whole;

use person::Person;
use replace::Stopped;
use search::{Search, written};

/// Most wrong lines of a file that are named at once.
const MOST_WRONG: usize = 20;

/// Erases the rows of one person from a lake.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Identifiers: a user id (auth0|507f1f77bcf86cd799439011), an e-mail address, a row id (p_row_id), phone:+15550100123, \
                        or name:ann (a user name that is no address). Give one in the variable PERSON, or several in a file, one on each \
                        line; they are personal data, so there is no option for them. Each is found anywhere in a row, in upper or lower \
                        case; what may be part of somebody else's is listed and stays. Ends with 0 if all is done, 1 if something is left \
                        to judge or an identifier is found nowhere, 2 if something could not be read."
)]
pub struct Args {
    #[command(flatten)]
    lake: LakeOption,
    #[command(flatten)]
    stack: StackOption,
    /// File with what the person is known by, one identifier on each line
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// File to add the statements to that erase from the tables events and alerts
    #[arg(long, value_name = "FILE")]
    sql: Option<PathBuf>,
    #[command(flatten)]
    consent: YesOption,
}

/// What is to be done for a person.
struct Order {
    lake: LakeUrl,
    sql: Option<PathBuf>,
    yes: bool,
}

/// Runs the command.
///
/// # Errors
/// An identifier is wrong, or the lake cannot be read.
pub fn run(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let person = person(args, lookup)?;
    let lake = args.lake.or_local(args.stack.read()?.as_ref());
    let order = Order { lake, sql: args.sql.clone(), yes: args.consent.yes };
    on(&Opened::open(&order.lake)?, &order, &person, out)
}

fn person(args: &Args, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Person, Failure> {
    let mut person = Person::default();
    if let Some(file) = &args.ids {
        let name = file.display();
        let text =
            fs::read_to_string(file).map_err(|error| Failure::Person(format!("the identifiers cannot be read from {name}: {error}")))?;
        person.add_lines(&text).map_err(|wrong| {
            let more =
                if wrong.len() > MOST_WRONG { format!("; and {} more", count(wrong.len() - MOST_WRONG, "line")) } else { String::new() };
            Failure::Person(format!("{name}, {}{more}", wrong[..wrong.len().min(MOST_WRONG)].join("; ")))
        })?;
        if person.is_nobody() {
            return Err(Failure::Person(format!("{name} has no identifier; write one on each line")));
        }
    }
    if let Some(id) = lookup("PERSON") {
        person.add(&id, "PERSON").map_err(|error| Failure::Person(format!("PERSON must be one identifier: {error}")))?;
    }
    let nobody = || Failure::Person("missing identifiers: give a file of them (--ids), or one in the variable PERSON".to_owned());
    if person.is_nobody() { Err(nobody()) } else { Ok(person) }
}

fn on(objects: &impl Objects, order: &Order, person: &Person, out: &mut dyn Write) -> Result<Verdict, Failure> {
    if !finish_earlier(objects, order, out)? {
        return Ok(Verdict::Bad);
    }
    writeln!(out, "Looking for {person} in {}", order.lake)?;
    let search = Search::of(objects, &order.lake, person, out)?;
    search.show(person, out)?;
    show_nowhere(&search, person, out)?;
    if let Some(file) = &order.sql {
        write_statements(&search, person, file, out)?;
    }
    if !order.yes {
        let (rows, objects) = (count(search.persons(), "row"), count(search.hits.len(), "object"));
        writeln!(out, "Nothing was changed. With --yes (CONFIRM=1), this erases {rows} in {objects}; there is no way back.")?;
        return Ok(search.verdict(person));
    }
    for (i, (key, _)) in search.hits.iter().enumerate() {
        let (before, left) = match replace::erase(objects, key, person) {
            Ok(rows) => rows,
            Err(stopped) => return stop(stopped, order, out),
        };
        let done = format!("  {} of {}", number(i + 1), count(search.hits.len(), "object"));
        writeln!(out, "{done}: {} of {} erased, read back and the same: {key}", number(before - left), count(before, "row"))?;
    }
    let nowhere = search.nowhere(person).is_empty();
    let checked = check(objects, order, person, out)?;
    Ok(if checked == Verdict::Good { Verdict::good_if(nowhere) } else { checked })
}

/// Names the identifiers that no row holds.
fn show_nowhere(search: &Search, person: &Person, out: &mut dyn Write) -> io::Result<()> {
    let nowhere: Vec<String> = search.nowhere(person).into_iter().map(|(id, place)| format!("  {place}: {}\n", written(id))).collect();
    if nowhere.is_empty() {
        return Ok(());
    }
    writeln!(out, "Found nowhere ({}), unless an earlier erase has taken it:\n{}", number(nowhere.len()), nowhere.concat())
}

/// Finishes what an earlier erase left half done; says whether the command may go on.
fn finish_earlier(objects: &impl Objects, order: &Order, out: &mut dyn Write) -> Result<bool, Failure> {
    let earlier =
        replace::under_way(objects).map_err(|source| LakeError::new(format!("{}*", replace::COPIES), &order.lake, "listed", source))?;
    if !earlier.is_empty() {
        let many = count(earlier.len(), "object");
        writeln!(
            out,
            "An erase before this one stopped midway in {many}. With --yes (CONFIRM=1) this one finishes it first, whomever it was for."
        )?;
    }
    if !order.yes {
        return Ok(true);
    }
    // This also shows, before anything changes, whether old versions may be deleted.
    let forgotten = objects.forget(replace::COPIES).map_err(|source| Stopped::Store {
        key: format!("{}*", replace::COPIES),
        done: "freed of old versions (it needs s3:ListBucketVersions and s3:DeleteObjectVersion)",
        source,
    });
    let finished = forgotten.and_then(|_| earlier.iter().try_for_each(|key| replace::finish(objects, key)));
    match finished {
        Ok(()) => Ok(true),
        Err(stopped) => stop(stopped, order, out).map(|_| false),
    }
}

/// Shows why it stopped, and that a repeat continues from there.
fn stop(stopped: Stopped, order: &Order, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let why = match stopped {
        Stopped::Store { key, done, source } => LakeError::new(key, &order.lake, done, source).to_string(),
        Stopped::Object { key, why } => format!("{key}: {why}"),
    };
    writeln!(out, "\nStopped: {why}.")?;
    writeln!(out, "No row of anybody else is lost. Mend the cause and run the same again: it goes on from here.")?;
    Ok(Verdict::Bad)
}

/// Searches the whole lake again, and deletes what is left of the copies.
fn check(objects: &impl Objects, order: &Order, person: &Person, out: &mut dyn Write) -> Result<Verdict, Failure> {
    if let Err(source) = objects.forget(replace::COPIES) {
        return stop(Stopped::Store { key: format!("{}*", replace::COPIES), done: "freed of old versions", source }, order, out);
    }
    writeln!(out, "\nReading everything again to check")?;
    let search = Search::of(objects, &order.lake, person, out)?;
    let read = format!("{} in {}", count(search.rows, "row"), count(search.objects, "object"));
    if search.persons() > 0 {
        let left = count(search.persons(), "row");
        writeln!(out, "Of {read}, {left} of the person are still there: they came in the meantime, or could not be read before.")?;
        writeln!(out, "Delete the user in Auth0 first, then run the same again.")?;
        return Ok(Verdict::Bad);
    }
    search.show_problems(out)?;
    if !search.problems.is_empty() {
        writeln!(out, "In the {read} that can be read, none is of the person; look at the problems above.")?;
        return Ok(Verdict::Unsure);
    }
    let open = search.judged + search.shared.rows;
    if open > 0 {
        writeln!(
            out,
            "Checked: of {read}, none is of the person, but {} stay until you judge them; they are listed above.",
            count(open, "row")
        )?;
        return Ok(Verdict::Bad);
    }
    writeln!(out, "Checked: of {read}, none is of the person.")?;
    Ok(Verdict::Good)
}

/// Adds the statements for the tables in Athena to a file.
fn write_statements(search: &Search, person: &Person, file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let row_ids = search.event_ids();
    let statements = [curated::statements(&row_ids), alerts::statements(person, search.names(), &row_ids)].concat();
    let text: String = statements.iter().map(|statement| format!("{statement};\n")).collect();
    let failed = |error: io::Error| Failure::Person(format!("the statements cannot be written to {}: {error}", file.display()));
    File::options().create(true).append(true).open(file).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    let whose = format!("{} and the alerts that name the person", count(row_ids.len(), "event"));
    writeln!(out, "For the tables events and alerts: {} for {whose} in {}\n", count(statements.len(), "statement"), file.display())?;
    Ok(())
}
