//! Making the tables that people ask, after deploy and after each update: safe to repeat.

use std::{collections::HashSet, io::Write};

use crate::{
    athena::{Athena, QueryError},
    options::{StackOption, TablesOption},
    outcome::{Failure, Verdict},
    sql,
};

/// Where the tables are.
#[derive(clap::Args, Clone, Debug)]
pub struct Where {
    #[command(flatten)]
    stack: StackOption,
    #[command(flatten)]
    tables: TablesOption,
}

impl Where {
    /// Returns the workgroup and the database: those of the stack `auth0-log-lake` where nothing is given.
    ///
    /// # Errors
    /// The stack cannot be read.
    pub fn names(&self) -> Result<(String, String), Failure> {
        let stack = self.stack.read()?;
        let workgroup = self.tables.workgroup(stack.as_ref()).unwrap_or_else(|| "auth0-log-lake".to_owned());
        Ok((workgroup, self.tables.database(stack.as_ref())))
    }
}

/// Names the workgroup of the merges beside a stack's workgroup, as template.yaml does.
pub fn merges_of(workgroup: &str) -> String {
    format!("{workgroup}-merge")
}

/// Makes the tables `events` and `alerts` and the views beside them, or adds what a newer version has; safe to repeat.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "It uses your AWS credentials, and needs what the workgroup's users need, and glue:CreateTable and UpdateTable.")]
pub struct Args {
    #[command(flatten)]
    place: Where,
}

/// Runs the command.
///
/// # Errors
/// A statement that Athena does not end well; what was made before it stays, and repeating goes on.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let (workgroup, database) = args.place.names()?;
    let athena = Athena::open(&workgroup, &database)?;
    let there = columns_there(&athena, &database, "events")?;
    let (missing, folder) = (missing(&there), folder(&athena)?);
    if there.is_empty() {
        let location = format!("{folder}events/");
        athena.run(&sql::make_events(&location))?;
        writeln!(out, "events         made, {} columns, in {location}", missing.len())?;
    } else if missing.is_empty() {
        writeln!(out, "events         was there, with every column")?;
    } else {
        athena.run(&sql::add("events", &missing))?;
        let names: Vec<_> = missing.iter().map(|column| column.name).collect();
        writeln!(out, "events         was there; added {}", names.join(", "))?;
    }
    for (view, statement) in [("event_types", sql::EVENT_TYPES), ("events_landed", sql::EVENTS_LANDED), ("events_live", sql::EVENTS_LIVE)] {
        athena.run(statement)?;
        writeln!(out, "{view:<14} set")?;
    }
    for statement in sql::OCSF {
        athena.run(statement)?;
    }
    writeln!(out, "{:<14} set, {} views", "ocsf_*", sql::OCSF.len())?;
    detections(&athena, &database, &folder, out)?;
    writeln!(out, "\nlake merge brings the last 35 days into events; lake merge --since 2026-01 --until 2026-06 what is older.")?;
    Ok(Verdict::Good)
}

/// Makes what the detections need, whether a schedule runs them or not: it costs nothing.
fn detections(athena: &Athena, database: &str, folder: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let there = columns_there(athena, database, "alerts")?;
    athena.run(&sql::make_alerts(&format!("{folder}alerts/")))?;
    let lacks = |column: &sql::Column| !there.is_empty() && !there.contains(column.name);
    let missing: Vec<_> = sql::alert_columns().filter(lacks).collect();
    if !missing.is_empty() {
        athena.run(&sql::add("alerts", &missing))?;
    }
    writeln!(out, "alerts         set")?;
    let there = columns_there(athena, database, "events_recent")?;
    if sql::recent_columns().any(|column| !there.contains(column)) {
        athena.run(sql::FORGET_RECENT)?;
        athena.run(&sql::make_recent())?;
        writeln!(out, "events_recent  set")?;
    }
    for (view, statement) in [("detections", sql::DETECTIONS), ("alert_messages", sql::ALERT_MESSAGES)] {
        athena.run(statement)?;
        writeln!(out, "{view:<14} set")?;
    }
    Ok(())
}

/// Lists the columns of a table; empty if there is no such table.
///
/// # Errors
/// A query that does not end well.
pub fn columns_there(athena: &Athena, database: &str, table: &str) -> Result<HashSet<String>, QueryError> {
    let rows = athena.rows(&sql::COLUMNS_THERE.replace("{database}", database).replace("{table}", table))?;
    Ok(rows.into_iter().skip(1).flatten().collect())
}

/// The columns that `events` lacks.
pub fn missing(there: &HashSet<String>) -> Vec<sql::Column> {
    sql::columns().filter(|column| !there.contains(column.name)).collect()
}

/// Finds the folder of the tables: beside that of the landing table.
fn folder(athena: &Athena) -> Result<String, Failure> {
    folder_in(&athena.rows(sql::LANDING)?).map_err(Failure::from)
}

fn folder_in(said: &[Vec<String>]) -> Result<String, QueryError> {
    let lines = said.iter().flatten().flat_map(|cell| cell.lines());
    let landing = lines.filter_map(|line| line.trim().trim_matches('\'').strip_suffix("events/")).find(|line| line.starts_with("s3://"));
    let why = "it names no s3:// folder that ends with events/, so it is not known where the tables belong";
    let root = landing.ok_or(QueryError::Answer { statement: sql::LANDING, why })?;
    Ok(format!("{root}tables/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_lie_beside_the_landing_table_and_an_answer_that_names_none_is_said_to_be_one() {
        let said = |text: &str| folder_in(&[vec![text.to_owned()]]).map_err(|error| error.to_string());
        assert_eq!(said("CREATE EXTERNAL TABLE\nLOCATION\n  's3://bucket/auth0/events/'"), Ok("s3://bucket/auth0/tables/".to_owned()));
        let error = "the answer of SHOW CREATE TABLE events_landing is not understood: it names no s3:// folder that ends with events/, so it is \
                     not known where the tables belong";
        for text in ["", "LOCATION\n  's3://bucket/other/'", "LOCATION 'hdfs://host/events/'"] {
            assert_eq!(said(text), Err(error.to_owned()), "{text}");
        }
    }
}
