//! The last steps: whether a query of the landing table finds the event, and whether the table filled from it is.

use std::{
    io::{self, Write},
    iter,
};

use chrono::{DateTime, Utc};

use super::{Found, NOT_WRITTEN, patience::Patience};
#[cfg(feature = "aws")]
use {super::filled::filled, crate::athena::Athena};

/// A query of the landing table.
#[derive(Clone, Debug)]
pub struct Landing {
    /// Athena workgroup, where one was given.
    pub workgroup: Option<String>,
    /// Glue database.
    pub database: String,
    /// The query.
    pub query: String,
}

impl Landing {
    /// Takes where to query, and what for.
    pub fn of(workgroup: Option<String>, database: String, log_id: &str, at: DateTime<Utc>) -> Self {
        let partition = at.format("dt = '%Y-%m-%d' AND hour = %-H");
        let query = format!("SELECT p_row_id FROM events_landing WHERE {partition} AND log_id = '{log_id}'");
        Self { workgroup, database, query }
    }

    /// Looks into the landing table, for as long as the event is queued, and where that can be done, at the table that is filled
    /// from it.
    ///
    /// # Errors
    /// Progress cannot be written.
    pub fn steps(&self, now: DateTime<Utc>, patience: &mut Patience<'_>, out: &mut dyn Write) -> io::Result<Vec<(&'static str, Found)>> {
        let found = patience.until(out, || self.look())?.unwrap_or_else(|| self.no_row(patience));
        let filled = match (&found, &self.workgroup) {
            (Found::Good(_), Some(workgroup)) => filled(workgroup, &self.database, now),
            _ => Vec::new(),
        };
        Ok(iter::once(("found in the table", found)).chain(filled).collect())
    }

    /// Runs the query where that is built in and asked for, else says how to; `None` if it finds no row.
    fn look(&self) -> Option<Found> {
        let Some(workgroup) = &self.workgroup else {
            return Some(Found::Unseen(
                "Not looked for: give --stack or --workgroup, with AWS credentials, to query the landing table.".to_owned(),
            ));
        };
        self.look_with(workgroup)
    }

    fn no_row(&self, patience: &Patience<'_>) -> Found {
        let why = if patience.longest().is_some() { NOT_WRITTEN } else { "Look at the table's location and partition projection." };
        Found::Bad("The query ran, but found no row.".to_owned(), format!("{why}\n{}", self.query))
    }

    #[cfg(feature = "aws")]
    fn look_with(&self, workgroup: &str) -> Option<Found> {
        let found = Athena::open(workgroup, &self.database).and_then(|athena| athena.rows(&self.query));
        match found.map(|rows| rows.len()) {
            // The first row holds the names of the columns.
            Ok(0 | 1) => None,
            Ok(_) => Some(Found::Good("A query of events_landing finds its row.".to_owned())),
            Err(error) => Some(Found::Bad(
                format!("{error}."),
                format!(
                    "It needs athena:StartQueryExecution and GetQuery*, the Glue tables, and the results' bucket.\n{}",
                    self.command(workgroup)
                ),
            )),
        }
    }

    #[cfg(not(feature = "aws"))]
    fn look_with(&self, workgroup: &str) -> Option<Found> {
        let said = format!("Not run: this lake was built without feature aws. Run it yourself:\n{}", self.command(workgroup));
        Some(Found::Unseen(said))
    }

    /// Returns the same query as a command.
    fn command(&self, workgroup: &str) -> String {
        let (database, query) = (&self.database, &self.query);
        format!(
            "aws athena start-query-execution --work-group {workgroup} --query-execution-context Database={database} --query-string \"{query}\""
        )
    }
}

#[cfg(not(feature = "aws"))]
fn filled(_: &str, _: &str, _: DateTime<Utc>) -> Vec<(&'static str, Found)> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_names_the_partition_and_the_event() {
        let at = DateTime::from_timestamp(1_782_882_000, 0).expect("a time");
        let landing = Landing::of(None, "lake".to_owned(), "lake-doctor-1", at);
        let query = "SELECT p_row_id FROM events_landing WHERE dt = '2026-07-01' AND hour = 5 AND log_id = 'lake-doctor-1'";
        assert_eq!(landing.query, query);
        let command = "aws athena start-query-execution --work-group w --query-execution-context Database=lake --query-string \"SELECT";
        assert!(landing.command("w").starts_with(command));
    }
}
