//! Erases one person's rows from a lake.
//!
//! Every object of both tables is read, and each row in which the person is found is counted and
//! shown. Only with `--confirm` are the objects replaced by themselves without these rows, under
//! their own keys, so that a batch which is delivered again finds its name taken. An object that
//! becomes empty stays for the same reason. At the end the whole lake is read again.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    boolean,
    layout::{count, number},
    outcome::{Failure, Verdict},
    reading::LakeError,
    stored::{Objects, Opened},
};
use auth0_log_lake::config::LakeUrl;

mod alerts;
mod curated;
#[cfg(test)]
mod faults;
mod layers;
mod person;
mod replace;
mod rows;
mod search;

use person::Person;
use replace::Stopped;
use search::Search;

/// Erases the rows of one person from a lake.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Identifiers: a user id (auth0|507f1f77bcf86cd799439011), an e-mail address, or a row id (p_row_id). One can be \
                        given in the variable PERSON, several in a file, one a line; they are personal data, so there is no option \
                        for them. User ids and addresses are found anywhere in a row, in upper or lower case, as whole words.")]
pub struct Args {
    /// Lake to erase from: s3://bucket[/prefix] or file://dir
    #[arg(long, value_name = "LAKE_URL")]
    from: LakeUrl,
    /// File with what the person is known by: one user id, e-mail address or row id a line
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// File that the statements for the tables events and alerts are added to, instead of being shown
    #[arg(long, value_name = "FILE")]
    sql: Option<PathBuf>,
    /// Erase; without it, say what would be erased and change nothing
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_value = "no", default_missing_value = "yes",
          value_parser = boolean::parse)]
    confirm: bool,
}

/// Runs the command.
///
/// # Errors
/// An identifier is not one, or the lake cannot be read.
pub fn run(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let person = person(args, lookup)?;
    let objects = Opened::open(&args.from)?;
    on(&objects, args, &person, out)
}

fn person(args: &Args, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Person, Failure> {
    let mut person = Person::default();
    if let Some(file) = &args.ids {
        let name = file.display();
        let text =
            fs::read_to_string(file).map_err(|error| Failure::Person(format!("the identifiers cannot be read from {name}: {error}")))?;
        person.add_lines(&text).map_err(|error| Failure::Person(format!("{name}, {error}")))?;
        if person.is_nobody() {
            return Err(Failure::Person(format!("{name} must hold one identifier a line; it holds none")));
        }
    }
    if let Some(id) = lookup("PERSON") {
        person.add(&id).map_err(|error| Failure::Person(format!("PERSON must hold one identifier: {error}")))?;
    }
    let nobody =
        || Failure::Person("whom to erase is not said; give a file of identifiers (--ids), or one in the variable PERSON".to_owned());
    if person.is_nobody() { Err(nobody()) } else { Ok(person) }
}

fn on(objects: &impl Objects, args: &Args, person: &Person, out: &mut dyn Write) -> Result<Verdict, Failure> {
    if !finish_earlier(objects, args, out)? {
        return Ok(Verdict::Bad);
    }
    writeln!(out, "Looking for {person} in {}", args.from)?;
    let search = Search::of(objects, &args.from, person, out)?;
    search.show(out)?;
    show_statements(&search, person, args.sql.as_deref(), out)?;
    if !args.confirm {
        let (rows, objects) = (count(search.persons(), "row"), count(search.hits.len(), "object"));
        writeln!(out, "Nothing was changed. With CONFIRM=1 (--confirm), {rows} in {objects} are erased; there is no way back.")?;
        return Ok(Verdict::good_if(search.problems.is_empty()));
    }
    for (i, (key, _)) in search.hits.iter().enumerate() {
        let (before, left) = match replace::erase(objects, key, person) {
            Ok(rows) => rows,
            Err(stopped) => return stop(stopped, args, out),
        };
        let done = format!("  {} of {}", number(i + 1), count(search.hits.len(), "object"));
        writeln!(out, "{done}: {} of {} erased, read back and the same: {key}", number(before - left), count(before, "row"))?;
    }
    check(objects, args, person, out)
}

/// Finishes what an earlier erase left half done; says whether the command may go on.
fn finish_earlier(objects: &impl Objects, args: &Args, out: &mut dyn Write) -> Result<bool, Failure> {
    let earlier =
        replace::under_way(objects).map_err(|source| LakeError::new(format!("{}*", replace::COPIES), &args.from, "listed", source))?;
    if !earlier.is_empty() {
        let many = count(earlier.len(), "object");
        writeln!(out, "An erase before this one stopped midway in {many}. CONFIRM=1 finishes it first, whomever it was for.")?;
    }
    if !args.confirm {
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
        Err(stopped) => stop(stopped, args, out).map(|_| false),
    }
}

/// Shows why it stopped, and that a repeat continues from there.
fn stop(stopped: Stopped, args: &Args, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let why = match stopped {
        Stopped::Store { key, done, source } => LakeError::new(key, &args.from, done, source).to_string(),
        Stopped::Object { key, why } => format!("{key}: {why}"),
    };
    writeln!(out, "\nStopped: {why}.")?;
    writeln!(out, "No row of anybody else is lost. Mend the cause and run the same again: it goes on from here.")?;
    Ok(Verdict::Bad)
}

/// Searches the whole lake again, and deletes what is left of the copies.
fn check(objects: &impl Objects, args: &Args, person: &Person, out: &mut dyn Write) -> Result<Verdict, Failure> {
    if let Err(source) = objects.forget(replace::COPIES) {
        return stop(Stopped::Store { key: format!("{}*", replace::COPIES), done: "freed of old versions", source }, args, out);
    }
    writeln!(out, "\nReading everything again to check")?;
    let search = Search::of(objects, &args.from, person, out)?;
    let read = format!("{} in {}", count(search.rows, "row"), count(search.objects, "object"));
    if search.persons() > 0 {
        let left = count(search.persons(), "row");
        writeln!(out, "Of {read}, {left} of the person are there still: they came in the meantime, or could not be read before.")?;
        writeln!(out, "Delete the user in Auth0 first, then run the same again.")?;
        return Ok(Verdict::Bad);
    }
    search.show_problems(out)?;
    if !search.problems.is_empty() {
        writeln!(out, "In the {read} that can be read, none is of the person; look at the problems above.")?;
        return Ok(Verdict::Bad);
    }
    writeln!(out, "Checked: of {read}, none is of the person.")?;
    Ok(Verdict::Good)
}

/// Shows the statements for the tables in Athena, or adds them to a file.
fn show_statements(search: &Search, person: &Person, file: Option<&Path>, out: &mut dyn Write) -> Result<(), Failure> {
    let row_ids = search.event_ids();
    let statements = [curated::statements(&row_ids), alerts::statements(person, search.names(), &row_ids)].concat();
    let text: String = statements.iter().map(|statement| format!("{statement};\n")).collect();
    let whose = format!("{} and the alerts that name the person", count(row_ids.len(), "event"));
    if let Some(file) = file {
        let failed = |error: io::Error| Failure::Person(format!("the statements cannot be written to {}: {error}", file.display()));
        File::options().create(true).append(true).open(file).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
        let many = count(statements.len(), "statement");
        writeln!(out, "For the tables events and alerts, if you have them: {many} for {whose} in {}\n", file.display())?;
        return Ok(());
    }
    writeln!(
        out,
        "For the tables events and alerts, if you have them, erase {whose}, one statement at a time; keep them until that is done:\n\n{text}"
    )?;
    Ok(())
}
