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
}

/// Makes the table `events` and the views beside it, or adds what a newer version has; safe to repeat.
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
    let there = columns_there(&athena, &args.place.database)?;
    let missing: Vec<_> = sql::columns().filter(|column| !there.contains(column.name)).collect();
    if there.is_empty() {
        let location = location(&athena)?;
        athena.run(&sql::make_events(&location))?;
        writeln!(out, "events         made, {} columns, in {location}", missing.len())?;
    } else if missing.is_empty() {
        writeln!(out, "events         was there, with every column")?;
    } else {
        athena.run(&sql::add(&missing))?;
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
    writeln!(out, "\nmake merge brings the last 35 days into events; make merge FROM=2026-01 TO=2026-06 what is older.")?;
    Ok(Verdict::Good)
}

fn columns_there(athena: &Athena, database: &str) -> Result<HashSet<String>, Failure> {
    let rows = athena.rows(&sql::COLUMNS_THERE.replace("{database}", database))?;
    Ok(rows.into_iter().skip(1).flatten().collect())
}

/// Gives the table's folder: beside that of the landing table.
fn location(athena: &Athena) -> Result<String, Failure> {
    let said = athena.rows(sql::LANDING)?;
    let lines = said.iter().flatten().flat_map(|cell| cell.lines());
    let landing = lines.filter_map(|line| line.trim().trim_matches('\'').strip_suffix("events/")).find(|line| line.starts_with("s3://"));
    let root = landing.ok_or_else(|| {
        let reason = "it does not say that events_landing lies in an s3:// folder events/".to_owned();
        QueryError::Ended { state: "SUCCEEDED".to_owned(), reason }
    })?;
    Ok(format!("{root}tables/events/"))
}
