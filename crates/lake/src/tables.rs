//! Making the tables that people ask, after deploy and after each update: safe to repeat.

use std::{collections::HashSet, io::Write};

use crate::{
    athena::{Athena, QueryError},
    outcome::{Failure, Verdict},
    sql,
};

/// Where the tables are.
#[derive(clap::Args, Clone, Debug)]
pub struct Where {
    /// Athena workgroup; the stack's output Workgroup, which is named as the stack
    #[arg(long, value_name = "NAME", default_value = "auth0-log-lake")]
    workgroup: String,
    /// Glue database; the stack's output Database
    #[arg(long, value_name = "NAME", default_value = "auth0_log_lake")]
    pub database: String,
}

impl Where {
    /// Opens it.
    ///
    /// # Errors
    /// A system that has no room for it.
    pub fn open(&self) -> Result<Athena, Failure> {
        Ok(Athena::open(&self.workgroup, &self.database)?)
    }

    /// Opens the workgroup in which the stack merges.
    ///
    /// # Errors
    /// A system that has no room for it.
    pub fn open_merges(&self) -> Result<Athena, Failure> {
        Ok(Athena::open(&merges_of(&self.workgroup), &self.database)?)
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
    let athena = args.place.open()?;
    let there = columns_there(&athena, &args.place.database, "events")?;
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
    detections(&athena, &args.place.database, &folder, out)?;
    writeln!(out, "\nmake merge brings the last 35 days into events; make merge FROM=2026-01 TO=2026-06 what is older.")?;
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
    let said = athena.rows(sql::LANDING)?;
    let lines = said.iter().flatten().flat_map(|cell| cell.lines());
    let landing = lines.filter_map(|line| line.trim().trim_matches('\'').strip_suffix("events/")).find(|line| line.starts_with("s3://"));
    let root = landing.ok_or_else(|| {
        let reason = "it does not say that events_landing lies in an s3:// folder events/".to_owned();
        QueryError::Ended { state: "SUCCEEDED".to_owned(), reason }
    })?;
    Ok(format!("{root}tables/"))
}
